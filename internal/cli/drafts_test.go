package cli

import (
	"errors"
	"os/exec"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheLearnersEditor(t *testing.T) {
	for name, tc := range map[string]struct {
		visual, editor string
		there          []string
		want           []string
		missed         string
	}{
		"VISUAL first":       {"emacs", "ed", []string{"emacs", "ed", "nano"}, []string{"emacs"}, ""},
		"then EDITOR":        {"", "code --wait", []string{"code", "nano"}, []string{"code", "--wait"}, ""},
		"a path with blanks": {"", "/opt/my editor/ed", []string{"/opt/my editor/ed", "nano"}, []string{"/opt/my editor/ed"}, ""},
		"neither is there":   {"emacs", "ed -x", []string{"vi"}, []string{"vi"}, `$VISUAL is "emacs", but no such program is found: vi is taken`},
		"EDITOR for VISUAL":  {"emacs", "/bin/ed", []string{"/bin/ed"}, []string{"/bin/ed"}, `$VISUAL is "emacs", but no such program is found: ed is taken`},
		"quotes":             {"", `"code" --wait`, []string{"code"}, nil, `$EDITOR is "\"code\" --wait", but no such program is found`},
		"nano before vim":    {"", "", []string{"vi", "vim", "nano"}, []string{"nano"}, ""},
		"blanks":             {"", "  ", []string{"vim"}, []string{"vim"}, ""},
		"none":               {"", "", nil, nil, ""},
	} {
		getenv := func(key string) string { return map[string]string{"VISUAL": tc.visual, "EDITOR": tc.editor}[key] }
		look := func(program string) (string, error) {
			if slices.Contains(tc.there, program) {
				return program, nil
			}
			return "", errors.New("not found")
		}
		got, missed := editor(getenv, look)
		if diff := cmp.Diff(tc.want, got); diff != "" || missed != tc.missed {
			t.Errorf("%s: %s%s", name, diff, missed)
		}
	}
}

// Ctrl-C is the editor's own while it runs, and podlab's before and after.
func TestTheShieldIsUpWhileTheEditorRuns(t *testing.T) {
	shield := new(atomic.Bool)
	seen := false
	e := editing{exec.CommandContext(t.Context(), "sh", "-c", "echo"), shield}
	e.SetStdout(writerFunc(func(p []byte) (int, error) {
		seen = shield.Load()
		return len(p), nil
	}))
	if err := e.Run(); err != nil || !seen || shield.Load() {
		t.Errorf("%v: while it ran %v, after %v", err, seen, shield.Load())
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

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
