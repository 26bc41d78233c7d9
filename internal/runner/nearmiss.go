package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// fairWatch is how long verify goes on looking at a near-miss that was refused: no check may pass a moment later.
const fairWatch = 2 * time.Second

// labsAtOnce is how many labs' near-misses are tried at the same time: most of their time is waiting.
const labsAtOnce = 3

// nearMisses tries the near-misses of the labs, those of several labs beside each other, and adds what it found. What happens
// is told in the order of the labs.
func (r *Runner) nearMisses(ctx context.Context, api API, labs []lesson.Lab, opts VerifyOptions, found []LabOutcome) {
	beside := make([]*Runner, len(found))
	for i := range found {
		if len(of(labs[i], opts.NearMisses)) > 0 {
			beside[i] = &Runner{deps: r.deps, events: make(chan Event, 1024)} // so many until its turn to be told comes
		}
	}
	go func() {
		slots := make(chan struct{}, labsAtOnce)
		for i, b := range beside {
			if b == nil {
				continue
			}
			slots <- struct{}{} // in order: whose turn it is has begun
			go func() {
				defer func() { <-slots }()
				defer close(b.events)
				b.labsNearMisses(ctx, api, labs[i], opts, &found[i])
			}()
		}
	}()
	for _, b := range beside {
		if b == nil {
			continue
		}
		for e := range b.events {
			r.emit(e)
		}
	}
}

// of returns the near-misses of the lab.
func of(lab lesson.Lab, all []lesson.NearMiss) []lesson.NearMiss {
	var some []lesson.NearMiss
	for _, miss := range all {
		if miss.Lab == lab.ID {
			some = append(some, miss)
		}
	}
	return some
}

// labsNearMisses tries the near-misses of one lab, each alone in an empty namespace, and leaves it empty.
func (r *Runner) labsNearMisses(ctx context.Context, api API, lab lesson.Lab, opts VerifyOptions, out *LabOutcome) {
	start := time.Now()
	r.emit(LabStarted{Lab: lab.ID, Title: lab.Title})
	for _, miss := range of(lab, opts.NearMisses) {
		if ctx.Err() != nil {
			break
		}
		r.emit(StepStarted{Lab: lab.ID, Step: miss.ID, Title: "near-miss " + miss.ID})
		w := &walk{r: r, api: api, timeout: opts.Timeout}
		out.NearMisses = append(out.NearMisses, StepOutcome{ID: miss.ID, Checks: w.nearMiss(ctx, lab, miss)})
	}
	limited, cancel := context.WithTimeout(ctx, resetLimit)
	defer cancel()
	_ = api.Reset(limited, verifyNamespace(lab.ID)) // the next to come resets again, and tells what it cannot
	out.Verdict, out.Seconds = out.worst(), out.Seconds+seconds(start)
	r.emit(LabEnded{Lab: *out})
}

// nearMiss applies the manifest and shows that the checks that it names refuse it, for the reason that it names.
func (w *walk) nearMiss(ctx context.Context, lab lesson.Lab, miss lesson.NearMiss) []CheckOutcome {
	watchCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := w.enter(watchCtx, lab); err != nil {
		return []CheckOutcome{w.couldNotOpen(err)}
	}
	empty := w.lookOnce(ctx, w.checksOf(miss))
	applied := w.apply(ctx, "apply", "apply", miss.Objects)
	claims := []CheckOutcome{applied}
	if applied.Verdict == checks.Pass {
		return append(claims, w.refusals(ctx, miss, empty)...)
	}
	for _, id := range miss.Checks {
		claim := CheckOutcome{
			ID: id, Kind: "near-miss", Verdict: checks.CannotTell, Want: wantOf(miss),
			Got: "nothing", Why: "the manifest was not applied: " + applied.Why,
		}
		w.r.emit(ClaimDecided{Claim: claim})
		claims = append(claims, claim)
	}
	return claims
}

// refusal is what one check has said of a near-miss.
type refusal struct {
	last, said, passed checks.Result // said and passed are empty until the check did
}

func (f refusal) decided() bool { return f.said.Verdict != "" || f.passed.Verdict != "" }

