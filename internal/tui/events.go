package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/podlab/podlab/internal/runner"
)

// hintOffer stands until the next key, or until the state is over that the hint is about.
const hintOffer = "A hint fits what podlab sees now: press h."

// fold takes one event into the state, and notes what it ends.
func (m *model) fold(e runner.Event) tea.Cmd {
	var cmd tea.Cmd
	m.state = m.state.Apply(e)
	switch e := e.(type) {
	case runner.PhaseChanged:
		m.advance(e.At)
	case runner.ClusterUp:
		m.advance(e.At)
	case runner.CheckUpdated:
		m.advance(e.At)
	case runner.HintSeen:
		if e.Step == m.lab.step && m.lab.offers(m.stepState()) {
			m.notice = hintOffer
		}
	case runner.HintGone:
		if m.notice == hintOffer && !m.lab.offers(m.stepState()) {
			m.notice = ""
		}
	case runner.LabOpened:
		m.opened, m.pending = e.Lab, ""
		if m.opening == e.Lab {
			m.opening = ""
		}
	case runner.RequestFailed:
		m.opening, m.pending = "", ""
	case runner.ClusterLost:
		m.pending = ""
	case runner.ApplyEnded:
		m.advance(e.At)
		m.pending = ""
		m.showEnd(e.Step, e.Block)
	case runner.CommandEnded:
		m.pending = ""
		m.showEnd(e.Step, e.Block)
	case runner.Answered:
		m.pending = ""
		m.showBlock(e.Step, e.Block)
	case runner.ResetEnded:
		m.pending = ""
		cmd = m.afterReset(e.Err)
	}
	if !m.running() {
		m.interrupted = false
	}
	return cmd
}

// afterReset takes the learner back to the start of a lab that is as it was before she began.
func (m *model) afterReset(err error) tea.Cmd {
	if err != nil || !m.ready() {
		return nil
	}
	m.journal.forget(m.lab.lab.ID)
	m.session.Forget(m.lab.lab.ID)
	m.lab.forget()
	m.goTo(0)
	m.notice = "The lab is back at its start."
	return m.putAside(m.lab.lab)
}
