package runner

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// VerifyOptions says how verify goes about it.
type VerifyOptions struct {
	Timeout        time.Duration     // how long a check may stay "not yet", and how long to go on trying where nobody answers
	NearMisses     []lesson.NearMiss // tried after the walk of their lab
	NearMissesOnly bool              // the labs are not walked
}

// Verify walks the labs without a learner: for each step it shows that its checks do not hold before, does what the step
// says, and shows that they hold then. It emits events on the way; Events is closed when it returns.
// The error says that ctx ended; the outcome is then what was found until then.
func (r *Runner) Verify(ctx context.Context, labs []lesson.Lab, opts VerifyOptions) (Outcome, error) {
	defer close(r.events)
	start := time.Now()
	outcome := Outcome{Labs: []LabOutcome{}, Verdict: checks.CannotTell}
	api, err := r.bringUp(ctx, ImagesOf(labs))
	if err != nil {
		r.emit(ClusterLost{Err: err, Try: WayOut(err)})
		outcome.Error, outcome.Try, outcome.Seconds = err.Error(), WayOut(err), seconds(start)
		return outcome, ctx.Err()
	}
	defer api.Close()
	for _, lab := range labs {
		if ctx.Err() != nil {
			break
		}
		outcome.Labs = append(outcome.Labs, r.walkLab(ctx, api, lab, opts))
	}
	r.nearMisses(ctx, api, labs, opts, outcome.Labs)
	outcome.Verdict, outcome.Seconds = outcome.worst(), seconds(start)
	if ctx.Err() != nil && outcome.Verdict == checks.Pass {
		outcome.Verdict = checks.CannotTell // what was not walked was not seen
	}
	return outcome, ctx.Err()
}

// walkLab walks one lab, unless its near-misses are all that is asked for.
func (r *Runner) walkLab(ctx context.Context, api API, lab lesson.Lab, opts VerifyOptions) LabOutcome {
	out := LabOutcome{ID: lab.ID, Steps: []StepOutcome{}}
	if opts.NearMissesOnly {
		return out
	}
	start := time.Now()
	w := &walk{r: r, api: api, timeout: opts.Timeout}
	r.emit(LabStarted{Lab: lab.ID, Title: lab.Title})
	out.Steps, out.Reset = w.walked(ctx, lab)
	out.Verdict, out.Seconds = out.worst(), seconds(start)
	r.emit(LabEnded{Lab: out})
	return out
}

// ImagesOf returns the images that the labs need, each once.
func ImagesOf(labs []lesson.Lab) []string {
	var images []string
	for _, lab := range labs {
		images = append(images, lab.Images...)
	}
	slices.Sort(images)
	return slices.Compact(images)
}

// walk is one lab while verify walks it.
type walk struct {
	r       *Runner
	api     API
	timeout time.Duration
	plan    plan
	looker  *looker
	undone  string // why what comes later cannot be told; "" while everything could be done
}

// walked walks the steps of the lab and puts it back. The reset is nil if the lab was not walked to its end.
func (w *walk) walked(ctx context.Context, lab lesson.Lab) ([]StepOutcome, *CheckOutcome) {
	watchCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := w.enter(watchCtx, lab); err != nil {
		return []StepOutcome{{ID: "open", Checks: []CheckOutcome{w.couldNotOpen(err)}}}, nil
	}
	before := w.inEmpty(watchCtx)
	outcomes := []StepOutcome{}
	for i, step := range lab.Steps {
		if ctx.Err() != nil {
			return outcomes, nil
		}
		w.r.emit(StepStarted{Lab: lab.ID, Step: step.ID, Title: step.Title})
		outcomes = append(outcomes, StepOutcome{ID: step.ID, Checks: w.step(ctx, i, step, before[i])})
	}
	if ctx.Err() != nil {
		return outcomes, nil
	}
	reset := w.putBack(ctx)
	return outcomes, &reset
}

// couldNotOpen tells that there is no empty namespace to begin in.
func (w *walk) couldNotOpen(err error) CheckOutcome {
	claim := failed("open", "open", "an empty namespace", err)
	w.r.emit(ClaimDecided{Claim: claim})
	return claim
}

// enter makes an empty namespace and watches it.
func (w *walk) enter(ctx context.Context, lab lesson.Lab) error {
	p, err := newPlan(lab, verifyNamespace(lab.ID))
	if err != nil {
		return err
	}
	w.plan = p
	if err := w.empty(ctx); err != nil {
		return err
	}
	watch, err := w.api.Watch(ctx, p.namespace)
	if err != nil {
		return err
	}
	w.looker = newLooker(world{p.namespace, watch, w.api, w.r.deps.Cluster})
	w.looker.lost = func(ctx context.Context, _ error) { _ = w.r.deps.Cluster.Revive(ctx, w.r.reportRevival) } // the checks tell
	return nil
}

