package runner

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// What a lesson shows of an output is held against what the command before it printed.
func TestOutputs(t *testing.T) {
	shows := func(text string) string { return lessonText + "\n```text output\n" + text + "\n```\n" }
	for name, tc := range map[string]struct {
		world          func(*fakeWorld)
		text           string
		verdict        checks.Verdict
		want, got, why string
	}{
		"of the same shape": {
			text: shows("kubectl get pods\n  in podlab-duo on kind-control-plane"), verdict: checks.Pass,
			want: "what labs/duo/lesson.md:38 shows", got: "the same shape, 2 lines",
		},
		"of another": {
			text: shows("kubectl get pods\n in podlab-trio on kind-control-plane"), verdict: checks.NotYet,
			want: "in podlab-trio on kind-control-plane", got: "in podlab-verify-duo on dev-control-plane", why: "labs/duo/lesson.md:40 does not show",
		},
		"with a line that is not printed": {
			text: shows("kubectl get pods\n in podlab-duo on kind-control-plane\n\nPods"), verdict: checks.NotYet,
			want: "Pods", got: "nothing more", why: "labs/duo/lesson.md:42 does not show",
		},
		"without a line that is printed": {
			text: shows("kubectl get pods"), verdict: checks.NotYet,
			want: "nothing more", got: "in podlab-verify-duo on dev-control-plane", why: "labs/duo/lesson.md:40 does not show",
		},
		"of a command that could not be done": {
			world: func(w *fakeWorld) { w.applyErr = errors.New("connection refused") },
			text:  shows("kubectl get pods"), verdict: checks.CannotTell, why: "run could not be done: apply could not be done: connection refused",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				if tc.world != nil {
					tc.world(w)
				}
				outcome, _, _ := verifyIn(t, t.Context(), w, tc.text)
				c := find(outcome, "output")
				if c.ID != "output" || c.Verdict != tc.verdict || tc.want != "" && c.Want != tc.want || c.Got != tc.got || !strings.Contains(c.Why, tc.why) {
					t.Errorf("%+v", c)
				}
				if outcome.Verdict != tc.verdict {
					t.Errorf("the whole is %s", outcome.Verdict)
				}
			})
		})
	}
}

// A lab that cannot be put back to its start fails verify.
func TestALabIsPutBack(t *testing.T) {
	for name, tc := range map[string]struct {
		world    func(*fakeWorld)
		verdict  checks.Verdict
		got, why string
	}{
		"as it must be": {verdict: checks.Pass, got: "not yet again: 1 check"},
		"a moment later": {
			verdict: checks.Pass, got: "not yet again: 1 check",
			world: func(w *fakeWorld) {
				w.keeps = true
				w.onReset = func() { time.AfterFunc(time.Second, func() { w.set(func() { clear(w.pods) }) }) }
			},
		},
		"and a check holds":  {world: func(w *fakeWorld) { w.keeps = true }, verdict: checks.NotYet, got: "still holding: create-the-pod/ready"},
		"but for an error":   {world: func(w *fakeWorld) { w.resetErr = wayOutError{} }, verdict: checks.CannotTell, got: "an error", why: "docker does not answer"},
		"and nobody can see": {world: func(w *fakeWorld) { w.goneAfterReset = errors.New("connection refused") }, verdict: checks.CannotTell, why: "create-the-pod/ready cannot tell: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				if tc.world != nil {
					tc.world(w)
				}
				outcome, _, _ := verifyIn(t, t.Context(), w, lessonText)
				c := outcome.Labs[0].Reset
				if c == nil || c.Verdict != tc.verdict || !strings.Contains(c.Got, tc.got) || !strings.Contains(c.Why, tc.why) || outcome.Verdict != tc.verdict {
					t.Errorf("%s %+v", outcome.Verdict, c)
				}
			})
		})
	}
	t.Run("not if it was not walked to its end", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(3*time.Second, cancel)
			w := newFakeWorld()
			w.ready = false
			if outcome, _, _ := verifyIn(t, ctx, w, lessonText); outcome.Labs[0].Reset != nil {
				t.Errorf("%+v", outcome.Labs[0].Reset)
			}
		})
	})
}
