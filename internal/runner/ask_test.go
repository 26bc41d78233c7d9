package runner

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// tomorrow is a fact that is known after a while only.
type tomorrow struct{}

func (tomorrow) Kind() string { return "tomorrow" }

func (tomorrow) Value(context.Context, checks.Cluster) (string, checks.Result) {
	return "", checks.Result{Verdict: checks.NotYet, Got: "not known", Again: time.Second}
}

// An answer that waits for a fact about time is looked at again though nothing changes.
func TestAnEarlyAnswerIsLookedAtAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		lab := &openLab{looker: newLooker(world{watch: w, api: w, cluster: fakeNodes{w}})}
		lab.early.keep(Answer{Text: "1"}, &question{fact: tomorrow{}})
		new(Runner).regrade(t.Context(), lab, lab.looker.moment())
		start := time.Now()
		select {
		case <-lab.looker.poke:
		case <-time.After(time.Minute):
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("the next look came after %s", took)
		}
	})
}
