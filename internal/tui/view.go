package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	"github.com/charmbracelet/x/ansi"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// View draws the screen: exactly as many lines as it is high, none wider than it is wide.
func (m *model) View() string {
	if m.width == 0 || m.height == 0 {
		return ""
	}
	if m.width < minWidth || m.height < minHeight {
		text := fmt.Sprintf("The terminal is too small for podlab: it is %dx%d and must be at least %dx%d.", m.width, m.height, minWidth, minHeight)
		return frame(wrap(text, m.width), m.width, m.height)
	}
	return frame(m.screen(), m.width, m.height)
}

func (m *model) screen() []string {
	if n := len(m.overlays); n > 0 {
		if o := m.overlays[n-1]; o.title() != "" {
			return m.viewOverlay(o)
		}
	}
	if m.mode == inCatalog {
		return m.viewCatalog()
	}
	return m.viewLab()
}

// bottom is the last two lines of every screen: what Enter does, and the keys valid now.
func (m *model) bottom(does string) []string {
	if n := len(m.overlays); n > 0 {
		if c, ok := m.overlays[n-1].(*confirmOverlay); ok {
			does = m.theme.warn.Render(c.question)
		}
	}
	return []string{cut(" "+does, m.width), " " + footer(m.theme, m.validKeys(), m.width-2)}
}

func (m *model) header(title, right string) string {
	name := m.theme.title.Render(" podlab")
	room := m.width - ansi.StringWidth(name) - ansi.StringWidth(right) - 4
	return name + "  " + fill(m.theme.strong.Render(cut(title, room)), room) + "  " + right
}

// clusterWords says in two words or fewer how the cluster is.
func (m *model) clusterWords() string {
	c := m.state.Cluster
	switch {
	case m.state.Busy == "cluster" || m.opening != "" && c.Err == nil:
		return m.theme.warn.Render("cluster coming up")
	case c.Err != nil && m.ready():
		return m.theme.bad.Render("cluster lost")
	case c.Err != nil:
		return m.theme.bad.Render("cluster not up")
	case c.Up || c.Seen == runner.Answers:
		return m.theme.good.Render("cluster up")
	case c.Seen == runner.Absent:
		return m.theme.dim.Render("no cluster yet")
	case c.Seen == runner.Down:
		return m.theme.warn.Render("cluster not up")
	}
	return m.theme.dim.Render("cluster unknown")
}

// aboutLines is how much of the screen the catalogue leaves for the chosen lab.
const aboutLines = 7

func (m *model) viewCatalog() []string {
	room := m.height - 5
	top, end := m.catalog.view(max(room-aboutLines, room/2))
	rows := m.catalog.lines(m.theme, m.journal, m.width, top, end)
	above, below := "", ""
	if top > 0 {
		above = fmt.Sprintf("↑ %d more", top)
	}
	if more := len(m.catalog.labs) - end; more > 0 {
		below = fmt.Sprintf("↓ %d more", more)
	}
	lines := append([]string{m.header("Labs", m.clusterWords()), m.theme.dim.Render(ruled(above, "", m.width))}, rows...)
	lines = append(lines, m.theme.dim.Render(ruled(below, "", m.width)))
	lines = append(lines, m.aboutPicked(m.height-len(lines)-2)...)
	lines = pad(lines, m.height-2)
	return append(lines, m.bottom(m.catalogAction())...)
}

// aboutPicked shows the chosen lab's title, what there is to know about it, and how it begins.
func (m *model) aboutPicked(height int) []string {
	lab, ok := m.catalog.picked()
	if !ok {
		return nil
	}
	lines := []string{" " + m.theme.strong.Render(oneLine(lab.Title))}
	for _, l := range wrapCommand(m.catalog.about(m.journal, lab), m.width-2) {
		lines = append(lines, " "+m.theme.dim.Render(l))
	}
	texts := m.texts(lab.ID, introStep)
	for i, b := range lab.Intro {
		block := texts[i]
		if p, ok := b.(lesson.Prose); ok && texts == nil {
			block = wrap(clean(strings.TrimSpace(p.Markdown)), m.width-2)
		}
		for _, l := range block {
			lines = append(lines, " "+l)
		}
	}
	return lines[:min(len(lines), max(height, 0))]
}

