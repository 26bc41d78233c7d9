package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// pressAll takes letters that came in one read, as from a key that is held down, one by one. What is pasted is one text.
func (m *model) pressAll(msg tea.KeyMsg) tea.Cmd {
	if msg.Type != tea.KeyRunes || msg.Paste || len(msg.Runes) < 2 {
		return m.press(msg)
	}
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		cmds = append(cmds, m.press(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt}))
		m.arrange()
	}
	return tea.Sequence(cmds...)
}

// press hands a key to whatever has the keys now: the interrupt first, then the overlay on top, then the screen.
func (m *model) press(msg tea.KeyMsg) tea.Cmd {
	m.notice = ""
	if key.Matches(msg, m.keys.Interrupt) {
		return m.interrupt()
	}
	if n := len(m.overlays); n > 0 {
		return m.pressOverlay(m.overlays[n-1], msg)
	}
	switch m.mode {
	case inAnswer:
		m.pressAnswer(msg)
		return nil
	case inLab:
		return m.pressLab(msg)
	}
	return m.pressCatalog(msg)
}

// interrupt stops what is running; pressed again, or with nothing running, it quits.
func (m *model) interrupt() tea.Cmd {
	if !m.running() || m.interrupted {
		return tea.Quit
	}
	m.interrupted = true
	m.opening, m.pending = "", "" // what only waited in line is dropped without an event
	m.session.Do(runner.Interrupt{})
	m.notice = "Interrupting. ctrl+c again quits."
	return nil
}

func (m *model) pressOverlay(o overlay, msg tea.KeyMsg) tea.Cmd {
	if o.press(m.keys, msg) {
		return nil
	}
	m.overlays = m.overlays[:len(m.overlays)-1]
	if c, ok := o.(*confirmOverlay); ok && key.Matches(msg, m.keys.Agree) {
		return m.agree(c.to)
	}
	return nil
}

func (m *model) agree(to consent) tea.Cmd {
	switch to {
	case toQuit:
		return tea.Quit
	case toReset:
		m.ask("reset", runner.Reset{})
	case toSolution:
		m.lab.solved[m.lab.step] = true
		if shown := m.lab.open(m.stepState(), isSolution); len(shown) > 0 {
			m.arrange()
			m.showBlock(m.lab.step, shown[0])
		}
	}
	return nil
}

func (m *model) show(o overlay) { m.overlays = append(m.overlays, o) }

func (m *model) quit() tea.Cmd {
	if !m.running() {
		return tea.Quit
	}
	m.show(&confirmOverlay{toQuit, "Something is still running. Quit?"})
	return nil
}

func (m *model) pressCatalog(msg tea.KeyMsg) tea.Cmd {
	k := m.keys
	switch {
	case key.Matches(msg, k.Up):
		m.catalog.move(-1)
	case key.Matches(msg, k.Down):
		m.catalog.move(1)
	case key.Matches(msg, k.Top):
		m.catalog.move(-len(m.catalog.labs))
	case key.Matches(msg, k.Bottom):
		m.catalog.move(len(m.catalog.labs))
	case key.Matches(msg, k.Enter):
		m.openPicked()
	case key.Matches(msg, k.Help):
		m.show(&helpOverlay{})
	case key.Matches(msg, k.Quit):
		return m.quit()
	}
	return nil
}

func (m *model) openPicked() {
	lab, ok := m.catalog.picked()
	if !ok || len(lab.Steps) == 0 {
		return
	}
	if m.lab.lab.ID != lab.ID {
		m.lab = newLabView(lab, m.title, m.drafts.Editor())
	}
	m.mode = inLab
	m.goTo(m.journal.resume(lab))
	if m.opening != lab.ID && (m.opened != lab.ID || !m.state.Cluster.Up) {
		m.open(lab.ID)
	}
}

func (m *model) open(lab string) {
	if m.ended {
		return
	}
	m.opening, m.opened = lab, ""
	m.session.Do(runner.Open{Lab: lab})
}

// goTo shows a step from its beginning.
func (m *model) goTo(step int) {
	m.lab.goTo(step)
	if m.mode == inAnswer {
		m.mode, m.answer = inLab, nil
	}
	m.reader.scrollTo(0)
}

// ask asks the runner for something in the open lab. One thing at a time: what comes while another runs is not queued.
func (m *model) ask(what string, req runner.Request) {
	switch {
	case m.running():
		m.notice = "Wait for what is running, or interrupt it with ctrl+c."
	case !m.ready() || m.ended || !m.state.Cluster.Up:
		m.notice = "The lab is not open yet."
	default:
		m.pending = what
		m.session.Do(req)
	}
}

func (m *model) pressAnswer(msg tea.KeyMsg) {
	switch {
	case key.Matches(msg, m.keys.Back):
		m.mode, m.answer = inLab, nil
	case key.Matches(msg, m.keys.Enter):
		m.sendAnswer()
	default:
		m.answer.press(msg)
	}
}

func (m *model) sendAnswer() {
	text := strings.TrimSpace(m.answer.value())
	if text == "" {
		m.notice = "Give an answer first, or esc and s to skip the question."
		return
	}
	m.ask("answer", runner.Answer{Step: m.lab.step, Block: m.answer.block, Text: text})
	if m.pending == "answer" {
		m.mode, m.answer = inLab, nil
	}
}

// beginAnswer puts the cursor under the question that waits.
func (m *model) beginAnswer() {
	block, ok := m.lab.question(m.stepState())
	if !ok {
		m.notice = "This step has no open question."
		return
	}
	if !m.ready() {
		m.notice = "Answers are graded against the cluster, which is not up yet."
		return
	}
	ask, _ := m.lab.at().Blocks[block].(lesson.Ask)
	m.mode, m.answer = inAnswer, newAnswerInput(m.theme, block, ask)
	m.showEnd(m.lab.step, block)
}

// letters returns what names the choices of the question that was answered wrongly and waits, where the letters choose.
func (m *model) letters() []string {
	block, gated := m.gated()
	if !gated || !m.ready() || m.running() || m.stepState().Answers[block].Result.Verdict != checks.NotYet {
		return nil
	}
	return m.lab.letters(m.stepState(), block)
}

// chooseAnew begins another answer with the choice that the key names, if it names one.
func (m *model) chooseAnew(msg tea.KeyMsg) bool {
	named := slices.Contains(m.letters(), msg.String())
	if named {
		m.beginAnswer()
		m.answer.press(msg)
	}
	return named
}

// showBlock scrolls so that the block's beginning is in view.
func (m *model) showBlock(step, block int) {
	line, ok := m.page.at[block]
	if !ok || step != m.lab.step {
		return
	}
	if line < m.reader.top || line > m.reader.top+m.reader.height-4 {
		m.reader.scrollTo(line - 1)
	}
}

// showEnd scrolls so that what became of the block, its last line, is in view.
func (m *model) showEnd(step, block int) {
	if m.mode == inCatalog || step != m.lab.step || !m.ready() {
		return
	}
	m.arrange()
	start, ok := m.page.at[block]
	if !ok {
		return
	}
	end := len(m.page.lines)
	for _, line := range m.page.at {
		if line > start {
			end = min(end, line)
		}
	}
	if end > m.reader.top+m.reader.height || end <= m.reader.top {
		m.reader.scrollTo(end - m.reader.height + 1)
	}
}
