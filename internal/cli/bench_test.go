//go:build bench

package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/kube"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
	"github.com/podlab/podlab/labs"
)

// How often each thing is measured.
const (
	clusterRounds = 3
	imageRounds   = 3
	verdictRounds = 50
)

const benchCluster = "podlab-bench"

// bench is a folder with the programs that are compared, and podlab's state.
type bench struct {
	t    *testing.T
	dir  string
	kind string // kind's own command, of the version that podlab is built on
	lab  string // podlab
}

// TestBench prints podlab's figures beside kind's, measured in turns in one run. "make bench" runs it.
func TestBench(t *testing.T) {
	b := &bench{t: t, dir: t.TempDir()}
	b.kind, b.lab = b.build("sigs.k8s.io/kind"), b.build("github.com/podlab/podlab/cmd/podlab")
	t.Setenv("XDG_STATE_HOME", filepath.Join(b.dir, "state"))
	defer b.podlab("clean-up", "down")
	t.Run("clusters", func(*testing.T) { b.printClusters() })
	t.Run("images", func(*testing.T) { b.printImages() })
	t.Run("verdicts", func(*testing.T) { b.printVerdicts() })
}

func (b *bench) printClusters() {
	image := b.nodeImage()
	up, create := b.clusters(image)
	fmt.Printf("bring a cluster up (image %s, median of %d)\n", image, clusterRounds)
	fmt.Printf("  podlab up, with the lab image on the node  %6.1f s\n", up.Seconds())
	fmt.Printf("  kind create cluster --wait                 %6.1f s\n", create.Seconds())
	fmt.Printf("  ratio                                      %6.2f\n", up.Seconds()/create.Seconds())
}

func (b *bench) printImages() {
	load, kindLoad := b.images()
	fmt.Printf("put the lab image on a node that lacks it (median of %d)\n", imageRounds)
	fmt.Printf("  podlab up, all else being there            %6.2f s\n", load.Seconds())
	fmt.Printf("  kind load docker-image                     %6.2f s\n", kindLoad.Seconds())
	fmt.Printf("  ratio                                      %6.2f\n", load.Seconds()/kindLoad.Seconds())
}

func (b *bench) printVerdicts() {
	b.podlab("verdicts", "up")
	ready, nodes := b.verdicts()
	fmt.Printf("from the API's event that the pod is Ready to the verdict (%d pods, lab duo)\n", verdictRounds)
	fmt.Printf("  ready                    median %4d ms, p99 %4d ms\n", at(ready, 50).Milliseconds(), at(ready, 99).Milliseconds())
	fmt.Printf("  all checks of the node   median %4d ms, p99 %4d ms\n", at(nodes, 50).Milliseconds(), at(nodes, 99).Milliseconds())
}

func (b *bench) build(pkg string) string {
	path := filepath.Join(b.dir, filepath.Base(pkg))
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, pkg).CombinedOutput(); err != nil {
		b.t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return path
}

// run times a command.
func (b *bench) run(name string, args ...string) time.Duration {
	b.t.Helper()
	start := time.Now()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		b.t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return time.Since(start)
}

func (b *bench) podlab(what string, args ...string) time.Duration {
	b.t.Helper()
	fmt.Fprintf(os.Stderr, "… %s: podlab %s\n", what, strings.Join(args, " "))
	return b.run(b.lab, append([]string{"--name", benchCluster}, args...)...)
}

// nodeImage is the image that podlab takes by itself: kind gets the same.
func (b *bench) nodeImage() string {
	b.podlab("warm-up", "up")
	out, err := exec.Command("docker", "inspect", "--format", "{{.Config.Image}}", benchCluster+"-control-plane").Output()
	if err != nil {
		b.t.Fatal(err)
	}
	b.podlab("warm-up", "down")
	return strings.TrimSpace(string(out))
}

// clusters brings both clusters up in turns.
func (b *bench) clusters(image string) (up, create time.Duration) {
	b.t.Setenv("KIND_EXPERIMENTAL_DOCKER_NETWORK", "podlab-bench-kind")
	defer func() { _ = exec.Command("docker", "network", "rm", "podlab-bench-kind").Run() }()
	kubeconfig := filepath.Join(b.dir, "kind.kubeconfig")
	var ups, creates []time.Duration
	for range clusterRounds {
		creates = append(creates, b.run(b.kind, "create", "cluster", "--name", "podlab-bench-kind", "--image", image, "--wait", "5m", "--kubeconfig", kubeconfig))
		b.run(b.kind, "delete", "cluster", "--name", "podlab-bench-kind", "--kubeconfig", kubeconfig)
		ups = append(ups, b.podlab("cluster", "up"))
		b.podlab("cluster", "down")
	}
	return at(ups, 50), at(creates, 50)
}