func (m *model) catalogAction() string {
	if m.notice != "" {
		return m.theme.good.Render(m.notice)
	}
	lab, ok := m.catalog.picked()
	if !ok || len(lab.Steps) == 0 {
		return ""
	}
	does := "begin " + lab.ID
	if at := m.journal.resume(lab); m.journal.complete(lab) {
		does = "go through " + lab.ID + " again"
	} else if at > 0 || m.journal.count(lab) > 0 {
		does = fmt.Sprintf("go on with %s at step %d: %s", lab.ID, at+1, oneLine(lab.Steps[at].Title))
	}
	return m.enterDoes(does)
}

func (m *model) enterDoes(does string) string {
	return m.theme.accent.Render("▶ enter: ") + m.theme.strong.Render(does)
}

func (m *model) viewLab() []string {
	lab := m.lab.lab
	place := fmt.Sprintf("step %d/%d", m.lab.step+1, len(lab.Steps))
	if m.journal.complete(lab) {
		place += " " + m.theme.good.Render("✓")
	}
	lines := []string{m.header(oneLine(lab.Title), place+" · "+m.clusterWords())}
	done := func(step string) bool { return m.journal.done(lab.ID, step) }
	if l := m.layout(); l.left == 0 {
		lines = append(lines, " "+stepLine(m.theme, lab.Steps, m.lab.step, done, m.width-2))
		for _, line := range m.reader.visible() {
			lines = append(lines, " "+line)
		}
	} else {
		lines = append(lines, m.theme.dim.Render(ruled("", "", m.width)))
		lines = append(lines, m.beside(stepList(m.theme, lab.Steps, m.lab.step, done, l.left, m.reader.height), l.left)...)
	}
	lines = pad(lines, 2+m.reader.height)
	lines = append(lines, m.theme.dim.Render(ruled(m.panelTitle(), m.scrollMark(), m.width)))
	for _, line := range m.panel {
		lines = append(lines, " "+line)
	}
	lines = pad(lines, m.height-2)
	return append(lines, m.bottom(m.labAction())...)
}

// beside puts the lesson at the right of the step list.
func (m *model) beside(steps []string, left int) []string {
	text := m.reader.visible()
	lines := make([]string, m.reader.height)
	for i := range lines {
		step, line := "", ""
		if i < len(steps) {
			step = steps[i]
		}
		if i < len(text) {
			line = text[i]
		}
		lines[i] = fill(step, left) + m.theme.dim.Render("│") + " " + line
	}
	return lines
}

func (m *model) scrollMark() string {
	return moreBelow(m.reader.below())
}

func moreBelow(n int) string {
	if n == 0 {
		return ""
	}
	return "↓ " + plural(n, "more line")
}

// labAction is the one line that says what to do next.
func (m *model) labAction() string {
	switch {
	case m.notice != "":
		return m.theme.warn.Render(m.notice)
	case m.mode == inAnswer:
		return m.enterDoes("answer the question")
	case m.interrupted:
		return m.theme.warn.Render("Interrupting. ctrl+c again quits.")
	case m.running():
		return m.theme.warn.Render(m.busyWords())
	case !m.ready() || !m.state.Cluster.Up:
		return m.theme.warn.Render("u: " + m.keys.ClusterUp.Help().Desc)
	}
	a := m.next()
	switch {
	case a.kind == doNothing:
		return m.theme.warn.Render(a.text)
	case a.kind == doWait:
		return m.theme.warn.Render("… "+a.text) + m.theme.dim.Render("   e: what they see")
	case a.kind == doFinish && !m.journal.complete(m.lab.lab):
		return m.enterDoes("back to the labs; not every step is done yet")
	case a.kind == doFinish:
		return m.enterDoes(a.text + m.whatNext())
	}
	return m.enterDoes(a.text)
}

