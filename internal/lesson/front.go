package lesson

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// maxID is the number of characters of the longest lab id: the lab's namespaces are podlab-ID and podlab-verify-ID, and a
// namespace's name has at most 63.
const maxID = 40

const idRule = "want small letters and digits, joined by single dashes"

// front is the front matter of a lesson.
type front struct {
	Format  int      `yaml:"format"`
	ID      string   `yaml:"id"`
	Title   string   `yaml:"title"`
	Minutes int      `yaml:"minutes"`
	Needs   []string `yaml:"needs"`
	Images  []string `yaml:"images"`
}

// frontMatter cuts the front matter off. It returns its text and the number of lines that it takes, marks included; 0 for none.
func frontMatter(source string) (text string, lines int) {
	rest, ok := strings.CutPrefix(source, "---\n")
	if !ok {
		return "", 0
	}
	lines = 1
	for line := range strings.Lines(rest) {
		lines++
		if strings.TrimRight(line, " \t\n") == "---" {
			return text, lines
		}
		text += line
	}
	return "", 0
}

// readFront reads the front matter into the lab. It returns false when nothing else of the file can be relied on.
func (r *reader) readFront(lab *Lab, dir, text string) bool {
	at := place{file: r.file, line: 1}
	root, mistakes := parseYAML(text, at)
	r.found = append(r.found, mistakes...)
	if len(mistakes) > 0 {
		return true
	}
	if root != nil && !r.readsFormat(root, at) {
		return false
	}
	var f front
	d := decoder{at: at, whole: Position{r.file, 1, 1}}
	d.decode(root, reflect.ValueOf(&f).Elem())
	wellFormed := len(d.mistakes) == 0
	for _, name := range []string{"format", "id", "title", "minutes"} {
		d.require(root, name, fmt.Sprintf("the front matter has no %q", name))
	}
	if wellFormed {
		d.checkFront(root, f, dir)
	}
	r.found = append(r.found, d.mistakes...)
	lab.ID, lab.Title, lab.Minutes, lab.Needs, lab.Images = f.ID, f.Title, f.Minutes, f.Needs, f.Images
	r.front, r.frontAt = root, at
	return true
}

// readsFormat tells whether this podlab reads the file's version of the format. A missing or malformed one is found later.
func (r *reader) readsFormat(root ast.Node, at place) bool {
	e := entry(root, "format")
	if e == nil {
		return true
	}
	text, _ := scalarText(e.Value)
	version, err := strconv.Atoi(text)
	switch {
	case err != nil || version == FormatVersion:
		return true
	case version > FormatVersion:
		r.mistake(at.of(e.Value), "format %d is newer than this podlab, which reads format %d: update podlab", version, FormatVersion)
	default:
		r.mistake(at.of(e.Value), "format %d is too old: this podlab reads format %d", version, FormatVersion)
	}
	return false
}

// checkFront looks at what the values say, once all of them could be read.
func (d *decoder) checkFront(root ast.Node, f front, dir string) {
	switch {
	case f.ID == "":
	case !idPattern.MatchString(f.ID):
		d.mistake(entry(root, "id").Value, "id %q: %s", f.ID, idRule)
	case len(f.ID) > maxID:
		d.mistake(entry(root, "id").Value, "id %q: want at most %d characters", f.ID, maxID)
	case strings.HasPrefix(f.ID, "verify-"):
		d.mistake(entry(root, "id").Value, "id %q: ids that begin with \"verify-\" would be taken for podlab's own", f.ID)
	case f.ID != dir:
		d.mistake(entry(root, "id").Value, "id %q is not the name of the lab's folder, %q", f.ID, dir)
	}
	if e := entry(root, "minutes"); e != nil && !isNull(e.Value) && (f.Minutes < 1 || f.Minutes > 600) {
		d.mistake(e.Value, "minutes: want 1 to 600, found %d", f.Minutes)
	}
	if strings.Contains(f.Title, "\n") {
		d.mistake(entry(root, "title").Value, "title: want one line")
	}
	d.checkList(root, "needs", f.Needs)
	d.checkList(root, "images", f.Images)
}

// checkList refuses empty and repeated items, and those of several lines.
func (d *decoder) checkList(root ast.Node, name string, items []string) {
	seen := map[string]bool{}
	for i, item := range items {
		switch n := itemNode(root, name, i); {
		case strings.TrimSpace(item) == "":
			d.mistake(n, "%s: an item is empty", name)
		case strings.Contains(strings.TrimSpace(item), "\n"):
			d.mistake(n, "%s: want one line for each item", name)
		case seen[item]:
			d.mistake(n, "%s: %q is given twice", name, item)
		}
		seen[item] = true
	}
}

// itemNode returns the node of one item of a list in the front matter, or of the list itself.
func itemNode(root ast.Node, name string, i int) ast.Node {
	return lookUp(root, name+"."+strconv.Itoa(i))
}