// inEmpty asks every check once, by step: what holds in the empty namespace holds without the lab.
func (w *walk) inEmpty(ctx context.Context) [][]checks.Result {
	results := make([][]checks.Result, len(w.plan.checks))
	for i, cs := range w.plan.checks {
		results[i] = w.lookOnce(ctx, cs)
	}
	return results
}

// empty makes an empty namespace. What somebody holds on to is named after a while, not waited for.
func (w *walk) empty(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, resetLimit)
	defer cancel()
	if err := w.api.EnsureNamespace(limited, w.plan.namespace); err != nil {
		return err
	}
	return w.api.Reset(limited, w.plan.namespace)
}

// beforeLimit is how long verify tries to find out what a check says before its step.
const beforeLimit = 15 * time.Second

// lookOnce asks each check until it says something. A claim about time that goes on being looked at has not answered.
func (w *walk) lookOnce(ctx context.Context, cs []checks.Check) []checks.Result {
	return w.lookUntil(ctx, cs, func(r checks.Result) bool {
		return r.Verdict == checks.Pass || r.Verdict == checks.NotYet && r.Again == 0
	})
}

// lookUntil looks at the checks until the last results of all are enough, or until beforeLimit.
func (w *walk) lookUntil(ctx context.Context, cs []checks.Check, enough func(checks.Result) bool) []checks.Result {
	results := slices.Repeat([]checks.Result{{Verdict: checks.CannotTell, Why: outOfTime}}, len(cs))
	if len(cs) == 0 {
		return results
	}
	limited, cancel := context.WithTimeout(ctx, min(beforeLimit, w.timeout))
	defer cancel()
	w.looker.follow(limited, cs, func(i int, r checks.Result, _ time.Duration) { results[i] = r }, func(rs []checks.Result) bool {
		return !slices.ContainsFunc(rs, func(r checks.Result) bool { return !enough(r) })
	})
	return results
}

// earlier joins what a check said in the empty namespace with what it said just before its step: it must hold in neither, and
// where nobody could tell that, a "not yet" of the other does not say it.
func earlier(empty, now []checks.Result) []checks.Result {
	joined := slices.Clone(now)
	for i, r := range empty {
		if r.Verdict == checks.Pass || r.Verdict == checks.CannotTell && joined[i].Verdict != checks.Pass {
			joined[i] = r
		}
	}
	return joined
}

// step does the step's blocks in order and returns a claim for each.
func (w *walk) step(ctx context.Context, index int, step lesson.Step, before []checks.Result) []CheckOutcome {
	if applies(step) && w.undone == "" {
		before = earlier(before, w.lookOnce(ctx, w.plan.checks[index]))
	}
	begin := sync.OnceFunc(func() {
		if w.undone == "" {
			w.looker.awaitBegin(ctx, w.plan.noting(index))
		}
	})
	claims := []CheckOutcome{}
	counts := map[string]int{}
	next := 0
	var ran CheckOutcome // the last command
	for i, b := range step.Blocks {
		if ctx.Err() != nil {
			break
		}
		var decided []CheckOutcome
		switch b := b.(type) {
		case lesson.Check:
			n := len(b.Specs)
			decided = w.await(ctx, w.plan.checks[index][next:next+n], b.Specs, before[next:next+n])
			next += n
		case lesson.Apply:
			begin()
			decided = []CheckOutcome{w.apply(ctx, numbered(counts, "apply"), "apply", b.Objects)}
		case lesson.Edit:
			begin()
			decided = w.edit(ctx, index, step, b)
		case lesson.Run:
			begin()
			ran = w.run(ctx, index, numbered(counts, "run"), b)
			decided = []CheckOutcome{ran}
		case lesson.Output:
			decided = []CheckOutcome{w.output(numbered(counts, "output"), index, b, ran)}
		case lesson.Ask:
			decided = []CheckOutcome{w.ask(ctx, numbered(counts, "ask"), w.plan.questions[blockAt{index, i}])}
		}
		claims = append(claims, decided...)
	}
	return claims
}

func applies(step lesson.Step) bool {
	for _, b := range step.Blocks {
		switch b.(type) {
		case lesson.Apply, lesson.Edit:
			return true
		}
	}
	return false
}

func numbered(counts map[string]int, kind string) string {
	counts[kind]++
	if counts[kind] == 1 {
		return kind
	}
	return fmt.Sprintf("%s-%d", kind, counts[kind])
}

func seconds(since time.Time) float64 {
	return time.Since(since).Round(time.Millisecond).Seconds()
}
