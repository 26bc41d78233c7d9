package checks

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// unsettled says what is still on its way with the object's pods, or has no verdict: an answer must not be graded against a
// state that nobody would see. The pods are the object itself, or those that it selects.
func (o object) unsettled(ctx context.Context, c Cluster) Result {
	found, r := o.find(ctx, c)
	if found == nil {
		return r
	}
	pods, err := ownPods(ctx, c, found)
	if err != nil {
		return cannotTell("the API could not be asked about the pods of "+o.String(), err.Error(), "podlab doctor")
	}
	wanted, has, _ := unstructured.NestedInt64(found.Object, "spec", "replicas")
	if has && int(wanted) != len(pods) && !cannotMake(found) {
		return Result{Verdict: NotYet, Got: fmt.Sprintf("%d of %d pods of %s are there", len(pods), wanted, o)}
	}
	for _, pod := range pods {
		if name := starting(pod); name != "" {
			return Result{Verdict: NotYet, Got: fmt.Sprintf("%s of pod %s is still starting", name, pod.Name)}
		}
	}
	return Result{}
}

// starting returns the name of a container that may become ready without anything more happening, or "".
func starting(pod *corev1.Pod) string {
	for _, one := range containersOf(pod) {
		if !settled(one) && unscheduled(pod) == "" {
			return one.name
		}
	}
	return ""
}

// cannotMake says whether the controller has said that it cannot make its pods, because of a quota for instance.
func cannotMake(o *unstructured.Unstructured) bool {
	for _, one := range conditionsOf(o) {
		if one.of == "ReplicaFailure" && one.status == string(metav1.ConditionTrue) {
			return true
		}
	}
	return false
}

// ownPods returns the pods that the object is or selects, but for those that are being deleted.
func ownPods(ctx context.Context, c Cluster, o *unstructured.Unstructured) ([]*corev1.Pod, error) {
	selector, err := selectorOf(o)
	if err != nil || selector == nil && o.GetKind() != "Pod" {
		return nil, err
	}
	all := []*unstructured.Unstructured{o}
	if selector != nil {
		if all, err = c.List(ctx, "Pod"); err != nil {
			return nil, err
		}
	}
	var pods []*corev1.Pod
	for _, one := range all {
		if one.GetDeletionTimestamp() != nil || selector != nil && !selector.Matches(labels.Set(one.GetLabels())) {
			continue
		}
		var pod corev1.Pod
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(one.Object, &pod); err != nil {
			return nil, err
		}
		pods = append(pods, &pod)
	}
	return pods, nil
}

// selectorOf returns nil for an object that selects no pods. A Service writes its selector in a form of its own.
func selectorOf(o *unstructured.Unstructured) (labels.Selector, error) {
	field, has, err := unstructured.NestedMap(o.Object, "spec", "selector")
	switch {
	case err != nil || !has || len(field) == 0 || strings.HasPrefix(o.GetKind(), "PersistentVolume"):
		return nil, err
	case o.GetKind() == "Service", o.GetKind() == "ReplicationController":
		set, _, err := unstructured.NestedStringMap(o.Object, "spec", "selector")
		return labels.SelectorFromSet(set), err
	}
	var selector metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(field, &selector); err != nil {
		return nil, err
	}
	return metav1.LabelSelectorAsSelector(&selector)
}
