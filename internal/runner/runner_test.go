package runner

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/podlab/podlab/internal/checks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// learner is a runner at work, and the fold of what it told.
type learner struct {
	*Runner
	state  State
	cancel context.CancelFunc
}

func start(t *testing.T, w *fakeWorld) *learner {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	l := &learner{Runner: New(w.deps(testCourse(t, lessonText))), cancel: cancel}
	go l.Run(ctx)
	return l
}

// until folds events until the state is as wanted. In a synctest bubble, a state that never comes is a deadlock, which fails.
func (l *learner) until(ok func(State) bool) State {
	for e := range l.Events() {
		l.state = l.state.Apply(e)
		if ok(l.state) {
			return l.state
		}
	}
	return l.state
}

func (l *learner) stop() {
	l.cancel()
	for range l.Events() {
	}
}

func verdict(step, check int, v checks.Verdict) func(State) bool {
	return func(s State) bool {
		return step < len(s.Steps) && s.Steps[step].Checks[check].Result.Verdict == v
	}
}

func TestALearnerWalksALab(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, newFakeWorld())
		defer l.stop()
		l.Do(Open{Lab: "duo"})
		s := l.until(verdict(0, 0, checks.NotYet))
		if !s.Cluster.Up || s.Lab != "duo" {
			t.Fatalf("after open: %+v", s)
		}
		l.Do(Apply{Step: 0, Block: 1})
		s = l.until(verdict(0, 0, checks.Pass))
		if s.Steps[0].Applies[1].Ended.IsZero() {
			t.Error("nobody knows when the apply ended")
		}
		l.Do(RunCommand{Step: 1, Block: 1})
		s = l.until(func(s State) bool { run, ok := s.Steps[1].Runs[1]; return ok && !run.Running })
		if got, want := s.Steps[1].Runs[1].Output, "kubectl get pods\n in podlab-duo on dev-control-plane"; got != want {
			t.Errorf("output %q, want %q", got, want)
		}
	})
}

func TestAnswersAreGradedByTheCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, newFakeWorld())
		defer l.stop()
		answered := func(text string) checks.Result {
			l.Do(Answer{Step: 1, Block: 0, Text: text})
			s := l.until(func(s State) bool { return len(s.Steps) > 1 && s.Steps[1].Answers[0].Answer == text })
			return s.Steps[1].Answers[0].Result
		}
		l.Do(Open{Lab: "duo"})
		if r := answered("2/2 "); r.Verdict != checks.CannotTell || r.Why == "" {
			t.Errorf("before there is a pod: %+v", r)
		}
		l.Do(Apply{Step: 0, Block: 1})
		s := l.until(func(s State) bool { return s.Steps[1].Answers[0].Result.Verdict == checks.Pass })
		if s.Steps[1].Answers[0].Answer != "2/2 " {
			t.Errorf("the early answer is graded as %+v", s.Steps[1].Answers[0])
		}
		if r := answered("1/2"); r.Verdict != checks.NotYet || strings.Contains(r.Want+r.Got+r.Why, "2/2") {
			t.Errorf("a wrong answer gives the right one away, or is taken: %+v", r)
		}
		if r := answered("2/2"); r.Verdict != checks.Pass || r.Want != "2/2" {
			t.Errorf("the right answer: %+v", r)
		}
	})
}

func TestResetStartsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := start(t, newFakeWorld())
		defer l.stop()
		l.Do(Open{Lab: "duo"})
		l.Do(Apply{Step: 0, Block: 1})
		l.until(verdict(0, 0, checks.Pass))
		l.Do(Reset{})
		// The end of a reset makes every check unknown: it must be told anew, also where it says what it said before.
		l.until(func(s State) bool { return len(s.Steps[0].Applies) == 0 && verdict(0, 0, checks.NotYet)(s) })
	})
}

func TestALostClusterIsCannotTellUntilItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		l := start(t, w)
		defer l.stop()
		l.Do(Open{Lab: "duo"})
		l.Do(Apply{Step: 0, Block: 1})
		l.until(verdict(0, 0, checks.Pass))
		w.set(func() {
			w.lost, w.upErr = errors.New("the API server does not answer"), errors.New("docker does not answer")
		})
		s := l.until(func(s State) bool { return s.Cluster.Err != nil })
		if s.Cluster.Up || s.Cluster.Try == "" {
			t.Errorf("%+v", s.Cluster)
		}
		s = l.until(verdict(0, 0, checks.CannotTell))
		if s.Busy != "" {
			t.Errorf("busy with %q: the learner could not bring the cluster up herself", s.Busy)
		}
		w.set(func() { w.lost, w.upErr = nil, nil })
		l.until(func(s State) bool { return s.Cluster.Up && verdict(0, 0, checks.Pass)(s) })
	})
}

func TestInterruptEndsTheRequestAndForgetsTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.block = make(chan struct{})
		l := start(t, w)
		defer l.stop()
		l.Do(Open{Lab: "duo"})
		l.Do(Apply{Step: 0, Block: 1})
		l.until(func(s State) bool { return s.Busy == "cluster" })
		l.Do(Interrupt{})
		s := l.until(func(s State) bool { return s.Err != nil })
		if !errors.Is(s.Err, context.Canceled) || s.Lab != "" {
			t.Errorf("%+v", s)
		}
		synctest.Wait()
		if len(w.pods) != 0 {
			t.Error("the queue went on after the interrupt")
		}
	})
}

func TestRequestsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, reqs := range map[string][]Request{
		"no lab is open":            {Apply{}},
		`no lab "nine"`:             {Open{Lab: "nine"}},
		"no step 9":                 {Open{Lab: "duo"}, Apply{Step: 8}},
		"not lesson.Ask":            {Open{Lab: "duo"}, Answer{Step: 0, Block: 0}},
		"has no step 1 with a bloc": {Open{Lab: "duo"}, RunCommand{Step: 0, Block: -1}},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := start(t, newFakeWorld())
			defer l.stop()
			for _, r := range reqs {
				l.Do(r)
			}
			s := l.until(func(s State) bool { return s.Err != nil })
			if !strings.Contains(s.Err.Error(), name) {
				t.Errorf("%v, want %s", s.Err, name)
			}
		})
	}
}

// Nothing asks anything of an idle lab: a check that waits for a pod is woken by the watch alone.
func TestAnIdleLabAsksNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		l := start(t, w)
		defer l.stop()
		l.Do(Open{Lab: "duo"})
		l.until(verdict(0, 0, checks.NotYet))
		select {
		case e := <-l.Events():
			t.Errorf("an event in an idle lab: %#v", e)
		case <-time.After(time.Hour):
		}
		if w.ups != 1 {
			t.Errorf("the cluster was brought up %d times", w.ups)
		}
	})
}
