package lesson

import (
	"regexp"
	"strconv"
	"strings"
)

// control tells whether a character steers a terminal, or the order in which text is shown, instead of being shown: with
// it a lesson could show another command than the one that it runs. Tabs and line ends are allowed.
func control(c rune) bool {
	switch {
	case c == '\t' || c == '\n':
		return false
	case c < ' ', c >= 0x7f && c <= 0x9f: // with the escape that begins a terminal's sequences
		return true
	}
	return c >= 0x202a && c <= 0x202e || c >= 0x2066 && c <= 0x2069 // writing direction
}

// firstControl returns the index of the first control character in the text, or -1.
func firstControl(text string) int { return strings.IndexFunc(text, control) }

// reference is a character by its number, as Markdown takes it from HTML.
var reference = regexp.MustCompile(`&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?`)

// refersToControl tells whether a reference names a control character, or no character at all: readers differ on those.
func refersToControl(hex, decimal string) bool {
	digits, base := decimal, 10
	if hex != "" {
		digits, base = hex, 16
	}
	c, err := strconv.ParseUint(digits, base, 32)
	return err != nil || c > 0x10ffff || control(rune(c))
}

// findControls says where lines hold a control character, as it is or by its number; one mistake for each line.
func (r *reader) findControls() bool {
	before := len(r.found)
	for i, start := range r.lines {
		line := string(r.src[start:r.offset(i+1)])
		if at := firstControl(line); at >= 0 {
			r.mistake(r.pos(start+at), "control character %U: a lesson is plain text", []rune(line[at:])[0])
			continue
		}
		for _, at := range reference.FindAllStringSubmatchIndex(line, -1) {
			if refersToControl(part(line, at, 1), part(line, at, 2)) {
				r.mistake(r.pos(start+at[0]), "%s stands for a control character: a lesson is plain text", line[at[0]:at[1]])
				break
			}
		}
	}
	return len(r.found) > before
}

// part returns one group of a match, or "".
func part(text string, match []int, group int) string {
	if match[2*group] < 0 {
		return ""
	}
	return text[match[2*group]:match[2*group+1]]
}
