//go:build e2e

package kube

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

func TestApplyFollowAndReset(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	w, err := c.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Pod("duo"); !apierrors.IsNotFound(err) {
		t.Errorf("before the apply: %v, want a NotFound error", err)
	}
	pod := object(t, duo)
	mustApply(ctx, t, c, namespace, "created", pod)
	mustApply(ctx, t, c, namespace, "unchanged", pod)
	waitFor(ctx, t, w, "duo", ready(2))
	mustApply(ctx, t, c, namespace, "unchanged", pod)

	third := map[string]any{"name": "c3", "image": "demo:1.0.0", "command": []any{"sleep", "1000"}}
	mustApply(ctx, t, c, namespace, "replaced", withContainer(t, pod, third))
	waitFor(ctx, t, w, "duo", ready(3))
	mustApply(ctx, t, c, namespace, "replaced", pod)
	waitFor(ctx, t, w, "duo", ready(2))

	labelled := pod.DeepCopy()
	labelled.SetLabels(map[string]string{"a": "b"})
	mustApply(ctx, t, c, namespace, "configured", labelled)
	mustReset(ctx, t, c, namespace)
	waitFor(ctx, t, w, "duo", func(_ *corev1.Pod, err error) bool { return apierrors.IsNotFound(err) })
	cancel()
	<-w.Done()
}

