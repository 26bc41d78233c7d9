package checks_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// lone returns the IDs of the recorded k8s-lone's containers by name, and what its sandbox is taken to have.
func lone(c *checkstest.Cluster) map[string]string {
	ids := map[string]string{"sandbox": strings.Repeat("5", 64)}
	status := c.Pods["k8s-lone"].Status
	for _, s := range append(status.InitContainerStatuses, status.ContainerStatuses...) {
		ids[s.Name] = strings.TrimPrefix(s.ContainerID, "containerd://")
	}
	return ids
}

// births is when containerd said that it had created the recorded k8s-lone's containers. Those that run have a first
// process, which started some hundredths of a second later.
func births(t testing.TB, c *checkstest.Cluster) {
	t.Helper()
	c.Births = node.Births{At: map[string]time.Time{}, Boot: time.Date(2026, 11, 21, 0, 37, 44, 0, time.UTC)}
	c.Snapshot = &node.Snapshot{Node: c.Pods["k8s-lone"].Spec.NodeName, Tasks: map[string]int{}}
	ids := lone(c)
	for name, at := range map[string]string{
		"sandbox": "2026-11-21T04:09:16.309812733Z", "first": "2026-11-21T04:09:16.836293296Z", "second": "2026-11-21T04:09:17.701503888Z",
		"side": "2026-11-21T04:09:18.720512858Z", "web": "2026-11-21T04:09:18.839311054Z", "log": "2026-11-21T04:09:18.939294408Z",
	} {
		born, err := time.Parse(time.RFC3339Nano, at)
		if err != nil {
			t.Fatal(err)
		}
		c.Births.At[ids[name]] = born
	}
	for at, name := range []string{"sandbox", "side", "web", "log"} {
		starts(c, name, at, c.Births.At[ids[name]].Add(60*time.Millisecond))
	}
}

// starts puts the container's first process on the node.
func starts(c *checkstest.Cluster, name string, number int, at time.Time) {
	id := lone(c)[name]
	first := node.Process{
		PID: 900000 + number, Comm: "sleep", Args: "sleep infinity", PodUID: string(c.Pods["k8s-lone"].UID), ContainerID: id,
		Start: uint64(at.Sub(c.Births.Boot) / (10 * time.Millisecond)),
	}
	c.Snapshot.Processes = append(c.Snapshot.Processes, first)
	c.Snapshot.Tasks[id] = first.PID
}

// stops takes the containers' first processes from the node.
func stops(c *checkstest.Cluster, names ...string) {
	for _, name := range names {
		delete(c.Snapshot.Tasks, lone(c)[name])
	}
}

// forgets is births without one container's.
func forgets(name string) spoil {
	return func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		delete(c.Births.At, lone(c)[name])
	}
}

// setAfter is births on a node whose clock was set by so much right before the named containers were created: the kernel
// has moved the boot with the clock.
func setAfter(by time.Duration, gone []string, names ...string) spoil {
	return func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		c.Births.Boot = c.Births.Boot.Add(by)
		for _, name := range names {
			id := lone(c)[name]
			c.Births.At[id] = c.Births.At[id].Add(by)
		}
		stops(c, gone...)
	}
}

// moved is births with one container's an hour too early, while the clock is right before and after it.
func moved(name string) spoil {
	return func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		id := lone(c)[name]
		c.Births.At[id] = c.Births.At[id].Add(-time.Hour)
	}
}

