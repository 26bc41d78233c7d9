package cli

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/podlab/podlab/internal/progress"
	"github.com/podlab/podlab/internal/tui"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buggyFS has a bug.
type buggyFS struct{}

func (buggyFS) Open(string) (fs.File, error) { panic("index out of range") }

func TestABugIsExitCode70(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := Main(t.Context(), Deps{Out: &stdout, Err: &stderr, Labs: buggyFS{}}, []string{"list"})
	if code != exitBug || !strings.Contains(stderr.String(), "this is a bug in podlab: index out of range") || stdout.Len() > 0 {
		t.Errorf("exit %d\n%s%s", code, stdout.String(), stderr.String())
	}
}

// However many places are kept before the disk is reached, none is lost, and a reset among them stays one.
func TestEveryPlaceIsKept(t *testing.T) {
	store, err := progress.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(nil, store, ownCourse)
	s.Save(tui.Position{Lab: "duo", Step: "one", Done: []string{"one"}})
	s.Forget("duo")
	for range 40 {
		s.Save(tui.Position{Lab: "duo", Step: "two"})
		s.Save(tui.Position{Lab: "solo", Step: "last", Done: []string{"first", "last"}})
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	saved := s.Saved()
	if duo := saved.Labs["duo"]; duo.Step != "two" || len(duo.Done) != 0 {
		t.Errorf("duo: %+v", duo)
	}
	if solo := saved.Labs["solo"]; solo.Step != "last" || len(solo.Done) != 2 || saved.Last != "solo" {
		t.Errorf("solo: %+v, last %q", solo, saved.Last)
	}
}
