//go:build e2e

package kube

import (
	"context"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestObjectsOfAnyKind(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w, err := c.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	mustApply(ctx, t, c, namespace, "created", object(t, deploy))
	start := time.Now()
	for _, kind := range []string{"Deployment", "Deployment.apps"} {
		d, err := w.Object(ctx, kind, "web")
		if err != nil || d.GetKind() != "Deployment" || d.GetAPIVersion() != "apps/v1" {
			t.Errorf("%s: %v, %v", kind, d, err)
		}
		t.Logf("%s after %v", kind, time.Since(start))
	}
	available := func(d *unstructured.Unstructured) bool {
		n, _, _ := unstructured.NestedInt64(d.Object, "status", "availableReplicas")
		return n == 2
	}
	for {
		if d, err := w.Object(ctx, "Deployment", "web"); err == nil && available(d) {
			break
		}
		select {
		case <-w.Changed():
		case <-ctx.Done():
			t.Fatal("the deployment's status did not come")
		}
	}
	pods, err := w.List(ctx, "Pod")
	if err != nil || len(pods) != 2 || pods[0].GetName() > pods[1].GetName() || pods[0].GetKind() != "Pod" || pods[0].GetAPIVersion() != "v1" {
		t.Errorf("pods: %d, %v", len(pods), err)
	}
	if _, err := w.Object(ctx, "EndpointSlice", "web"); !apierrors.IsNotFound(err) {
		t.Errorf("EndpointSlice: %v, want NotFound", err)
	}
	for _, kind := range []string{"Nonsense", "Namespace", "Deployment.batch"} {
		if _, err := w.Object(ctx, kind, "web"); err == nil || apierrors.IsNotFound(err) {
			t.Errorf("%s: %v, want another error", kind, err)
		}
	}
	events, err := w.EventsOf(ctx, "Deployment", "web")
	if err != nil || len(events) == 0 || events[0].Reason != "ScalingReplicaSet" {
		t.Errorf("events: %v, %v", events, err)
	}
	cancel()
	<-w.Done()
}
