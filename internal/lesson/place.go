package lesson

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// FieldPosition returns where a line and column (from 1, in characters) inside a field's text lie in the file. Of a text that
// YAML folds, which is one after ">" or one of several lines, it returns the start. Field is named as for Mistake; "" is the
// check's whole value.
func (s CheckSpec) FieldPosition(field string, line, column int) Position {
	n := valueAt(s.value, field)
	if n == nil {
		return s.Mistake(field, "").Pos
	}
	start := s.at.of(n)
	t := n.GetToken()
	if _, ok := scalarText(n); !ok || t == nil || t.Position == nil {
		return start
	}
	lines := strings.Split(s.source, "\n")
	if t.Position.Line < 1 || t.Position.Line > len(lines) {
		return start
	}
	if _, ok := n.(*ast.LiteralNode); ok {
		at, off := inBlock(lines[t.Position.Line:], t.Type, line, column)
		return s.at.pos(t.Position.Line+at, off)
	}
	written := []rune(lines[t.Position.Line-1])
	if t.Position.Column < 1 || t.Position.Column > len(written) {
		return start
	}
	return s.at.pos(t.Position.Line, t.Position.Column+inLine(written[t.Position.Column-1:], t.Type, line, column))
}

// inBlock finds a line and column of a block scalar in the lines after its header: which of them, and the column there.
func inBlock(lines []string, t token.Type, line, column int) (at, col int) {
	first, indent := 0, 0
	for i, l := range lines {
		if text := strings.TrimLeft(l, " "); text != "" {
			first, indent = i, len(l)-len(text)
			break
		}
	}
	if t == token.FoldedType || line < 1 || line > len(lines) {
		return first + 1, indent + 1
	}
	return line, indent + max(column, 1)
}

// inLine returns how many characters of a scalar's written form, which ends with its line at the latest, stand before the line
// and column of its text.
func inLine(written []rune, t token.Type, line, column int) int {
	at, textLine, textColumn := 0, 1, 1
	if t == token.DoubleQuoteType || t == token.SingleQuoteType {
		at = 1
	}
	start := at
	for at < len(written) {
		if textLine > line || textLine == line && textColumn >= column {
			return at
		}
		size, newLine := unit(written[at:], t)
		at += size
		textColumn++
		if newLine {
			textLine, textColumn = textLine+1, 1
		}
	}
	if textLine == line && textColumn >= column {
		return at
	}
	return start
}

// unit returns how many written characters make the next character of the text, and whether that is a line end.
func unit(written []rune, t token.Type) (size int, newLine bool) {
	if t == token.SingleQuoteType && len(written) > 1 && written[0] == '\'' && written[1] == '\'' {
		return 2, false
	}
	if t != token.DoubleQuoteType || written[0] != '\\' || len(written) < 2 {
		return 1, false
	}
	digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[written[1]]
	for i := range digits {
		if 2+i >= len(written) || !unicode.Is(unicode.ASCII_Hex_Digit, written[2+i]) {
			return 2, false
		}
	}
	return 2 + digits, written[1] == 'n'
}

// valueAt returns the value of the field with a dotted path, or nil.
func valueAt(n ast.Node, path string) ast.Node {
	if path == "" {
		return n
	}
	for name := range strings.SplitSeq(path, ".") {
		if seq, ok := n.(*ast.SequenceNode); ok {
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(seq.Values) {
				return nil
			}
			n = seq.Values[i]
			continue
		}
		e := entry(n, name)
		if e == nil {
			return nil
		}
		n = e.Value
	}
	return n
}
