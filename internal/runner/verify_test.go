package runner

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podlab/podlab/internal/checks"
)

// verifyIn walks the lesson in the world and returns what was found and what was told.
func verifyIn(t *testing.T, ctx context.Context, w *fakeWorld, text string) (Outcome, []Event, error) {
	t.Helper()
	course := testCourse(t, text)
	r := New(w.deps(course))
	var events []Event
	told := make(chan struct{})
	go func() {
		defer close(told)
		for e := range r.Events() {
			events = append(events, e)
		}
	}()
	outcome, err := r.Verify(ctx, course.Labs, VerifyOptions{Timeout: time.Minute})
	<-told
	return outcome, events, err
}

func find(o Outcome, kind string) CheckOutcome {
	for _, lab := range o.Labs {
		for _, step := range lab.Steps {
			for _, c := range step.Checks {
				if c.Kind == kind {
					return c
				}
			}
		}
	}
	return CheckOutcome{}
}

func TestVerify(t *testing.T) {
	already := "\n## Again\n\nIt is there already.\n\n```yaml apply\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n```\n\n```yaml check\n- ready: {pod: demoduo, containers: 2/2}\n  id: again\n```\n"
	wrongChoices := strings.Replace(lessonText, "prompt: What does READY say?", "prompt: What does READY say?\nchoices: [1/1, 3/3]", 1)
	for name, tc := range map[string]struct {
		world   func(*fakeWorld)
		text    string
		kind    string
		verdict checks.Verdict // of the claim and of the whole
		got     string
		why     string
	}{
		"a lab that holds":            {kind: "ready", verdict: checks.Pass, got: "2/2 containers ready"},
		"its question has an answer":  {kind: "ask", verdict: checks.Pass, got: "2/2"},
		"its command runs":            {kind: "run", verdict: checks.Pass, got: "exit code 0"},
		"a pod that never gets ready": {world: func(w *fakeWorld) { w.ready = false }, kind: "ready", verdict: checks.NotYet, got: "0/2 containers ready"},
		"a command that fails":        {world: func(w *fakeWorld) { w.exit = 3 }, kind: "run", verdict: checks.NotYet, got: "exit code 3", why: "on dev-control-plane"},
		"an answer not offered":       {text: wrongChoices, kind: "ask", verdict: checks.NotYet, got: "2/2"},
		"a manifest that is refused": {
			world: func(w *fakeWorld) { w.applyErr = apierrors.NewBadRequest("unknown field") },
			kind:  "apply", verdict: checks.NotYet, got: "refused", why: "unknown field",
		},
		"an API that does not answer": {
			world: func(w *fakeWorld) { w.applyErr = errors.New("connection refused") },
			kind:  "apply", verdict: checks.CannotTell, why: "connection refused",
		},
		"what rests on an apply that could not be done": {
			world: func(w *fakeWorld) { w.applyErr = errors.New("connection refused") },
			kind:  "ready", verdict: checks.CannotTell, why: "apply could not be done: connection refused",
		},
		"an API that answers late": {
			world: func(w *fakeWorld) {
				w.applyErr = errors.New("connection refused")
				time.AfterFunc(10*time.Second, func() { w.set(func() { w.applyErr = nil }) })
			},
			kind: "apply", verdict: checks.Pass, got: "pod/demoduo created",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				if tc.world != nil {
					tc.world(w)
				}
				text := tc.text
				if text == "" {
					text = lessonText
				}
				outcome, _, err := verifyIn(t, t.Context(), w, text)
				c := find(outcome, tc.kind)
				if err != nil || c.Verdict != tc.verdict || !strings.Contains(c.Got, tc.got) || !strings.Contains(c.Why, tc.why) {
					t.Errorf("%v %+v", err, c)
				}
				if tc.verdict == checks.Pass && outcome.Verdict != checks.Pass {
					t.Errorf("the whole is %s: %+v", outcome.Verdict, outcome)
				}
				if tc.verdict != checks.Pass && outcome.Verdict != tc.verdict {
					t.Errorf("the whole is %s", outcome.Verdict)
				}
			})
		})
	}
	t.Run("a check that held before proves nothing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			outcome, _, _ := verifyIn(t, t.Context(), newFakeWorld(), lessonText+already)
			last := outcome.Labs[0].Steps[2].Checks[1]
			if outcome.Verdict != checks.NotYet || last.Verdict != checks.NotYet || last.Before != checks.Pass || !strings.Contains(last.Why, "proves nothing") {
				t.Errorf("%s %+v", outcome.Verdict, last)
			}
			if first := find(outcome, "ready"); first.Verdict != checks.Pass || first.Before != checks.NotYet {
				t.Errorf("%+v", first)
			}
		})
	})
}

// wayOutError is an error that says what to do.
type wayOutError struct{}

func (wayOutError) Error() string  { return "docker does not answer" }
func (wayOutError) WayOut() string { return "start Docker" }

func TestVerifyWithoutAClusterCannotTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.upErr = wayOutError{}
		outcome, _, err := verifyIn(t, t.Context(), w, lessonText)
		if err != nil || outcome.Verdict != checks.CannotTell || outcome.Error != "docker does not answer" || outcome.Try != "start Docker" {
			t.Errorf("%v %+v", err, outcome)
		}
	})
}

func TestVerifyEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.ready = false
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, cancel)
		start := time.Now()
		outcome, _, err := verifyIn(t, ctx, w, lessonText)
		if !errors.Is(err, context.Canceled) || time.Since(start) != 3*time.Second || outcome.Verdict == checks.Pass {
			t.Errorf("%v after %v: %+v", err, time.Since(start), outcome)
		}
	})
}
