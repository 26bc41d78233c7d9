package tui

import (
	"fmt"

	"github.com/podlab/podlab/internal/lesson"
)

// stepList draws the steps of a lab, marked, with the current one in view.
func stepList(t theme, steps []lesson.Step, current int, done func(string) bool, width, height int) []string {
	top := max(0, min(current-height/2, len(steps)-height))
	var lines []string
	for i := top; i < len(steps) && len(lines) < height; i++ {
		mark := t.dim.Render("·")
		if done(steps[i].ID) {
			mark = t.good.Render("✓")
		}
		title := cut(fmt.Sprintf("%d %s", i+1, oneLine(steps[i].Title)), width-4)
		pointer := "  "
		if i == current {
			pointer, title = t.accent.Render("▸ "), t.strong.Render(title)
		}
		lines = append(lines, pointer+mark+" "+title)
	}
	return lines
}

// stepLine draws the steps of a lab as one line, for a narrow terminal.
func stepLine(t theme, steps []lesson.Step, current int, done func(string) bool, width int) string {
	marks := ""
	for i, s := range steps {
		switch {
		case i == current:
			marks += t.accent.Render("▸")
		case done(s.ID):
			marks += t.good.Render("✓")
		default:
			marks += t.dim.Render("·")
		}
	}
	title := ""
	if current < len(steps) {
		title = oneLine(steps[current].Title)
	}
	room := width - len(steps) - 1
	return fill(t.strong.Render(cut(fmt.Sprintf("%d %s", current+1, title), room)), room) + " " + marks
}
