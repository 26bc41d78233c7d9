package labs_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pgavlin/mermaid-ascii/pkg/diagram"
	"github.com/pgavlin/mermaid-ascii/pkg/render"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/labs"
)

// widest is how many columns a diagram may take, so that it stands in a frame on a terminal of 80.
const widest = 76

// The order is podlab's own choice where needs leaves one; what every learner meets first is ours.
func TestEveryLessonLoads(t *testing.T) {
	folders, err := fs.Glob(labs.FS, "*/lesson.md")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, lab := range course(t).Labs {
		ids = append(ids, lab.ID)
	}
	if len(ids) != len(folders) {
		t.Errorf("%d labs of %d lessons", len(ids), len(folders))
	}
	first := []string{"anatomy", "pause", "solo", "duo"}
	if diff := cmp.Diff(first, ids[:len(first)]); diff != "" {
		t.Errorf("the first labs, in order (-want +got):\n%s", diff)
	}
}

// Every lab is taught in the same way: small steps, a prediction in each, something that is checked in each, hints, one picture.
func TestEveryLabIsTaughtTheSameWay(t *testing.T) {
	for _, lab := range course(t).Labs {
		t.Run(lab.ID, func(t *testing.T) {
			if n := len(lab.Steps); n < 4 || n > 8 {
				t.Errorf("%d steps, want 4 to 8", n)
			}
			if lab.Minutes < 5 || lab.Minutes > 15 {
				t.Errorf("%d minutes, want 5 to 15", lab.Minutes)
			}
			var hints, diagrams, edits int
			for _, step := range lab.Steps {
				if len(step.Checks()) == 0 {
					t.Errorf("%s: step %q claims something that no check looks at", step.Pos, step.Title)
				}
				testPrediction(t, step)
				hints += len(blocks[lesson.Hint](step))
				diagrams += len(blocks[lesson.Mermaid](step))
				edits += len(blocks[lesson.Edit](step))
			}
			if hints < 3 || diagrams < 1 || edits < 1 {
				t.Errorf("%d hints, %d diagrams and %d manifests to mend, want 3, 1 and 1 or more", hints, diagrams, edits)
			}
			testDebrief(t, lab)
		})
	}
}

// testPrediction demands a question in the step, before the command that gives the answer away, with a reason after it.
func testPrediction(t *testing.T, step lesson.Step) {
	t.Helper()
	asks, runs := blocks[lesson.Ask](step), blocks[lesson.Run](step)
	if len(asks) == 0 {
		t.Errorf("%s: step %q has no question", step.Pos, step.Title)
		return
	}
	if n := len(runs); n > 0 && asks[0].Pos.Line > runs[n-1].Pos.Line {
		t.Errorf("%s: the question comes after the command that answers it", asks[0].Pos)
	}
	for _, ask := range asks {
		if ask.Explain == "" {
			t.Errorf("%s: the question does not explain its answer", ask.Pos)
		}
	}
}

// testDebrief demands that the lab's last step looks back, in three parts, each under a heading of its own.
func testDebrief(t *testing.T, lab lesson.Lab) {
	t.Helper()
	var text strings.Builder
	for _, prose := range blocks[lesson.Prose](lab.Steps[len(lab.Steps)-1]) {
		text.WriteString(prose.Markdown)
	}
	for _, heading := range []string{"### Why that worked", "### Common mistakes", "### Read on"} {
		if !strings.Contains(text.String(), heading) {
			t.Errorf("the last step has no heading %q", heading)
		}
	}
}

// What podlab runs must be followed by what the author saw, so that a reader without podlab can compare.
func TestEveryCommandShowsItsOutput(t *testing.T) {
	for _, lab := range course(t).Labs {
		for _, step := range lab.Steps {
			for i, b := range step.Blocks {
				if _, ok := b.(lesson.Run); !ok {
					continue
				}
				if i+1 == len(step.Blocks) {
					t.Errorf("%s: no output after this command", b.Position())
				} else if out, ok := step.Blocks[i+1].(lesson.Output); !ok || strings.TrimSpace(out.Text) == "" {
					t.Errorf("%s: no output after this command", b.Position())
				}
			}
		}
	}
}

// A command finds a process by its port, so a port that two containers use would lead a learner to the wrong pod.
func TestEachContainerHasAPortOfItsOwn(t *testing.T) {
	owner := map[string]string{}
	for _, lab := range course(t).Labs {
		for _, step := range lab.Steps {
			for _, pod := range applied(t, lab, step) {
				for _, c := range pod.Spec.Containers {
					testPort(t, owner, step, pod.Name, c)
				}
			}
		}
	}
}

