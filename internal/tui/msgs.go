package tui

import (
	"time"

	"github.com/podlab/podlab/internal/runner"
)

type (
	// eventMsg carries one event of the runner.
	eventMsg struct{ event runner.Event }
	// streamEndedMsg says that no event will follow.
	streamEndedMsg struct{}
	// pageRenderedMsg carries the Markdown of one page, and what it was made for.
	pageRenderedMsg struct {
		key  pageKey
		page renderedPage
	}
	// tickMsg carries the time, once a second, only while something runs.
	tickMsg struct{ at time.Time }
)

// introStep stands for what a lesson says before its first step.
const introStep = -1

// renderedPage is the slow part of a page, by block.
type renderedPage struct {
	texts map[int][]string // lines no wider than the key's width
	wide  map[int][]string // diagrams that need more than that, and fit the terminal
}

// pageKey names the rendered Markdown of one step at one width.
type pageKey struct {
	lab   string
	step  int
	width int
}
