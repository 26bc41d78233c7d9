// Package shape compares what a lesson shows of a command's output with what the command printed: line by line, but for
// what differs from one run to the next.
package shape

import (
	"regexp"
	"slices"
	"strings"
)

// Difference is where two outputs part. A line that is not there is "".
type Difference struct {
	Line      int // of what was wanted, from 1; behind the last one if more was printed
	Want, Got string
}

// Compare returns the first difference in shape between what is wanted and what was printed, and whether there is one. Blank
// lines do not count. Where two or more lines in a row that have one shape are wanted, any number of them will do. The node is
// the name of the one where it was printed: it counts as any name of kind's for a control plane.
func Compare(want, got, node string) (d Difference, differ bool) {
	wanted, printed := runsOf(want, node), runsOf(got, node)
	for i := range max(len(wanted), len(printed)) {
		switch {
		case i >= len(printed):
			return Difference{Line: wanted[i].line, Want: wanted[i].texts[0]}, true
		case i >= len(wanted):
			return Difference{Line: behind(wanted), Got: printed[i].texts[0]}, true
		case wanted[i].shape != printed[i].shape:
			return Difference{Line: wanted[i].line, Want: wanted[i].texts[0], Got: printed[i].texts[0]}, true
		case len(wanted[i].texts) == 1 && len(printed[i].texts) > 1:
			return Difference{Line: wanted[i].line, Want: next(wanted, i), Got: printed[i].texts[1]}, true
		}
	}
	return Difference{}, false
}

// run is a number of lines in a row that have one shape.
type run struct {
	shape string
	line  int // of the first
	texts []string
}

func runsOf(output, node string) []run {
	var runs []run
	for i, text := range strings.Split(output, "\n") {
		named := text
		if node != "" {
			named = strings.ReplaceAll(text, node, "the-control-plane")
		}
		shape := Of(named)
		if shape == "" {
			continue
		}
		if n := len(runs); n > 0 && runs[n-1].shape == shape {
			runs[n-1].texts = append(runs[n-1].texts, text)
			continue
		}
		runs = append(runs, run{shape, i + 1, []string{text}})
	}
	return runs
}

// next is the line that was wanted after a run, or "".
func next(runs []run, i int) string {
	if i+1 < len(runs) {
		return runs[i+1].texts[0]
	}
	return ""
}

// behind is the line after the last one.
func behind(runs []run) int {
	if len(runs) == 0 {
		return 1
	}
	last := runs[len(runs)-1]
	return last.line + len(last.texts)
}

const (
	month = `(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)`
	day   = `(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?`
	clock = `[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?`
	zone  = `(?: ?(?:Z\b|UTC|GMT|[+-][0-9]{2}:?[0-9]{2}))?`
	ofDay = `(?:,? [0-9]{4})?(?: ` + clock + `(?: [AP]M)?` + zone + `(?: [0-9]{4})?)?`
	// safe are the characters of which Kubernetes makes the ends of generated names: no vowel is among them.
	safe = `[bcdfghjklmnpqrstvwxz2456789]`
)

var (
	space     = regexp.MustCompile(`[ \t\r\x{a0}]+`)
	rule      = regexp.MustCompile(`-{3,}|={3,}`)
	nodeName  = regexp.MustCompile(`\b[a-z0-9]+(?:-[a-z0-9]+)*-control-plane\b`)
	namespace = regexp.MustCompile(`(^|[^-A-Za-z0-9])podlab-verify-`)

	isoTime   = regexp.MustCompile(`\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ]` + clock + zone + `)?`)
	logTime   = regexp.MustCompile(`\b[0-9]{1,2}/(?:` + month + `/[0-9]{4}:` + clock + zone + `|[0-9]{1,2}/[0-9]{4}\b)`)
	usTime    = regexp.MustCompile(day + `\b` + month + ` [0-9]{1,2}\b` + ofDay)
	dayFirst  = regexp.MustCompile(day + `\b[0-9]{1,2} ` + month + `\b` + ofDay)
	clockTime = regexp.MustCompile(`\b` + clock + `\b`)

	loopback = regexp.MustCompile(`\b127[.]0[.]0[.]1\b`)
	anyHost  = regexp.MustCompile(`\b0[.]0[.]0[.]0\b`)
	ip       = regexp.MustCompile(`\b[0-9]{1,3}(?:[.][0-9]{1,3}){3}\b`)
	ip6      = regexp.MustCompile(`\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b|\b[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?`)
	mac      = regexp.MustCompile(`\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b`)

	uuid      = regexp.MustCompile(`[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}\b`) // a cgroup has pod before it
	peer      = regexp.MustCompile(`@if[0-9]+\b`)                                         // the number of an interface's other end
	hex       = regexp.MustCompile(`\b0x[0-9a-fA-F]+\b|\b[0-9a-fA-F]{8,}\b`)
	generated = regexp.MustCompile(`-` + safe + `{5,10}\b`)

	// A version (php8.2, v1.37.0), an exit code and a status of HTTP are what the lesson is about.
	meant = regexp.MustCompile(`[A-Za-z][0-9]+(?:[.][0-9]+)+|exit(?: code| status)? [0-9]+\b|HTTP(?:/[0-9.]+)?"? [1-5][0-9]{2}\b`)

	length   = regexp.MustCompile(`\b(?:[0-9]+(?:[.][0-9]+)?(?:ns|us|µs|ms|[smhdy]))+\b`)
	ago      = regexp.MustCompile(` ?\(# ago\)`)
	fraction = regexp.MustCompile(`\b([0-9]{1,2})/([0-9]{1,2})\b`)
	number   = regexp.MustCompile(`\b[0-9]+(?:[.,][0-9]+)*(?:(?:[KMGT]i?B?|kB|B)\b|%|\b)`)
)

// Of returns the shape of a line: what differs from one run to the next is taken out. A fraction such as 2/2 stays, and so do
// the addresses 127.0.0.1 and 0.0.0.0, versions, exit codes and the status of HTTP: they are no accidents.
func Of(line string) string {
	s := strings.TrimSpace(space.ReplaceAllString(line, " "))
	for _, m := range accidents() {
		s = m.what.ReplaceAllString(s, m.by)
	}
	s = meant.ReplaceAllStringFunc(s, letters)
	for _, m := range numbers() {
		s = m.what.ReplaceAllString(s, m.by)
	}
	return s
}

// letters writes digits so that no mask takes them for a number.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return '０' + r - '0' // the full-width digits of Unicode
		}
		return r
	}, s)
}

type mask struct {
	what *regexp.Regexp
	by   string
}

// accidents are applied in this order: what is longer comes before its parts.
func accidents() []mask {
	times := []mask{{isoTime, "TIME"}, {logTime, "TIME"}, {usTime, "TIME"}, {dayFirst, "TIME"}}
	addresses := []mask{{loopback, "LOOPBACK"}, {anyHost, "ANYHOST"}, {ip, "IP"}, {mac, "MAC"}, {ip6, "IP"}}
	names := []mask{{rule, "---"}, {nodeName, "NODE"}, {namespace, "${1}podlab-"}}
	ids := []mask{{uuid, "#"}, {hex, "#"}, {peer, "@if#"}, {generated, "-#"}}
	return slices.Concat(names, times, addresses, ids)
}

// numbers come last: each of what is above has some in it.
func numbers() []mask {
	return []mask{{clockTime, "TIME"}, {length, "#"}, {ago, ""}, {fraction, "${1}of$2"}, {number, "#"}}
}
