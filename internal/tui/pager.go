package tui

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// pager shows a part of some lines. It knows nothing of what they mean.
type pager struct {
	lines  []string
	top    int
	height int
}

// set replaces the lines and the height and keeps the place, as far as there is one.
func (p *pager) set(lines []string, height int) {
	p.lines, p.height = lines, max(height, 0)
	p.scrollTo(p.top)
}

func (p *pager) scrollTo(top int) {
	p.top = max(0, min(top, len(p.lines)-p.height))
}

// press scrolls, and says whether the key was one that scrolls.
func (p *pager) press(k keyMap, msg tea.KeyMsg) bool {
	switch {
	case key.Matches(msg, k.Up):
		p.scrollTo(p.top - 1)
	case key.Matches(msg, k.Down):
		p.scrollTo(p.top + 1)
	case key.Matches(msg, k.PageUp):
		p.scrollTo(p.top - max(p.height-1, 1))
	case key.Matches(msg, k.PageDown):
		p.pageDown()
	case key.Matches(msg, k.Top):
		p.scrollTo(0)
	case key.Matches(msg, k.Bottom):
		p.scrollTo(len(p.lines))
	default:
		return false
	}
	return true
}

// pageDown leaves one line in view that was there before.
func (p *pager) pageDown() { p.scrollTo(p.top + max(p.height-1, 1)) }

// visible returns the lines in view; fewer than height where the text ends.
func (p *pager) visible() []string {
	return p.lines[p.top:min(p.top+p.height, len(p.lines))]
}

// below returns how many lines are out of view under the last one.
func (p *pager) below() int { return max(0, len(p.lines)-p.top-p.height) }
