// Package report shows what a runner does to somebody who has no full screen: as plain lines, or as one JSON object.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/runner"
)

// quiet is how long nothing may be printed while something runs, before a line says that it still does.
const quiet = 4 * time.Second

// Plain prints events as lines until the channel is closed.
func Plain(w io.Writer, events <-chan runner.Event) {
	p := &plain{w: w, now: time.Now}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case e, ok := <-events:
			if !ok {
				return
			}
			p.event(e)
		case <-tick.C:
			p.stillRunning()
		}
	}
}

type plain struct {
	w       io.Writer
	now     func() time.Time
	printed time.Time // when the last line was
	started time.Time // when what runs now began
	running string    // what runs now; "" when nothing does
	phases  []phase   // the phases that run now, the oldest first
}

type phase struct {
	name, detail string
	started      time.Time
}

// line prints a line. What a command or a pod said may hold a terminal's own commands: they are taken out.
func (p *plain) line(format string, args ...any) {
	p.printed = p.now()
	fmt.Fprintln(p.w, strings.Map(printable, fmt.Sprintf(format, args...)))
}

func printable(r rune) rune {
	switch {
	case r == '\n':
		return r
	case r == '\t':
		return ' '
	case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // the latter turn the writing direction
		return -1
	}
	return r
}

func (p *plain) stillRunning() {
	if p.now().Sub(p.printed) < quiet {
		return
	}
	for _, ph := range p.phases {
		p.line("  … %s, %s", joined(ph.name, ph.detail), elapsed(p.now().Sub(ph.started)))
	}
	if p.running != "" && len(p.phases) == 0 {
		p.line("    … %s, %s", p.running, elapsed(p.now().Sub(p.started)))
	}
}

func (p *plain) run(what string) {
	if p.running == "" {
		p.started, p.printed = p.now(), p.now()
	}
	p.running = what
}

func (p *plain) event(e runner.Event) {
	switch e := e.(type) {
	case runner.PhaseChanged:
		p.phase(e.Phase)
	case runner.ClusterLost:
		p.line("✗ the cluster does not answer: %v", e.Err)
		if e.Try != "" {
			p.line("  try: %s", e.Try)
		}
	case runner.LabStarted:
		p.line("\n%s  %s", e.Lab, e.Title)
		p.run("open the lab " + e.Lab)
	case runner.StepStarted:
		p.line("  %s", e.Title)
		p.running = ""
		p.run(e.Title)
	case runner.ClaimWaiting:
		p.run(e.ID + ": " + first(e.Result.Got, e.Result.Why, string(e.Result.Verdict)))
	case runner.ClaimDecided:
		p.claim(e.Claim)
	case runner.LabEnded:
		p.running = ""
	}
}

func (p *plain) phase(ph runner.Phase) {
	i := slices.IndexFunc(p.phases, func(known phase) bool { return known.name == ph.Name })
	if i < 0 {
		p.phases = append(p.phases, phase{name: ph.Name, started: p.now()})
		p.printed = p.now()
		i = len(p.phases) - 1
	}
	if ph.Detail != "" {
		p.phases[i].detail = ph.Detail
	}
	if !ph.Done {
		return
	}
	mark := "✓"
	if ph.Err != nil {
		mark = "✗"
	}
	p.line("%s %-64s %8s", mark, ph.Name, elapsed(p.now().Sub(p.phases[i].started)))
	p.phases = slices.Delete(p.phases, i, i+1)
}

func (p *plain) claim(c runner.CheckOutcome) {
	mark, text := Mark(c.Verdict), c.Got
	if c.Verdict != checks.Pass {
		text = Words(c.Verdict)
	}
	p.line("    %s %-12s %-52s %8s", mark, c.ID, oneLine(text), elapsed(time.Duration(c.Seconds*float64(time.Second))))
	if c.Verdict == checks.Pass {
		return
	}
	rows := [][2]string{{"want", c.Want}, {"got", c.Got}}
	if len(c.Mismatches) > 1 {
		for _, m := range c.Mismatches {
			rows = append(rows, [2]string{"", "· " + m.Of + ": want " + m.Want + ", got " + m.Got})
		}
	}
	for _, row := range append(rows, [2]string{"why", c.Why}, [2]string{"try", c.Try}) {
		if row[1] != "" {
			p.line("        %-4s  %s", row[0], strings.ReplaceAll(row[1], "\n", "\n              "))
		}
	}
}

// Mark is the sign of a verdict. It is never the only one: Words or a text stands beside it.
func Mark(v checks.Verdict) string {
	switch v {
	case checks.Pass:
		return "✓"
	case checks.NotYet:
		return "·"
	}
	return "?"
}

// Words is how a verdict is written for people.
func Words(v checks.Verdict) string { return strings.ReplaceAll(string(v), "-", " ") }

// Summary prints what became of the whole.
func Summary(w io.Writer, o runner.Outcome) {
	counts := map[checks.Verdict]int{}
	for _, lab := range o.Labs {
		for _, c := range lab.Claims() {
			counts[c.Verdict]++
		}
	}
	fmt.Fprintf(w, "\n%s %s: %s, %s, %d not yet, %d cannot tell, in %s\n", Mark(o.Verdict), Words(o.Verdict),
		plural(len(o.Labs), "lab", "labs"), plural(counts[checks.Pass], "check passes", "checks pass"),
		counts[checks.NotYet], counts[checks.CannotTell], elapsed(time.Duration(o.Seconds*float64(time.Second))))
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

func elapsed(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func oneLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return oneLine(t)
		}
	}
	return ""
}

func joined(name, detail string) string {
	if detail == "" {
		return name
	}
	return name + ": " + detail
}
