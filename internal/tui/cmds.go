package tui

import (
	"errors"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/glamour"
	"github.com/charmbracelet/glamour/ansi"
	"github.com/charmbracelet/glamour/styles"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// unwrapped is a width that no line of a manifest should reach.
const unwrapped = 500

// What stands where something does not fit: wide view shows it whole, or nothing here does.
const (
	widerThanPane     = "wider than this pane: w shows it whole"
	widerThanTerminal = "wider than this terminal"
)

// nextEvent reads one event. Update asks for the next one when it has folded this one.
func nextEvent(done <-chan struct{}, events <-chan runner.Event) tea.Cmd {
	return func() tea.Msg {
		select {
		case e, ok := <-events:
			if !ok {
				return streamEndedMsg{}
			}
			return eventMsg{e}
		case <-done:
			return streamEndedMsg{}
		}
	}
}

// nextTick sends the time in a second. It does not outlive the terminal.
func nextTick(done <-chan struct{}) tea.Cmd {
	return func() tea.Msg {
		timer := time.NewTimer(time.Second)
		defer timer.Stop()
		select {
		case at := <-timer.C:
			return tickMsg{at}
		case <-done:
			return nil
		}
	}
}

// renderPage renders every block of a page.
func renderPage(p painter, key pageKey, blocks []lesson.Block) tea.Cmd {
	return func() tea.Msg {
		texts := make(map[int][]string, len(blocks))
		for i, b := range blocks {
			if lines := p.block(b); len(lines) > 0 {
				texts[i] = lines
			}
		}
		return pageRenderedMsg{key, texts}
	}
}

// painter renders lesson blocks at one width. It is slow; it never runs in Update.
type painter struct {
	width    int
	wide     int // the width of wide view
	style    string
	diagrams diagrams
}

func (p painter) block(b lesson.Block) []string {
	switch b := b.(type) {
	case lesson.Prose:
		return p.markdown(b.Markdown)
	case lesson.Hint:
		return p.markdown(b.Markdown)
	case lesson.Ask:
		return p.markdown(b.Explain)
	case lesson.Apply:
		return p.yaml(b.Source)
	case lesson.Edit:
		return p.yaml(b.Source)
	case lesson.Solution:
		if len(b.Objects) > 0 {
			return p.yaml(b.Source)
		}
		return p.markdown(b.Source)
	case lesson.Mermaid:
		return p.diagram(b)
	}
	return nil
}

// markdown renders text over the whole width: glamour counts margins of two at both sides, which are taken away again.
func (p painter) markdown(source string) []string {
	return p.render(joined(clean(strings.TrimSpace(source))), p.width+3)
}

// render renders Markdown, or returns it wrapped when it cannot.
func (p painter) render(source string, wrapAt int) []string {
	source = strings.TrimSpace(clean(source))
	if source == "" {
		return nil
	}
	r, err := glamour.NewTermRenderer(
		glamour.WithStyles(p.styles()),
		glamour.WithWordWrap(max(wrapAt, 1)),
		glamour.WithEmoji(),
	)
	if err != nil {
		return wrap(parted(source), p.width)
	}
	text, err := r.Render(source)
	if err != nil {
		return wrap(parted(source), p.width)
	}
	return fit(withoutMargin(strings.Split(trimBlank(parted(text)), "\n")), p.width)
}

// styles returns one of glamour's styles, never the automatic one: it asks the terminal, and the answer arrives as keys.
// The blanks that some have around code would part it from the full stop that follows. A heading's hashes are left only where
// there is neither colour nor bold type to tell it by.
func (p painter) styles() ansi.StyleConfig {
	config := *styles.DefaultStyles[p.style]
	if strings.TrimSpace(config.Code.Prefix+config.Code.Suffix) == "" {
		config.Code.Prefix, config.Code.Suffix = "", ""
	}
	if p.style != styles.NoTTYStyle {
		config.H3.Prefix, config.H4.Prefix = "", ""
	}
	return config
}

// yaml renders a manifest. Lines that are too wide are broken last, at the edge: glamour would move their words.
func (p painter) yaml(source string) []string {
	fence := "```"
	for strings.Contains(source, fence) {
		fence += "`"
	}
	return p.render(fence+"yaml\n"+strings.TrimRight(source, "\n")+"\n"+fence, unwrapped)
}

// diagram draws the diagram, and always says the same in words under it.
func (p painter) diagram(b lesson.Mermaid) []string {
	var lines []string
	text, err := p.diagrams.draw(b.Source, p.width-2)
	if err == nil {
		for line := range strings.SplitSeq(text, "\n") {
			lines = append(lines, "  "+strings.TrimRight(line, " "))
		}
		lines = append(lines, "")
	} else if errors.Is(err, errTooWide) {
		lines = append(lines, cut("  (The diagram is "+p.tooWide(b.Source)+")", p.width))
	}
	return append(lines, indent("  In words: ", oneLine(b.Alt), p.width)...)
}

// tooWide says what to do about a diagram that does not fit.
func (p painter) tooWide(source string) string {
	if _, err := p.diagrams.draw(source, p.wide-2); err != nil {
		return widerThanTerminal
	}
	return widerThanPane
}
