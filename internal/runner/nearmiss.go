package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// labsAtOnce is how many labs' near-misses are tried at the same time: most of their time is waiting.
const labsAtOnce = 3

// interrupted is the reason where nobody waited for the answer.
const interrupted = "interrupted"

// nearMisses tries the near-misses of the labs, those of several labs beside each other, and adds what it found. What happens
// is told in the order of the labs. After ctx ends no lab begins.
func (r *Runner) nearMisses(ctx context.Context, api API, labs []lesson.Lab, opts VerifyOptions, found []LabOutcome) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	bugs := make(chan string, len(found))
	beside := make([]*Runner, len(found))
	for i := range found {
		if len(missesOf(labs[i], opts.NearMisses)) > 0 {
			beside[i] = &Runner{deps: r.deps, events: make(chan Event)}
		}
	}
	told := make([]<-chan Event, len(found))
	for i, b := range beside {
		if b != nil {
			told[i] = queued(b.events)
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
				defer func() {
					if bug := recover(); bug != nil {
						bugs <- fmt.Sprintf("%v\n%s", bug, debug.Stack())
						cancel()
					}
				}()
				b.labsNearMisses(ctx, api, labs[i], opts, &found[i])
			}()
		}
	}()
	for _, events := range told {
		if events == nil {
			continue
		}
		for e := range events {
			r.emit(e)
		}
	}
	select {
	case bug := <-bugs:
		panic(bug) // here, where podlab's own report of a bug sees it
	default:
	}
}

// queued passes the events on in their order. It keeps those that nobody takes yet: who emits one never waits for that.
func queued(events <-chan Event) <-chan Event {
	out := make(chan Event)
	go func() {
		defer close(out)
		var kept []Event
		for events != nil || len(kept) > 0 {
			var ready chan<- Event
			var next Event
			if len(kept) > 0 {
				ready, next = out, kept[0]
			}
			select {
			case e, ok := <-events:
				if ok {
					kept = append(kept, e)
				} else {
					events = nil
				}
			case ready <- next:
				kept = kept[1:]
			}
		}
	}()
	return out
}

// missesOf returns the near-misses of the lab.
func missesOf(lab lesson.Lab, all []lesson.NearMiss) []lesson.NearMiss {
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
	if ctx.Err() != nil {
		out.Verdict = worst([]checks.Verdict{checks.CannotTell, out.Verdict}) // what was not tried was not seen
		return
	}
	start := time.Now()
	r.emit(LabStarted{Lab: lab.ID, Title: lab.Title})
	for _, miss := range missesOf(lab, opts.NearMisses) {
		if ctx.Err() != nil {
			break
		}
		r.emit(StepStarted{Lab: lab.ID, Step: miss.ID, Title: "near-miss " + miss.ID})
		w := &walk{r: r, api: api, timeout: opts.Timeout}
		out.NearMisses = append(out.NearMisses, StepOutcome{ID: miss.ID, Checks: w.nearMiss(ctx, lab, miss)})
	}
	if err := r.leaveEmpty(ctx, api, lab); err != nil {
		claim := failed("reset", "reset", "an empty namespace after the last near-miss", err)
		r.emit(ClaimDecided{Claim: claim})
		last := &out.NearMisses[len(out.NearMisses)-1]
		last.Checks = append(last.Checks, claim)
	}
	out.Verdict, out.Seconds = out.worst(), out.Seconds+seconds(start)
	if ctx.Err() != nil {
		out.Verdict = worst([]checks.Verdict{checks.CannotTell, out.Verdict})
	}
	r.emit(LabEnded{Lab: *out})
}

// leaveEmpty removes what the last near-miss made, also when the walk was interrupted.
func (r *Runner) leaveEmpty(ctx context.Context, api API, lab lesson.Lab) error {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), resetLimit)
	defer cancel()
	return api.Reset(limited, verifyNamespace(lab.ID))
}

// nearMiss applies the manifest and shows that the checks that it names refuse it, for the reason that it names.
func (w *walk) nearMiss(ctx context.Context, lab lesson.Lab, miss lesson.NearMiss) []CheckOutcome {
	watchCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := w.enter(watchCtx, lab); err != nil {
		if ctx.Err() != nil {
			err = errors.New(interrupted)
		}
		return []CheckOutcome{w.couldNotOpen(err)}
	}
	empty := w.lookOnce(ctx, w.checksOf(miss))
	applied := w.apply(ctx, "apply", "apply", miss.Objects)
	if applied.Verdict == checks.Pass {
		return append([]CheckOutcome{applied}, w.refusals(ctx, miss, empty)...)
	}
	why := "the manifest was not applied: " + applied.Why
	if ctx.Err() != nil && applied.Verdict == checks.CannotTell {
		applied.Why, why = interrupted, interrupted
	}
	claims := []CheckOutcome{applied}
	for _, id := range miss.Checks {
		claim := CheckOutcome{ID: id, Kind: "near-miss", Verdict: checks.CannotTell, Want: wantOf(miss), Got: "nothing", Why: why}
		w.r.emit(ClaimDecided{Claim: claim})
		claims = append(claims, claim)
	}
	return claims
}

// refusals follows the checks until each has said what it must and goes on saying it. Empty is what they said of nothing.
func (w *walk) refusals(ctx context.Context, miss lesson.NearMiss, empty []checks.Result) []CheckOutcome {
	step, cs := w.stepOf(miss), w.checksOf(miss)
	v := newVigil(miss, w.timeout, w.longestFor(miss))
	v.settled = func() bool { return settled(ctx, w.looker.watch, miss.Objects) }
	v.lookAgain = w.looker.lookAgain
	limited, cancel := context.WithTimeout(ctx, v.longest()+lookLimit) // the last look may take its time
	defer cancel()
	began := false
	w.looker.also = func(ctx context.Context, _ *moment) { // what a check compares with is the pod as the manifest makes it
		began = began || w.looker.begin(ctx, w.plan.checks[step])
	}
	v.begin()
	w.looker.follow(limited, cs, func(i int, r checks.Result, _ time.Duration) {
		v.found[i].see(r, miss)
		w.r.emit(ClaimWaiting{ID: miss.Checks[i], Result: r})
	}, v.enough)
	var claims []CheckOutcome
	for i := range v.found {
		claim := v.claim(i, empty[i])
		if ctx.Err() != nil && !v.over && v.found[i].passed.Verdict == "" {
			claim = CheckOutcome{Kind: "near-miss", Verdict: checks.CannotTell, Want: wantOf(miss), Got: "nothing", Why: interrupted}
		}
		claim.ID, claim.Seconds = miss.Checks[i], seconds(v.start)
		claims = append(claims, claim)
		w.r.emit(ClaimDecided{Claim: claim})
	}
	return claims
}

// longestFor returns the longest time for which one of the checks that the near-miss names must hold before it passes.
func (w *walk) longestFor(miss lesson.NearMiss) time.Duration {
	var longest time.Duration
	for _, spec := range w.plan.specs[w.stepOf(miss)] {
		if slices.Contains(miss.Checks, spec.ID) {
			longest = max(longest, spec.For)
		}
	}
	return longest
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
