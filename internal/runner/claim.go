package runner

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// await waits until the checks of one block hold, or until the time is up: then the last result is the verdict, not the
// deadline.
func (w *walk) await(ctx context.Context, cs []checks.Check, specs []lesson.CheckSpec, before []checks.Result) []CheckOutcome {
	claims := make([]CheckOutcome, len(cs))
	if w.undone != "" {
		for i := range claims {
			claims[i] = claimOf(specs[i], checks.Result{Verdict: checks.CannotTell, Why: w.undone}, before[i])
			w.r.emit(ClaimDecided{Claim: claims[i]})
		}
		return claims
	}
	for i := range claims {
		claims[i] = claimOf(specs[i], checks.Result{Verdict: checks.CannotTell, Why: outOfTime}, before[i])
	}
	if len(cs) == 0 {
		return claims
	}
	said := make([]checks.Verdict, len(cs)) // what was told of each claim as decided
	limits := newLimits(specs, w.timeout)
	limited, cancel := context.WithTimeout(ctx, limits.longest())
	defer cancel()
	defer limits.wake(w.looker.lookAgain)()
	decide := func(i int) {
		claims[i].Seconds = min(seconds(limits.start), limits.each[i].Seconds())
		if said[i] != claims[i].Verdict {
			said[i] = claims[i].Verdict
			w.r.emit(ClaimDecided{Claim: claims[i]})
		}
	}
	w.looker.follow(limited, cs, func(i int, r checks.Result, _ time.Duration) {
		if limits.over(i) && claims[i].Verdict != checks.Pass {
			return // the last result within the limit stands
		}
		claims[i] = claimOf(specs[i], r, before[i])
		if r.Verdict == checks.Pass {
			decide(i)
		} else {
			w.r.emit(ClaimWaiting{ID: claims[i].ID, Result: r})
		}
	}, limits.enough)
	for i := range claims {
		if ctx.Err() == nil {
			decide(i)
		}
	}
	return claims
}

// limits are how long each check of a block may stay "not yet": as long as its author says, else as long as all.
type limits struct {
	start time.Time
	each  []time.Duration
}

func newLimits(specs []lesson.CheckSpec, otherwise time.Duration) limits {
	l := limits{start: time.Now()}
	for _, spec := range specs {
		l.each = append(l.each, cmp.Or(spec.Within, otherwise))
	}
	return l
}

func (l limits) longest() time.Duration { return slices.Max(l.each) }

// over says whether the check's time is up, while others may go on.
func (l limits) over(i int) bool {
	return l.each[i] < l.longest() && time.Since(l.start) >= l.each[i]
}

// enough says that each check holds or has run out of time.
func (l limits) enough(results []checks.Result) bool {
	for i, r := range results {
		if r.Verdict != checks.Pass && !l.over(i) {
			return false
		}
	}
	return true
}

// wake calls look when each limit is reached. The function that it returns ends that.
func (l limits) wake(look func()) (stop func()) {
	var timers []*time.Timer
	for _, limit := range l.each {
		timers = append(timers, time.AfterFunc(limit, look))
	}
	return func() {
		for _, t := range timers {
			t.Stop()
		}
	}
}

func allPass(results []checks.Result) bool {
	return !slices.ContainsFunc(results, func(r checks.Result) bool { return r.Verdict != checks.Pass })
}

// claimOf joins a check's result with what it said before the step. A check that held before proves nothing: its claim
// does not hold, whatever it says now.
func claimOf(spec lesson.CheckSpec, r, before checks.Result) CheckOutcome {
	claim := CheckOutcome{
		ID: spec.ID, Kind: spec.Kind, Verdict: r.Verdict, Before: before.Verdict,
		Want: r.Want, Got: r.Got, Mismatches: r.Mismatches, Why: r.Why, Try: r.Try, Evidence: r.Evidence,
	}
	switch {
	case r.Verdict != checks.Pass:
	case before.Verdict == checks.Pass:
		claim.Verdict, claim.Why = checks.NotYet, "the check held before the step was done, so it proves nothing"
	case before.Verdict != checks.NotYet:
		claim.Verdict, claim.Why = checks.CannotTell, "nobody could tell whether the check held before the step: "+before.Why
	}
	return claim
}