// A learner's own kubectl made the pod, and a field of it would survive an apply.
func TestPodOfAnotherToolIsReplaced(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pod := object(t, duo)
	other := pod.DeepCopy()
	if err := unstructured.SetNestedField(other.Object, true, "spec", "shareProcessNamespace"); err != nil {
		t.Fatal(err)
	}
	resource := c.dynamic.Resource(pods).Namespace(namespace)
	if _, err := resource.Create(ctx, other, metav1.CreateOptions{FieldManager: "kubectl-create"}); err != nil {
		t.Fatal(err)
	}
	mustApply(ctx, t, c, namespace, "replaced", pod)
	now, err := resource.Get(ctx, "duo", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, there, _ := unstructured.NestedFieldNoCopy(now.Object, "spec", "shareProcessNamespace"); there {
		t.Error("shareProcessNamespace survived the apply")
	}
}

func TestApplyWaitsForAPodThatIsGoing(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pod := object(t, duo)
	mustApply(ctx, t, c, namespace, "created", pod)
	w, err := c.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(ctx, t, w, "duo", ready(2))
	before, err := w.Pod("duo")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.core.Pods(namespace).Delete(ctx, "duo", metav1.DeleteOptions{GracePeriodSeconds: new(podGrace)}); err != nil {
		t.Fatal(err)
	}
	mustApply(ctx, t, c, namespace, "created", pod)
	waitFor(ctx, t, w, "duo", ready(2))
	if after, err := w.Pod("duo"); err != nil || after.UID == before.UID {
		t.Errorf("the pod is still the one that was going, or %v", err)
	}
	cancel()
	<-w.Done()
}

func TestApplyTellsWhatIsWrong(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	unknown := object(t, duo)
	unknown.Object["spec"].(map[string]any)["volumeMounts"] = []any{}
	tests := map[string]struct {
		object *unstructured.Unstructured
		want   string
	}{
		"unknown field": {unknown, "apply pod/duo: .spec.volumeMounts: field not declared in schema"},
		"missing image": {
			withContainer(t, object(t, duo), map[string]any{"name": "c3"}),
			"apply pod/duo: spec.containers[2].image: Required value",
		},
		"two mistakes": {
			withContainer(t, withContainer(t, object(t, duo), map[string]any{"name": "c3"}), map[string]any{"name": "c4"}),
			"apply pod/duo: spec.containers[2].image: Required value\npod/duo: spec.containers[3].image: Required value",
		},
		"unknown kind": {
			object(t, "{apiVersion: foo.io/v1, kind: Foo, metadata: {name: x}}"),
			`apply foo/x: the cluster does not know this kind: no matches for kind "Foo" in version "foo.io/v1"`,
		},
		"the whole cluster's": {
			object(t, "{apiVersion: v1, kind: Namespace, metadata: {name: x}}"),
			"apply namespace/x: belongs to the whole cluster, and a lesson may only apply what stays in its namespace",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := apply(ctx, c, namespace, test.object)
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
	if _, err := c.dynamic.Resource(pods).Namespace(namespace).Get(ctx, "duo", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("a refused pod is there: %v", err)
	}
}

// A manifest that is wrong must not cost the pod that is there.
func TestRefusedReplacementKeepsThePod(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	mustApply(ctx, t, c, namespace, "created", object(t, duo))
	resource := c.dynamic.Resource(pods).Namespace(namespace)
	before, err := resource.Get(ctx, "duo", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := apply(ctx, c, namespace, withContainer(t, object(t, duo), map[string]any{"name": "c3"})); err == nil {
		t.Fatal("a container without an image was taken")
	}
	after, err := resource.Get(ctx, "duo", metav1.GetOptions{})
	if err != nil || after.GetUID() != before.GetUID() || after.GetDeletionTimestamp() != nil {
		t.Errorf("the pod did not stay: %v, %v", after, err)
	}
}

func TestResetRemovesWhatControllersMake(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	mustApply(ctx, t, c, namespace, "created", object(t, deploy))
	mustApply(ctx, t, c, namespace, "created", object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {a: b}}"))
	mustApply(ctx, t, c, namespace, "created", object(t,
		"{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {selector: {app: x}, ports: [{port: 80}]}}"))
	err := until(ctx, c.dynamic.Resource(pods).Namespace(namespace), "status.phase=Running", func(now items) (bool, error) {
		return len(now) == 2, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustReset(ctx, t, c, namespace)
}

// mustReset resets the namespace and checks that nothing but what Kubernetes puts there is left.
func mustReset(ctx context.Context, t *testing.T, c *Client, namespace string) {
	t.Helper()
	start := time.Now()
	if err := c.Reset(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	took := time.Since(start).Round(time.Millisecond)
	t.Logf("reset in %v", took)
	if took > 15*time.Second { // a pod's usual grace alone is 30 s
		t.Errorf("the reset took %v", took)
	}
	resources, err := c.deletable(ctx)
	if err != nil {
		t.Fatal(err)
	}
	left, err := c.contents(ctx, namespace, resources)
	if err != nil || len(left) > 0 {
		t.Errorf("after the reset: %v, %v", left, err)
	}
	if _, err := c.core.ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
}

func TestResetTellsWhatIsStillThere(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stuck := object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: stuck, finalizers: [podlab.example/never]}}")
	mustApply(ctx, t, c, namespace, "created", stuck)
	short, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	err := c.Reset(short, namespace)
	if err == nil || !strings.Contains(err.Error(), "still there: configmap/stuck") {
		t.Errorf("reset: %v, want it to name configmap/stuck", err)
	}
	free := []byte(`{"metadata":{"finalizers":null}}`)
	_, err = c.core.ConfigMaps(namespace).Patch(ctx, "stuck", types.MergePatchType, free, metav1.PatchOptions{})
	if err != nil {
		t.Error(err)
	}
}

func TestNamespaceOfOthersIsLeftAlone(t *testing.T) {
	c, _ := cluster(t)
	ctx := t.Context()
	for name, do := range map[string]func(context.Context, string) error{
		"ensure": c.EnsureNamespace, "reset": c.Reset, "delete": c.deleteNamespace,
	} {
		if err := do(ctx, "default"); err == nil || !strings.Contains(err.Error(), "was not made by podlab") {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
}

func TestEnsureNamespaceWaitsForOneThatIsGoing(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.core.Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := c.EnsureNamespace(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	mustApply(ctx, t, c, namespace, "created", object(t, duo))
}

// The node's container is paused: packets vanish, and no connection is closed.
func TestWatchTellsOfLossAndReturn(t *testing.T) {
	node := os.Getenv("PODLAB_E2E_NODE")
	if node == "" {
		t.Fatal("PODLAB_E2E_NODE names no node container that may be paused and stopped")
	}
	for _, verbs := range [][2]string{{"pause", "unpause"}, {"stop", "start"}} {
		t.Run(verbs[0], func(t *testing.T) {
			c, namespace := cluster(t)
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
			defer cancel()
			w, err := c.Watch(ctx, namespace)
			if err != nil {
				t.Fatal(err)
			}
			lost := func(_ *corev1.Pod, err error) bool { return err != nil && !apierrors.IsNotFound(err) }
			back := func(_ *corev1.Pod, err error) bool { return apierrors.IsNotFound(err) }
			start := docker(t, verbs[0], node)
			waitFor(ctx, t, w, "none", lost)
			err = w.Err()
			t.Logf("%s: lost after %v: %v", verbs[0], time.Since(start).Round(time.Millisecond), err)
			if verbs[0] == "pause" && time.Since(start) > 4*time.Second {
				t.Errorf("the loss was noticed after %v", time.Since(start))
			}
			start = docker(t, verbs[1], node)
			waitFor(ctx, t, w, "none", back)
			t.Logf("%s: back after %v", verbs[1], time.Since(start).Round(time.Millisecond))
			cancel()
			<-w.Done()
		})
	}
}

// docker runs one docker command on the node. It returns when the command was started for pause and stop, ended otherwise.
func docker(t *testing.T, verb, node string) time.Time {
	t.Helper()
	start := time.Now()
	if out, err := exec.Command("docker", verb, node).CombinedOutput(); err != nil {
		t.Fatalf("docker %s %s: %v: %s", verb, node, err, out)
	}
	return start
}
