package tui

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

const tabWidth = 8

// clean makes text from outside safe to show: no escape sequences, no control or direction characters, tabs as spaces.
// Of a line that was drawn over with carriage returns, the last drawing is kept.
func clean(s string) string {
	s = ansi.Strip(strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.ReplaceAll(s, "\r\n", "\n")
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = cleanLine(line)
	}
	return strings.Join(lines, "\n")
}

func cleanLine(line string) string {
	line = strings.TrimRight(line, "\r")
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:]
	}
	var b strings.Builder
	column := 0
	for _, r := range line {
		switch {
		case r == '\t':
			n := tabWidth - column%tabWidth
			b.WriteString(strings.Repeat(" ", n))
			column += n
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u2028', r == '\u2029':
		default:
			b.WriteRune(r)
			column++
		}
	}
	return b.String()
}

// oneLine makes text from outside one safe line.
func oneLine(s string) string {
	return strings.Join(strings.Fields(clean(s)), " ")
}

// cut shortens a line to the width, with a mark where something is missing.
func cut(line string, width int) string {
	return ansi.Truncate(line, max(width, 0), "…")
}

// cutMiddle shortens a line to the width, but keeps its beginning and its end: what tells two of them apart may be there.
func cutMiddle(line string, width int) string {
	whole := ansi.StringWidth(line)
	if whole <= width || width < 3 {
		return cut(line, width)
	}
	head := (width - 1) / 2
	return ansi.Truncate(line, head, "") + "…" + ansi.TruncateLeft(line, whole-(width-1-head), "")
}

// fill makes a line exactly as wide as asked.
func fill(line string, width int) string {
	line = cut(line, width)
	return line + strings.Repeat(" ", max(0, width-ansi.StringWidth(line)))
}

// wrap breaks text into lines no wider than asked, at spaces where there are any.
func wrap(s string, width int) []string {
	return strings.Split(ansi.Wrap(s, max(width, 1), ""), "\n")
}

// indent wraps text and puts first before its first line and blanks of the same width before the others.
func indent(first, s string, width int) []string {
	n := ansi.StringWidth(first)
	lines := wrap(s, width-n)
	for i := range lines {
		if i == 0 {
			lines[i] = first + lines[i]
		} else {
			lines[i] = strings.Repeat(" ", n) + lines[i]
		}
	}
	return lines
}

// fit breaks lines that are too wide, and drops the blanks that a renderer padded them with.
func fit(lines []string, width int) []string {
	fitted := make([]string, 0, len(lines))
	for _, line := range lines {
		visible := ansi.StringWidth(strings.TrimRight(ansi.Strip(line), " "))
		if visible <= width {
			fitted = append(fitted, ansi.Truncate(line, visible, ""))
			continue
		}
		fitted = append(fitted, strings.Split(ansi.Hardwrap(ansi.Truncate(line, visible, ""), max(width, 1), true), "\n")...)
	}
	return fitted
}

// ruled draws a rule over the whole width, with a title at its left and a remark at its right.
func ruled(title, remark string, width int) string {
	if title != "" {
		title = "── " + title + " "
	}
	if remark != "" {
		remark = " " + remark + " ──"
	}
	dashes := width - ansi.StringWidth(title) - ansi.StringWidth(remark)
	if dashes < 0 {
		return cut(title, width)
	}
	return title + strings.Repeat("─", dashes) + remark
}

// frame makes lines exactly a screen: as many as height, each no wider than width.
func frame(lines []string, width, height int) string {
	screen := make([]string, height)
	for i := range screen {
		if i < len(lines) {
			screen[i] = cut(lines[i], width)
		}
	}
	return strings.Join(screen, "\n")
}

// elapsed writes a duration the way a person says it, to the second: "7s", "1m05s".
func elapsed(d time.Duration) string {
	s := int(max(d, 0).Seconds())
	if s < 60 {
		return fmt.Sprintf("%ds", s)
	}
	return fmt.Sprintf("%dm%02ds", s/60, s%60)
}

// plural writes a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// trimBlank drops lines around a styled text that show nothing.
func trimBlank(s string) string {
	lines := strings.Split(s, "\n")
	blank := func(line string) bool { return strings.TrimSpace(ansi.Strip(line)) == "" }
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && blank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return strings.Join(lines, "\n")
}

// withoutMargin removes the blanks that every line begins with: the pane has a margin of its own.
func withoutMargin(lines []string) []string {
	margin := -1
	for _, line := range lines {
		plain := ansi.Strip(line)
		trimmed := strings.TrimLeft(plain, " ")
		if trimmed == "" {
			continue
		}
		if n := len(plain) - len(trimmed); margin < 0 || n < margin {
			margin = n
		}
	}
	if margin <= 0 {
		return lines
	}
	moved := make([]string, len(lines))
	for i, line := range lines {
		moved[i] = ansi.TruncateLeft(line, margin, "")
	}
	return moved
}

// splitLines breaks text into lines; no text has none.
func splitLines(s string) []string {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// commandLines draws a command, one line of it below the other, and what is too long for one line further in.
func commandLines(script string, width int) []string {
	var lines []string
	first := "$ "
	for line := range strings.SplitSeq(strings.TrimSpace(clean(script)), "\n") {
		parts := []string{line}
		if ansi.StringWidth(line) > width-2 {
			parts = wrapCommand(line, width-6)
		}
		for n, part := range parts {
			if n > 0 {
				first = "      "
			}
			lines = append(lines, first+part)
		}
		first = "  "
	}
	return lines
}

// wrapCommand breaks a command at spaces only: a learner must not mistake a part of a word for a word. The backslash at its
// end stays with the last word.
func wrapCommand(line string, width int) []string {
	// They stand for "-", after which lines may be broken otherwise, and for a blank that is no place to break.
	const joined, tied = "\uE000", "\uE001"
	if rest, ok := strings.CutSuffix(line, ` \`); ok {
		line = rest + tied + `\`
	}
	lines := wrap(strings.ReplaceAll(line, "-", joined), width)
	for i := range lines {
		lines[i] = strings.NewReplacer(joined, "-", tied, " ").Replace(lines[i])
	}
	return lines
}