func TestStartedBefore(t *testing.T) {
	nodeDown := func(_ testing.TB, c *checkstest.Cluster) { c.NodeErr = errors.New("docker is down") }
	notCreated := func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		c.BirthsErr = errors.New("ctr is gone")
	}
	waiting := func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		c.Pods["k8s-lone"].Status.ContainerStatuses = nil
	}
	leaving := func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		deleted("k8s-lone")(t, c)
	}
	// web has crashed and waits for its third start: its last run, the second, is the one that counts.
	crashed := func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		stops(c, "web")
		c.Births.At["run2"] = time.Date(2026, 11, 21, 4, 10, 0, 5, time.UTC)
		c.Pods["k8s-lone"].Status.ContainerStatuses[1] = corev1.ContainerStatus{
			Name: "web", ContainerID: "containerd://run2",
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ContainerID: "containerd://run2", StartedAt: metav1.Date(2026, 11, 21, 4, 10, 0, 0, time.UTC),
			}},
		}
	}
	everything := []string{"sandbox", "side", "web", "log"}
	// web and log started in the same hundredth of a second.
	near := func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		starts(c, "web", 10, c.Births.At[lone(c)["web"]])
		starts(c, "log", 11, c.Births.At[lone(c)["web"]])
	}
	// A busy node takes its time between a container and its first process.
	slow := func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		starts(c, "sandbox", 10, c.Births.At[lone(c)["sandbox"]].Add(4*time.Second))
	}
	// The API and containerd have web an hour too early, and it runs.
	misdated := func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		id := lone(c)["web"]
		c.Births.At[id] = c.Births.At[id].Add(-time.Hour)
		running := c.Pods["k8s-lone"].Status.ContainerStatuses[1].State.Running
		running.StartedAt.Time = running.StartedAt.Add(-time.Hour)
	}
	judge(t, []judged{
		{"started-before: {pod: k8s-lone, first: first, then: second}", births, checks.Pass, "first started before second", 0},
		{"started-before: {pod: k8s-lone, first: side, then: web}", births, checks.Pass, "side started before web", 0},
		{"started-before: {pod: k8s-lone, first: web, then: log}", births, checks.Pass, "web started before log", 0},
		{"started-before: {pod: k8s-lone, first: first, then: log}", forgets("first"), checks.Pass, "first started before log", 0},
		{"started-before: {pod: k8s-lone, first: log, then: web}", crashed, checks.Pass, "log started before web", 0},
		{"started-before: {pod: k8s-lone, first: web, then: log}", near, checks.Pass, "web started before log", 0},
		{"started-before: {pod: k8s-lone, first: side, then: web}", misdated, checks.Pass, "side started before web", 0},
		{"started-before: {pod: k8s-lone, first: web, then: log}", setAfter(-time.Hour, nil, "log"), checks.Pass, "web started before log", 0},
		{"started-before: {pod: k8s-lone, first: web, then: log}", forgets("web"), checks.Pass, "web started before log", 0},
		{"started-before: {pod: k8s-lone, first: first, then: second}", setAfter(0, everything), checks.Pass, "first started before second", 0},
		{"started-before: {pod: k8s-lone, first: first, then: second}", slow, checks.Pass, "first started before second", 0},

		{"started-before: {pod: k8s-lone, first: second, then: first}", births, checks.NotYet, `{"of":"started first","want":"second","got":"first"}`, 1},
		{"started-before: {pod: k8s-lone, first: log, then: web}", births, checks.NotYet, "web started before log", 1},
		{"started-before: {pod: k8s-lone, first: web, then: log}", crashed, checks.NotYet, "log started before web", 1},
		{"started-before: {pod: k8s-lone, first: log, then: second}", forgets("second"), checks.NotYet, "second started before log", 1},
		{"started-before: {pod: k8s-lone, first: first, then: lag}", births, checks.NotYet, "pod k8s-lone has no container lag", 0},
		{"started-before: {pod: k8s-lone, first: first, then: web}", waiting, checks.NotYet, "not started yet: web", 0},
		{"started-before: {pod: k8s-lone, first: first, then: second}", leaving, checks.NotYet, "is being deleted", 0},
		{"started-before: {pod: nobody, first: a, then: b}", births, checks.NotYet, "no pod nobody", 0},

		{"started-before: {pod: k8s-lone, first: first, then: second}", forgets("second"), checks.CannotTell, "containerd has forgotten second", 0},
		{"started-before: {pod: k8s-lone, first: second, then: first}", forgets("first"), checks.CannotTell, "containerd has forgotten first", 0},
		{"started-before: {pod: k8s-lone, first: first, then: second}", nodeDown, checks.CannotTell, "docker is down", 0},
		{"started-before: {pod: k8s-lone, first: first, then: second}", notCreated, checks.CannotTell, "ctr is gone", 0},
		{"started-before: {pod: k8s-lone, first: second, then: web}", misdated, checks.CannotTell, "the node's clock was set", 0},
		{"started-before: {pod: k8s-lone, first: second, then: first}", setAfter(-time.Hour, nil, "second", "side", "web", "log"), checks.CannotTell, "the node's clock was set", 0},
		{"started-before: {pod: k8s-lone, first: first, then: second}", setAfter(-time.Hour, nil, "web", "log"), checks.CannotTell, "containerd created container", 0},
		{"started-before: {pod: k8s-lone, first: first, then: second}", setAfter(time.Hour, nil), checks.CannotTell, "the node's clock was set", 0},
		{"started-before: {pod: k8s-lone, first: second, then: first}", setAfter(-time.Hour, everything, "second"), checks.CannotTell, "before the pod was made", 0},
		{"started-before: {pod: k8s-lone, first: second, then: first}", moved("second"), checks.CannotTell, "before what runs of the pod was created", 0},
		{"started-before: {pod: k8s-lone, first: first, then: second}", forgets("sandbox"), checks.CannotTell, "containerd created container 555555555555 at 0001", 0},
		{"started-before: {pod: k8s-lone, first: first, then: second}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	judgeFacts(t, []judged{
		{"started-before: {pod: k8s-lone}", births, checks.Pass, "first", 0},
		{"started-before: {pod: k8s-lone, containers: [log, web, side]}", births, checks.Pass, "side", 0},
		{"started-before: {pod: k8s-done}", births, checks.Pass, "job", 0},
		{"started-before: {pod: k8s-lone, containers: [web, log]}", waiting, checks.NotYet, "not started yet: web, log", 0},
		{"started-before: {pod: k8s-lone, containers: [first, second]}", forgets("first"), checks.CannotTell, "", 0},
		{"started-before: {pod: k8s-lone}", nodeDown, checks.CannotTell, "docker is down", 0},
	})
	refused(t, map[string]string{
		"started-before: {first: a, then: b}":           "no pod is named",
		"started-before: {pod: a, first: b}":            "want two containers (first: NAME, then: NAME)",
		"started-before: {pod: a, first: b, then: b}":   `lesson.md:1:38: check "started-before": a container cannot start before itself`,
		"started-before: {pod: a, first: B, then: c}":   `"B" cannot be the name of a container`,
		"ask started-before: {containers: [a, b]}":      "no pod is named",
		"ask started-before: {pod: a, containers: [a]}": "want two containers or more",
		"ask started-before: {pod: a, first: a}":        `unknown field "first"`,
	})
}
