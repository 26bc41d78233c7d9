package tui

import (
	"github.com/charmbracelet/lipgloss"
	"github.com/charmbracelet/x/ansi"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/runner"
)

// checkRow is one check of the step on screen.
type checkRow struct {
	title string
	state runner.CheckState
}

// verdictMark returns the sign and the words of what a check said. The sign alone must be enough: colour only helps.
func verdictMark(t theme, c runner.CheckState) (mark, words string, style lipgloss.Style) {
	switch {
	case !c.Seen:
		return "…", "not looked at yet", t.dim
	case c.Result.Verdict == checks.Pass:
		return "✓", "pass", t.good
	case c.Result.Verdict == checks.NotYet:
		return "·", "not yet", t.warn
	}
	return "?", "cannot tell", t.bad
}

// checklist draws the checks with the reasons of those that do not pass, in at most height lines: reasons give way
// first, then the last checks.
func checklist(t theme, rows []checkRow, width, height int) []string {
	full := checkLines(t, rows, width, true)
	if len(full) <= height {
		return full
	}
	short := checkLines(t, rows, width, false)
	if len(short) <= height {
		return spread(t, rows, width, height)
	}
	more := len(short) - height + 1
	return append(short[:max(height-1, 0)], t.dim.Render(cut("  … "+plural(more, "more check")+": e shows them", width)))
}

// spread shares the lines that are left over among the checks that do not pass, one each in turn.
func spread(t theme, rows []checkRow, width, height int) []string {
	why := make([][]string, len(rows))
	for i, r := range rows {
		if explains(r) {
			why[i] = reasons(t, r.state.Result, width)
		}
	}
	share := shares(why, height-len(rows))
	var lines []string
	for i, r := range rows {
		lines = append(lines, checkLine(t, r, width))
		lines = append(lines, why[i][:share[i]]...)
	}
	return lines
}

// shares deals out n lines in turn, to none more than it has.
func shares(why [][]string, n int) []int {
	share := make([]int, len(why))
	for dealt := true; dealt; {
		dealt = false
		for i := range why {
			if n > 0 && share[i] < len(why[i]) {
				share[i]++
				n--
				dealt = true
			}
		}
	}
	return share
}

func checkLines(t theme, rows []checkRow, width int, why bool) []string {
	var lines []string
	for _, r := range rows {
		lines = append(lines, checkLine(t, r, width))
		if why && explains(r) {
			lines = append(lines, reasons(t, r.state.Result, width)...)
		}
	}
	return lines
}

func explains(r checkRow) bool { return r.state.Seen && r.state.Result.Verdict != checks.Pass }

func checkLine(t theme, r checkRow, width int) string {
	mark, _, style := verdictMark(t, r.state)
	return style.Render(mark) + " " + cutMiddle(r.title, width-2)
}

// reasons says what was wanted, what was found, why, and the way out.
func reasons(t theme, r checks.Result, width int) []string {
	want, got := oneLine(r.Want), oneLine(r.Got)
	var lines []string
	add := func(label, s string) {
		if s != "" {
			lines = append(lines, indent("    "+label, s, width)...)
		}
	}
	explain := func() {
		add("why: ", oneLine(r.Why))
		add("try: ", oneLine(r.Try))
	}
	if r.Verdict == checks.CannotTell { // what stands in the way matters more than what was wanted
		explain()
	}
	switch both := "want " + want + ", got " + got; {
	case len(r.Mismatches) > 1:
		lines = append(lines, mismatches(r.Mismatches, width)...)
	case want != "" && got != "" && ansi.StringWidth(both)+4 <= width:
		add("", both)
	default:
		add("want ", want)
		add("got  ", got)
	}
	if r.Verdict != checks.CannotTell {
		explain()
	}
	for i := range lines {
		lines[i] = t.dim.Render(lines[i])
	}
	return lines
}

// mismatches lists everything that differs, one line each where it fits.
func mismatches(list []checks.Mismatch, width int) []string {
	var lines []string
	for _, m := range list {
		of := oneLine(m.Of)
		if of != "" {
			of += ": "
		}
		lines = append(lines, indent("    · ", of+"want "+oneLine(m.Want)+", got "+oneLine(m.Got), width)...)
	}
	return lines
}
