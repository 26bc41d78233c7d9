package runner

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// await waits until the checks of one block hold, or until the time is up: then the last result is the verdict, not the
// deadline.
func (w *walk) await(ctx context.Context, cs []checks.Check, specs []lesson.CheckSpec, before []checks.Result) []CheckOutcome {
	claims := make([]CheckOutcome, len(cs))
	for i := range claims {
		claims[i] = claimOf(specs[i], checks.Result{Verdict: checks.CannotTell, Why: "no look at the cluster ended in time"}, before[i])
	}
	decided := make([]bool, len(cs))
	limited, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	start := time.Now()
	w.looker.follow(limited, cs, func(i int, r checks.Result, _ time.Duration) {
		claims[i] = claimOf(specs[i], r, before[i])
		claims[i].Seconds = seconds(start)
		decided[i] = r.Verdict == checks.Pass
		if decided[i] {
			w.r.emit(ClaimDecided{Claim: claims[i]})
		} else {
			w.r.emit(ClaimWaiting{ID: claims[i].ID, Result: r})
		}
	}, allPass)
	for i := range claims {
		if !decided[i] && ctx.Err() == nil {
			claims[i].Seconds = seconds(start)
			w.r.emit(ClaimDecided{Claim: claims[i]})
		}
	}
	return claims
}

func allPass(results []checks.Result) bool {
	return !slices.ContainsFunc(results, func(r checks.Result) bool { return r.Verdict != checks.Pass })
}

// claimOf joins a check's result with what it said before the step. A check that held before proves nothing: its claim
// does not hold, whatever it says now.
func claimOf(spec lesson.CheckSpec, r, before checks.Result) CheckOutcome {
	claim := CheckOutcome{
		ID: spec.ID, Kind: spec.Kind, Verdict: r.Verdict, Before: before.Verdict,
		Want: r.Want, Got: r.Got, Why: r.Why, Try: r.Try, Evidence: r.Evidence,
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

func (w *walk) apply(ctx context.Context, id string, b lesson.Apply) CheckOutcome {
	start := time.Now()
	applied, err := w.api.Apply(ctx, w.plan.namespace, b.Objects)
	claim := CheckOutcome{ID: id, Kind: "apply", Verdict: checks.Pass, Want: "accepted by the API server"}
	if err != nil {
		claim = failed(id, "apply", claim.Want, err)
	}
	if refused(err) {
		claim.Verdict, claim.Got = checks.NotYet, "refused"
	}
	for _, a := range applied {
		claim.Evidence.Rows = append(claim.Evidence.Rows, a.Object+" "+a.Action)
	}
	if err == nil {
		claim.Got = strings.Join(claim.Evidence.Rows, ", ")
	}
	claim.Seconds = seconds(start)
	w.r.emit(ClaimDecided{Claim: claim})
	return claim
}

func (w *walk) run(ctx context.Context, step int, id string, b lesson.Run) CheckOutcome {
	start := time.Now()
	var out bytes.Buffer
	exit, err := w.r.deps.Shell.Run(ctx, b.Script, w.r.shellEnv(w.plan, w.looker.watch, step), &out, &out)
	claim := CheckOutcome{ID: id, Kind: "run", Verdict: checks.Pass, Want: "exit code 0", Got: fmt.Sprintf("exit code %d", exit)}
	switch {
	case err != nil:
		claim = failed(id, "run", claim.Want, err)
	case exit != 0:
		claim.Verdict, claim.Why = checks.NotYet, lastLine(out.String())
	}
	claim.Evidence = checks.Evidence{Command: strings.TrimSpace(b.Script), Rows: lines(out.String())}
	claim.Seconds = seconds(start)
	w.r.emit(ClaimDecided{Claim: claim})
	return claim
}

// ask shows that the question has an answer on the live cluster, and that a choice offers it.
func (w *walk) ask(ctx context.Context, id string, b lesson.Ask) CheckOutcome {
	start := time.Now()
	limited, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	check := &askCheck{ask: b}
	var result checks.Result
	w.looker.follow(limited, []checks.Check{check}, func(_ int, r checks.Result, _ time.Duration) { result = r }, allPass)
	claim := CheckOutcome{
		ID: id, Kind: "ask", Verdict: result.Verdict, Want: result.Want, Got: result.Got,
		Why: result.Why, Try: result.Try, Evidence: result.Evidence, Seconds: seconds(start),
	}
	if claim.Verdict == "" {
		claim.Verdict, claim.Why = checks.CannotTell, "no look at the cluster ended in time"
	}
	w.r.emit(ClaimDecided{Claim: claim})
	return claim
}

// askCheck holds when the question's right answer is known, and is among the choices if there are any.
type askCheck struct{ ask lesson.Ask }

func (a *askCheck) Kind() string  { return "ask" }
func (a *askCheck) Title() string { return a.ask.Prompt }

func (a *askCheck) Eval(ctx context.Context, c checks.Cluster) checks.Result {
	truth, r := truthOf(ctx, a.ask, c)
	r.Want = "an answer that the cluster knows"
	if r.Verdict != checks.Pass {
		return r
	}
	r.Got = truth
	offered := func(choice string) bool { return checks.Grade(choice, truth) }
	if len(a.ask.Choices) > 0 && !slices.ContainsFunc(a.ask.Choices, offered) {
		r.Verdict, r.Want = checks.NotYet, "one of "+strings.Join(a.ask.Choices, ", ")
	}
	return r
}

// refused says whether the API server understood the object and said no: that is an answer, not an error.
func refused(err error) bool {
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