// apply applies, again and again while nobody answers: applying twice is applying once.
func (w *walk) apply(ctx context.Context, id, kind string, objects []*unstructured.Unstructured) CheckOutcome {
	return w.do(ctx, &deed{kind: kind, want: "accepted by the API server", do: func(ctx context.Context) checks.Result {
		applied, err := w.api.Apply(ctx, w.plan.namespace, objects)
		var rows, warnings []string
		for _, a := range applied {
			rows = append(rows, a.Object+" "+a.Action)
			warnings = append(warnings, a.Warnings...)
		}
		r := checks.Result{Verdict: checks.Pass, Got: strings.Join(rows, ", "), Evidence: checks.Evidence{Rows: rows, Notes: warnings}}
		switch {
		case Refused(err):
			r.Verdict, r.Got, r.Why = checks.NotYet, "refused", err.Error()
		case err != nil:
			r.Verdict, r.Got, r.Why, r.Try = checks.CannotTell, "an error", err.Error(), WayOut(err)
		default:
			awaitNodes(ctx, w.looker.watch, objects)
		}
		return r
	}}, id)
}

// run runs the commands. That they failed while the API did not answer says nothing about the lesson.
func (w *walk) run(ctx context.Context, step int, id string, b lesson.Run) CheckOutcome {
	return w.do(ctx, &deed{kind: "run", want: "exit code 0", do: func(ctx context.Context) checks.Result {
		var out bytes.Buffer
		exit, err := w.r.deps.Shell.Run(ctx, b.Script, w.r.shellEnv(w.plan, w.looker.watch, step), &out, &out)
		r := checks.Result{
			Verdict: checks.Pass, Got: fmt.Sprintf("exit code %d", exit),
			Evidence: checks.Evidence{Command: strings.TrimSpace(b.Script), Rows: lines(out.String())},
		}
		switch lost := w.looker.watch.Err(); {
		case err != nil:
			r.Verdict, r.Got, r.Why, r.Try = checks.CannotTell, "an error", err.Error(), WayOut(err)
		case exit != 0 && lost != nil:
			r.Verdict, r.Why, r.Try = checks.CannotTell, lost.Error(), WayOut(lost)
		case exit != 0:
			r.Verdict, r.Why = checks.NotYet, lastLine(out.String())
		}
		return r
	}}, id)
}

// deed is something that a lesson does. It is done once, and anew only as long as nobody can tell what became of it.
type deed struct {
	kind, want string
	do         func(ctx context.Context) checks.Result
}

// do does a deed until it is decided or the time is up, and tells what became of it.
func (w *walk) do(ctx context.Context, d *deed, id string) CheckOutcome {
	start := time.Now()
	result := checks.Result{Verdict: checks.CannotTell, Why: cmp.Or(w.undone, outOfTime)}
	if w.undone == "" {
		limited, cancel := context.WithTimeout(ctx, w.timeout+deedLimit)
		defer cancel()
		result = w.looker.insist(limited, d.do, result)
		if result.Verdict == checks.CannotTell {
			w.undone = id + " could not be done: " + result.Why
		}
	}
	result.Want = d.want
	return w.tellDone(id, d.kind, result, start)
}

func (w *walk) tellDone(id, kind string, r checks.Result, start time.Time) CheckOutcome {
	claim := CheckOutcome{
		ID: id, Kind: kind, Verdict: r.Verdict, Want: r.Want, Got: r.Got,
		Why: r.Why, Try: r.Try, Evidence: r.Evidence, Seconds: seconds(start),
	}
	w.r.emit(ClaimDecided{Claim: claim})
	return claim
}

// deedLimit is what one deed may take beside the time-out for trying it anew. A command has a limit of its own, a minute,
// and its last words must not be lost to this one.
const deedLimit = 75 * time.Second

// outOfTime is the reason when a deadline came before the first look.
const outOfTime = "no look at the cluster ended in time"

// ask shows that the question has an answer on the live cluster, and that a choice offers it.
func (w *walk) ask(ctx context.Context, id string, q *question) CheckOutcome {
	start := time.Now()
	result := checks.Result{Verdict: checks.CannotTell, Why: cmp.Or(w.undone, outOfTime)}
	if w.undone == "" {
		limited, cancel := context.WithTimeout(ctx, w.timeout)
		defer cancel()
		w.looker.follow(limited, []checks.Check{q}, func(_ int, r checks.Result, _ time.Duration) { result = r }, allPass)
	}
	return w.tellDone(id, "ask", result, start)
}

// Refused says whether somebody understood the object and said no: that is an answer, not an error.
func Refused(err error) bool {
	var no interface{ Refused() bool }
	if errors.As(err, &no) {
		return no.Refused()
	}
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || apierrors.IsForbidden(err) || apierrors.IsConflict(err)
}

// failed is the claim of something that could not be done.
func failed(id, kind, want string, err error) CheckOutcome {
	return CheckOutcome{ID: id, Kind: kind, Verdict: checks.CannotTell, Want: want, Got: "an error", Why: err.Error(), Try: WayOut(err)}
}

func lines(s string) []string {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func lastLine(s string) string {
	all := lines(s)
	if len(all) == 0 {
		return "it printed nothing"
	}
	return all[len(all)-1]
}
