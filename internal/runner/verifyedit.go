package runner

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// Bounds of the look at what a learner begins with. Its checks have as long as the solution's, unless its pods settle before.
const (
	startCalm  = 500 * time.Millisecond // how long they are still looked at once its pods have settled
	startTries = 30 * time.Second       // how much longer verify goes on trying where nobody answers
)

// edit walks an edit block: what the learner begins with must leave something to mend, and the solution takes its place.
func (w *walk) edit(ctx context.Context, index int, step lesson.Step, b lesson.Edit) []CheckOutcome {
	claims := []CheckOutcome{w.start(ctx, index, step, b)}
	if _, at, ok := step.Edit(); ok && ctx.Err() == nil {
		solution, _ := step.Blocks[at].(lesson.Solution)
		claims = append(claims, w.apply(ctx, "solution", "solution", solution.Objects))
	}
	return claims
}

// start shows that what the learner begins with does not satisfy all checks of its step. That nobody can tell spoils nothing
// of what comes later: the solution is applied all the same.
func (w *walk) start(ctx context.Context, index int, step lesson.Step, b lesson.Edit) CheckOutcome {
	began := time.Now()
	result := checks.Result{Verdict: checks.CannotTell, Why: cmp.Or(w.undone, outOfTime)}
	switch {
	case w.undone != "":
	case b.Objects == nil:
		result = refusedStart("podlab refuses it", b.Refused)
	default:
		t := trial{api: w.api, plan: w.plan, specs: step.Checks(), checks: w.plan.checks[index], objects: b.Objects}
		t.limit = newLimits(t.specs, w.timeout).longest()
		t.looker = newLooker(w.looker.world) // its memory is its own: nothing that is seen here counts for the solution
		t.looker.lost = w.looker.lost
		t.looker.awaitBegin(ctx, w.plan.noting(index))
		limited, cancel := context.WithTimeout(ctx, t.limit+startTries)
		defer cancel()
		result = t.looker.insist(limited, t.run, result)
	}
	result.Want = "what the learner begins with does not satisfy all checks of the step"
	return w.tellDone("start", "start", result, began)
}

func refusedStart(got string, why error) checks.Result {
	return checks.Result{Verdict: checks.Pass, Got: got, Evidence: checks.Evidence{Rows: lines(why.Error())}}
}

// trial applies what a learner begins with and looks at the checks of the step.
type trial struct {
	api     API
	plan    plan
	looker  *looker
	specs   []lesson.CheckSpec
	checks  []checks.Check
	objects []*unstructured.Unstructured
	limit   time.Duration // how long the checks may take to hold
}

func (t *trial) run(ctx context.Context) checks.Result {
	applied, err := t.api.Apply(ctx, t.plan.namespace, t.objects)
	switch {
	case err == nil:
	case !Refused(err), apierrors.IsForbidden(err), apierrors.IsConflict(err):
		// A quota, a namespace that is ending, another writer: the environment's word, not one about the manifest.
		return checks.Result{Verdict: checks.CannotTell, Got: "an error", Why: err.Error(), Try: WayOut(err)}
	case len(applied) == 0:
		return refusedStart("the API server refuses it", err)
	}
	r := t.judge(t.look(ctx))
	for _, a := range applied {
		r.Evidence.Notes = append(r.Evidence.Notes, a.Object+" "+a.Action)
	}
	if err != nil {
		r.Evidence.Notes = append(r.Evidence.Notes, "refused: "+err.Error())
	}
	return r
}

// look looks at the checks until all hold, or until its pods have settled and a check still does not hold.
func (t *trial) look(ctx context.Context) []checks.Result {
	limited, cancel := context.WithTimeout(ctx, t.limit)
	defer cancel()
	results := slices.Repeat([]checks.Result{{Verdict: checks.CannotTell, Why: outOfTime}}, len(t.checks))
	var calm time.Time
	t.looker.follow(limited, t.checks, func(i int, r checks.Result, _ time.Duration) { results[i] = r }, func([]checks.Result) bool {
		switch {
		case allPass(results):
			return true
		case !settled(limited, t.looker.watch, t.objects):
			calm = time.Time{}
		case calm.IsZero():
			calm = time.Now()
			time.AfterFunc(startCalm, t.looker.lookAgain)
		default:
			return time.Since(calm) >= startCalm && slices.ContainsFunc(results, func(r checks.Result) bool {
				return r.Verdict == checks.NotYet && r.Again == 0 // it waits for nothing that time alone brings
			})
		}
		return false
	})
	return results
}

