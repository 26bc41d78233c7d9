//go:build e2e

package kube

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// cluster opens the cluster that the e2e tests use and a namespace of the test's own in it.
func cluster(t *testing.T) (*Client, string) {
	t.Helper()
	path := os.Getenv("PODLAB_E2E_KUBECONFIG")
	if path == "" {
		t.Fatal("PODLAB_E2E_KUBECONFIG names no kubeconfig file")
	}
	c, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, c)
	namespace := fmt.Sprintf("kubetest-%d", time.Now().UnixNano())
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := c.EnsureNamespace(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := c.deleteNamespace(ctx, namespace); err != nil {
			t.Error(err)
		}
	})
	return c, namespace
}

// closeAtEnd closes the client twice: a request that was just cancelled holds its connection for a moment more.
func closeAtEnd(t *testing.T, c *Client) {
	t.Helper()
	t.Cleanup(func() {
		c.Close()
		time.Sleep(50 * time.Millisecond)
		c.Close()
	})
}

func object(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

// apply applies one manifest and returns what became of it.
func apply(ctx context.Context, c *Client, namespace string, o *unstructured.Unstructured) (string, error) {
	applied, err := c.Apply(ctx, namespace, []*unstructured.Unstructured{o})
	if err != nil {
		return "", err
	}
	return applied[0].Action, nil
}

func mustApply(ctx context.Context, t *testing.T, c *Client, namespace, want string, o *unstructured.Unstructured) {
	t.Helper()
	start := time.Now()
	got, err := apply(ctx, c, namespace, o)
	if err != nil || got != want {
		t.Fatalf("apply %s = %q, %v, want %q", objectID(o), got, err, want)
	}
	t.Logf("%s %s in %v", objectID(o), got, time.Since(start).Round(time.Millisecond))
}

// waitFor waits until the watch tells of a pod for which ok holds.
func waitFor(ctx context.Context, t *testing.T, w *Watch, pod string, ok func(*corev1.Pod, error) bool) {
	t.Helper()
	for {
		p, err := w.Pod(pod)
		if ok(p, err) {
			return
		}
		select {
		case <-w.Changed():
		case <-ctx.Done():
			t.Fatalf("pod %s: %v; last seen %v", pod, ctx.Err(), err)
		}
	}
}

// ready is true of a pod with n containers, all of them ready.
func ready(n int) func(*corev1.Pod, error) bool {
	return func(p *corev1.Pod, err error) bool {
		if err != nil || len(p.Status.ContainerStatuses) != n {
			return false
		}
		return !slices.ContainsFunc(p.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool { return !s.Ready })
	}
}

// withContainer returns the pod with one more container.
func withContainer(t *testing.T, pod *unstructured.Unstructured, container map[string]any) *unstructured.Unstructured {
	t.Helper()
	pod = pod.DeepCopy()
	containers, _, err := unstructured.NestedSlice(pod.Object, "spec", "containers")
	if err != nil {
		t.Fatal(err)
	}
	if err := unstructured.SetNestedSlice(pod.Object, append(containers, container), "spec", "containers"); err != nil {
		t.Fatal(err)
	}
	return pod
}

const duo = `
apiVersion: v1
kind: Pod
metadata: {name: duo}
spec:
  containers:
  - {name: c1, image: "demo:1.0.0", command: [sleep, "1000"]}
  - {name: c2, image: "demo:1.0.0", command: [sleep, "1000"]}
`

const deploy = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec:
      containers:
      - {name: c1, image: "demo:1.0.0", command: [sleep, "1000"]}
`

// deleteNamespace deletes the namespace with all that is in it and waits until it is gone. A missing one is no error.
func (c *Client) deleteNamespace(ctx context.Context, namespace string) error {
	ns, err := c.core.Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("delete namespace %s: %w", namespace, unanswered(err))
	}
	if err := ours(ns); err != nil {
		return err
	}
	// The namespace's own end would give every pod the usual grace of 30 s.
	if err := c.empty(ctx, namespace); err != nil {
		return fmt.Errorf("delete namespace %s: %w", namespace, err)
	}
	err = c.core.Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{})
	if err == nil || apierrors.IsConflict(err) {
		err = gone(ctx, c.dynamic.Resource(namespaces), namespace, string(ns.UID))
	}
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete namespace %s: %w", namespace, unanswered(err))
	}
	return nil
}
