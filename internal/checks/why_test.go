package checks_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// A controller is explained by its pods, or by what it says of those that it cannot make. The podlab way is the same for
// every kind of check about it.
func TestTheReasonOfAControllerIsAmongItsPods(t *testing.T) {
	const quota = `pods "k8s-web-8565d5cd9d-" is forbidden: exceeded quota: small, requested: pods=1, used: pods=2, limited: pods=2`
	refused := func(c *checkstest.Cluster) {
		failure := map[string]any{"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": quota}
		available := map[string]any{"type": "Available", "status": "True"}
		set(t, thing(t, c, "Deployment", "k8s-web"), []any{available, failure}, "status", "conditions")
	}
	noImage := func(c *checkstest.Cluster) {
		conditions := c.Pods["k8s-web-8565d5cd9d-5hnqj"].Status.Conditions
		for i := range conditions {
			conditions[i].Status = corev1.ConditionFalse
		}
		s := &c.Pods["k8s-web-8565d5cd9d-5hnqj"].Status.ContainerStatuses[0]
		s.Ready, s.State = false, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "no such image"}}
	}
	for _, source := range []string{
		"replicas: {name: k8s-web, ready: 3, total: 3}",
		"condition: {kind: Deployment, name: k8s-web, type: Available, is: False}",
	} {
		for says, spoil := range map[string]func(*checkstest.Cluster){"FailedCreate: " + quota: refused, "pod k8s-web-8565d5cd9d-5hnqj: ": noImage} {
			c := objects(t)
			spoil(c)
			if r := eval(t, c, source); r.Verdict != checks.NotYet || !strings.Contains(r.Why, says) {
				t.Errorf("%s: %s, why %q, want %q", source, r.Verdict, r.Why, says)
			}
		}
	}
}

// A warning of a pod that is ready now explains nothing.
func TestAReadyPodIsNotExplainedByItsPast(t *testing.T) {
	c := recorded(t)
	pod := c.Pods["demoduo"]
	c.Warnings = []corev1.Event{{
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: pod.Name, UID: pod.UID}, Type: corev1.EventTypeWarning, Reason: "Unhealthy", Message: "Readiness probe failed",
	}}
	const source = "restarts: {pod: demoduo, container: demox, is: 3}"
	if r := eval(t, c, source); r.Verdict != checks.NotYet || r.Why != "" {
		t.Errorf("ready: %s, why %q", r.Verdict, r.Why)
	}
	for i := range pod.Status.Conditions {
		if pod.Status.Conditions[i].Type == corev1.PodReady {
			pod.Status.Conditions[i].Status = corev1.ConditionFalse
		}
	}
	if r := eval(t, c, source); r.Why != "Unhealthy: Readiness probe failed" {
		t.Errorf("not ready: why %q", r.Why)
	}
}

// STATUS is what kubectl prints while init containers hold the pod up.
func TestTheStatusOfAPodThatIsInitialized(t *testing.T) {
	ended := func(code int32, reason string) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}
	}
	for want, state := range map[string]corev1.ContainerState{
		"Init:0/1":              {Running: &corev1.ContainerStateRunning{}},
		"Init:Error":            ended(1, "Error"),
		"Init:CrashLoopBackOff": {Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		"PodInitializing":       ended(0, "Completed"),
	} {
		c := recorded(t)
		pod := c.Pods["demoduo"]
		pod.Spec.InitContainers = []corev1.Container{{Name: "first"}}
		pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "first", State: state}}
		pod.Status.Conditions = nil
		for i := range pod.Status.ContainerStatuses {
			pod.Status.ContainerStatuses[i] = corev1.ContainerStatus{
				Name: pod.Status.ContainerStatuses[i].Name, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "PodInitializing"}},
			}
		}
		r := eval(t, c, "ready: {pod: demoduo, containers: 2/2}")
		if row := r.Evidence.Rows[1]; !strings.Contains(row, want) || strings.Contains(row, "Init:") != strings.Contains(want, "Init:") {
			t.Errorf("%s: %s", want, row)
		}
	}
}
