package tui

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

func TestKeysAskForThings(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(*terminal)
		keys []string
		want runner.Request
	}{
		{"enter opens the lab that was left last", nil, []string{"enter"}, runner.Open{Lab: "duo"}},
		{"down chooses another lab", nil, []string{"down", "enter"}, runner.Open{Lab: "trio"}},
		{"letters that come at once are pressed one by one", nil, []string{"jkj", "enter"}, runner.Open{Lab: "trio"}},
		{"enter applies first", (*terminal).openDuo, []string{"enter"}, runner.Apply{Step: 0, Block: applyBlock}},
		{"a applies", (*terminal).openDuo, []string{"a"}, runner.Apply{Step: 0, Block: applyBlock}},
		{"a applies again", checksMixed, []string{"a"}, runner.Apply{Step: 0, Block: applyBlock}},
		{"enter runs", secondStep, []string{"enter"}, runner.RunCommand{Step: 1, Block: runBlock}},
		{"r runs", secondStep, []string{"r"}, runner.RunCommand{Step: 1, Block: runBlock}},
		{"r runs again", func(x *terminal) { secondStep(x); commandRan(x) }, []string{"r"}, runner.RunCommand{Step: 1, Block: runBlock}},
		{"tab answers", secondStep, []string{"tab", "1", "2", "enter"}, runner.Answer{Step: 1, Block: askBlock, Text: "12"}},
		{"letters are text while answering", secondStep, []string{"tab", "q", "n", "enter"}, runner.Answer{Step: 1, Block: askBlock, Text: "qn"}},
		{"enter answers when it is next", func(x *terminal) { secondStep(x); commandRan(x) }, []string{"enter", "3", "enter"}, runner.Answer{Step: 1, Block: askBlock, Text: "3"}},
		{"R and y reset", (*terminal).openDuo, []string{"R", "y"}, runner.Reset{}},
		{"u brings a lost cluster up", lost, []string{"u"}, runner.Open{Lab: "duo"}},
		{"ctrl+c interrupts", func(x *terminal) { secondStep(x); x.keys("r") }, []string{"ctrl+c"}, runner.Interrupt{}},
		{"ctrl+c interrupts the cluster's start", comingUp, []string{"ctrl+c"}, runner.Interrupt{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTerminal(t, 80, 24)
			if c.play != nil {
				c.play(x)
			}
			x.keys(c.keys...)
			x.wasAsked(c.want)
		})
	}
}

func lost(x *terminal) {
	x.openDuo()
	x.event(runner.ClusterLost{Err: errRefused, Try: "start Docker"})
}

func TestKeysThatMustNotAsk(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(*terminal)
		keys []string
	}{
		{"a second apply while the first runs", func(x *terminal) { x.openDuo(); x.keys("a") }, []string{"a", "enter", "R", "y"}},
		{"a command while the cluster comes up", comingUp, []string{"a", "enter", "r", "R", "y", "u"}},
		{"an apply while the cluster is lost", lost, []string{"a", "enter", "R", "y"}},
		{"a reset that is not agreed to", (*terminal).openDuo, []string{"R", "n", "R", "esc", "R", "enter"}},
		{"an empty answer", secondStep, []string{"tab", "enter", "esc"}},
		{"a lab that is open already", (*terminal).openDuo, []string{"esc", "enter"}},
		{"reading", (*terminal).openDuo, []string{"n", "p", "right", "left", "j", "k", "space", "e", "esc", "?", "esc", "o", "h", "s", "y", "w", "w"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTerminal(t, 80, 24)
			c.play(x)
			before := slices.Clone(x.session.asked)
			x.keys(c.keys...)
			if diff := cmp.Diff(before, x.session.asked); diff != "" {
				t.Errorf("something was asked for:\n%s", diff)
			}
		})
	}
}

func TestQuit(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(*terminal)
		keys []string
		want bool
	}{
		{"q in the catalogue", nil, []string{"q"}, true},
		{"q in an idle lab", (*terminal).openDuo, []string{"q"}, true},
		{"ctrl+c in an idle lab", (*terminal).openDuo, []string{"ctrl+c"}, true},
		{"q asks while something runs", comingUp, []string{"q"}, false},
		{"and quits on y", comingUp, []string{"q", "y"}, true},
		{"and stays on anything else", comingUp, []string{"q", "q"}, false},
		{"ctrl+c interrupts first", comingUp, []string{"ctrl+c"}, false},
		{"a second one quits", comingUp, []string{"ctrl+c", "ctrl+c"}, true},
		{"also from an overlay", comingUp, []string{"?", "ctrl+c", "ctrl+c"}, true},
		{"q closes help", (*terminal).openDuo, []string{"?", "q"}, false},
		{"q is a letter in an answer", secondStep, []string{"tab", "q"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTerminal(t, 80, 24)
			if c.play != nil {
				c.play(x)
			}
			x.keys(c.keys...)
			if x.quit != c.want {
				t.Errorf("quit: %v, want %v", x.quit, c.want)
			}
		})
	}
}

