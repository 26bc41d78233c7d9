package checks_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// webPod is one of the two pods of the Deployment k8s-web.
const webPod = "k8s-web-8565d5cd9d-5hnqj"

func podWaits(reason string) spoil {
	return func(_ testing.TB, c *checkstest.Cluster) {
		pod := c.Pods[webPod]
		pod.Status.Phase = corev1.PodPending
		pod.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
		pod.Status.ContainerStatuses[0].Ready = false
	}
}

func podMissing(_ testing.TB, c *checkstest.Cluster) {
	delete(c.Pods, webPod)
}

func podRefused(t testing.TB, c *checkstest.Cluster) {
	podMissing(t, c)
	conditions := []any{map[string]any{"type": "ReplicaFailure", "status": "True"}}
	set(t, thing(t, c, "ReplicaSet", "k8s-web-8565d5cd9d"), conditions, "status", "conditions")
	set(t, thing(t, c, "ReplicaSet", "k8s-web-8565d5cd9d"), int64(1), "status", "readyReplicas")
	set(t, thing(t, c, "ReplicaSet", "k8s-web-8565d5cd9d"), int64(1), "status", "replicas")
}

// statusLate: both pods are ready, and the controller has seen one.
func statusLate(t testing.TB, c *checkstest.Cluster) {
	set(t, thing(t, c, "Deployment", "k8s-web"), int64(1), "status", "readyReplicas")
}

// surgeStuck: a third pod, of the new template, whose image is nowhere.
func surgeStuck(_ testing.TB, c *checkstest.Cluster) {
	more := c.Pods[webPod].DeepCopy()
	more.Name, more.Status.Conditions = "k8s-web-new", nil
	more.Status.ContainerStatuses[0].State = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}
	c.Pods[more.Name] = more
}

func podEvicted(_ testing.TB, c *checkstest.Cluster) {
	left := c.Pods[webPod].DeepCopy()
	left.Name, left.Status = "k8s-web-left", corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted"}
	c.Pods[left.Name] = left
}

func initStuck(t testing.TB, c *checkstest.Cluster) {
	pod := c.Pods[webPod]
	podWaits("PodInitializing")(t, c)
	pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{
		Name: "first", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
	}}
}

// sliceUnready: what the slice says until it hears that the probe has passed.
func sliceUnready(t testing.TB, c *checkstest.Cluster) {
	slice := thing(t, c, "EndpointSlice", "k8s-web")
	list, _, err := unstructured.NestedSlice(slice.Object, "endpoints")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		e.(map[string]any)["conditions"] = map[string]any{"ready": false}
	}
	set(t, slice, list, "endpoints")
}

func sliceUnheard(t testing.TB, c *checkstest.Cluster) {
	set(t, thing(t, c, "EndpointSlice", "k8s-web"), []any{}, "endpoints")
}

// A learner's answer is graded against what she sees, not against the moment in which a pod is still starting.
func TestFactsWaitForWhatIsOnItsWay(t *testing.T) {
	starting, stuck := podWaits("ContainerCreating"), podWaits("ImagePullBackOff")
	as := func(testing.TB, *checkstest.Cluster) {}
	tests := []struct {
		source string
		spoil  spoil
		want   string // a value; or, after "not yet: ", a part of why there is none
	}{
		{"phase: {pod: " + webPod + "}", as, "Running"},
		{"phase: {pod: " + webPod + "}", starting, "not yet: " + webPod + " is still starting"},
		{"phase: {pod: " + webPod + "}", stuck, "Pending"},
		{"phase: {pod: k8s-done}", as, "Succeeded"},
		{"condition: {name: " + webPod + ", type: Ready}", as, "True"},
		{"condition: {name: " + webPod + ", type: Ready}", starting, "not yet: is still starting"},
		{"condition: {kind: Deployment, name: k8s-web, type: Available}", starting, "not yet: is still starting"},
		{"condition: {kind: Deployment, name: k8s-web, type: Available}", as, "True"},
		{"field: {name: " + webPod + ", path: '{.status.phase}'}", starting, "not yet: is still starting"},
		{"field: {kind: Deployment, name: k8s-web, path: spec.replicas}", starting, "2"},
		{"phase: {pod: " + webPod + "}", initStuck, "Pending"},
		{"phase: {pod: k8s-web-left}", podEvicted, "Failed"},
		{"field: {name: " + webPod + ", path: \"{['status'].phase}\"}", starting, "not yet: is still starting"},
		{"field: {name: " + webPod + ", path: '{..phase}'}", starting, "not yet: is still starting"},
		{"condition: {kind: Deployment, name: k8s-web, type: Available}", statusLate, "not yet: knows of 1 ready pods"},
		{"replicas: {name: k8s-web, count: ready}", statusLate, "not yet: knows of 1 ready pods"},
		{"replicas: {name: k8s-web, count: ready}", surgeStuck, "2"},
		{"replicas: {name: k8s-web, count: ready}", podEvicted, "2"},
		{"replicas: {name: k8s-web, count: ready}", as, "2"},
		{"replicas: {name: k8s-web, count: ready}", starting, "not yet: is still starting"},
		{"replicas: {kind: ReplicaSet, name: k8s-web-8565d5cd9d}", podMissing, "not yet: has 1 of its 2 pods"},
		{"replicas: {kind: ReplicaSet, name: k8s-web-8565d5cd9d}", podRefused, "1"},
		{"endpoints: {service: k8s-web}", as, "2"},
		{"endpoints: {service: k8s-web}", starting, "not yet: is still starting"},
		{"endpoints: {service: k8s-web}", sliceUnheard, "not yet: has not heard yet that pod"},
		{"endpoints: {service: k8s-web}", sliceUnready, "not yet: has not heard yet that pod"},
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
