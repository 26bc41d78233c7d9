package runner

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

const lessonText = `---
format: 1
id: duo
title: Two
minutes: 5
---

## Create the pod

Two containers.

` + "```yaml apply" + `
apiVersion: v1
kind: Pod
metadata:
  name: demoduo
spec:
  containers:
  - {name: demox, image: "demo:1.0.0"}
  - {name: demoy, image: "demo:1.0.0"}
` + "```" + `

` + "```yaml check" + `
- ready: {pod: demoduo, containers: 2/2}
` + "```" + `

## Look at it

` + "```yaml ask" + `
prompt: What does READY say?
answer: {ready: {pod: demoduo}}
` + "```" + `

` + "```sh run" + `
kubectl get pods
` + "```" + `
`

func testCourse(t *testing.T, text string) lesson.Course {
	t.Helper()
	course, err := lesson.Load(fstest.MapFS{"duo/lesson.md": {Data: []byte(text)}}, "labs")
	if err != nil {
		t.Fatal(err)
	}
	return course
}

// fakeWorld is a cluster, its API, a watch and a shell in one: a pod that is applied becomes ready at once.
type fakeWorld struct {
	recorded *checkstest.Cluster // what a real node showed of pod demoduo

	mu       sync.Mutex
	pods     map[string]*corev1.Pod
	lost     error // the watch's connection
	upErr    error
	standing Standing // before it is brought up
	applyErr error
	resetErr error
	keeps    bool   // Reset removes nothing
	onReset  func() // called with the lock held when there was something to reset; may be nil

	goneAfterReset error // what the watch says once there was something to reset
	ready          bool  // whether applied pods become ready
	ended          bool  // the containers of applied pods have ended
	exit           int   // of commands
	applies        int
	onApply        func(applied int) // called with the lock held; may be nil
	usage          time.Duration
	ups            int
	changed        chan struct{}
	block          chan struct{} // Up and Standing wait for it or for ctx; nil means they do not
}

func newFakeWorld() *fakeWorld {
	recorded, err := checkstest.Recorded()
	if err != nil {
		panic(err)
	}
	return &fakeWorld{recorded: recorded, pods: map[string]*corev1.Pod{}, ready: true, changed: make(chan struct{}, 1)}
}

func (w *fakeWorld) deps(course lesson.Course) Deps {
	return Deps{
		Course: course, Cluster: fakeNodes{w}, Shell: w,
		Connect: func(context.Context) (API, error) { return w, nil },
		Node:    func() string { return "podlab-control-plane" },
	}
}

// Standing waits like Up.
func (w *fakeWorld) Standing(ctx context.Context) (Standing, error) {
	w.mu.Lock()
	block, standing, err := w.block, w.standing, w.upErr
	w.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	return standing, err
}

func (w *fakeWorld) Up(ctx context.Context, _ []string, report func(Phase)) error {
	w.mu.Lock()
	w.ups++
	block, err := w.block, w.upErr
	w.mu.Unlock()
	report(Phase{Name: "look for Docker"})
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	report(Phase{Name: "look for Docker", Done: true, Err: err})
	return err
}

// Revive fails like Up; what is lost comes back by set alone.
func (w *fakeWorld) Revive(context.Context, func(Phase)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.upErr
}

func (w *fakeWorld) Snapshot(context.Context, string) (*node.Snapshot, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.recorded.Snapshot, nil
}

func (w *fakeWorld) Tasks(context.Context, string) (map[string]node.Task, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.recorded.Snapshot.Firsts(), nil
}

func (w *fakeWorld) EnsureNamespace(context.Context, string) error { return nil }

func (w *fakeWorld) Apply(_ context.Context, _ string, objects []*unstructured.Unstructured) ([]Applied, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.applyErr != nil {
		return nil, w.applyErr
	}
	w.applies++
	if w.onApply != nil {
		w.onApply(w.applies)
	}
	var applied []Applied
	for _, o := range objects {
		w.pods[o.GetName()] = w.pod(o.GetName())
		applied = append(applied, Applied{Object: "pod/" + o.GetName(), Action: "created"})
	}
	w.notify()
	return applied, nil
}

