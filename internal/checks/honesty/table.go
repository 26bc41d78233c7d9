package honesty

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/podlab/podlab/internal/checks"
)

// Tally counts what came of the trials. It may be used by several goroutines.
type Tally struct {
	mu   sync.Mutex
	rows map[string]*Row
	bad  []Wrong
}

// NewTally returns a tally of the kinds, with nothing in it.
func NewTally(kinds []Kind) *Tally {
	t := &Tally{rows: map[string]*Row{}}
	for _, k := range kinds {
		t.rows[k.Name] = &Row{Kind: k.Name}
	}
	return t
}

// Score is how many of all went well.
type Score struct {
	Good int `json:"good"`
	All  int `json:"all"`
}

func (s *Score) add(good bool) {
	s.All++
	if good {
		s.Good++
	}
}

func (s Score) String() string { return fmt.Sprintf("%d/%d", s.Good, s.All) }

// Row is what came of one kind's trials.
type Row struct {
	Kind       string `json:"kind"`
	NearMisses Score  `json:"nearMisses"`   // rejected
	Plain      Score  `json:"plain"`        // plain right ways accepted
	Others     Score  `json:"alternatives"` // different right ways accepted
	Faults     Score  `json:"faults"`       // told apart
	Looks      int    `json:"looks"`
	Differing  int    `json:"differing"` // looks that came to another verdict than the case's
}

// Wrong is one wrong verdict. One that came again counts up.
type Wrong struct {
	Kind  string `json:"kind"`
	Case  string `json:"case"`
	When  string `json:"when"` // "settle", "look", "fault: NAME"
	Want  string `json:"want"`
	Got   string `json:"got"`
	Times int    `json:"times"`
}

// Report is what "make honesty" prints.
type Report struct {
	N      int      `json:"n"` // looks for each case
	Rows   []Row    `json:"kinds"`
	Total  Row      `json:"total"`
	Wrong  []Wrong  `json:"wrong"`
	Legend []string `json:"legend"`
}

func (t *Tally) row(c Case, change func(*Row)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows[c.Kind] == nil {
		t.rows[c.Kind] = &Row{Kind: c.Kind}
	}
	change(t.rows[c.Kind])
}

func (t *Tally) settled(c Case, good bool) {
	t.row(c, func(r *Row) {
		switch {
		case c.Want == checks.NotYet:
			r.NearMisses.add(good)
		case c.Other:
			r.Others.add(good)
		default:
			r.Plain.add(good)
		}
	})
}

func (t *Tally) looked(c Case, same bool) {
	t.row(c, func(r *Row) {
		r.Looks++
		if !same {
			r.Differing++
		}
	})
}

func (t *Tally) faced(c Case, good bool) { t.row(c, func(r *Row) { r.Faults.add(good) }) }

func (t *Tally) wrong(c Case, when, want, got string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	w := Wrong{Kind: c.Kind, Case: c.Name + ", " + c.Why, When: when, Want: want, Got: got}
	at := slices.IndexFunc(t.bad, func(o Wrong) bool { o.Times = 0; return o == w })
	if at < 0 {
		at, t.bad = len(t.bad), append(t.bad, w)
	}
	t.bad[at].Times++
}

// Report returns what was counted, in the order of the kinds' names.
func (t *Tally) Report(n int, legend ...string) Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := Report{N: n, Legend: legend, Wrong: slices.Clone(t.bad), Total: Row{Kind: "TOTAL"}}
	for _, row := range t.rows {
		r.Rows = append(r.Rows, *row)
		r.Total.addRow(*row)
	}
	slices.SortFunc(r.Rows, func(a, b Row) int { return strings.Compare(a.Kind, b.Kind) })
	return r
}

func (r *Row) addRow(o Row) {
	for _, pair := range []struct {
		to   *Score
		from Score
	}{{&r.NearMisses, o.NearMisses}, {&r.Plain, o.Plain}, {&r.Others, o.Others}, {&r.Faults, o.Faults}} {
		pair.to.Good += pair.from.Good
		pair.to.All += pair.from.All
	}
	r.Looks += o.Looks
	r.Differing += o.Differing
}

// rate is the share of looks that differ.
func (r Row) rate() float64 {
	if r.Looks == 0 {
		return 0
	}
	return float64(r.Differing) / float64(r.Looks)
}

// Print writes the table, the wrong verdicts and the legend.
func (r Report) Print(to io.Writer) {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "kind\tnear-misses rejected\tplain ways accepted\talternatives accepted\tfaults told apart\tlooks\tdiffering\trate")
	for _, row := range append(slices.Clone(r.Rows), r.Total) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%.4f\n", row.Kind, row.NearMisses, row.Plain, row.Others, row.Faults,
			row.Looks, row.Differing, row.rate())
	}
	_ = w.Flush() // a screen that is gone cannot be told about it
	fmt.Fprintln(to)
	for _, bad := range r.Wrong {
		fmt.Fprintf(to, "WRONG %s, %s\n  when: %s (%d times)\n  want: %s\n  got:  %s\n", bad.Kind, bad.Case, bad.When, bad.Times, bad.Want, bad.Got)
	}
	fmt.Fprintf(to, "wrong verdicts: %d\n\n", len(r.Wrong))
	for _, line := range r.Legend {
		fmt.Fprintln(to, line)
	}
}