func TestInterruptIsOverWhenWhatRanIs(t *testing.T) {
	x := newTerminal(t, 80, 24)
	secondStep(x)
	x.keys("r")
	x.event(runner.CommandStarted{Step: 1, Block: runBlock})
	x.keys("ctrl+c")
	x.see("ctrl+c again quits")
	x.event(runner.CommandEnded{Step: 1, Block: runBlock, Err: context.Canceled})
	x.see("interrupted")
	x.keys("r")
	x.event(runner.CommandStarted{Step: 1, Block: runBlock})
	x.keys("ctrl+c")
	if x.quit {
		t.Error("the first ctrl+c of a second command quit")
	}
}

func TestQuestionHidesWhatFollows(t *testing.T) {
	x := newTerminal(t, 80, 60)
	secondStep(x)
	hidden := []string{"the author saw", "In words", "demoduo: 3 processes"}
	for _, h := range hidden {
		x.notSee(h)
	}
	x.see("answer first (tab), or s to skip")
	x.see("1 check after your answer")

	answered(x, "4", checks.Result{Verdict: checks.NotYet, Got: "4"})
	x.see("✗ not right: 4")
	x.notSee(hidden[0])
	x.notSee("Two php processes")

	answeredRight(x)
	x.see("✓ right: 3")
	x.see("Two php processes")
	for _, h := range hidden {
		x.see(h)
	}
}

func TestQuestionLetsOn(t *testing.T) {
	for name, play := range map[string]func(*terminal){
		"skipped": func(x *terminal) { x.keys("s") },
		"It cannot be graded yet: pod demoduo is not there": func(x *terminal) {
			answered(x, "3", checks.Result{Verdict: checks.CannotTell, Got: "3", Why: "pod demoduo is not there"})
		},
	} {
		x := newTerminal(t, 80, 60)
		secondStep(x)
		play(x)
		x.see(name)
		x.see("the author saw")
		x.see("demoduo: 3 processes")
	}
}

func TestAnswerThatCouldNotBeGradedCanBeGivenAgain(t *testing.T) {
	x := newTerminal(t, 80, 60)
	secondStep(x)
	answered(x, "3", checks.Result{Verdict: checks.CannotTell, Why: "the pod is not there"})
	x.keys("tab", "3", "enter")
	x.wasAsked(runner.Answer{Step: 1, Block: askBlock, Text: "3"})
}

func TestNoStepIsLeftByItself(t *testing.T) {
	x := newTerminal(t, 80, 24)
	checksMixed(x)
	x.pass(0, 3)
	x.see("all 3 checks pass: n for the next step")
	x.see("step 1/3")
	x.keys("enter")
	x.see("step 2/3")
}

func TestProgressIsSavedAndResumed(t *testing.T) {
	x := newTerminal(t, 80, 24)
	done(x)
	want := []Position{
		{Lab: "duo", Step: "create-the-pod"},
		{Lab: "duo", Step: "create-the-pod", Done: []string{"create-the-pod"}},
		{Lab: "duo", Step: "count-the-processes", Done: []string{"create-the-pod"}},
		{Lab: "duo", Step: "count-the-processes", Done: []string{"create-the-pod", "count-the-processes"}},
		{Lab: "duo", Step: "debrief", Done: []string{"create-the-pod", "count-the-processes", "debrief"}},
	}
	if diff := cmp.Diff(want, x.session.kept); diff != "" {
		t.Errorf("saved positions differ (-want +got):\n%s", diff)
	}

	s := newFake()
	s.saved.Labs["duo"] = want[2]
	y := terminalOn(t, s, 80, 24)
	y.see("go on with duo at step 2")
	y.keys("enter")
	y.see("step 2/3")
}

func TestResetForgetsTheLab(t *testing.T) {
	x := newTerminal(t, 80, 24)
	done(x)
	x.keys("R", "y")
	x.event(runner.ResetStarted{}, runner.ResetEnded{})
	x.see("step 1/3")
	x.see("The lab is back at its start.")
	if diff := cmp.Diff([]string{"duo"}, x.session.forgot); diff != "" {
		t.Errorf("forgotten (-want +got):\n%s", diff)
	}
	last := x.session.kept[len(x.session.kept)-1]
	if diff := cmp.Diff(Position{Lab: "duo", Step: "create-the-pod"}, last); diff != "" {
		t.Errorf("the last position differs (-want +got):\n%s", diff)
	}
}

