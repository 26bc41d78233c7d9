package runner

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// broken is a check with a bug.
type broken struct{}

func (broken) Kind() string                                       { return "broken" }
func (broken) Title() string                                      { return "broken" }
func (broken) Eval(context.Context, checks.Cluster) checks.Result { panic("index out of range") }

func TestABugInACheckIsNoVerdict(t *testing.T) {
	l := newLooker(world{"podlab-duo", newFakeWorld(), newFakeWorld(), fakeNodes{newFakeWorld()}})
	var got checks.Result
	l.look(t.Context(), []checks.Check{broken{}}, func(_ int, r checks.Result, _ time.Duration) { got = r })
	if got.Verdict != checks.CannotTell || !strings.Contains(got.Why, "bug in podlab: index out of range") {
		t.Errorf("%+v", got)
	}
}

func TestWhatHeldInTheEmptyNamespaceIsRemembered(t *testing.T) {
	pass, notYet := checks.Result{Verdict: checks.Pass}, checks.Result{Verdict: checks.NotYet}
	joined := earlier([]checks.Result{pass, notYet}, []checks.Result{notYet, pass})
	if joined[0].Verdict != checks.Pass || joined[1].Verdict != checks.Pass {
		t.Errorf("%+v", joined)
	}
}
