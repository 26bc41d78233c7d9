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
		key   pageKey
		texts map[int][]string // by block: lines no wider than the key's width
	}
	// tickMsg carries the time, once a second, only while something runs.
	tickMsg struct{ at time.Time }
)

// introStep stands for what a lesson says before its first step.
const introStep = -1

// pageKey names the rendered Markdown of one step at one width.
type pageKey struct {
	lab   string
	step  int
	width int
}