// images puts the lab image on the node in turns.
func (b *bench) images() (load, kindLoad time.Duration) {
	b.podlab("images", "up")
	node := benchCluster + "-control-plane"
	forget := func() {
		for _, name := range []string{"docker.io/library/demo:1.0.0", "docker.io/podlab/demo:1.0.0"} {
			_ = exec.Command("docker", "exec", node, "ctr", "-n", "k8s.io", "images", "rm", "--sync", name).Run()
		}
	}
	var loads, kindLoads []time.Duration
	for range imageRounds {
		forget()
		kindLoads = append(kindLoads, b.run(b.kind, "load", "docker-image", "podlab/demo:1.0.0", "--name", benchCluster))
		forget()
		loads = append(loads, b.podlab("images", "up"))
	}
	return at(loads, 50), at(kindLoads, 50)
}

// verdicts times, for many pods, the way from a second watch's sight of a Ready pod to the checks' verdicts.
func (b *bench) verdicts() (ready, nodes []time.Duration) {
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Minute)
	defer cancel()
	course, err := load(labs.FS, ownCourse)
	if err != nil {
		b.t.Fatal(err)
	}
	c := cluster.New(cluster.Config{Name: benchCluster, Workers: cluster.AnyWorkers, StateDir: filepath.Join(b.dir, "state", "podlab")})
	defer c.Close()
	client, err := kube.Open(c.Kubeconfig())
	if err != nil {
		b.t.Fatal(err)
	}
	defer client.Close()
	r := newRunner(course, c)
	go r.Run(ctx)
	w := &verdictWatch{events: r.Events(), lab: mustLab(b.t, course, "duo")}
	r.Do(runner.Open{Lab: "duo"})
	w.until(func() bool { return w.state.Lab == "duo" && w.seen() })
	for i := range verdictRounds {
		r.Do(runner.Reset{})
		w.until(func() bool { return w.state.Busy == "" && w.seen() && !w.passed("") })
		at := firstReady(ctx, client, runner.Namespace("duo"), "demoduo")
		r.Do(runner.Apply{Step: 0, Block: w.applyBlock()})
		w.until(func() bool { return w.passed("") })
		seen := <-at
		ready = append(ready, w.when("ready").Sub(seen))
		nodes = append(nodes, w.last().Sub(seen))
		fmt.Fprintf(os.Stderr, "… verdict %d of %d: %v, %v\n", i+1, verdictRounds, ready[i].Round(time.Millisecond), nodes[i].Round(time.Millisecond))
	}
	cancel()
	for range r.Events() {
	}
	return ready, nodes
}

// firstReady returns the moment at which a watch of its own sees the pod Ready.
func firstReady(ctx context.Context, client *kube.Client, namespace, name string) <-chan time.Time {
	at := make(chan time.Time, 1)
	ctx, cancel := context.WithCancel(ctx)
	watch, err := client.Watch(ctx, namespace)
	if err != nil {
		panic(err)
	}
	go func() {
		defer cancel()
		for {
			if pod, err := watch.Pod(name); err == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
				return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
			}) {
				at <- time.Now()
				return
			}
			select {
			case <-watch.Changed():
			case <-ctx.Done():
				return
			}
		}
	}()
	return at
}

// verdictWatch folds a runner's events.
type verdictWatch struct {
	events <-chan runner.Event
	state  runner.State
	lab    lesson.Lab
}

func (w *verdictWatch) until(ok func() bool) {
	for !ok() {
		e, open := <-w.events
		if !open {
			return
		}
		w.state = w.state.Apply(e)
	}
}

func (w *verdictWatch) each(f func(spec lesson.CheckSpec, c runner.CheckState) bool) bool {
	if len(w.state.Steps) == 0 {
		return false
	}
	for i, step := range w.lab.Steps {
		for j, spec := range step.Checks() {
			if !f(spec, w.state.Steps[i].Checks[j]) {
				return false
			}
		}
	}
	return true
}

func (w *verdictWatch) seen() bool {
	return w.each(func(_ lesson.CheckSpec, c runner.CheckState) bool { return c.Seen })
}

func (w *verdictWatch) passed(kind string) bool {
	return w.each(func(s lesson.CheckSpec, c runner.CheckState) bool {
		return kind != "" && s.Kind != kind || c.Result.Verdict == checks.Pass
	})
}

func (w *verdictWatch) when(kind string) (at time.Time) {
	w.each(func(s lesson.CheckSpec, c runner.CheckState) bool {
		if s.Kind == kind {
			at = c.At
		}
		return true
	})
	return at
}

func (w *verdictWatch) last() (at time.Time) {
	w.each(func(_ lesson.CheckSpec, c runner.CheckState) bool {
		if c.At.After(at) {
			at = c.At
		}
		return true
	})
	return at
}

func (w *verdictWatch) applyBlock() int {
	return slices.IndexFunc(w.lab.Steps[0].Blocks, func(b lesson.Block) bool { _, ok := b.(lesson.Apply); return ok })
}

func mustLab(t *testing.T, course lesson.Course, id string) lesson.Lab {
	lab, ok := course.Lab(id)
	if !ok {
		t.Fatalf("no lab %s", id)
	}
	return lab
}

// at returns the p-th percentile.
func at(ds []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(ds))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}
