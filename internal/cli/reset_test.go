package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/adrg/xdg"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/lesson"
)

// ownState gives the test a state folder of its own.
func ownState(t *testing.T) {
	t.Helper()
	t.Cleanup(xdg.Reload) // after the variable is put back
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	xdg.Reload()
}

func TestALabThatBeginsAnewKeepsWhatWasWritten(t *testing.T) {
	ownState(t)
	var out bytes.Buffer
	a := &app{Deps: Deps{Out: &out}}
	store, err := a.store()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Done(a.courseKey(), "mend", "mend-it"); err != nil {
		t.Fatal(err)
	}
	lab := editLab("mend", "mend-it")
	path := a.draftFolder().Path("mend", "mend-it")
	if _, err := a.draftFolder().Begin("mend", "mend-it", "# mine\n"); err != nil {
		t.Fatal(err)
	}
	if err := a.beginAnew(store, lab, "done"); err != nil {
		t.Fatal(err)
	}
	said := regexp.MustCompile(`(?m)^what you wrote is kept: (.*)\ndone\n$`).FindStringSubmatch(out.String())
	if len(said) == 0 {
		t.Fatalf("%s", out.String())
	}
	if data, err := os.ReadFile(said[1]); err != nil || string(data) != "# mine\n" || filepath.Dir(filepath.Dir(said[1])) != filepath.Dir(path) {
		t.Errorf("%s: %q %v", said[1], data, err)
	}
	if p, err := store.Read(); err != nil || len(p.Courses[a.courseKey()]["mend"].Done) > 0 {
		t.Errorf("%+v %v", p, err)
	}
}

// editLab is a lab with a step for each id, in which the learner writes a manifest.
func editLab(id string, steps ...string) lesson.Lab {
	lab := lesson.Lab{ID: id}
	for _, step := range steps {
		lab.Steps = append(lab.Steps, lesson.Step{ID: step, Title: step, Blocks: []lesson.Block{lesson.Edit{Source: "# begin\n"}, lesson.Solution{Objects: []*unstructured.Unstructured{{}}}}})
	}
	return lab
}
