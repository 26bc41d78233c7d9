package tui

import (
	"fmt"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
)

// stepList draws the steps of a lab, marked, with the current one in view.
func stepList(t theme, steps []lesson.Step, current int, done func(string) bool, width, height int) []string {
	var lines []string
	first, last := 0, 0 // lines of the current step
	for i, s := range steps {
		if i == current {
			first = len(lines)
		}
		lines = append(lines, stepLines(t, i, s, i == current, done(s.ID), width)...)
		if i == current {
			last = len(lines)
		}
	}
	top := max(0, min((first+last-height)/2, len(lines)-height))
	return lines[top:min(top+height, len(lines))]
}

// stepLines draws one step: its mark, and its title on up to three lines.
func stepLines(t theme, i int, s lesson.Step, current, done bool, width int) []string {
	mark, pointer, style := t.dim.Render("·"), "  ", t.dim
	if done {
		mark = t.good.Render("✓")
	}
	if current {
		pointer, style = t.accent.Render("▸ "), t.strong
	}
	number := fmt.Sprintf("%d ", i+1)
	lines := indent(number, oneLine(s.Title), width-5)
	if len(lines) > 3 {
		lines = append(lines[:2], cut(lines[2]+" "+strings.TrimSpace(lines[3]), width-5))
	}
	for n, line := range lines {
		lines[n] = "    " + style.Render(line)
		if n == 0 {
			lines[n] = pointer + mark + " " + style.Render(line)
		}
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