func (m *model) whatNext() string {
	if lab, ok := m.catalog.after(m.lab.lab.ID, m.journal); ok {
		return ", next is " + oneLine(lab.Title)
	}
	return ""
}

func (m *model) busyWords() string {
	what := m.state.Busy
	if what == "" {
		what = m.pending
	}
	switch what {
	case "edit":
		return "… reading your manifest"
	case "apply":
		return "… applying the manifest"
	case "run":
		return "… running the command; ctrl+c interrupts it"
	case "reset":
		return "… resetting the lab"
	case "answer":
		return "… grading your answer"
	}
	return "… the cluster is coming up; read on meanwhile"
}

func (m *model) viewOverlay(o overlay) []string {
	title := m.header(o.title(), m.clusterWords())
	lines := append([]string{title, m.theme.dim.Render(ruled("", "", m.width))}, o.view()...)
	lines = pad(lines, m.height-2)
	mark := m.theme.dim.Render(ruled("", moreBelow(o.below()), m.width))
	return append(lines[:m.height-2], mark, " "+footer(m.theme, m.validKeys(), m.width-2))
}

func pad(lines []string, height int) []string {
	for len(lines) < height {
		lines = append(lines, "")
	}
	return lines
}

// validKeys returns the keys that do something now, the most useful first.
func (m *model) validKeys() []key.Binding {
	k := m.keys
	if n := len(m.overlays); n > 0 {
		return m.overlays[n-1].keys(k)
	}
	switch m.mode {
	case inCatalog:
		return []key.Binding{named(k.Enter, "open"), arrows(k, "choose"), k.Help, k.Quit}
	case inAnswer:
		return []key.Binding{named(k.Enter, "answer"), named(k.Back, "leave it")}
	}
	return m.labKeys()
}

func (m *model) labKeys() []key.Binding {
	k, st := m.keys, m.stepState()
	var valid []key.Binding
	add := func(when bool, b key.Binding) {
		if when {
			valid = append(valid, b)
		}
	}
	_, gated := m.gated()
	_, printed := m.lastOutput()
	idle := m.ready() && m.state.Cluster.Up && !m.running()
	add(m.canReopen(), k.ClusterUp)
	add(m.running(), k.Interrupt)
	own := len(m.lab.open(st, isEdit)) > 0
	add(!m.running() && own, k.Edit)
	_, solution := m.lab.solution(st)
	add(idle && own, named(k.Apply, "apply your file"))
	add(idle && own && solution, k.ApplySolution)
	add(idle && !own && len(m.lab.appliable(st)) > 0, k.Apply)
	add(idle && len(m.lab.open(st, isRun)) > 0, k.Run)
	add(gated, k.Skip)
	add(!m.lab.isLast(), named(k.Next, "next"))
	add(m.lab.step > 0, named(k.Previous, "previous"))
	add(true, k.Help)
	add(len(m.checkRows()) > 0, k.Evidence)
	add(len(m.lab.hintsLeft(st)) > 0, k.Hint)
	add(printed, named(k.Output, "output"))
	add(m.width >= narrow && (m.page.cut || m.wide), k.Wide)
	add(!gated && m.canSolve(), k.Solution)
	add(m.reader.below() > 0, named(k.PageDown, "scroll"))
	add(true, named(k.Back, "labs"))
	add(idle, named(k.Reset, "reset"))
	add(true, k.Quit)
	return withLetters(valid, m.letters())
}

// withLetters puts the letters that choose an answer first, and leaves out the keys that do something else otherwise.
func withLetters(valid []key.Binding, letters []string) []key.Binding {
	if len(letters) == 0 {
		return valid
	}
	valid = slices.DeleteFunc(valid, func(b key.Binding) bool { return slices.Contains(letters, b.Help().Key) })
	choose := key.NewBinding(key.WithKeys(letters...), key.WithHelp(letters[0]+"-"+letters[len(letters)-1], "choose"))
	return slices.Insert(valid, 0, choose)
}
