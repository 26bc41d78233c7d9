// Package honesty holds the cases that podlab's checks are tried with on a real cluster, and the harness that tries them:
// things that look right and are not, different ways to be right, and faults that leave nothing to see. "make honesty" runs it.
package honesty

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	k8syaml "sigs.k8s.io/yaml"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// The fewest cases that a kind may have.
const (
	fewestPasses = 2
	fewestMisses = 3
)

// Sense is one way by which a check sees the cluster. Each can fail apart from the others.
type Sense string

// The senses that a case file can name.
const (
	API     Sense = "api"     // the API server's objects
	Node    Sense = "node"    // the node, by way of Docker
	Exec    Sense = "exec"    // a program in a container, by way of the API server
	Logs    Sense = "logs"    // a container's log, by way of the API server
	Forward Sense = "forward" // a port of a pod, by way of the API server
)

// Suite is all that the case files and the manifests of the world say.
type Suite struct {
	Kinds   []Kind
	World   []*unstructured.Unstructured // what must be in the namespace, in the order in which it is applied
	Missing []string                     // kinds of check that have no case file
}

// Kind is the cases of one kind of check.
type Kind struct {
	Name  string
	Looks []Sense
	Cases []Case // those that must pass, then the near-misses
}

// Case is one check and the verdict that it must come to.
type Case struct {
	Kind  string
	Name  string // "passes 2", "near-misses 1": its place in the file
	Why   string
	Want  checks.Verdict // Pass or NotYet
	Other bool           // a right way that differs from the plain one
	Says  string         // what a near-miss's result must say
	Do    string         // what is done on the node once the check has begun; may be ""
	Looks []Sense        // what this case needs to see
	Check checks.Check
}

// caseFile is a case file as its author writes it.
type caseFile struct {
	Looks  []Sense     `yaml:"looks"`
	Passes []caseEntry `yaml:"passes"`
	Misses []caseEntry `yaml:"near-misses"`
}

type caseEntry struct {
	Why   string    `yaml:"why"`
	Check checkText `yaml:"check"`
	Other bool      `yaml:"other"`
	Says  string    `yaml:"says"`
	Do    string    `yaml:"do"`
	Looks []Sense   `yaml:"looks"` // where it differs from the kind's
}

// checkText is a check as it stands in the file: the lesson's own parser reads it.
type checkText string

// UnmarshalYAML keeps the text.
func (c *checkText) UnmarshalYAML(text []byte) error {
	*c = checkText(text)
	return nil
}

// Read reads cases/*.yaml and world/*.yaml strictly. The error names everything that is wrong with them. A kind that has
// no file is no error: it is in Missing.
func Read(files fs.FS, kinds []string) (Suite, error) {
	var s Suite
	var wrong []error
	names, err := fs.Glob(files, "cases/*.yaml")
	wrong = append(wrong, err)
	for _, name := range names {
		kind, err := readKind(files, name, kinds)
		wrong = append(wrong, err)
		s.Kinds = append(s.Kinds, kind)
	}
	for _, kind := range kinds {
		if !slices.Contains(names, "cases/"+kind+".yaml") {
			s.Missing = append(s.Missing, kind)
		}
	}
	s.World, err = readWorld(files)
	return s, errors.Join(append(wrong, err)...)
}

func readKind(files fs.FS, name string, kinds []string) (Kind, error) {
	k := Kind{Name: strings.TrimSuffix(path.Base(name), ".yaml")}
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return k, err
	}
	var f caseFile
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return k, fmt.Errorf("%s: %w", name, err)
	}
	k.Looks = f.Looks
	wrong := []error{rules(f)}
	if !slices.Contains(kinds, k.Name) {
		wrong = append(wrong, fmt.Errorf("there is no kind of check %q", k.Name))
	}
	for i, e := range f.Passes {
		c, err := readCase(k, e, fmt.Sprintf("passes %d", i+1), checks.Pass)
		k.Cases, wrong = append(k.Cases, c), append(wrong, err)
	}
	for i, e := range f.Misses {
		c, err := readCase(k, e, fmt.Sprintf("near-misses %d", i+1), checks.NotYet)
		k.Cases, wrong = append(k.Cases, c), append(wrong, err)
	}
	if err := errors.Join(wrong...); err != nil {
		return k, fmt.Errorf("%s: %w", name, err)
	}
	return k, nil
}

