package tui

import (
	"context"
	"errors"
)

const (
	narrow    = 80 // below this many columns the parts stand under each other
	minWidth  = 40
	minHeight = 10
	fixedRows = 5 // header, rule, panel's rule, action, keys
)

// layout is the arithmetic of the lab screen.
type layout struct {
	left   int // columns of the step list; 0 on a narrow terminal
	reader int // columns of the lesson
	panel  int // rows that the checks may take
}

func (m *model) layout() layout {
	l := layout{reader: m.width - 1, panel: max((m.height-fixedRows)/3, 1)}
	if m.width >= narrow && !m.wide {
		l.left = min(m.width/4, 32)
		l.reader = m.width - l.left - 3
	}
	return l
}

// readerWidth is how wide lesson text is on the screen in view.
func (m *model) readerWidth() int {
	if m.mode == inCatalog {
		return m.width - 2
	}
	return m.layout().reader
}

// wideWidth is how wide it could be.
func (m *model) wideWidth() int {
	if m.mode == inCatalog {
		return m.readerWidth()
	}
	return m.width - 1
}

// arrange brings everything that View shows into line with what is known now. It runs once per message.
func (m *model) arrange() {
	if m.width == 0 {
		return
	}
	if m.mode != inCatalog {
		m.arrangeLab()
	}
	for _, o := range m.overlays {
		o.arrange(m.overlaySource(), m.width, m.overlayHeight())
	}
}

func (m *model) arrangeLab() {
	d := pageDrawer{
		theme:  m.theme,
		width:  m.layout().reader,
		wide:   m.wideWidth(),
		view:   &m.lab,
		state:  m.stepState(),
		texts:  m.texts(m.lab.lab.ID, m.lab.step),
		intro:  m.texts(m.lab.lab.ID, introStep),
		drafts: m.drafts,
		answer: m.answer,
	}
	m.page = d.draw()
	m.panel = m.panelLines()
	m.reader.set(m.page.lines, m.height-fixedRows-len(m.panel))
}

func (m *model) overlayHeight() int { return max(m.height-4, 1) }

// panelLines is what stands under the lesson: the lost cluster, its phases while it comes up, else the checks.
func (m *model) panelLines() []string {
	l := m.layout()
	width := m.width - 1
	var lines []string
	if err := m.failure(); err != "" {
		lines = indent(m.theme.bad.Render("✗ "), err, width)
		lines = lines[:min(len(lines), max(l.panel-1, 1))]
	}
	room := max(l.panel-len(lines), 1)
	switch {
	case m.state.Cluster.Err != nil && m.state.Busy != "cluster":
		return lostBanner(m.theme, m.state.Cluster, m.lostWords(), width, l.panel)
	case !m.ready() && len(m.state.Cluster.Phases) > 0 && (m.state.Busy == "cluster" || m.opening != ""):
		return append(lines, phaseList(m.theme, m.state.Cluster.Phases, m.now, width, room)...)
	case !m.ready():
		return append(lines, m.theme.dim.Render(cut(m.waiting(), width)))
	}
	return append(lines, m.checkPanel(width, room)...)
}

func (m *model) waiting() string {
	switch {
	case m.opening != "":
		return "… opening the lab"
	case m.ended:
		return "podlab has stopped looking at the cluster."
	}
	return "The lab is not open. u: open it"
}

// lostWords tells a cluster that was there from one that never came.
func (m *model) lostWords() string {
	if m.ready() {
		return "The cluster is lost"
	}
	return "The cluster did not come up"
}

// failure is why the last request failed, if it is not told elsewhere.
func (m *model) failure() string {
	err := m.state.Err
	if err == nil || errors.Is(err, context.Canceled) || m.state.Cluster.Err != nil {
		return ""
	}
	return oneLine(err.Error())
}

func (m *model) checkPanel(width, room int) []string {
	rows := m.checkRows()
	hidden := len(m.lab.at().Checks()) - len(rows)
	var last []string
	if hidden > 0 {
		last = []string{m.theme.dim.Render(cut("⋯ "+plural(hidden, "check")+" after your answer", width))}
	}
	if len(rows) == 0 && hidden == 0 {
		return []string{m.theme.dim.Render("This step has no checks.")}
	}
	return append(checklist(m.theme, rows, width, room-len(last)), last...)
}

// panelTitle names what the panel shows.
func (m *model) panelTitle() string {
	switch {
	case m.state.Cluster.Err != nil && m.state.Busy != "cluster":
		return "Cluster"
	case !m.ready() && m.running():
		return "The cluster comes up"
	}
	return "Checks"
}
