package checks_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// A learner's answer is graded against what she sees, not against the moment in which a pod is still starting.
func TestFactsWaitForWhatIsOnItsWay(t *testing.T) {
	const one = "k8s-web-8565d5cd9d-5hnqj"
	waiting := func(reason string) spoil {
		return func(_ testing.TB, c *checkstest.Cluster) {
			pod := c.Pods[one]
			pod.Status.Phase = corev1.PodPending
			pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
			pod.Status.ContainerStatuses[0].Ready = false
		}
	}
	starting, stuck := waiting("ContainerCreating"), waiting("ImagePullBackOff")
	missing := func(_ testing.TB, c *checkstest.Cluster) { delete(c.Pods, one) }
	refused := func(t testing.TB, c *checkstest.Cluster) {
		missing(t, c)
		conditions := []any{map[string]any{"type": "ReplicaFailure", "status": "True"}}
		set(t, thing(t, c, "ReplicaSet", "k8s-web-8565d5cd9d"), conditions, "status", "conditions")
	}
	unheard := func(t testing.TB, c *checkstest.Cluster) {
		set(t, thing(t, c, "EndpointSlice", "k8s-web"), []any{}, "endpoints")
	}
	as := func(testing.TB, *checkstest.Cluster) {}
	tests := []struct {
		source string
		spoil  spoil
		want   string // a value; or, after "not yet: ", a part of why there is none
	}{
		{"phase: {pod: " + one + "}", as, "Running"},
		{"phase: {pod: " + one + "}", starting, "not yet: " + one + " is still starting"},
		{"phase: {pod: " + one + "}", stuck, "Pending"},
		{"phase: {pod: k8s-done}", as, "Succeeded"},
		{"condition: {name: " + one + ", type: Ready}", as, "True"},
		{"condition: {name: " + one + ", type: Ready}", starting, "not yet: is still starting"},
		{"condition: {kind: Deployment, name: k8s-web, type: Available}", starting, "not yet: is still starting"},
		{"condition: {kind: Deployment, name: k8s-web, type: Available}", as, "True"},
		{"field: {name: " + one + ", path: '{.status.phase}'}", starting, "not yet: is still starting"},
		{"field: {kind: Deployment, name: k8s-web, path: spec.replicas}", starting, "2"},
		{"replicas: {name: k8s-web, count: ready}", as, "2"},
		{"replicas: {name: k8s-web, count: ready}", starting, "not yet: is still starting"},
		{"replicas: {kind: ReplicaSet, name: k8s-web-8565d5cd9d}", missing, "not yet: 1 of 2 pods"},
		{"replicas: {kind: ReplicaSet, name: k8s-web-8565d5cd9d}", refused, "2"},
		{"endpoints: {service: k8s-web}", as, "2"},
		{"endpoints: {service: k8s-web}", starting, "not yet: is still starting"},
		{"endpoints: {service: k8s-web}", unheard, "not yet: heard of 0 of 2 ready pods"},
		{"endpoints: {service: k8s-lone}", as, "0"},
	}
	for _, test := range tests {
		c := objects(t)
		test.spoil(t, c)
		got, r := value(t, c, test.source)
		why, unknown := strings.CutPrefix(test.want, "not yet: ")
		switch {
		case unknown && (got != "" || r.Verdict != checks.NotYet || !strings.Contains(r.Got, why)):
			t.Errorf("%s: %q, %s, %q; want none, with %q", test.source, got, r.Verdict, r.Got, why)
		case !unknown && (got != test.want || r.Verdict != checks.Pass):
			t.Errorf("%s: %q, %s, %q; want %q", test.source, got, r.Verdict, r.Got, test.want)
		}
	}
}