// applied returns the pods of the step's manifests, those of its solutions included.
func applied(t *testing.T, lab lesson.Lab, step lesson.Step) []corev1.Pod {
	t.Helper()
	var found []corev1.Pod
	for _, apply := range blocks[lesson.Apply](step) {
		found = append(found, pods(t, lab.File, []byte(apply.Source))...)
	}
	for _, solution := range blocks[lesson.Solution](step) {
		if len(solution.Objects) > 0 {
			found = append(found, pods(t, lab.File, []byte(solution.Source))...)
		}
	}
	return found
}

func testPort(t *testing.T, owner map[string]string, step lesson.Step, pod string, c corev1.Container) {
	t.Helper()
	if len(c.Args) != 2 || c.Args[0] != "-S" {
		return
	}
	_, port, _ := strings.Cut(c.Args[1], ":")
	name := pod + "/" + c.Name
	if other, taken := owner[port]; taken && other != name {
		t.Errorf("%s: %s listens on %s, and so does %s", step.Pos, name, port, other)
	}
	owner[port] = name
}

func TestDiagramsFitATerminal(t *testing.T) {
	for _, lab := range course(t).Labs {
		for _, step := range lab.Steps {
			for _, m := range blocks[lesson.Mermaid](step) {
				drawn := draw(t, m)
				for line := range strings.Lines(drawn) {
					if n := len([]rune(strings.TrimRight(line, " \n"))); n > widest {
						t.Errorf("%s: a line of %d columns, want at most %d:\n%s", m.Pos, n, widest, drawn)
						break
					}
				}
				for _, word := range words(m.Source) {
					if !strings.Contains(drawn, word) {
						t.Errorf("%s: %q is lost in the drawing:\n%s", m.Pos, word, drawn)
					}
				}
				if m.Alt == "" {
					t.Errorf("%s: no text that says the same", m.Pos)
				}
			}
		}
	}
}

// Checks that refuse nothing prove nothing: each lab has manifests beside it that are almost right.
func TestEveryLabHasNearMisses(t *testing.T) {
	c := course(t)
	all, err := lesson.LoadNearMisses(labs.FS, "labs", c)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, miss := range all {
		counts[miss.Lab]++
	}
	for _, lab := range c.Labs {
		if n := counts[lab.ID]; n < 3 {
			t.Errorf("%s: %d near-misses, want 3 or more", lab.ID, n)
		}
	}
}

func TestOnlyTheCourseIsEmbedded(t *testing.T) {
	err := fs.WalkDir(labs.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "lesson.md" && path.Ext(name) != ".yaml" {
			t.Errorf("%s is embedded", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func course(t *testing.T) lesson.Course {
	t.Helper()
	c, err := lesson.Load(labs.FS, "labs")
	if err != nil {
		t.Fatal(err)
	}
	if mistakes := checks.Validate(c); len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return c
}

func blocks[B lesson.Block](step lesson.Step) []B {
	var found []B
	for _, b := range step.Blocks {
		if b, ok := b.(B); ok {
			found = append(found, b)
		}
	}
	return found
}

// pods decodes each Pod of a manifest strictly, and leaves out what is of another kind.
func pods(t *testing.T, file string, manifest []byte) []corev1.Pod {
	t.Helper()
	var found []corev1.Pod
	for document := range strings.SplitSeq("\n"+string(manifest), "\n---") {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if kind.Kind != "Pod" {
			continue
		}
		var pod corev1.Pod
		if err := yaml.UnmarshalStrict([]byte(document), &pod); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		found = append(found, pod)
	}
	return found
}

// words returns what stands in quotes in a diagram, which are its labels, line by line.
func words(source string) []string {
	var found []string
	for i, part := range strings.Split(source, `"`) {
		if i%2 == 1 {
			found = append(found, strings.Split(part, "<br/>")...)
		}
	}
	return found
}

// draw leaves out accDescr, which this renderer takes for a box.
func draw(t *testing.T, m lesson.Mermaid) string {
	t.Helper()
	var kept []string
	for line := range strings.Lines(m.Source) {
		if !strings.HasPrefix(strings.TrimSpace(line), "accDescr") {
			kept = append(kept, line)
		}
	}
	config := diagram.DefaultConfig()
	config.TargetWidth = widest
	drawn, err := render.Render(strings.Join(kept, ""), config)
	if err != nil {
		t.Fatalf("%s: %v", m.Pos, err)
	}
	return drawn
}
