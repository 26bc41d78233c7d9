package runner

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

const hinted = lessonText + "\n## Look closer\n\n" +
	"```md hint\nwhen:\n- ready: {pod: demoduo, containers: 2/2}\n---\nBoth run.\n```\n\n" +
	"```md hint\nwhen:\n- ready: {pod: demoduo, containers: 3/3}\n---\nNever seen.\n```\n\n" +
	"```yaml ask\nprompt: How many?\nanswer: 3\nwrong:\n  2: And pause?\n```\n"

func TestAHintIsToldWhenItsStateIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &learner{Runner: New(newFakeWorld().deps(testCourse(t, hinted))), cancel: cancel}
		go l.Run(ctx)
		defer l.stop()
		l.Do(Open{Lab: "duo"})
		s := l.until(verdict(0, 0, checks.NotYet))
		if len(s.Steps[2].Hints) != 0 {
			t.Errorf("hints of a state that nobody has seen: %v", s.Steps[2].Hints)
		}
		l.Do(Apply{Step: 0, Block: 1})
		s = l.until(func(s State) bool { return len(s.Steps[2].Hints) > 0 && verdict(0, 0, checks.Pass)(s) })
		if !s.Steps[2].Hints[0] || s.Steps[2].Hints[1] {
			t.Errorf("hints: %v, want only the first", s.Steps[2].Hints)
		}
		l.Do(Reset{})
		l.until(func(s State) bool { return len(s.Steps[2].Hints) == 0 && verdict(0, 0, checks.NotYet)(s) })
	})
}

func TestAHintIsTakenBackWhenItsStateIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := newFakeWorld()
		l := &learner{Runner: New(w.deps(testCourse(t, hinted))), cancel: cancel}
		go l.Run(ctx)
		defer l.stop()
		l.Do(Open{Lab: "duo"})
		l.Do(Apply{Step: 0, Block: 1})
		l.until(func(s State) bool { return len(s.Steps) > 2 && s.Steps[2].Hints[0] })
		w.set(func() { w.ready = false })
		l.Do(Apply{Step: 0, Block: 1})
		l.until(func(s State) bool { return !s.Steps[2].Hints[0] && verdict(0, 0, checks.NotYet)(s) })
		w.set(func() { w.ready = true })
		l.Do(Apply{Step: 0, Block: 1})
		l.until(func(s State) bool { return s.Steps[2].Hints[0] })
	})
}

// What podlab cannot look at takes no hint back.
func TestWhatIsToldOfAHint(t *testing.T) {
	hint := conditional{step: 2, block: 1}
	for verdict, want := range map[checks.Verdict][]Event{
		checks.Pass:       {HintSeen{Step: 2, Block: 1}},
		checks.NotYet:     {HintGone{Step: 2, Block: 1}},
		checks.CannotTell: nil,
	} {
		r := New(newFakeWorld().deps(testCourse(t, hinted)))
		go func() {
			r.tellHint(hint, checks.Result{Verdict: verdict})
			close(r.events)
		}()
		var got []Event
		for e := range r.Events() {
			got = append(got, e)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", verdict, got, want)
		}
	}
}

func TestAWrongAnswerGetsItsAuthorsWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l := &learner{Runner: New(newFakeWorld().deps(testCourse(t, hinted))), cancel: cancel}
		go l.Run(ctx)
		defer l.stop()
		l.Do(Open{Lab: "duo"})
		for answer, want := range map[string]string{"2": "And pause?", "7": "", "3": ""} {
			l.Do(Answer{Step: 2, Block: 2, Text: answer})
			s := l.until(func(s State) bool { return len(s.Steps) > 2 && s.Steps[2].Answers[2].Answer == answer })
			if got := s.Steps[2].Answers[2].Result.Why; got != want {
				t.Errorf("%s: %q, want %q", answer, got, want)
			}
		}
	})
}

// remembering is a check that compares now with the moment when its step began.
type remembering struct{ now *string }

func (*remembering) Kind() string  { return "remembering" }
func (*remembering) Title() string { return "remembering" }
func (r *remembering) Begin(_ context.Context, c checks.Cluster) bool {
	c.Memory().Keep("was", *r.now)
	return *r.now != ""
}

func (r *remembering) Eval(_ context.Context, c checks.Cluster) checks.Result {
	was, _ := c.Memory().Kept("was").(string)
	return checks.Result{Verdict: checks.NotYet, Got: strings.Join([]string{was, *r.now}, " -> ")}
}

