package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// labView is one open lab: where the learner is in it and what was revealed.
type labView struct {
	lab     lesson.Lab
	titles  [][]string // of the checks, by step
	step    int
	hints   map[blockRef]bool // those that are revealed
	solved  map[int]bool      // the solution is shown, by step
	skipped map[blockRef]bool // questions that were skipped
	drafts  map[int]draft     // the learner's own manifests, by step
	editor  string            // the name of her editor, "" for none
	lastRun int               // block of the command run last in this step, -1 before the first
}

type blockRef struct{ step, block int }

func newLabView(lab lesson.Lab, title func(lesson.CheckSpec) string, editor string) labView {
	v := labView{lab: lab, editor: editor, titles: make([][]string, len(lab.Steps))}
	for i, s := range lab.Steps {
		for _, spec := range s.Checks() {
			v.titles[i] = append(v.titles[i], oneLine(title(spec)))
		}
	}
	v.forget()
	return v
}

// forget hides again what was revealed.
func (v *labView) forget() {
	v.hints, v.solved, v.skipped, v.lastRun = map[blockRef]bool{}, map[int]bool{}, map[blockRef]bool{}, -1
	v.drafts = map[int]draft{}
}

func (v *labView) goTo(step int) {
	v.step = max(0, min(step, len(v.lab.Steps)-1))
	v.lastRun = -1
}

// at returns the step on screen; the zero step of a lab without any.
func (v *labView) at() lesson.Step {
	if v.step < 0 || v.step >= len(v.lab.Steps) {
		return lesson.Step{}
	}
	return v.lab.Steps[v.step]
}

func (v *labView) isLast() bool { return v.step >= len(v.lab.Steps)-1 }

// gate returns the first question that hides what follows it, or the number of blocks. A question lets on when it was
// answered rightly, when the answer cannot be graded yet, and when it was skipped.
func (v *labView) gate(st runner.StepState) int {
	blocks := v.at().Blocks
	for i, b := range blocks {
		if _, ok := b.(lesson.Ask); !ok || v.skipped[blockRef{v.step, i}] {
			continue
		}
		if a, ok := st.Answers[i]; !ok || a.Result.Verdict == checks.NotYet {
			return i
		}
	}
	return len(blocks)
}

// question returns the block to answer now: the one that hides the rest, else one whose answer could not be graded.
func (v *labView) question(st runner.StepState) (int, bool) {
	gate := v.gate(st)
	blocks := v.at().Blocks
	if gate < len(blocks) {
		return gate, true
	}
	for i, b := range blocks {
		if _, ok := b.(lesson.Ask); ok && st.Answers[i].Result.Verdict != checks.Pass {
			return i, true
		}
	}
	return 0, false
}

// letters returns what names the choices of a question that waits for another answer. They are chosen by their letters as in the
// first place, whatever else the letters do, but where the learner writes her own manifest: there "a" applies it.
func (v *labView) letters(st runner.StepState, block int) []string {
	ask, _ := v.at().Blocks[block].(lesson.Ask)
	if len(v.open(st, isEdit)) > 0 {
		return nil
	}
	names := make([]string, len(ask.Choices))
	for n := range names {
		names[n] = letter(n)
	}
	return names
}

// openChecks returns how many of the step's checks are not hidden by a question: their titles may say the answer.
func (v *labView) openChecks(st runner.StepState) int {
	n := 0
	for _, b := range v.at().Blocks[:v.gate(st)] {
		if c, ok := b.(lesson.Check); ok {
			n += len(c.Specs)
		}
	}
	return n
}

// done says whether nothing is left to do in the step.
func (v *labView) done(st runner.StepState) bool {
	blocks := v.at().Blocks
	if v.gate(st) < len(blocks) {
		return false
	}
	if all := len(v.at().Checks()); all > 0 {
		return passing(st) == all
	}
	return !slices.ContainsFunc(v.blocksOf(isApply), func(i int) bool { return !applied(st, i) })
}

func isApply(b lesson.Block) bool { _, ok := b.(lesson.Apply); return ok }
func isRun(b lesson.Block) bool   { _, ok := b.(lesson.Run); return ok }
func isHint(b lesson.Block) bool  { _, ok := b.(lesson.Hint); return ok }

func isSolution(b lesson.Block) bool { _, ok := b.(lesson.Solution); return ok }

func (v *labView) blocksOf(is func(lesson.Block) bool) []int {
	var found []int
	for i, b := range v.at().Blocks {
		if is(b) {
			found = append(found, i)
		}
	}
	return found
}

// open returns the step's blocks of one sort that no question hides.
func (v *labView) open(st runner.StepState, is func(lesson.Block) bool) []int {
	gate := v.gate(st)
	return slices.DeleteFunc(v.blocksOf(is), func(i int) bool { return i > gate })
}

func applied(st runner.StepState, block int) bool {
	a, ok := st.Applies[block]
	return ok && !a.Running && a.Err == nil
}

func ran(st runner.StepState, block int) bool {
	r, ok := st.Runs[block]
	return ok && !r.Running && r.Err == nil
}

// appliable returns the manifests that can be applied now: the step's own, and the solution's once it is shown.
func (v *labView) appliable(st runner.StepState) []int {
	return v.open(st, func(b lesson.Block) bool { return isApply(b) || v.shownManifest(b) })
}

