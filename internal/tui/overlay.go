package tui

import (
	"fmt"
	"slices"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"
)

// overlay lies over the lab or the catalogue, sees keys first, and is closed with esc or its own key.
type overlay interface {
	title() string
	// press handles a key; open is false when the overlay has to go.
	press(k keyMap, msg tea.KeyMsg) (open bool)
	// arrange takes what is known now and the room there is.
	arrange(src overlaySource, width, height int)
	view() []string
	below() int // how many lines are out of view
	keys(k keyMap) []key.Binding
}

// overlaySource is what overlays show of the open lab.
type overlaySource struct {
	theme   theme
	keys    keyMap
	rows    []checkRow
	command string
	output  string
	running bool
}

// helpOverlay lists every key.
type helpOverlay struct{ pager pager }

func (o *helpOverlay) title() string { return "Keys" }

func (o *helpOverlay) press(k keyMap, msg tea.KeyMsg) bool {
	return o.pager.press(k, msg) || !key.Matches(msg, k.Back, k.Help, k.Quit, k.Enter)
}

func (o *helpOverlay) arrange(src overlaySource, width, height int) {
	var lines []string
	for _, h := range src.keys.all() {
		lines = append(lines, indent(src.theme.key.Render(fill(h.keys, 9))+"  ", h.does, width)...)
	}
	o.pager.set(lines, height)
}

func (o *helpOverlay) view() []string { return o.pager.visible() }

func (o *helpOverlay) below() int { return o.pager.below() }

func (o *helpOverlay) keys(k keyMap) []key.Binding {
	return []key.Binding{named(k.Back, "close"), arrows(k, "scroll")}
}

// outputOverlay shows all that the last command printed.
type outputOverlay struct{ pager pager }

func (o *outputOverlay) title() string { return "Output of the last command" }

func (o *outputOverlay) press(k keyMap, msg tea.KeyMsg) bool {
	return o.pager.press(k, msg) || !key.Matches(msg, k.Back, k.Output, k.Quit)
}

func (o *outputOverlay) arrange(src overlaySource, width, height int) {
	lines := commandLines(src.command, width)
	for i := range lines {
		lines[i] = src.theme.accent.Render(lines[i])
	}
	lines = append(lines, "")
	lines = append(lines, fit(splitLines(clean(src.output)), width)...)
	if src.running {
		lines = append(lines, src.theme.warn.Render("… running"))
	}
	o.pager.set(lines, height)
}

func (o *outputOverlay) view() []string { return o.pager.visible() }

func (o *outputOverlay) below() int { return o.pager.below() }

func (o *outputOverlay) keys(k keyMap) []key.Binding {
	return []key.Binding{named(k.Back, "close"), arrows(k, "scroll"), k.PageDown, k.Bottom}
}

// evidenceOverlay shows what one check of the step rests on, and lets the learner pick which.
type evidenceOverlay struct {
	pick  int
	count int
	list  []string
	pager pager
}

func (o *evidenceOverlay) title() string { return "What the checks saw" }

func (o *evidenceOverlay) press(k keyMap, msg tea.KeyMsg) bool {
	switch {
	case key.Matches(msg, k.Up):
		o.choose(o.pick - 1)
	case key.Matches(msg, k.Down):
		o.choose(o.pick + 1)
	default:
		return o.pager.press(k, msg) || !key.Matches(msg, k.Back, k.Evidence, k.Quit)
	}
	return true
}

func (o *evidenceOverlay) choose(i int) {
	if i = max(0, min(i, o.count-1)); i != o.pick {
		o.pick = i
		o.pager.scrollTo(0)
	}
}

func (o *evidenceOverlay) arrange(src overlaySource, width, height int) {
	o.count, o.list = len(src.rows), nil
	if o.count == 0 {
		o.pager.set([]string{"This step has no checks to look at yet."}, height)
		return
	}
	o.pick = min(o.pick, o.count-1)
	shown := min(o.count, max(height/3, 1))
	top := max(0, min(o.pick-shown/2, o.count-shown))
	for i := top; i < top+shown; i++ {
		pointer := "  "
		if i == o.pick {
			pointer = src.theme.accent.Render("▸ ")
		}
		o.list = append(o.list, pointer+checkLine(src.theme, src.rows[i], width-2))
	}
	o.list = append(o.list, src.theme.dim.Render(ruled("", "", width)))
	o.pager.set(evidenceLines(src.theme, src.rows[o.pick], width), height-len(o.list))
}

func evidenceLines(t theme, row checkRow, width int) []string {
	_, words, style := verdictMark(t, row.state)
	result := row.state.Result
	lines := []string{style.Render(words) + t.dim.Render(lookedFor(row))}
	lines = append(lines, reasons(t, result, width)...)
	if result.Evidence.Command != "" {
		lines = append(lines, "")
		for _, l := range indent("$ ", oneLine(result.Evidence.Command), width) {
			lines = append(lines, t.accent.Render(l))
		}
	}
	for _, r := range result.Evidence.Rows {
		lines = append(lines, fit([]string{cleanLine(ansi.Strip(r))}, width)...)
	}
	for _, n := range result.Evidence.Notes {
		lines = append(lines, indent("note: ", oneLine(n), width)...)
	}
	return lines
}

func lookedFor(row checkRow) string {
	if !row.state.Seen || row.state.Elapsed <= 0 {
		return ""
	}
	return fmt.Sprintf(" · looked for %d ms", row.state.Elapsed.Milliseconds())
}

func (o *evidenceOverlay) view() []string {
	return append(slices.Clone(o.list), o.pager.visible()...)
}

func (o *evidenceOverlay) below() int { return o.pager.below() }

func (o *evidenceOverlay) keys(k keyMap) []key.Binding {
	return []key.Binding{named(k.Back, "close"), arrows(k, "choose a check"), named(k.PageDown, "scroll")}
}

// consent is what a confirm asks for.
type consent int

const (
	toQuit consent = iota
	toReset
	toSolution
)

// confirmOverlay asks before something that cannot be taken back. Any key but y closes it.
type confirmOverlay struct {
	to       consent
	question string
}

func (o *confirmOverlay) title() string                   { return "" }
func (o *confirmOverlay) press(keyMap, tea.KeyMsg) bool   { return false }
func (o *confirmOverlay) arrange(overlaySource, int, int) {}
func (o *confirmOverlay) view() []string                  { return nil }
func (o *confirmOverlay) below() int                      { return 0 }

func (o *confirmOverlay) keys(k keyMap) []key.Binding {
	return []key.Binding{k.Agree, named(k.Back, "no")}
}
