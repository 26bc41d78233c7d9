package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// mode is which screen has the keys when no overlay lies over it.
type mode int

const (
	inCatalog mode = iota
	inLab
	inAnswer // in the lab, writing an answer
)

// model is the one Bubble Tea model.
type model struct {
	session Session
	events  <-chan runner.Event
	stopped <-chan struct{} // ends the outstanding read
	clock   func() tea.Cmd  // sends the time in a second
	title   func(lesson.CheckSpec) string
	theme   theme
	drafts  Drafts
	exec    func(tea.ExecCommand, tea.ExecCallback) tea.Cmd // gives the terminal to a program
	keys    keyMap

	width, height int
	mode          mode
	overlays      []overlay
	catalog       catalog
	journal       journal
	lab           labView
	reader        pager
	wide          bool // the learner hid the step list
	answer        *answerInput
	rendered      map[pageKey]map[int][]string // nil for a page that is being rendered
	page          page
	panel         []string // what stands under the lesson
	notice        string   // one line that stands until the next key

	state       runner.State
	now         time.Time // the latest that any message carried
	opening     string    // id of the lab that was asked for and has not answered
	opened      string    // id of the lab that the runner has open
	pending     string    // what was asked for and has not ended: "apply", "run", "answer", "reset", "edit"
	interrupted bool      // ctrl+c was pressed while something ran
	ticking     bool
	ended       bool // no event will come
}

func newModel(ctx context.Context, o Options) *model {
	saved := o.Session.Saved()
	m := &model{
		session:  o.Session,
		events:   o.Session.Events(),
		stopped:  ctx.Done(),
		clock:    func() tea.Cmd { return nextTick(ctx.Done()) },
		title:    o.Title,
		drafts:   o.Drafts,
		exec:     tea.Exec,
		theme:    newTheme(o.Out, o.Dark, o.NoColor),
		keys:     newKeyMap(),
		catalog:  newCatalog(o.Course, saved.Last),
		journal:  newJournal(saved),
		rendered: map[pageKey]map[int][]string{},
	}
	if m.title == nil {
		m.title = checkTitle
	}
	return m
}

// Init begins to read events, and asks once how the cluster stands.
func (m *model) Init() tea.Cmd {
	m.session.Do(runner.Look{})
	return nextEvent(m.stopped, m.events)
}

// Update takes one message. It only dispatches: what a message means stands with the part it is for.
func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
	case tea.KeyMsg:
		cmd = m.pressAll(msg)
	case eventMsg:
		cmd = tea.Batch(m.fold(msg.event), nextEvent(m.stopped, m.events))
	case draftBegunMsg, editorEndedMsg, draftReadMsg, putAsideMsg:
		cmd = m.foldDraft(msg)
	case streamEndedMsg:
		m.ended, m.pending, m.opening = true, "", ""
	case pageRenderedMsg:
		m.keep(msg)
	case tickMsg:
		m.ticking = false
		m.advance(msg.at)
	}
	m.record()
	m.arrange()
	return m, tea.Batch(cmd, m.tick(), m.render())
}

func (m *model) resize(width, height int) {
	if width != m.width {
		m.rendered = map[pageKey]map[int][]string{}
	}
	m.width, m.height = width, height
}

// running says whether something that was asked for goes on.
func (m *model) running() bool {
	return !m.ended && (m.pending != "" || m.opening != "" || m.state.Busy != "")
}

// ready says whether the lab on screen is the one that the runner has open.
func (m *model) ready() bool { return m.opened != "" && m.opened == m.lab.lab.ID }

// stepState returns what is known of the step on screen; nothing while its lab is not open.
func (m *model) stepState() runner.StepState {
	if !m.ready() || m.lab.step >= len(m.state.Steps) {
		return runner.StepState{}
	}
	return m.state.Steps[m.lab.step]
}

// tick starts the clock while something runs, or may still settle.
func (m *model) tick() tea.Cmd {
	if m.ticking || !m.running() && !m.lab.settling(m.stepState(), m.now) {
		return nil
	}
	m.ticking = true
	return m.clock()
}

func (m *model) advance(at time.Time) {
	if at.After(m.now) {
		m.now = at
	}
}

// record keeps where the learner is, when that changed.
func (m *model) record() {
	if m.mode == inCatalog || len(m.lab.lab.Steps) == 0 {
		return
	}
	if p, changed := m.journal.mark(m.lab.lab, m.lab.step, m.lab.done(m.stepState())); changed {
		m.session.Save(p)
	}
}

// render asks for the Markdown of the page on screen and of the one after it, where it is not there yet.
func (m *model) render() tea.Cmd {
	if m.width == 0 {
		return nil
	}
	if m.mode == inCatalog {
		lab, ok := m.catalog.picked()
		if !ok {
			return nil
		}
		return m.renderOne(pageKey{lab.ID, introStep, m.readerWidth()}, lab.Intro)
	}
	steps := m.lab.lab.Steps
	cmds := []tea.Cmd{m.renderOne(pageKey{m.lab.lab.ID, introStep, m.readerWidth()}, m.lab.lab.Intro)}
	for i := m.lab.step; i < min(m.lab.step+2, len(steps)); i++ {
		cmds = append(cmds, m.renderOne(pageKey{m.lab.lab.ID, i, m.readerWidth()}, steps[i].Blocks))
	}
	return tea.Batch(cmds...)
}

func (m *model) renderOne(key pageKey, blocks []lesson.Block) tea.Cmd {
	if _, asked := m.rendered[key]; asked {
		return nil
	}
	m.rendered[key] = nil
	p := painter{width: key.width, wide: m.wideWidth(), style: m.theme.markdown, diagrams: asciiDiagrams{}}
	return renderPage(p, key, blocks)
}

// keep takes a rendered page, unless it was made for another width.
func (m *model) keep(msg pageRenderedMsg) {
	if _, asked := m.rendered[msg.key]; asked {
		m.rendered[msg.key] = msg.texts
	}
}

// texts returns the rendered blocks of a step of the lab on screen, nil before they are there.
func (m *model) texts(lab string, step int) map[int][]string {
	return m.rendered[pageKey{lab, step, m.readerWidth()}]
}