// rules says what a file lacks.
func rules(f caseFile) error {
	var wrong []error
	if len(f.Passes) < fewestPasses {
		wrong = append(wrong, fmt.Errorf("%d passes are too few: %d at least", len(f.Passes), fewestPasses))
	}
	if !slices.ContainsFunc(f.Passes, func(e caseEntry) bool { return e.Other }) {
		wrong = append(wrong, errors.New("no pass is a different right way (other: true)"))
	}
	if len(f.Misses) < fewestMisses {
		wrong = append(wrong, fmt.Errorf("%d near-misses are too few: %d at least", len(f.Misses), fewestMisses))
	}
	if !slices.Contains(f.Looks, API) {
		wrong = append(wrong, errors.New("looks lacks api"))
	}
	return errors.Join(wrong...)
}

func readCase(k Kind, e caseEntry, name string, want checks.Verdict) (Case, error) {
	c := Case{Kind: k.Name, Name: name, Why: e.Why, Want: want, Other: e.Other, Says: e.Says, Do: e.Do, Looks: k.Looks}
	if len(e.Looks) > 0 {
		c.Looks = e.Looks
	}
	wrong := []error{e.rules(want)}
	for _, look := range c.Looks {
		if !slices.Contains([]Sense{API, Node, Exec, Logs, Forward}, look) {
			wrong = append(wrong, fmt.Errorf("looks: %q is none of api, node, exec, logs, forward", look))
		}
	}
	check, err := e.Check.parse()
	c.Check = check
	if err == nil && check.Kind() != k.Name {
		err = fmt.Errorf("the check is of kind %q", check.Kind())
	}
	if err := errors.Join(append(wrong, err)...); err != nil {
		return c, fmt.Errorf("%s: %w", name, err)
	}
	return c, nil
}

// rules says what a case lacks.
func (e caseEntry) rules(want checks.Verdict) error {
	switch {
	case e.Why == "":
		return errors.New("it has no why")
	case e.Check == "":
		return errors.New("it has no check")
	case want == checks.NotYet && e.Says == "":
		return errors.New("a near-miss needs says")
	case want == checks.NotYet && e.Other:
		return errors.New("a near-miss is no other right way")
	case want == checks.Pass && e.Says != "":
		return errors.New("only a near-miss has says")
	}
	return nil
}

// parse reads the check as the only one of a lesson's check block.
func (c checkText) parse() (checks.Check, error) {
	lines := strings.Split(strings.TrimRight(string(c), "\n"), "\n")
	block := "- " + strings.Join(lines, "\n  ") + "\n"
	specs, mistakes := lesson.ParseChecks("check", block)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	if len(specs) != 1 {
		return nil, fmt.Errorf("%d checks, where one is wanted: %s", len(specs), block)
	}
	check, mistakes := checks.Parse(specs[0])
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return check, nil
}

// readWorld reads the manifests, in the order of the files' names.
func readWorld(files fs.FS) ([]*unstructured.Unstructured, error) {
	var world []*unstructured.Unstructured
	var wrong []error
	names, err := fs.Glob(files, "world/*.yaml")
	wrong = append(wrong, err)
	owner := map[string]string{}
	for _, name := range names {
		objects, err := readManifest(files, name)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
		}
		for _, o := range objects {
			id := o.GetKind() + " " + o.GetName()
			if owner[id] != "" {
				wrong = append(wrong, fmt.Errorf("%s: %s is in %s as well", name, id, owner[id]))
			}
			owner[id] = name
		}
		world = append(world, objects...)
	}
	return world, errors.Join(wrong...)
}

func readManifest(files fs.FS, name string) ([]*unstructured.Unstructured, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, document := range strings.Split("\n"+string(text), "\n---") {
		o := &unstructured.Unstructured{}
		if err := k8syaml.UnmarshalStrict([]byte(document), &o.Object); err != nil {
			return objects, err
		}
		if len(o.Object) == 0 {
			continue
		}
		if o.GetKind() == "" || o.GetName() == "" {
			return objects, fmt.Errorf("an object without kind or name:\n%s", document)
		}
		objects = append(objects, o)
	}
	return objects, nil
}