// pod is the recorded pod, or one whose containers run and never get ready.
func (w *fakeWorld) pod(name string) *corev1.Pod {
	p := w.recorded.Pods["demoduo"].DeepCopy()
	p.Name = name
	if !w.ready {
		p.Status.Conditions = nil
		for i := range p.Status.ContainerStatuses {
			p.Status.ContainerStatuses[i].Ready = false
			if w.ended {
				p.Spec.RestartPolicy = corev1.RestartPolicyNever
				p.Status.ContainerStatuses[i].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 1}}
			}
		}
	}
	return p
}

func (w *fakeWorld) Reset(ctx context.Context, _ string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if len(w.pods) > 0 && w.resetErr != nil {
		return w.resetErr
	}
	if len(w.pods) > 0 && w.goneAfterReset != nil {
		w.lost = w.goneAfterReset
	}
	if !w.keeps {
		clear(w.pods)
	}
	if w.onReset != nil && len(w.pods) > 0 {
		w.onReset()
	}
	w.notify()
	return nil
}

func (w *fakeWorld) Close()                                       {}
func (w *fakeWorld) Watch(context.Context, string) (Watch, error) { return w, nil }
func (w *fakeWorld) Changed() <-chan struct{}                     { return w.changed }

func (w *fakeWorld) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost
}

func (w *fakeWorld) Pod(name string) (*corev1.Pod, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lost != nil {
		return nil, w.lost
	}
	if p, ok := w.pods[name]; ok {
		return p, nil
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, name)
}

func (w *fakeWorld) Events(context.Context, string, string) ([]corev1.Event, error) {
	return nil, w.Err()
}

func (w *fakeWorld) Object(context.Context, string, string) (*unstructured.Unstructured, error) {
	return nil, apierrors.NewNotFound(schema.GroupResource{}, "none")
}

func (w *fakeWorld) List(context.Context, string) ([]*unstructured.Unstructured, error) {
	return nil, w.Err()
}

func (w *fakeWorld) Logs(context.Context, string, string) (checks.Log, error) {
	return checks.Log{}, w.Err()
}

func (w *fakeWorld) LastWords(context.Context, string, string) ([]string, error) { return nil, w.Err() }

func (w *fakeWorld) Inside(context.Context, string, []node.Target) (*node.Inside, error) {
	return &node.Inside{}, nil
}

func (w *fakeWorld) Usage(context.Context, string) (node.Usage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return node.Usage{string(w.recorded.Pods["demoduo"].UID): w.usage}, nil
}

func (w *fakeWorld) Created(context.Context, string, []string) (node.Births, error) {
	return node.Births{}, nil
}

func (w *fakeWorld) File(context.Context, string, int, string) (node.File, error) {
	return node.File{}, nil
}

func (w *fakeWorld) Exec(context.Context, string, string, string, []string) (checks.Ran, error) {
	return checks.Ran{}, w.Err()
}

// fakeNodes is the world as a cluster: its Dial is another one than the API's.
type fakeNodes struct{ *fakeWorld }

func (fakeNodes) Dial(context.Context, checks.Address) (net.Conn, error) {
	return nil, checks.ErrRefused
}

func (w *fakeWorld) Dial(context.Context, string, string, int) (net.Conn, error) {
	return nil, checks.ErrRefused
}

func (w *fakeWorld) Run(_ context.Context, script string, env ShellEnv, stdout, _ io.Writer) (int, error) {
	fmt.Fprintf(stdout, "%s in %s on %s", script, env.Namespace, env.Node)
	return w.exit, nil
}

// set changes the world and lets the watch tell.
func (w *fakeWorld) set(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	w.notify()
}

func (w *fakeWorld) notify() {
	select {
	case w.changed <- struct{}{}:
	default:
	}
}
