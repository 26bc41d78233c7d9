package checks

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
)

// judge holds the claim against a text of which, if it is cut, only the beginning is known. It returns what surely differs,
// and whether the rest of the text could decide what is still open.
func (t textFields) judge(of, text string, cut bool) (off []Mismatch, open bool) {
	if !cut {
		return t.differs(of, text), false
	}
	if t.Equals != nil {
		want := strings.TrimRight(*t.Equals, " \t\r\n")
		seen := strings.TrimRight(text, " \t\r\n")
		if strings.HasPrefix(want, text) || seen == want {
			open = true
		} else {
			off = append(off, Mismatch{of, "equal to " + quote(*t.Equals), quote(text)})
		}
	}
	if t.Contains != nil && !strings.Contains(text, *t.Contains) {
		open = true
	}
	// A match that ends where the known part ends may be none in the whole text.
	if at := t.Matches.find(text); t.Matches.re != nil && (at == nil || at[1] == len(text)) {
		open = true
	}
	return off, open
}

func (p pattern) find(text string) []int {
	if p.re == nil {
		return nil
	}
	return p.re.FindStringIndex(text)
}

// unseen says that the part which podlab did not read may decide.
func unseen(r Result, what string) Result {
	r.Verdict, r.Got = CannotTell, what+" is longer than the 64 KiB that podlab reads, and the claim is not settled by that part"
	r.Why, r.Try = "what is claimed may be true of the rest", "claim something of the first 64 KiB, or of less text"
	return r
}

// add appends a text's first lines to the rows, and notes how many lines there are besides.
func (e *Evidence) add(text string) {
	const most = 20
	text = strings.TrimRight(text, "\r\n")
	if text == "" {
		return
	}
	lines := strings.Split(strings.ToValidUTF8(text, "�"), "\n")
	if rest := len(lines) - most; rest > 0 {
		e.Notes = append(e.Notes, fmt.Sprintf("left out: %d more lines", rest))
		lines = lines[:most]
	}
	e.Rows = append(e.Rows, lines...)
}

// lastLine returns the last line of a text that is not empty, or another text.
func lastLine(text []byte, otherwise string) string {
	lines := strings.Split(string(bytes.TrimSpace(text)), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return otherwise
}

// shellWords returns a command line that a shell reads as these words.
func shellWords(words []string) string {
	plain := regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)
	quoted := make([]string, len(words))
	for i, word := range words {
		quoted[i] = word
		if !plain.MatchString(word) {
			quoted[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}
