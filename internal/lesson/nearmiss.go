package lesson

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// nearMissDir is the folder of a lab that holds its near-misses.
const nearMissDir = "near-miss"

// nearMissMark begins the first line of a near-miss; a mapping follows.
const nearMissMark = "# near-miss: "

// shortestSays is how many characters a near-miss's text has at least: a shorter one is found in too much.
const shortestSays = 3

// NearMiss is a manifest that is almost right: the lab's own checks must refuse it, and say why.
type NearMiss struct {
	Lab     string
	ID      string // the file's name without its ending: "same-port"
	File    string // as a message should name it: labs/duo/near-miss/same-port.yaml
	Step    string // the id of the step whose checks are asked
	Checks  []string
	Says    string // what the verdict's got, its why or a mismatch must hold
	Verdict string // "not-yet" or "cannot-tell"
	Objects []*unstructured.Unstructured
}

// LoadNearMisses reads the near-miss/NAME.yaml of each lab of a course that Load has read, in the order of the labs and of the
// files' names. The error is a Mistakes, with all that is wrong in all files.
func LoadNearMisses(fsys fs.FS, root string, course Course) ([]NearMiss, error) {
	var all []NearMiss
	c := loader{fsys: fsys, root: root}
	for _, lab := range course.Labs {
		dir := path.Join(lab.ID, nearMissDir)
		entries, err := fs.ReadDir(fsys, dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.mistake(dir, "cannot read the near-misses: %v", bare(err))
		}
		for _, e := range entries {
			if e.IsDir() {
				c.mistake(dir, "a folder %q is no near-miss: want files NAME.yaml", e.Name())
				continue
			}
			all = append(all, c.nearMiss(lab, path.Join(dir, e.Name())))
		}
	}
	if len(c.found) > 0 {
		c.found.Sort()
		return nil, c.found
	}
	return all, nil
}

func (c *loader) nearMiss(lab Lab, name string) NearMiss {
	file := path.Join(c.root, name)
	miss := NearMiss{Lab: lab.ID, ID: strings.TrimSuffix(path.Base(name), ".yaml"), File: file}
	if path.Ext(name) != ".yaml" || !idPattern.MatchString(miss.ID) {
		c.mistake(path.Dir(name), "file name %q: %s, and .yaml", path.Base(name), idRule)
		return miss
	}
	data, err := c.readFile("a near-miss", name)
	if err != nil {
		c.mistake(name, "%v", bare(err))
		return miss
	}
	r := &reader{file: file}
	if r.takeText(data) && !r.findManifestControls() {
		first, rest, _ := strings.Cut(string(r.src), "\n")
		r.nearMissHead(&miss, lab, first)
		if second, _, _ := strings.Cut(rest, "\n"); strings.TrimSpace(strings.TrimLeft(second, "#")) == "" || !strings.HasPrefix(second, "#") {
			r.mistake(Position{file, 2, 1}, "say in a comment here what is wrong with this manifest")
		}
		miss.Objects = r.manifest(fenced{content: string(r.src), at: place{file: file}})
	}
	c.found = append(c.found, r.found...)
	return miss
}

// nearMissHeader is the mapping in the first line of a near-miss.
type nearMissHeader struct {
	Step    string   `yaml:"step"`
	Check   ast.Node `yaml:"check"`
	Says    string   `yaml:"says"`
	Verdict string   `yaml:"verdict"`
}

// nearMissHead reads the first line of a near-miss.
func (r *reader) nearMissHead(miss *NearMiss, lab Lab, line string) {
	text, ok := strings.CutPrefix(line, nearMissMark)
	if !ok {
		r.mistake(Position{r.file, 1, 1}, `a near-miss begins with a line %s{step: STEP, check: CHECK, says: "TEXT"}`, nearMissMark)
		return
	}
	at := place{file: r.file, column: len(nearMissMark)}
	root, mistakes := parseYAML(text, at)
	r.found = append(r.found, mistakes...)
	if len(mistakes) > 0 {
		return
	}
	head := nearMissHeader{Verdict: "not-yet"}
	d := decoder{at: at, whole: at.pos(1, 1)}
	d.decode(root, reflect.ValueOf(&head).Elem())
	for _, name := range []string{"step", "check", "says"} {
		d.require(root, name, fmt.Sprintf("this near-miss has no %q", name))
	}
	if e := entry(root, "verdict"); e != nil && !slices.Contains([]string{"not-yet", "cannot-tell"}, head.Verdict) {
		d.mistake(e.Value, "verdict: want not-yet or cannot-tell, found %s", describe(e.Value))
	}
	if e := entry(root, "says"); e != nil && head.Says != "" && utf8.RuneCountInString(strings.TrimSpace(head.Says)) < shortestSays {
		d.mistake(e.Value, "says: want at least %d characters, found %s", shortestSays, describe(e.Value))
	}
	miss.Step, miss.Says, miss.Verdict = head.Step, head.Says, head.Verdict
	if len(d.mistakes) == 0 {
		miss.Checks = d.namedChecks(head, root, lab)
	}
	r.found = append(r.found, d.mistakes...)
}

// namedChecks returns the ids of the checks that a near-miss names, each of which its step has.
func (d *decoder) namedChecks(head nearMissHeader, root ast.Node, lab Lab) []string {
	i := slices.IndexFunc(lab.Steps, func(s Step) bool { return s.ID == head.Step })
	if i < 0 {
		var ids []string
		for _, s := range lab.Steps {
			ids = append(ids, s.ID)
		}
		d.mistake(entry(root, "step").Value, "lab %s has no step %q%s", lab.ID, head.Step, didYouMean(head.Step, ids))
		return nil
	}
	var known, named []string
	for _, spec := range lab.Steps[i].Checks() {
		known = append(known, spec.ID)
	}
	nodes := []ast.Node{head.Check}
	if list, ok := head.Check.(*ast.SequenceNode); ok {
		nodes = list.Values
	}
	for _, n := range nodes {
		switch id, ok := scalarText(n); {
		case !ok:
			d.mistake(n, "check: want the id of a check, found %s", describe(n))
		case !slices.Contains(known, id):
			d.mistake(n, "step %q has no check %q%s", head.Step, id, didYouMean(id, known))
		case slices.Contains(named, id):
			d.mistake(n, "check: %q is given twice", id)
		default:
			named = append(named, id)
		}
	}
	if len(nodes) == 0 {
		d.mistake(head.Check, "check: want the id of a check, found an empty list")
	}
	return named
}
