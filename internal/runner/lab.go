package runner

import (
	"context"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// follow looks at the open lab's checks until the lab is closed.
func (r *Runner) follow(ctx context.Context, lab *openLab) {
	defer close(lab.done)
	all, places := lab.plan.flat()
	lab.looker.lost = r.lost
	lab.looker.also = func(ctx context.Context, m *moment) {
		r.regrade(ctx, lab, m)
		lab.beginDue(ctx)
	}
	lab.looker.waiting = func() bool { return len(lab.early.all()) > 0 }
	lab.looker.back = func() { r.emit(ClusterUp{At: time.Now()}) }
	lab.looker.follow(ctx, lab.plan.withHints(all), func(i int, result checks.Result, took time.Duration) {
		if i >= len(all) {
			r.tellHint(lab.plan.hints[i-len(all)], result)
			return
		}
		lab.begins.note(places[i], result.Verdict)
		r.emit(CheckUpdated{Step: places[i].step, Check: places[i].check, Result: result, Elapsed: took, At: time.Now()})
	}, nil)
}

// tellHint tells that the condition of a hint holds, or that it does not.
func (r *Runner) tellHint(hint conditional, result checks.Result) {
	switch result.Verdict {
	case checks.Pass:
		r.emit(HintSeen{Step: hint.step, Block: hint.block})
	case checks.NotYet:
		r.emit(HintGone{Step: hint.step, Block: hint.block})
	}
}

// lost tells that the cluster does not answer, and tries to bring it back: a node whose Docker went away stays stopped
// when Docker returns.
func (r *Runner) lost(ctx context.Context, err error) {
	r.emit(ClusterLost{Err: err, Try: "podlab brings it back as soon as Docker answers"})
	rerr := r.deps.Cluster.Revive(ctx, r.reportRevival)
	if ctx.Err() != nil {
		return
	}
	if rerr != nil {
		err = rerr
	}
	r.emit(ClusterLost{Err: err, Try: WayOut(err)}) // until the watch says that it is back
}

func (r *Runner) reportPhase(p Phase) { r.emit(PhaseChanged{Phase: p, At: time.Now()}) }
func (r *Runner) reportRevival(p Phase) {
	r.emit(PhaseChanged{Phase: p, At: time.Now(), Revival: true})
}

// apply applies the objects of a block, unless err says that there is no such block.
func (r *Runner) apply(ctx context.Context, step, block int, objects []*unstructured.Unstructured, err error) {
	r.emit(ApplyStarted{Step: step, Block: block})
	r.open.beginStep(ctx, step)
	var applied []Applied
	if err == nil {
		applied, err = r.open.api.Apply(ctx, r.open.plan.namespace, objects)
	}
	if err == nil {
		awaitNodes(ctx, r.open.looker.watch, objects)
	}
	r.open.did(step)
	r.emit(ApplyEnded{Step: step, Block: block, Objects: applied, Err: err, At: time.Now()})
}

func (r *Runner) runCommand(ctx context.Context, req RunCommand) {
	r.emit(CommandStarted(req))
	r.open.beginStep(ctx, req.Step)
	start := time.Now()
	run, err := block[lesson.Run](r.open.plan.lab, req.Step, req.Block)
	exit := 0
	if err == nil {
		out := textWriter(func(text string) { r.emit(CommandOutput{Step: req.Step, Block: req.Block, Text: text}) })
		exit, err = r.deps.Shell.Run(ctx, run.Script, r.shellEnv(r.open.plan, r.open.looker.watch, req.Step), out, out)
	}
	r.open.did(req.Step)
	r.emit(CommandEnded{Step: req.Step, Block: req.Block, Exit: exit, Elapsed: time.Since(start), Err: err})
}

// shellEnv says what a command of the step can name. $NODE is where the pod runs that was applied last, up to this step:
// on a cluster with workers that is not the control plane.
func (r *Runner) shellEnv(p plan, watch Watch, step int) ShellEnv {
	env := ShellEnv{Node: r.deps.Node(), Namespace: p.namespace}
	for _, name := range p.podsUpTo(step) {
		if pod, err := watch.Pod(name); err == nil && pod.Spec.NodeName != "" {
			env.Node = pod.Spec.NodeName
		}
	}
	return env
}

// schedulerPatience is how long an apply waits until its pods have a node: the next command may name it.
const schedulerPatience = 2 * time.Second

// awaitNodes waits a little until the watch has seen each of the pods on a node.
func awaitNodes(ctx context.Context, watch Watch, objects []*unstructured.Unstructured) {
	scheduled := func(o *unstructured.Unstructured) bool {
		pod, err := watch.Pod(o.GetName())
		return o.GetKind() != "Pod" || err == nil && pod.Spec.NodeName != "" || err != nil && !apierrors.IsNotFound(err)
	}
	for deadline := time.Now().Add(schedulerPatience); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
		if !slices.ContainsFunc(objects, func(o *unstructured.Unstructured) bool { return !scheduled(o) }) {
			return
		}
	}
}

// textWriter hands on what is written to it.
type textWriter func(string)

func (w textWriter) Write(p []byte) (int, error) {
	w(string(p))
	return len(p), nil
}
