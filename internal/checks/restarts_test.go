package checks_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

func TestRestarts(t *testing.T) {
	unborn := func(_ testing.TB, c *checkstest.Cluster) {
		c.Pods["k8s-lone"].Status.ContainerStatuses[1].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}}
	}
	unreported := func(_ testing.TB, c *checkstest.Cluster) { c.Pods["k8s-lone"].Status = corev1.PodStatus{} }
	side := func(_ testing.TB, c *checkstest.Cluster) {
		c.Pods["k8s-lone"].Status.InitContainerStatuses[2].RestartCount = 3
	}
	judge(t, []judged{
		{"restarts: {pod: k8s-loop, container: loop, is: 4}", nil, checks.Pass, "4 restarts", 0},
		{"restarts: {pod: k8s-loop, is: \">= 4\"}", nil, checks.Pass, "4 restarts", 0},
		{"restarts: {pod: k8s-loop, container: calm, is: 0}", nil, checks.Pass, "0 restarts", 0},
		{"restarts: {pod: k8s-lone, is: 3}", side, checks.Pass, "3 restarts", 0},
		{"restarts: {pod: k8s-lone, container: first, is: 0}", nil, checks.Pass, "0 restarts", 0},
		{"restarts: {pod: k8s-done, is: 0}", nil, checks.Pass, "0 restarts", 0},

		{"restarts: {pod: k8s-loop, container: loop, is: 3}", nil, checks.NotYet, `{"of":"restarts of k8s-loop/loop","want":"3","got":"4"}`, 1},
		{"restarts: {pod: k8s-loop, container: calm, is: 4}", nil, checks.NotYet, "0 restarts", 1},
		{"restarts: {pod: k8s-loop, is: 0}", nil, checks.NotYet, "4 restarts", 1},
		{"restarts: {pod: k8s-bad, is: 1}", nil, checks.NotYet, "has restartPolicy Never: nothing of it is started again", 1},
		{"restarts: {pod: k8s-loop, container: lop, is: 0}", nil, checks.NotYet, "pod k8s-loop has no container lop", 0},
		{"restarts: {pod: k8s-lone, is: 0}", unborn, checks.NotYet, "has not started yet", 0},
		{"restarts: {pod: k8s-lone, container: log, is: 0}", unreported, checks.NotYet, "container log has not started yet", 0},
		{"restarts: {pod: k8s-loop, container: loop, is: 4}", deleted("k8s-loop"), checks.NotYet, "being deleted", 0},
		{"restarts: {pod: nobody, is: 0}", nil, checks.NotYet, "no pod nobody", 0},
		{"restarts: {pod: k8s-loop, is: 4}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	judgeFacts(t, []judged{
		{"restarts: {pod: k8s-loop}", nil, checks.Pass, "4", 0},
		{"restarts: {pod: k8s-loop, container: calm}", nil, checks.Pass, "0", 0},
		{"restarts: {pod: k8s-lone}", unborn, checks.NotYet, "has not started yet", 0},
		{"restarts: {pod: k8s-loop, container: lop}", nil, checks.NotYet, "has no container lop", 0},
		{"restarts: {pod: k8s-loop}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	refused(t, map[string]string{
		"restarts: {is: 0}":                       "no pod is named",
		"restarts: {pod: a}":                      "no number is given",
		"restarts: {pod: a, is: few}":             `lesson.md:1:26: check "restarts": is: want a number`,
		"restarts: {pod: a, is: 0, container: A}": `"A" cannot be the name of a container`,
		"ask restarts: {container: a}":            "no pod is named",
		"ask restarts: {pod: a, is: 0}":           `unknown field "is"`,
	})
}
