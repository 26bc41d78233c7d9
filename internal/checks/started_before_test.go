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
)

// births is when containerd said that it had created the recorded k8s-lone's containers.
func births(t testing.TB, c *checkstest.Cluster) {
	t.Helper()
	at := map[string]string{
		"first": "2026-11-21T04:09:16.836293296Z", "second": "2026-11-21T04:09:17.701503888Z",
		"side": "2026-11-21T04:09:18.720512858Z", "web": "2026-11-21T04:09:18.839311054Z", "log": "2026-11-21T04:09:18.939294408Z",
	}
	c.Births = map[string]time.Time{}
	status := c.Pods["k8s-lone"].Status
	for _, s := range append(status.InitContainerStatuses, status.ContainerStatuses...) {
		born, err := time.Parse(time.RFC3339Nano, at[s.Name])
		if err != nil {
			t.Fatal(err)
		}
		c.Births[strings.TrimPrefix(s.ContainerID, "containerd://")] = born
	}
}

// forgets is births without one container's.
func forgets(name string) spoil {
	return func(t testing.TB, c *checkstest.Cluster) {
		births(t, c)
		status := c.Pods["k8s-lone"].Status
		for _, s := range append(status.InitContainerStatuses, status.ContainerStatuses...) {
			if s.Name == name {
				delete(c.Births, strings.TrimPrefix(s.ContainerID, "containerd://"))
			}
		}
	}
}

func TestStartedBefore(t *testing.T) {
	nodeDown := func(_ testing.TB, c *checkstest.Cluster) { c.NodeErr = errors.New("docker is down") }
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
		c.Births["run2"] = time.Date(2026, 11, 21, 4, 10, 0, 5, time.UTC)
		c.Pods["k8s-lone"].Status.ContainerStatuses[1] = corev1.ContainerStatus{
			Name: "web", ContainerID: "containerd://run2",
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
			LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				ContainerID: "containerd://run2", StartedAt: metav1.Date(2026, 11, 21, 4, 10, 0, 0, time.UTC),
			}},
		}
	}
	judge(t, []judged{
		{"started-before: {pod: k8s-lone, first: first, then: second}", births, checks.Pass, "first started before second", 0},
		{"started-before: {pod: k8s-lone, first: side, then: web}", births, checks.Pass, "side started before web", 0},
		{"started-before: {pod: k8s-lone, first: web, then: log}", births, checks.Pass, "web started before log", 0},
		{"started-before: {pod: k8s-lone, first: first, then: log}", forgets("first"), checks.Pass, "first started before log", 0},
		{"started-before: {pod: k8s-lone, first: log, then: web}", crashed, checks.Pass, "log started before web", 0},

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