// solution returns the solution's manifest, once it is shown: beside the learner's own it has a key of its own.
func (v *labView) solution(st runner.StepState) (int, bool) {
	return firstOr(v.open(st, v.shownManifest), func(int) bool { return true })
}

func (v *labView) shownManifest(b lesson.Block) bool {
	s, ok := b.(lesson.Solution)
	return ok && len(s.Objects) > 0 && v.solved[v.step]
}

// firstOr returns the first block that is not yet finished, else the last one, to do it again.
func firstOr(blocks []int, finished func(int) bool) (int, bool) {
	for _, b := range blocks {
		if !finished(b) {
			return b, true
		}
	}
	if len(blocks) == 0 {
		return 0, false
	}
	return blocks[len(blocks)-1], true
}

// reveal shows a hint of the step, where it stands in the lesson.
func (v *labView) reveal(block int) { v.hints[blockRef{v.step, block}] = true }

// hintsLeft returns the hints that can be had and are not revealed: first those whose condition holds, for they are
// about what the learner looks at. One whose condition does not hold is no hint at all, and would spoil.
func (v *labView) hintsLeft(st runner.StepState) []int {
	var seen, always []int
	for _, i := range v.open(st, isHint) {
		switch hint, _ := v.at().Blocks[i].(lesson.Hint); {
		case v.hints[blockRef{v.step, i}]:
		case len(hint.When) == 0:
			always = append(always, i)
		case st.Hints[i]:
			seen = append(seen, i)
		}
	}
	return append(seen, always...)
}

// offers says whether a hint that was not read is about what the learner looks at.
func (v *labView) offers(st runner.StepState) bool {
	return slices.ContainsFunc(v.hintsLeft(st), func(i int) bool { return st.Hints[i] })
}

// actionKind is what Enter does.
type actionKind int

const (
	doNothing actionKind = iota
	doWait               // for the checks
	doApply
	doEdit
	doRun
	doAnswer
	doNext
	doFinish
	doRead
)

// action is what comes next in a step, in words that begin with what it is.
type action struct {
	kind  actionKind
	block int
	text  string
}

// next returns what comes next in the step: its blocks in order, then the next step.
func (v *labView) next(st runner.StepState) action {
	gate, claims := v.gate(st), 0
	for i, b := range v.at().Blocks {
		if i > gate {
			break
		}
		if c, ok := b.(lesson.Check); ok {
			claims += len(c.Specs)
		}
		switch a := v.todo(st, i, b); {
		case a == (action{}):
		case (a.kind == doRun || a.kind == doAnswer) && !v.hold(st, claims):
			return v.leave(st) // a command or a question stands after checks because it is about what they claim
		default:
			return a
		}
	}
	return v.leave(st)
}

// hold says whether the first checks of the step pass.
func (v *labView) hold(st runner.StepState, first int) bool {
	return !slices.ContainsFunc(st.Checks[:min(first, len(st.Checks))], func(c runner.CheckState) bool {
		return !c.Seen || c.Result.Verdict != checks.Pass
	})
}

func (v *labView) todo(st runner.StepState, i int, b lesson.Block) action {
	switch b := b.(type) {
	case lesson.Apply:
		if !applied(st, i) {
			return action{doApply, i, "apply the manifest " + objectNames(b)}
		}
	case lesson.Edit:
		if !v.editDone(st, i) {
			return v.editTodo(i, v.editor)
		}
	case lesson.Run:
		if !ran(st, i) {
			return action{doRun, i, "run " + oneLine(firstLine(b.Script))}
		}
	case lesson.Ask:
		if i == v.gate(st) {
			return action{doAnswer, i, "answer the question (or s: skip it)"}
		}
	}
	return action{}
}

// leave is what comes next when every block of the step was done.
func (v *labView) leave(st runner.StepState) action {
	pass, all := passing(st), len(v.at().Checks())
	switch {
	case !v.done(st) && len(v.open(st, isEdit)) > 0:
		a := v.editTodo(v.open(st, isEdit)[0], v.editor)
		a.text = fmt.Sprintf("%d of %d checks pass; %s", pass, all, a.text)
		return a
	case !v.done(st):
		return v.wait(st)
	case v.isLast():
		return action{kind: doFinish, text: "the lab is done: back to the labs"}
	case all == 0:
		return action{kind: doNext, text: "next step"}
	case all == 1:
		return action{kind: doNext, text: "the check passes: n for the next step"}
	}
	return action{kind: doNext, text: fmt.Sprintf("all %d checks pass: n for the next step", all)}
}

func (v *labView) wait(st runner.StepState) action {
	return action{kind: doWait, text: fmt.Sprintf("waiting for the checks: %d of %d pass", passing(st), len(v.at().Checks()))}
}

func passing(st runner.StepState) int {
	n := 0
	for _, c := range st.Checks {
		if c.Seen && c.Result.Verdict == checks.Pass {
			n++
		}
	}
	return n
}

func firstLine(s string) string {
	line, rest, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if rest != "" {
		line += " …"
	}
	return line
}

// objectNames lists what a manifest makes, as kubectl would name it.
func objectNames(a lesson.Apply) string {
	names := make([]string, len(a.Objects))
	for i, o := range a.Objects {
		names[i] = strings.ToLower(o.GetKind()) + "/" + o.GetName()
	}
	return oneLine(strings.Join(names, ", "))
}
