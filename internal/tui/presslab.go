package tui

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// pressLab handles a key of the lab screen: those that leave it or look at something here, the others below.
func (m *model) pressLab(msg tea.KeyMsg) tea.Cmd {
	k := m.keys
	switch {
	case m.chooseAnew(msg):
	case m.reader.press(k, msg):
	case key.Matches(msg, k.Quit):
		return m.quit()
	case key.Matches(msg, k.Back):
		m.mode = inCatalog
	case key.Matches(msg, k.Help):
		m.show(&helpOverlay{})
	case key.Matches(msg, k.Evidence):
		m.show(&evidenceOverlay{pick: m.firstOpenCheck()})
	case key.Matches(msg, k.Output):
		if _, ok := m.lastOutput(); ok {
			m.show(&outputOverlay{})
		}
	case key.Matches(msg, k.Wide):
		m.wide = !m.wide
	case key.Matches(msg, k.Next):
		m.nextStep()
	case key.Matches(msg, k.Previous):
		if m.lab.step > 0 {
			m.goTo(m.lab.step - 1)
		}
	default:
		cmd, taken := m.pressEdit(msg)
		if !taken {
			m.pressWork(msg)
		}
		return cmd
	}
	return nil
}

// pressWork handles a key that does something in the step.
func (m *model) pressWork(msg tea.KeyMsg) {
	k, st := m.keys, m.stepState()
	_, gated := m.gated()
	switch {
	case key.Matches(msg, k.Enter):
		m.doNext()
	case key.Matches(msg, k.Tab):
		m.beginAnswer()
	case key.Matches(msg, k.Apply):
		if b, ok := firstOr(m.lab.appliable(st), func(i int) bool { return applied(st, i) }); ok {
			m.apply(b)
		}
	case key.Matches(msg, k.Run):
		if b, ok := firstOr(m.lab.open(st, isRun), func(i int) bool { return ran(st, i) }); ok {
			m.run(b)
		}
	case key.Matches(msg, k.Skip) && gated:
		m.skip()
	case key.Matches(msg, k.Solution):
		if m.canSolve() {
			m.show(&confirmOverlay{toSolution, "Show the solution of this step?"})
		}
	case key.Matches(msg, k.Hint):
		m.hint()
	case key.Matches(msg, k.Reset):
		if m.ready() && m.state.Cluster.Up && !m.running() {
			m.show(&confirmOverlay{toReset, "Reset the lab? All that was made in it is removed, and its progress."})
		}
	case key.Matches(msg, k.ClusterUp):
		if m.canReopen() {
			m.open(m.lab.lab.ID)
		}
	}
}

// next is what enter does. A manifest that has only just been applied is not to be edited again: its checks may still come to
// pass. What the author says at the end of a lab is read before it is left.
func (m *model) next() action {
	st := m.stepState()
	a := m.lab.next(st)
	if (a.kind == doEdit || a.kind == doNothing) && m.lab.settling(st, m.now) {
		return m.lab.wait(st)
	}
	if below := m.reader.below(); a.kind == doFinish && below > 0 {
		return action{kind: doRead, text: fmt.Sprintf("the lab is done: read on, %s below (n: back to the labs)", plural(below, "line"))}
	}
	return a
}

// doNext does what the line above the keys says.
func (m *model) doNext() {
	a := m.next()
	switch a.kind {
	case doRead:
		m.reader.pageDown()
	case doApply:
		m.apply(a.block)
	case doRun:
		m.run(a.block)
	case doAnswer:
		m.beginAnswer()
	case doNext:
		m.nextStep()
	case doFinish:
		m.finish()
	}
}

func (m *model) apply(block int) {
	m.ask("apply", runner.Apply{Step: m.lab.step, Block: block})
	m.showBlock(m.lab.step, block)
}

func (m *model) run(block int) {
	m.ask("run", runner.RunCommand{Step: m.lab.step, Block: block})
	if m.pending == "run" {
		m.lab.lastRun = block
	}
	m.showBlock(m.lab.step, block)
}

func (m *model) nextStep() {
	switch {
	case !m.lab.isLast():
		m.goTo(m.lab.step + 1)
	case m.lab.done(m.stepState()):
		m.finish()
	default:
		m.notice = "This is the last step."
	}
}

// finish goes back to the labs, with the next one chosen.
func (m *model) finish() {
	lab := m.lab.lab
	m.mode = inCatalog
	left := len(lab.Steps) - m.journal.count(lab)
	next, ok := m.catalog.after(lab.ID, m.journal)
	switch {
	case left > 0:
		m.notice = fmt.Sprintf("%s: %s not done yet.", oneLine(lab.Title), plural(left, "step"))
		return
	case ok:
		m.catalog.choose(next.ID)
		m.notice = fmt.Sprintf("✓ %s is done. Next: %s", oneLine(lab.Title), oneLine(next.Title))
	default:
		m.notice = fmt.Sprintf("✓ %s is done.", oneLine(lab.Title))
	}
}

// skip gives up on the question that hides the rest of the step.
func (m *model) skip() {
	if b, ok := m.gated(); ok {
		m.lab.skipped[blockRef{m.lab.step, b}] = true
	}
}

// gated returns the question that hides the rest of the step, if one does.
func (m *model) gated() (int, bool) {
	gate := m.lab.gate(m.stepState())
	return gate, gate < len(m.lab.at().Blocks)
}

func (m *model) canSolve() bool {
	return !m.lab.solved[m.lab.step] && len(m.lab.open(m.stepState(), isSolution)) > 0
}

// canReopen says whether it makes sense to bring the cluster up for this lab.
func (m *model) canReopen() bool {
	return !m.ended && !m.running() && (!m.ready() || !m.state.Cluster.Up)
}

func (m *model) hint() {
	left := m.lab.hintsLeft(m.stepState())
	if len(left) == 0 {
		m.notice = "There is no further hint here."
		return
	}
	m.lab.reveal(left[0])
	m.arrange()
	m.showBlock(m.lab.step, left[0])
}

// checkRows returns the checks of the step that no question hides.
func (m *model) checkRows() []checkRow {
	st := m.stepState()
	n := m.lab.openChecks(st)
	rows := make([]checkRow, n)
	for i := range rows {
		rows[i].title = m.lab.titles[m.lab.step][i]
		if i < len(st.Checks) {
			rows[i].state = st.Checks[i]
		}
	}
	return rows
}

// firstOpenCheck returns the check that a learner most likely wants to understand.
func (m *model) firstOpenCheck() int {
	for i, r := range m.checkRows() {
		if explains(r) {
			return i
		}
	}
	return 0
}

// lastOutput returns the block of the command run last in this step.
func (m *model) lastOutput() (int, bool) {
	st := m.stepState()
	if _, ok := st.Runs[m.lab.lastRun]; ok {
		return m.lab.lastRun, true
	}
	runs := m.lab.blocksOf(isRun)
	for i := len(runs) - 1; i >= 0; i-- {
		if _, ok := st.Runs[runs[i]]; ok {
			return runs[i], true
		}
	}
	return 0, false
}

func (m *model) overlaySource() overlaySource {
	src := overlaySource{theme: m.theme, keys: m.keys}
	if m.mode == inCatalog {
		return src
	}
	src.rows = m.checkRows()
	if b, ok := m.lastOutput(); ok {
		run := m.stepState().Runs[b]
		script, _ := m.lab.at().Blocks[b].(lesson.Run)
		src.command, src.output, src.running = script.Script, run.Output, run.Running
	}
	return src
}
