package checks

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// textFields are the fields of a claim about a text. A kind embeds them. All that are given must hold.
type textFields struct {
	Equals   *string `yaml:"equals" doc:"the whole text; white space at its end does not count"`
	Contains *string `yaml:"contains" doc:"a part of the text"`
	Matches  pattern `yaml:"matches" doc:"a regular expression (RE2) that is found in the text; ^ and $ are the ends of a line"`
}

// none says that nothing is claimed.
func (t textFields) none() bool { return t.Equals == nil && t.Contains == nil && t.Matches.re == nil }

// want says in a few words what is claimed: `equal to "a"`.
func (t textFields) want() string {
	var parts []string
	if t.Equals != nil {
		parts = append(parts, fmt.Sprintf("equal to %s", quote(*t.Equals)))
	}
	if t.Contains != nil {
		parts = append(parts, fmt.Sprintf("containing %s", quote(*t.Contains)))
	}
	if t.Matches.re != nil {
		parts = append(parts, "matching /"+t.Matches.source()+"/")
	}
	return strings.Join(parts, ", ")
}

// differs returns what of the claim does not hold for the text, each with the text in short.
func (t textFields) differs(of, text string) []Mismatch {
	var off []Mismatch
	trimmed := strings.TrimRight(text, " \t\r\n")
	add := func(want string) { off = append(off, Mismatch{of, want, quote(trimmed)}) }
	if t.Equals != nil && trimmed != strings.TrimRight(*t.Equals, " \t\r\n") {
		add("equal to " + quote(*t.Equals))
	}
	if t.Contains != nil && !strings.Contains(text, *t.Contains) {
		add("containing " + quote(*t.Contains))
	}
	if t.Matches.re != nil && !t.Matches.re.MatchString(text) {
		add("matching /" + t.Matches.source() + "/")
	}
	return off
}

// quote puts a text into quotes and shortens a long one in the middle.
func quote(text string) string {
	const longest = 120
	text = strings.TrimRight(text, "\r\n")
	if r := []rune(text); len(r) > longest {
		text = string(r[:longest/2]) + " … " + string(r[len(r)-longest/2:])
	}
	return strconv.Quote(text)
}

// pattern is a regular expression in a lesson.
type pattern struct{ re *regexp.Regexp }

// UnmarshalText compiles it; ^ and $ are the ends of a line.
func (p *pattern) UnmarshalText(text []byte) error {
	re, err := regexp.Compile("(?m)" + string(text))
	if err != nil {
		return fmt.Errorf("not a regular expression (RE2): %w", err)
	}
	p.re = re
	return nil
}

func (p pattern) source() string { return strings.TrimPrefix(p.re.String(), "(?m)") }

// comparison is a claim about a number: "3", ">= 3", "!= 0".
type comparison struct {
	op     string // "" while nothing is claimed
	number float64
}

// UnmarshalText reads an operator, which is = if there is none, and a number.
func (c *comparison) UnmarshalText(text []byte) error {
	rest := strings.TrimSpace(string(text))
	op := "="
	for _, known := range []string{">=", "<=", "!=", "==", ">", "<", "="} {
		if after, ok := strings.CutPrefix(rest, known); ok {
			op, rest = strings.Replace(known, "==", "=", 1), strings.TrimSpace(after)
			break
		}
	}
	n, err := strconv.ParseFloat(rest, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return fmt.Errorf("want a number or a comparison, as 3 or >= 3, found %q", text)
	}
	*c = comparison{op, n}
	return nil
}

func (c comparison) none() bool { return c.op == "" }

func (c comparison) String() string {
	n := strconv.FormatFloat(c.number, 'f', -1, 64)
	if c.op == "=" {
		return n
	}
	return c.op + " " + n
}

func (c comparison) holds(n float64) bool {
	sign := cmp.Compare(n, c.number)
	switch c.op {
	case "=":
		return sign == 0
	case "!=":
		return sign != 0
	case ">":
		return sign > 0
	case ">=":
		return sign >= 0
	case "<":
		return sign < 0
	case "<=":
		return sign <= 0
	}
	return false
}
