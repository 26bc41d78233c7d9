package cli

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheLearnersEditor(t *testing.T) {
	for name, tc := range map[string]struct {
		visual, editor string
		there          []string
		want           []string
	}{
		"VISUAL first":          {"emacs", "ed", []string{"emacs", "ed", "nano"}, []string{"emacs"}},
		"then EDITOR":           {"", "code --wait", []string{"code", "nano"}, []string{"code", "--wait"}},
		"a path with blanks":    {"", "/opt/my editor/ed", []string{"/opt/my editor/ed", "nano"}, []string{"/opt/my editor/ed"}},
		"one that is not there": {"emacs", "ed -x", []string{"vi"}, []string{"vi"}},
		"nano before vim":       {"", "", []string{"vi", "vim", "nano"}, []string{"nano"}},
		"blanks":                {"", "  ", []string{"vim"}, []string{"vim"}},
		"none":                  {"", "", nil, nil},
	} {
		getenv := func(key string) string { return map[string]string{"VISUAL": tc.visual, "EDITOR": tc.editor}[key] }
		look := func(program string) (string, error) {
			if slices.Contains(tc.there, program) {
				return program, nil
			}
			return "", errors.New("not found")
		}
		if diff := cmp.Diff(tc.want, editor(getenv, look)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestTheCommandThatAppliesIsThatOfThisCourseAndCluster(t *testing.T) {
	for _, tc := range []struct {
		app  app
		want string
	}{
		{app{name: "podlab"}, "podlab apply mend"},
		{app{name: "dev", course: "my labs/it's"}, `podlab --course 'my labs/it'\''s' --name dev apply mend`},
	} {
		d := drafts{command: tc.app.asStarted()}
		if got := d.Command("mend", "mend-it"); got != tc.want {
			t.Errorf("%s, want %s", got, tc.want)
		}
	}
}

func TestEachCourseHasDraftsOfItsOwn(t *testing.T) {
	own, one, other := (&app{}).draftFolder(), (&app{course: "a/labs"}).draftFolder(), (&app{course: "b/labs"}).draftFolder()
	if own.Path("x", "y") == one.Path("x", "y") || one.Path("x", "y") == other.Path("x", "y") {
		t.Error("two courses share a file")
	}
}