func TestFailedResetKeepsTheLab(t *testing.T) {
	x := newTerminal(t, 80, 24)
	done(x)
	x.keys("R", "y")
	x.event(runner.ResetStarted{}, runner.ResetEnded{Err: errRefused})
	x.see("step 3/3")
	x.see("connection refused")
}

func TestChecksOfALabThatIsNotOpenAreNotShown(t *testing.T) {
	x := newTerminal(t, 80, 24)
	done(x)
	x.keys("enter", "enter") // trio, which is not open yet: what is known is about duo
	if diff := cmp.Diff(runner.StepState{}, x.m.stepState()); diff != "" {
		t.Errorf("the state of another lab is shown:\n%s", diff)
	}
	x.wasAsked(runner.Open{Lab: "trio"})
}

func TestStaleRenderingIsDropped(t *testing.T) {
	x := newTerminal(t, 80, 24)
	x.openDuo()
	stale := pageRenderedMsg{pageKey{"duo", 0, 33}, map[int][]string{0: {"made for another width"}}}
	x.send(stale)
	if _, kept := x.m.rendered[stale.key]; kept {
		t.Error("a page for another width was kept")
	}
	x.notSee("made for another width")
}

func TestEveryFooterKeyIsInHelp(t *testing.T) {
	help := map[string]bool{}
	for _, s := range scenes() {
		x := newTerminal(t, 200, 60)
		s.play(x)
		for _, b := range x.m.validKeys() {
			help[b.Help().Key] = true
		}
	}
	x := newTerminal(t, 200, 60)
	x.openDuo()
	x.keys("?")
	for k := range help {
		if k != "y" { // says what it does where it is asked for
			x.see(k)
		}
	}
}

func TestChoicesAreNamedByLetters(t *testing.T) {
	lab := lesson.Lab{ID: "duo", Steps: []lesson.Step{{ID: "a", Blocks: []lesson.Block{
		lesson.Ask{Prompt: "How many parents?", Choices: []string{"3", "2", "1"}},
	}}}}
	x := newTerminal(t, 80, 24)
	x.m.catalog.labs = []lesson.Lab{lab}
	x.m.catalog.pick = 0
	x.keys("enter")
	x.event(runner.ClusterUp{}, runner.LabOpened{Lab: "duo", Checks: []int{0}})
	for keys, want := range map[string]string{"": "3", "b": "2", "3": "3", "x": "3"} {
		x.keys("tab")
		if keys != "" {
			x.keys(keys)
		}
		x.keys("enter")
		x.wasAsked(runner.Answer{Text: want})
		x.event(runner.Answered{Answer: want, Result: checks.Result{Verdict: checks.NotYet}})
	}
	x.keys("tab", "down", "down", "down", "up", "c", "enter")
	x.wasAsked(runner.Answer{Text: "1"})
	x.see("a) 3")
}

func TestWhatBecameOfABlockIsInView(t *testing.T) {
	x := newTerminal(t, 80, 16)
	x.openDuo()
	x.keys("home", "a")
	x.event(runner.ApplyStarted{Block: applyBlock}, runner.ApplyEnded{Block: applyBlock, Objects: []runner.Applied{{Object: "pod/demoduo", Action: "created"}}})
	x.see("✓ applied: pod/demoduo created")
	x.keys("n", "r")
	x.event(
		runner.CommandStarted{Step: 1, Block: runBlock},
		runner.CommandOutput{Step: 1, Block: runBlock, Text: lsns(t)},
		runner.CommandEnded{Step: 1, Block: runBlock, Exit: 1},
	)
	x.see("exit code 1")
}

// What stands at the end of a lab is read before enter leaves it.
func TestEnterReadsTheEndBeforeItLeaves(t *testing.T) {
	c := course()
	debrief := &c.Labs[1].Steps[2]
	debrief.Blocks = append(debrief.Blocks, lesson.Prose{Markdown: strings.Repeat("One more thing.\n\n", 20)})
	x := terminalWith(t, newFake(), c, 80, 24)
	done(x)
	x.see("the lab is done: read on")
	for range 20 {
		x.keys("enter")
		if x.m.mode == inCatalog {
			if x.m.reader.below() > 0 {
				t.Error("it was left before the end")
			}
			return
		}
	}
	t.Error("enter does not leave the lab")
}
