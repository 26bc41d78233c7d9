package tui

import (
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// hintedLab is duo with a step whose second hint is about a state of the cluster, and a question with two right choices.
func hintedLab() lesson.Lab {
	lab := duoLab()
	lab.Steps = []lesson.Step{{ID: "look", Title: "Look", Blocks: []lesson.Block{
		lesson.Hint{Markdown: "A hint for everybody."},
		lesson.Hint{When: []lesson.CheckSpec{spec("ready")}, Markdown: "The consumer was first."},
		lesson.Ask{Prompt: "Which?", Choices: []string{"net", "mnt", "ipc"}, Several: true, Answers: []string{"net", "ipc"}},
	}}}
	return lab
}

func openHinted(t *testing.T) *terminal {
	x := terminalWith(t, newFake(), lesson.Course{Labs: []lesson.Lab{hintedLab()}}, 80, 24)
	x.keys("enter")
	x.event(runner.ClusterUp{At: start()}, runner.LabOpened{Lab: "duo", Checks: []int{0}})
	return x
}

func TestAHintOfAnotherStateIsNotShown(t *testing.T) {
	x := openHinted(t)
	x.keys("h", "h")
	x.see("A hint for everybody.")
	x.see("There is no further hint here.")
	x.notSee("The consumer was first.")
}

func TestTheHintForWhatIsSeenComesFirst(t *testing.T) {
	x := openHinted(t)
	x.event(runner.HintSeen{Step: 0, Block: 1})
	x.see("A hint fits what podlab sees now: press h.")
	x.keys("h")
	x.see("The consumer was first.")
	x.notSee("A hint for everybody.")
	x.keys("h")
	x.see("A hint for everybody.")
	x.see("The consumer was first.") // each where it stands in the lesson
}

func TestSeveralChoicesAreMarked(t *testing.T) {
	x := openHinted(t)
	x.see("answer first (tab; several may be right)")
	x.keys("tab", "a", "c", "b", "b")
	x.see("[x] a) net")
	x.see("[ ] b) mnt")
	x.keys("enter")
	x.wasAsked(runner.Answer{Step: 0, Block: 2, Text: "net\nipc"})
	x.event(runner.Answered{Step: 0, Block: 2, Answer: "net\nipc", Result: checks.Result{Verdict: checks.Pass}})
	x.see("right: net, ipc")
}

func TestAWrongAnswerShowsItsAuthorsWords(t *testing.T) {
	x := openHinted(t)
	x.event(runner.Answered{Step: 0, Block: 2, Answer: "mnt", Result: checks.Result{Verdict: checks.NotYet, Why: "Each container has its own."}})
	x.see("not right: mnt")
	x.see("Each container has its own.")
}

// After a wrong answer the letters of the choices are still the way to choose, though some are keys of the lab's.
func TestALetterChoosesAnewAfterAWrongAnswer(t *testing.T) {
	lab := duoLab()
	lab.Steps = lab.Steps[:1]
	lab.Steps[0].Blocks = append(lab.Steps[0].Blocks[:2], lesson.Ask{Prompt: "Which?", Choices: []string{"net", "mnt", "ipc"}, Answers: []string{"net"}})
	for _, key := range []string{"a", "b", "c"} {
		x := terminalWith(t, newFake(), lesson.Course{Labs: []lesson.Lab{lab}}, 120, 40)
		x.keys("enter")
		x.event(runner.ClusterUp{At: start()}, runner.LabOpened{Lab: "duo", Checks: []int{0}})
		x.event(runner.ApplyStarted{Block: applyBlock}, runner.ApplyEnded{Block: applyBlock})
		x.see("a apply")
		x.keys("tab", "c", "enter")
		x.event(runner.Answered{Step: 0, Block: 2, Answer: "ipc", Result: checks.Result{Verdict: checks.NotYet}})
		x.see("try again (its letter, or tab), or s to skip")
		x.see("a-c choose")
		x.notSee("a apply")
		x.keys(key)
		x.see("▸ " + key + ") ")
		x.notSee("not right")
		x.keys("enter")
		x.wasAsked(runner.Answer{Step: 0, Block: 2, Text: map[string]string{"a": "net", "b": "mnt", "c": "ipc"}[key]})
	}
}

// In a step with her own manifest "a" applies her file, as the screen says, also after a wrong answer.
func TestAWrongAnswerLeavesTheEditKeysAlone(t *testing.T) {
	course := mendLab()
	blocks := &course.Labs[0].Steps[0].Blocks
	*blocks = append((*blocks)[:3], lesson.Ask{Prompt: "Which?", Choices: []string{"net", "mnt", "ipc"}, Answers: []string{"net"}})
	x := terminalWith(t, newFake(), course, 120, 40)
	x.session.drafts.file = mended
	x.keys("enter")
	x.event(runner.ClusterUp{At: start()}, runner.LabOpened{Lab: "mend", Checks: []int{2, 0}})
	x.event(runner.Answered{Step: 0, Block: 3, Answer: "ipc", Result: checks.Result{Verdict: checks.NotYet}})
	x.see("try again (tab), or s to skip")
	x.notSee("choose")
	x.see("a apply your file")
	x.keys("E")
	x.see("nothing was applied. a applies it.")
	x.see("it there; then a applies it")
	x.keys("a")
	x.wasAsked(own(t, mended))
}

// Other keys, and letters while nothing was answered, mean what they always do.
func TestLettersAreTheLabsOtherwise(t *testing.T) {
	x := openHinted(t)
	x.keys("a")
	x.notSee("[x]")
	x.event(runner.Answered{Step: 0, Block: 2, Answer: "mnt", Result: checks.Result{Verdict: checks.NotYet}})
	x.keys("h")
	x.see("A hint for everybody.")
	x.keys("b")
	x.see("[x] b) mnt")
	x.see("[ ] a) net")
	x.keys("esc", "s")
	x.see("skipped")
}

// A hint about what is over is of no use to anybody who has not read it, and stays with who has.
func TestAHintIsTakenBackWithItsState(t *testing.T) {
	const offer = "A hint fits what podlab sees now: press h."
	x := openHinted(t)
	x.event(runner.HintSeen{Step: 0, Block: 1}, runner.HintGone{Step: 0, Block: 1})
	x.notSee(offer)
	x.keys("h")
	x.see("A hint for everybody.")
	x.notSee("The consumer was first.")
	x.event(runner.HintSeen{Step: 0, Block: 1})
	x.see(offer)
	x.keys("h")
	x.event(runner.HintGone{Step: 0, Block: 1})
	x.see("The consumer was first.")
}

// Another notice than the offer stays, and so does the offer of another hint.
func TestOnlyTheOfferIsTakenBack(t *testing.T) {
	x := openHinted(t)
	x.event(runner.HintSeen{Step: 0, Block: 1}, runner.HintSeen{Step: 0, Block: 0}, runner.HintGone{Step: 0, Block: 1})
	x.see("press h.")
	x.keys("h", "h")
	x.see("There is no further hint here.")
	x.event(runner.HintGone{Step: 0, Block: 0})
	x.see("There is no further hint here.")
}

// A state that comes and goes and comes again is no news once its hint was read.
func TestAHintIsOfferedUntilItWasRead(t *testing.T) {
	x := openHinted(t)
	x.event(runner.HintSeen{Step: 0, Block: 1})
	x.keys("h")
	x.event(runner.HintSeen{Step: 0, Block: 1})
	x.notSee("press h.")
}
