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
