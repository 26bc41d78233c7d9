//go:build bench

package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

const (
	verdictLab = "verdicts" // in testdata/bench
	verdictPod = "bench-0"  // that it makes
)

// kubectlHeadStart is how long before the event kubectl must have begun to wait: it takes a while to start.
const kubectlHeadStart = 500 * time.Millisecond

// What is compared, beside the kinds of checks.
const (
	ofKubernetes = "podlab, Kubernetes kinds"
	ofNode       = "podlab, node kinds"
	ofKubectl    = "kubectl wait"
	ofPoller     = "50 ms poller"
)

// latencies are the times from the API's event to what somebody made of it, by who or by kind of check.
type latencies map[string][]time.Duration

func (l latencies) add(what string, d time.Duration) { l[what] = append(l[what], d) }

func (b *bench) printVerdicts() {
	b.podlab("verdicts", "up")
	v := b.verdicts()
	defer v.close()
	found := latencies{}
	for i := range verdictRounds {
		v.round(found)
		fmt.Fprintf(os.Stderr, "… verdict %d of %d: %s\n", i+1, verdictRounds, v.told())
	}
	found.print()
}

func (l latencies) print() {
	fmt.Printf("from the API's event to the verdict (%d rounds of one pod of two containers; all four look at the same pod)\n", verdictRounds)
	fmt.Println("  event: the first moment at which any of them knew: mostly a second watch, which does nothing else; a verdict that is first counts as 0")
	fmt.Println("  kubectl and the poller wait for the pod to be Ready, as check condition does")
	fmt.Println("  kubectl runs in the node: wait --for=create, then wait --for=condition=Ready, begun at least 0.5 s before the event")
	fmt.Println("  (rounds in which it was not are left out); its end is read from the node's clock, which is this machine's")
	fmt.Printf("  %-26s %9s %9s %9s %8s\n", "", "median", "p99", "slowest", "samples")
	for _, what := range []string{ofKubernetes, ofNode, ofKubectl, ofPoller} {
		l.row(what, what)
		for _, kind := range slices.Sorted(maps.Keys(l)) {
			if l.group(kind) == what {
				l.row(kind, "  "+kind)
			}
		}
	}
	fmt.Printf("  %-26s %12s %12s\n", "ratio of the medians to", ofKubectl, ofPoller)
	for _, what := range []string{ofKubernetes, ofNode, "condition"} {
		fmt.Printf("  %-26s %12s %12s\n", what, l.ratio(what, ofKubectl), l.ratio(what, ofPoller))
	}
}

func (l latencies) row(what, title string) {
	ds := l[what]
	if len(ds) == 0 {
		fmt.Printf("  %-26s %9s %9s %9s %8d\n", title, "-", "-", "-", 0)
		return
	}
	fmt.Printf("  %-26s %6.1f ms %6.1f ms %6.1f ms %8d\n", title, ms(at(ds, 50)), ms(at(ds, 99)), ms(slices.Max(ds)), len(ds))
}

// ratio is a dash where there is nothing to divide by: who was mostly the first to hear of the event has a median of 0.
func (l latencies) ratio(a, b string) string {
	if len(l[a]) == 0 || len(l[b]) == 0 || at(l[b], 50) < 100*time.Microsecond {
		return "-"
	}
	return fmt.Sprintf("%.2f", ms(at(l[a], 50))/ms(at(l[b], 50)))
}