// judge says what the results mean for the start: one check that does not hold is enough, all that hold are too many.
func (t *trial) judge(results []checks.Result) checks.Result {
	r := checks.Result{Verdict: checks.CannotTell}
	holding := 0
	for i, one := range results {
		row := fmt.Sprintf("%s: %s", t.specs[i].ID, strings.ReplaceAll(string(one.Verdict), "-", " "))
		if one.Got != "" {
			row += ": " + one.Got
		}
		r.Evidence.Rows = append(r.Evidence.Rows, row)
		switch one.Verdict {
		case checks.Pass:
			holding++
		case checks.NotYet:
			r.Verdict = checks.Pass
		case checks.CannotTell:
			r.Why = fmt.Sprintf("nobody could tell whether %s holds: %s", t.specs[i].ID, one.Why)
		}
	}
	r.Got = fmt.Sprintf("%d of %d checks hold", holding, len(results))
	switch {
	case r.Verdict == checks.Pass:
		r.Why = ""
	case holding == len(results):
		r.Verdict, r.Why = checks.NotYet, "nothing is left for the learner to mend"
		r.Try = "break what she begins with, or check what it lacks"
	}
	return r
}

// settled says whether nothing more is to be expected of the objects: each container runs and is ready, has ended for good, or
// cannot be started.
func settled(ctx context.Context, watch Watch, objects []*unstructured.Unstructured) bool {
	return !slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool {
		switch o.GetKind() {
		case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController":
			return !workloadSettled(ctx, watch, o.GetKind(), o.GetName())
		case "Pod":
			return !podSettled(watch, o.GetName())
		}
		return false
	})
}

// workloadSettled says whether the controller has done what it was asked for, and all pods have settled: those of one
// controller have names that nobody knows.
func workloadSettled(ctx context.Context, watch Watch, kind, name string) bool {
	object, err := watch.Object(ctx, kind, name)
	if err != nil {
		return false
	}
	observed, _, err := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	pods, listErr := watch.List(ctx, "Pod")
	return err == nil && listErr == nil && observed >= object.GetGeneration() && len(pods) > 0 &&
		!slices.ContainsFunc(pods, func(p *unstructured.Unstructured) bool { return !podSettled(watch, p.GetName()) })
}

func podSettled(watch Watch, name string) bool {
	pod, err := watch.Pod(name)
	if err != nil {
		return false
	}
	if slices.ContainsFunc(pod.Status.InitContainerStatuses, stuck) {
		return true
	}
	if len(pod.Status.ContainerStatuses) < len(pod.Spec.Containers) {
		return false
	}
	for _, c := range pod.Status.ContainerStatuses {
		if !stuck(c) && !(c.State.Running != nil && c.Ready) && !endedForGood(pod.Spec.RestartPolicy, c) {
			return false
		}
	}
	return true
}

// stuck says whether the container cannot be started, or is not started again for some time.
func stuck(c corev1.ContainerStatus) bool {
	waiting := c.State.Waiting
	return waiting != nil && waiting.Reason != "" && waiting.Reason != "ContainerCreating" && waiting.Reason != "PodInitializing"
}

// endedForGood says whether the container has ended and the kubelet does not start it again.
func endedForGood(policy corev1.RestartPolicy, c corev1.ContainerStatus) bool {
	ended := c.State.Terminated
	return ended != nil && (policy == corev1.RestartPolicyNever || policy == corev1.RestartPolicyOnFailure && ended.ExitCode == 0)
}