// refusals follows the checks until each has said what it must, and a little longer. Empty is what they said of nothing.
func (w *walk) refusals(ctx context.Context, miss lesson.NearMiss, empty []checks.Result) []CheckOutcome {
	start, step, cs := time.Now(), w.stepOf(miss), w.checksOf(miss)
	found := make([]refusal, len(cs))
	limited, cancel := context.WithTimeout(ctx, w.timeout+fairWatch)
	defer cancel()
	began := false
	w.looker.also = func(ctx context.Context, _ *moment) { // what a check compares with is the pod as the manifest makes it
		began = began || w.looker.begin(ctx, w.plan.checks[step])
	}
	var settled time.Time
	w.looker.follow(limited, cs, func(i int, r checks.Result, _ time.Duration) {
		found[i].see(r, miss)
		w.r.emit(ClaimWaiting{ID: miss.Checks[i], Result: r})
		if settled.IsZero() && !slices.ContainsFunc(found, func(f refusal) bool { return !f.decided() }) {
			settled = time.Now()
			time.AfterFunc(fairWatch, w.looker.lookAgain)
		}
	}, func([]checks.Result) bool { return !settled.IsZero() && time.Since(settled) >= fairWatch })
	var claims []CheckOutcome
	for i, f := range found {
		claim := f.claim(miss, w.timeout)
		if claim.Verdict == checks.Pass && says(empty[i], miss) != "" {
			claim.Verdict, claim.Why = checks.NotYet, "it says so in the empty namespace, too: let \"says\" name what is wrong with this manifest"
		}
		claim.ID, claim.Seconds = miss.Checks[i], seconds(start)
		claims = append(claims, claim)
		if ctx.Err() == nil {
			w.r.emit(ClaimDecided{Claim: claim})
		}
	}
	return claims
}

func (w *walk) stepOf(miss lesson.NearMiss) int {
	return slices.IndexFunc(w.plan.lab.Steps, func(s lesson.Step) bool { return s.ID == miss.Step })
}

// checksOf returns the checks that the near-miss names, in its order. It was read together with the lab, so they are there.
func (w *walk) checksOf(miss lesson.NearMiss) []checks.Check {
	step := w.stepOf(miss)
	var cs []checks.Check
	for _, id := range miss.Checks {
		i := slices.IndexFunc(w.plan.specs[step], func(spec lesson.CheckSpec) bool { return spec.ID == id })
		cs = append(cs, w.plan.checks[step][i])
	}
	return cs
}

func (f *refusal) see(r checks.Result, miss lesson.NearMiss) {
	f.last = r
	switch {
	case r.Verdict == checks.Pass:
		f.passed = r
	case f.said.Verdict == "" && says(r, miss) != "":
		f.said = r
	}
}

// says returns the text of a result that holds what the near-miss must be refused with, or "". What the check wanted does
// not count: it wants the same whatever it finds.
func says(r checks.Result, miss lesson.NearMiss) string {
	texts := []string{r.Got, r.Why}
	for _, m := range r.Mismatches {
		texts = append(texts, m.Of+": want "+m.Want+", got "+m.Got)
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

// claim says what became of the near-miss in the eyes of one check.
func (f refusal) claim(miss lesson.NearMiss, timeout time.Duration) CheckOutcome {
	c := CheckOutcome{Kind: "near-miss", Want: wantOf(miss), Verdict: checks.NotYet}
	switch r := f.last; {
	case f.passed.Verdict != "":
		c.Got, c.Evidence = "pass: "+f.passed.Got, f.passed.Evidence
		c.Why = "the check took the near-miss for the real thing"
	case f.said.Verdict != "":
		c.Verdict, c.Evidence = checks.Pass, f.said.Evidence
		c.Got = words(f.said.Verdict) + ": " + says(f.said, miss)
	case r.Verdict == checks.NotYet:
		c.Got, c.Mismatches, c.Evidence = fmt.Sprintf("not yet: want %s, got %s", r.Want, r.Got), r.Mismatches, r.Evidence
		c.Why = fmt.Sprintf("it said nothing like that within %v", timeout)
		if r.Why != "" {
			c.Why += "; its last reason: " + r.Why
		}
	case r.Verdict == checks.CannotTell:
		c.Verdict, c.Got, c.Why, c.Try, c.Evidence = checks.CannotTell, "cannot tell", r.Why, r.Try, r.Evidence
	default:
		c.Verdict, c.Got, c.Why = checks.CannotTell, "nothing", outOfTime
	}
	return c
}
