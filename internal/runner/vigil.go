package runner

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// Bounds of the watch over a near-miss that was refused.
const (
	settleLimit = 5 * time.Second // how long its pods may take to settle: one that waits for ever never does
	fairWatch   = 2 * time.Second // how long it is still looked at then, beside what its checks ask for themselves
)

// refusal is what one check has said of a near-miss.
type refusal struct {
	last, said, passed checks.Result // said and passed are empty until the check did
}

func (f *refusal) see(r checks.Result, miss lesson.NearMiss) {
	f.last = r
	switch {
	case r.Verdict == checks.Pass:
		f.passed = r
	case says(r, miss) != "":
		f.said = r
	}
}

func (f *refusal) decided() bool { return f.said.Verdict != "" || f.passed.Verdict != "" }

// vigil is the watch over a near-miss: first for its refusal, then until its pods have settled, then for a fair time more.
// What counts is what the checks say at the end of it: a right manifest goes through much on its way.
type vigil struct {
	miss      lesson.NearMiss
	timeout   time.Duration // for the refusal
	fair      time.Duration
	settled   func() bool // nothing more is to be expected of the pods
	lookAgain func()      // makes the checks be looked at now

	found             []refusal // by the near-miss's checks
	start, said, calm time.Time // when it began; when all had said so; when the fair time began
	over              bool      // it came to its end
}

func newVigil(miss lesson.NearMiss, timeout, hold time.Duration) *vigil {
	return &vigil{miss: miss, timeout: timeout, fair: fairWatch + hold, found: make([]refusal, len(miss.Checks))}
}

func (v *vigil) longest() time.Duration { return v.timeout + settleLimit + v.fair }

func (v *vigil) begin() {
	v.start = time.Now()
	time.AfterFunc(v.timeout, v.lookAgain)
	time.AfterFunc(v.longest(), v.lookAgain)
}

// enough says after each look whether the watch is over.
func (v *vigil) enough([]checks.Result) bool {
	if v.said.IsZero() && v.all((*refusal).decided) {
		v.said = time.Now()
		time.AfterFunc(settleLimit, v.lookAgain)
	}
	switch {
	case v.said.IsZero():
		v.over = time.Since(v.start) >= v.timeout
	case v.calm.IsZero():
		if v.settled() || time.Since(v.said) >= settleLimit {
			v.calm = time.Now()
			time.AfterFunc(v.fair, v.lookAgain)
		}
	case time.Since(v.calm) >= v.fair:
		// A pod that crashes again and again says one thing and another, and a claim about time has not answered yet.
		v.over = v.all(v.standing) || time.Since(v.start) >= v.longest()
	}
	return v.over
}

func (v *vigil) all(is func(*refusal) bool) bool {
	for i := range v.found {
		if !is(&v.found[i]) {
			return false
		}
	}
	return true
}

// standing says whether the last word is the refusal, or a pass has made more words needless.
func (v *vigil) standing(f *refusal) bool {
	return f.passed.Verdict != "" || says(f.last, v.miss) != "" && f.last.Again == 0
}

// claim says what became of the near-miss in the eyes of one check.
func (v *vigil) claim(i int, empty checks.Result) CheckOutcome {
	c := CheckOutcome{Kind: "near-miss", Want: wantOf(v.miss), Verdict: checks.NotYet}
	switch f := v.found[i]; {
	case f.passed.Verdict != "":
		c.Got, c.Evidence = "pass: "+f.passed.Got, f.passed.Evidence
		c.Why = "the check took the near-miss for the real thing"
	case f.last.Verdict == "" || says(f.last, v.miss) != "" && !v.over:
		c.Verdict, c.Got, c.Why = checks.CannotTell, "nothing", outOfTime
	case says(f.last, v.miss) != "":
		c.Verdict, c.Evidence = checks.Pass, f.last.Evidence
		c.Got = words(f.last.Verdict) + ": " + says(f.last, v.miss)
		v.heldAgainst(&c, empty)
	case f.last.Verdict == checks.CannotTell:
		c.Verdict, c.Got, c.Why, c.Try, c.Evidence = checks.CannotTell, "cannot tell", f.last.Why, f.last.Try, f.last.Evidence
	default:
		c.Got, c.Mismatches, c.Evidence = fmt.Sprintf("not yet: want %s, got %s", f.last.Want, f.last.Got), f.last.Mismatches, f.last.Evidence
		c.Why = fmt.Sprintf("it said nothing like that within %v", v.timeout)
		if f.said.Verdict != "" {
			c.Why = "it said so for a while only: let \"says\" name what stays wrong"
		}
		if f.last.Why != "" {
			c.Why += "; its last reason: " + f.last.Why
		}
	}
	return c
}

// heldAgainst holds a refusal against what the check said of the empty namespace: the same text is no reason there.
func (v *vigil) heldAgainst(c *CheckOutcome, empty checks.Result) {
	switch {
	case says(empty, v.miss) != "":
		c.Verdict, c.Why = checks.NotYet, "it says so in the empty namespace, too: let \"says\" name what is wrong with this manifest"
	case empty.Verdict == checks.CannotTell:
		c.Verdict, c.Try = checks.CannotTell, empty.Try
		c.Why = "nobody could tell what it says of the empty namespace: " + cmp.Or(empty.Why, empty.Got)
	}
}

// says returns the text of a result that holds what the near-miss must be refused with, or "". What the check wanted does
// not count: it wants the same whatever it finds.
func says(r checks.Result, miss lesson.NearMiss) string {
	texts := []string{r.Got, r.Why}
	for _, m := range r.Mismatches {
		texts = append(texts, m.Of+": "+m.Got)
	}
	for _, text := range texts {
		if string(r.Verdict) == miss.Verdict && strings.Contains(text, miss.Says) {
			return around(text, miss.Says)
		}
	}
	return ""
}

// around cuts a long text to what stands around the part.
func around(text, part string) string {
	const most = 60 // characters on each side
	before, after, _ := strings.Cut(strings.ReplaceAll(text, "\n", " "), strings.ReplaceAll(part, "\n", " "))
	if r := []rune(before); len(r) > most {
		before = "…" + string(r[len(r)-most:])
	}
	if r := []rune(after); len(r) > most {
		after = string(r[:most]) + "…"
	}
	return before + part + after
}

func wantOf(miss lesson.NearMiss) string {
	return fmt.Sprintf("%s, saying %q", words(checks.Verdict(miss.Verdict)), miss.Says)
}

func words(v checks.Verdict) string { return strings.ReplaceAll(string(v), "-", " ") }
