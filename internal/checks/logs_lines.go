package checks

import (
	"context"
	"fmt"
	"strings"
)

// holds says whether one line is as claimed.
func (t textFields) holds(line string) bool {
	line = strings.TrimRight(line, " \t\r\n")
	return (t.Equals == nil || line == strings.TrimRight(*t.Equals, " \t\r\n")) &&
		(t.Contains == nil || strings.Contains(line, *t.Contains)) &&
		(t.Matches.re == nil || t.Matches.re.MatchString(line))
}

func linesThatHold(t textFields, log Log) []string {
	var lines []string
	for _, line := range log.Lines {
		if t.holds(line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// judgeLines counts the lines that are as claimed.
func (k *logCheck) judgeLines(log Log) findings {
	lines, count := linesThatHold(k.text, log), k.count
	if count.none() {
		count = comparison{">=", 1}
	}
	f := findings{got: []string{lineCount(len(lines))}, lines: lines}
	switch holds, settled := count.ofAtLeast(len(lines)); {
	case log.Cut && !settled:
		f.open = true
	case log.Cut && holds, !log.Cut && count.holds(float64(len(lines))):
	default:
		got := fmt.Sprintf("%s of %d", lineCount(len(lines)), len(log.Lines))
		if len(log.Lines) > 0 && len(lines) == 0 {
			got += ", the last: " + quote(log.Lines[len(log.Lines)-1])
		}
		f.off = []Mismatch{{"log of " + k.container, wantedLines(k.count, k.text), got}}
	}
	return f
}

// ofAtLeast says whether the comparison holds for a number of which only a lower bound is known, and whether that is settled.
func (c comparison) ofAtLeast(n int) (holds, settled bool) {
	least := float64(n)
	switch c.op {
	case ">=", ">":
		return true, c.holds(least)
	case "!=":
		return true, least > c.number
	case "<":
		return false, least >= c.number
	}
	return false, least > c.number
}

func lineCount(n int) string {
	if n == 1 {
		return "1 line"
	}
	return fmt.Sprintf("%d lines", n)
}

// judgeOrder looks for each text in a line after the one before it.
func (k *logCheck) judgeOrder(log Log) findings {
	var f findings
	for _, line := range log.Lines {
		if len(f.lines) < len(k.inOrder) && strings.Contains(line, k.inOrder[len(f.lines)]) {
			f.lines = append(f.lines, line)
		}
	}
	switch n := len(f.lines); {
	case n == len(k.inOrder):
		f.got = []string{k.order(n)}
	case log.Cut:
		f.open = true
	default:
		got := "no line with " + quote(k.inOrder[n])
		if n > 0 {
			got += " after " + quote(f.lines[n-1])
		}
		f.off = []Mismatch{{"log of " + k.container, "lines with " + k.order(len(k.inOrder)), got}}
	}
	return f
}

// answers is the log that answers another one's lines.
type answers struct {
	journal
	by      pattern
	inOrder bool
}

func (a answers) want() string {
	text := fmt.Sprintf("each answered once in %s by /%s/", a.container, a.by.source())
	if a.inOrder {
		text += ", in their order"
	}
	return text
}

// captured is a line and the texts of its groups.
type captured struct{ line, texts string }

func capture(p pattern, log Log) []captured {
	var all []captured
	for _, line := range log.Lines {
		if groups := p.re.FindStringSubmatch(strings.TrimRight(line, "\r")); groups != nil {
			all = append(all, captured{line, strings.Join(groups[1:], "\x00")})
		}
	}
	return all
}

// judge compares how often each text was written and answered.
func (a answers) judge(each pattern, from journal, here, there Log) findings {
	written, answered := capture(each, here), capture(a.by, there)
	f := findings{open: here.Cut || there.Cut}
	times := map[string]int{}
	for _, w := range written {
		times[w.texts]++
	}
	var own []captured // the answers to what was written
	counted := map[string]int{}
	for _, answer := range answered {
		if times[answer.texts] > 0 {
			own = append(own, answer)
			counted[answer.texts]++
		}
	}
	said := map[string]bool{}
	for _, w := range written {
		f.lines = append(f.lines, w.line)
		n, want := counted[w.texts], times[w.texts]
		if said[w.texts] || n == want || n < want && there.Cut || n > want && here.Cut {
			continue
		}
		said[w.texts] = true
		f.off = append(f.off, Mismatch{quote(w.line), "answered " + often(want), "answered " + often(n)})
	}
	if len(written) == 0 && !here.Cut {
		f.off = []Mismatch{{"log of " + from.container, fmt.Sprintf("a line matching /%s/", each.source()), "no such line"}}
	}
	for _, answer := range own {
		f.lines = append(f.lines, answer.line)
	}
	if a.inOrder && len(f.off) == 0 && !f.open {
		f.off = outOfOrder(written, own)
	}
	f.got = []string{fmt.Sprintf("%s, each answered", lineCount(len(written)))}
	return f
}

// outOfOrder returns the first answer that is not in its line's place. Both have the same texts.
func outOfOrder(written, own []captured) []Mismatch {
	for i, w := range written {
		if own[i].texts != w.texts {
			return []Mismatch{{"answer " + fmt.Sprint(i+1), "to " + quote(w.line), quote(own[i].line)}}
		}
	}
	return nil
}

func often(n int) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return fmt.Sprintf("%d times", n)
}

type logsFact struct {
	journal
	text textFields
}

func (*logsFact) Kind() string { return "logs" }

func (f *logsFact) Value(ctx context.Context, c Cluster) (string, Result) {
	log, r := f.read(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	lines := linesThatHold(f.text, log)
	shown := findings{lines: lines}
	r = Result{Verdict: Pass, Got: lineCount(len(lines)), Evidence: shown.evidence(f.journal, log)}
	if log.Cut {
		return "", unkept(r, f.container)
	}
	return fmt.Sprint(len(lines)), r
}