// group says which row a kind of check belongs to, "" if it is no kind.
func (latencies) group(kind string) string {
	switch kind {
	case "ready", "phase", "condition", "field", "replicas", "endpoints":
		return ofKubernetes
	case "nprocs", "same-parent", "pid1", "user", "mount":
		return ofNode
	}
	return ""
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// verdicts is the lab that is walked, round after round, and who else looks at it.
type verdicts struct {
	b       *bench
	ctx     context.Context
	cancel  context.CancelFunc
	cluster *cluster.Cluster
	runner  *runner.Runner
	lab     lesson.Lab
	state   runner.State
	passes  map[int]time.Time // when each check of the step held first in this round
	witness *witness
	plain   *plainAPI // for the poller
}

// verdicts opens the lab by the runner that podlab has.
func (b *bench) verdicts() *verdicts {
	v := &verdicts{b: b, passes: map[int]time.Time{}}
	v.ctx, v.cancel = context.WithTimeout(b.t.Context(), 20*time.Minute)
	course, err := load(os.DirFS("testdata/bench"), "testdata/bench")
	b.must(err)
	v.lab, _ = course.Lab(verdictLab)
	v.cluster = cluster.New(cluster.Config{Name: benchCluster, Workers: cluster.AnyWorkers, StateDir: filepath.Join(b.dir, "state", "podlab")})
	v.plain, err = newPlainAPI(v.cluster.Kubeconfig())
	b.must(err)
	v.runner = newRunner(course, v.cluster)
	go v.runner.Run(v.ctx)
	v.runner.Do(runner.Open{Lab: verdictLab})
	v.until(func() bool {
		return v.state.Lab == verdictLab && v.all(func(c runner.CheckState) bool { return c.Seen })
	})
	second, err := newPlainAPI(v.cluster.Kubeconfig())
	b.must(err)
	v.witness, err = newWitness(v.ctx, second, runner.Namespace(verdictLab))
	b.must(err)
	return v
}

func (v *verdicts) close() {
	v.cancel()
	for range v.runner.Events() {
	}
	v.plain.close()
	v.cluster.Close()
}

// round makes the pod anew and times who says when that it is there.
func (v *verdicts) round(found latencies) {
	v.runner.Do(runner.Reset{})
	v.until(func() bool {
		return v.state.Busy == "" && v.all(func(c runner.CheckState) bool { return c.Seen && c.Result.Verdict == checks.NotYet })
	})
	clear(v.passes)
	v.witness.begin()
	kubectl := kubectlWait(v.ctx, v.cluster.ControlPlane(), runner.Namespace(verdictLab), verdictPod)
	poller := poll(v.ctx, v.plain, runner.Namespace(verdictLab), verdictPod)
	v.runner.Do(runner.Apply{Step: 0, Block: v.applyBlock()})
	v.until(func() bool { return len(v.passes) == len(v.lab.Steps[0].Checks()) })
	w, p := <-kubectl, <-poller
	v.b.must(errors.Join(w.err, p.err, v.witness.wait(v.ctx)))
	v.witness.sooner("ready", w.ended)
	v.witness.sooner("ready", p.ended)
	for i, spec := range v.lab.Steps[0].Checks() {
		v.witness.sooner(spec.Kind, v.passes[i])
	}
	for i, spec := range v.lab.Steps[0].Checks() {
		took := v.passes[i].Sub(v.witness.at(spec.Kind))
		found.add(spec.Kind, took)
		found.add(found.group(spec.Kind), took)
	}
	ready := v.witness.at("ready")
	found.add(ofPoller, p.ended.Sub(ready))
	if w.began.Before(ready.Add(-kubectlHeadStart)) {
		found.add(ofKubectl, w.ended.Sub(ready))
	}
}

// told is the round in short.
func (v *verdicts) told() string {
	var told []string
	for i, spec := range v.lab.Steps[0].Checks() {
		told = append(told, fmt.Sprintf("%s %.0f", spec.Kind, ms(v.passes[i].Sub(v.witness.at(spec.Kind)))))
	}
	return strings.Join(told, ", ") + " ms"
}

// until folds the runner's events, and notes when each check held first.
func (v *verdicts) until(ok func() bool) {
	for !ok() {
		e, open := <-v.runner.Events()
		if !open {
			v.b.t.Fatalf("the runner ended: %v", context.Cause(v.ctx))
		}
		v.state = v.state.Apply(e)
		if v.state.Err != nil {
			v.b.t.Fatal(v.state.Err)
		}
		c, isCheck := e.(runner.CheckUpdated)
		if _, held := v.passes[c.Check]; isCheck && !held && c.Result.Verdict == checks.Pass {
			v.passes[c.Check] = c.At
		}
	}
}

func (v *verdicts) all(is func(c runner.CheckState) bool) bool {
	return !slices.ContainsFunc(v.state.Steps[0].Checks, func(c runner.CheckState) bool { return !is(c) })
}

func (v *verdicts) applyBlock() int {
	return slices.IndexFunc(v.lab.Steps[0].Blocks, func(b lesson.Block) bool { _, ok := b.(lesson.Apply); return ok })
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}
