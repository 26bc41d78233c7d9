package checks_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// For a moment the API calls a container ready whose process has ended. The node knows better.
func TestReadyIsHeldAgainstTheNode(t *testing.T) {
	c, err := checkstest.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	check := checks.Ready{Pod: "demoduo", Ready: 2, Total: 2}
	if r := check.Eval(t.Context(), c); r.Verdict != checks.Pass {
		t.Fatalf("as recorded: %+v", r)
	}
	id := strings.TrimPrefix(c.Pods["demoduo"].Status.ContainerStatuses[1].ContainerID, "containerd://")
	if _, ok := c.Snapshot.Tasks[id]; !ok {
		t.Fatalf("no task %s was recorded", id)
	}
	delete(c.Snapshot.Tasks, id)
	r := check.Eval(t.Context(), c)
	if r.Verdict != checks.NotYet || !strings.HasPrefix(r.Got, "2/2 to the API, but ") || !strings.Contains(r.Got, "demoy") {
		t.Errorf("without demoy's process: %+v", r)
	}
	if len(r.Evidence.Rows) == 0 || !r.Vacant || !strings.Contains(r.Got, "is not on node dev-control-plane") {
		t.Errorf("without demoy's process: %+v", r)
	}
}

// A first process that has ended, a container of the same ID in another pod, and a process that only has the PID of one, are
// not the container.
func TestReadyTellsFirstProcessesApart(t *testing.T) {
	for name, spoil := range map[string]func(*node.Process){
		"zombie":                    func(p *node.Process) { p.State = "Z" },
		"another pod's":             func(p *node.Process) { p.PodUID = strings.Repeat("0", 36) },
		"another container's":       func(p *node.Process) { p.ContainerID = strings.Repeat("0", 64) },
		"a process outside of pods": func(p *node.Process) { p.PodUID, p.ContainerID = "", "" },
	} {
		c := recorded(t)
		spoil(process(t, c, task(t, c, 1).PID))
		r := eval(t, c, "ready: {pod: demoduo, containers: 2/2}")
		if r.Verdict != checks.NotYet || !r.Vacant || !strings.Contains(r.Got, "demoy's container 7abc3d97ce2b is not on node dev-control-plane") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// The API calls a container without a probe ready as soon as it is started, also one that crashes again and again.
func TestReadyWaitsForAYoungContainer(t *testing.T) {
	ended := func(life time.Duration) *corev1.ContainerStateTerminated {
		at := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
		return &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", StartedAt: metav1.NewTime(at), FinishedAt: metav1.NewTime(at.Add(life))}
	}
	for _, tc := range []struct {
		name   string
		age    time.Duration
		last   *corev1.ContainerStateTerminated
		probe  bool
		passes bool
		again  time.Duration
		why    string
	}{
		{name: "just started", age: 300 * time.Millisecond, again: 700 * time.Millisecond, why: "without a probe"},
		{name: "a second old", age: time.Second, passes: true},
		{name: "just started, and asked by a probe", age: 0, probe: true, passes: true},
		{name: "after a short life", age: 4 * time.Second, last: ended(3 * time.Second), again: time.Second, why: "demoy ended with exit code 1 (Error), restarted once, and has not outlived that yet"},
		{name: "it outlived its short life", age: 5 * time.Second, last: ended(3 * time.Second), passes: true},
		{name: "after a life that says nothing", age: time.Second, last: ended(9 * time.Second), passes: true},
		{name: "after a life that the clock turned round", age: time.Second, last: ended(-time.Minute), passes: true},
	} {
		c := shared{recorded(t), nil}
		status := &c.Pods["demoduo"].Status.ContainerStatuses[1]
		status.LastTerminationState.Terminated = tc.last
		status.RestartCount = 1
		if tc.probe {
			c.Pods["demoduo"].Spec.Containers[1].ReadinessProbe = &corev1.Probe{}
		}
		c.tasks = c.Snapshot.Firsts()
		id := strings.TrimPrefix(status.ContainerID, "containerd://")
		c.tasks[id] = node.Task{PID: c.tasks[id].PID, PodUID: c.tasks[id].PodUID, Age: tc.age}
		r := eval(t, c, "ready: {pod: demoduo, containers: 2/2}")
		if (r.Verdict == checks.Pass) != tc.passes || r.Again != tc.again || !strings.Contains(r.Why, tc.why) {
			t.Errorf("%s: %s, again %s, why %q", tc.name, r.Verdict, r.Again, r.Why)
		}
		if !tc.passes && (r.Verdict != checks.NotYet || !r.Vacant || !strings.Contains(r.Got, "2/2 to the API, but demoy was started only ")) {
			t.Errorf("%s: %+v", tc.name, r)
		}
	}
}

// The checks of a moment share what Tasks returned.
func TestReadyLeavesTheTasksAsTheyAre(t *testing.T) {
	c := shared{recorded(t), nil}
	c.tasks = c.Snapshot.Firsts()
	before := maps.Clone(c.tasks)
	for _, pod := range []string{"demoduo: 2/2", "demosolo: 1/1"} {
		name, ratio, _ := strings.Cut(pod, ": ")
		if r := eval(t, c, "ready: {pod: "+name+", containers: "+ratio+"}"); r.Verdict != checks.Pass {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if !maps.Equal(before, c.tasks) {
		t.Error("the tasks were changed")
	}
}

// shared is a moment whose looks are shared, and which has no whole snapshot to give.
type shared struct {
	*checkstest.Cluster
	tasks map[string]node.Task
}

func (s shared) Tasks(context.Context, string) (map[string]node.Task, error) { return s.tasks, nil }

func (shared) Node(context.Context, string) (*node.Snapshot, error) {
	return nil, errors.New("a whole look was taken")
}