func TestAStepBeginsWhenAllBeforeItHeld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, now := newFakeWorld(), "old"
		check := &remembering{&now}
		first := &remembering{&now}
		lab := &openLab{
			plan:   plan{checks: [][]checks.Check{{first}, {}, {check}}},
			looker: newLooker(world{"podlab-duo", w, w, fakeNodes{w}}),
		}
		was := func(c checks.Check) any { return lab.looker.memories.get(c).Kept("was") }
		lab.beginDue(t.Context())
		if was(first) != "old" || was(check) != nil {
			t.Fatalf("first %v, last %v: only the first step begins at once", was(first), was(check))
		}
		now = "" // it cannot be known yet
		lab.begins.note(place{0, 0}, checks.Pass)
		lab.beginDue(t.Context())
		now = "new"
		lab.beginDue(t.Context())
		if was(check) != "new" || was(first) != "old" {
			t.Errorf("first %v, last %v", was(first), was(check))
		}
		now = "newer"
		lab.beginDue(t.Context())
		lab.beginStep(t.Context(), 2)
		if was(check) != "new" {
			t.Errorf("a step that has begun begins again: %v", was(check))
		}
	})
}

// A learner who goes ahead begins a step with its first command.
func TestAStepBeginsWithItsFirstCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, now := newFakeWorld(), "old"
		check := &remembering{&now}
		lab := &openLab{
			plan:   plan{checks: [][]checks.Check{{&remembering{&now}}, {check}}},
			looker: newLooker(world{"podlab-duo", w, w, fakeNodes{w}}),
		}
		lab.beginStep(t.Context(), 1)
		now = "new"
		lab.begins.note(place{0, 0}, checks.Pass)
		lab.beginDue(t.Context())
		if got := lab.looker.memories.get(check).Kept("was"); got != "old" {
			t.Errorf("%v", got)
		}
	})
}

// noting is a fact that must remember what was when its step began.
type noting struct{ *remembering }

func (n noting) Value(_ context.Context, c checks.Cluster) (string, checks.Result) {
	was, _ := c.Memory().Kept("was").(string)
	return was, checks.Result{Verdict: checks.Pass}
}

func TestAQuestionRemembersTheBeginningOfItsStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, now := newFakeWorld(), "old"
		q := &question{fact: noting{&remembering{&now}}}
		lab := &openLab{
			plan:   plan{checks: [][]checks.Check{{}}, questions: map[blockAt]*question{{0, 0}: q}},
			looker: newLooker(world{"podlab-duo", w, w, fakeNodes{w}}),
		}
		lab.beginStep(t.Context(), 0)
		now = "new"
		if r := q.grade(t.Context(), "old", lab.looker.glance(lab.looker.moment(), q)); r.Verdict != checks.Pass {
			t.Errorf("%+v", r)
		}
	})
}

// A step without checks is not over before something of it was done: the step after it would begin too early.
func TestAStepThatOnlyActsIsNotOverUnasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, now := newFakeWorld(), "old"
		check := &remembering{&now}
		lab := &openLab{
			plan: plan{
				lab:    lesson.Lab{Steps: []lesson.Step{{Blocks: []lesson.Block{lesson.Run{Script: "true"}}}, {}}},
				checks: [][]checks.Check{{}, {check}},
			},
			looker: newLooker(world{"podlab-duo", w, w, fakeNodes{w}}),
		}
		lab.beginDue(t.Context())
		now = "new"
		lab.did(0)
		lab.beginDue(t.Context())
		if got := lab.looker.memories.get(check).Kept("was"); got != "new" {
			t.Errorf("the step began with %v", got)
		}
	})
}

// What was interrupted before it was done has not begun; what is forgotten begins anew, and no look of before can hinder it.
func TestABeginningIsNotLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, now := newFakeWorld(), ""
		check := &remembering{&now}
		lab := &openLab{
			plan:   plan{checks: [][]checks.Check{{check}}},
			looker: newLooker(world{"podlab-duo", w, w, fakeNodes{w}}),
		}
		interrupted, cancel := context.WithCancel(t.Context())
		cancel()
		lab.beginStep(interrupted, 0)
		if lab.begins.has(0) {
			t.Error("an interrupted step has begun")
		}
		now = "old"
		lab.beginStep(t.Context(), 0)
		old := lab.looker.memories.get(check)
		lab.forget()
		old.Keep("was", "a look that began before the reset")
		if lab.begins.has(0) || lab.looker.memories.get(check).Kept("was") != nil {
			t.Error("what was before the reset goes on after it")
		}
	})
}
