package labs_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/lesson"
)

// documents is how many documents the course grew from.
const documents = 5

// Every experiment of the documents that the course grew from has its place in a lab, and every lab has its origin.
func TestEveryExperimentHasItsStep(t *testing.T) {
	c := course(t)
	known := map[string]int{}
	for _, name := range documentNames(t) {
		known[name] = 0
	}
	if len(known) != documents {
		t.Errorf("README.md names %d documents, want %d", len(known), documents)
	}
	seen := map[string]bool{}
	for _, row := range table(t, "| document | experiment | lab | step | check |") {
		if len(row) != 5 || slices.Contains(row, "") {
			t.Errorf("README.md: want five cells, found %q", row)
			continue
		}
		if _, ok := known[row[0]]; !ok {
			t.Errorf("README.md: there is no document %q", row[0])
		}
		known[row[0]]++
		seen[row[2]] = true
		testRow(t, c, row)
	}
	for name, rows := range known {
		if rows == 0 {
			t.Errorf("README.md: document %q has no experiment", name)
		}
	}
	for _, lab := range c.Labs {
		if !seen[lab.ID] {
			t.Errorf("README.md: no experiment leads to lab %s", lab.ID)
		}
	}
}

// testRow demands that the row's lab has the step, and the step the checks.
func testRow(t *testing.T, c lesson.Course, row []string) {
	t.Helper()
	lab, ok := c.Lab(row[2])
	if !ok {
		t.Errorf("README.md: %q: there is no lab %q", row[1], row[2])
		return
	}
	i := slices.IndexFunc(lab.Steps, func(s lesson.Step) bool { return s.ID == row[3] })
	if i < 0 {
		t.Errorf("README.md: %q: lab %s has no step %q", row[1], row[2], row[3])
		return
	}
	for id := range strings.SplitSeq(row[4], ", ") {
		if !slices.ContainsFunc(lab.Steps[i].Checks(), func(spec lesson.CheckSpec) bool { return spec.ID == id }) {
			t.Errorf("README.md: %q: step %s of lab %s has no check %q", row[1], row[3], row[2], id)
		}
	}
}

var documentLine = regexp.MustCompile(`(?m)^- \*\*(.+?)\*\*: \S`)

// documentNames returns the documents that the page names.
func documentNames(t *testing.T) []string {
	t.Helper()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Where the experiments come from\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var names []string
	for _, m := range documentLine.FindAllStringSubmatch(section, -1) {
		names = append(names, m[1])
	}
	return names
}
