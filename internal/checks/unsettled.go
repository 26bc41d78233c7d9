package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
)

// settledPods returns the pods that the object is or selects, or the result that says what is still on its way with them: an
// answer must not be graded against a state that nobody would see.
func (o object) settledPods(ctx context.Context, c Cluster) ([]*corev1.Pod, Result) {
	found, r := o.find(ctx, c)
	if found == nil {
		return nil, r
	}
	pods, err := ownPods(ctx, c, found)
	if err != nil {
		return nil, cannotTell("the API could not be asked about the pods of "+o.String(), err.Error(), "podlab doctor")
	}
	for _, pod := range pods {
		if name := starting(pod); name != "" {
			return nil, Result{Verdict: NotYet, Got: fmt.Sprintf("%s of pod %s is still starting", name, pod.Name)}
		}
	}
	if why := behindhand(found, pods); why != "" {
		return nil, Result{Verdict: NotYet, Got: o.String() + " " + why}
	}
	return pods, Result{}
}

// starting returns the name of a container that may become ready without anything more happening, or "".
func starting(pod *corev1.Pod) string {
	if hasEnded(pod) || unscheduled(pod) != "" || slices.ContainsFunc(pod.Status.InitContainerStatuses, stuck) {
		return ""
	}
	for _, one := range containersOf(pod) {
		if !settled(one) {
			return one.name
		}
	}
	return ""
}

func hasEnded(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// stuck says whether the init container cannot be started, or not soon: the containers after it wait for ever.
func stuck(status corev1.ContainerStatus) bool {
	return status.State.Waiting != nil && settled(container{status.Name, status})
}

func isReady(pod *corev1.Pod) bool {
	return condition(pod, corev1.PodReady).Status == corev1.ConditionTrue
}

// behindhand says what a controller has still to do or to take notice of, or "".
func behindhand(o *unstructured.Unstructured, pods []*corev1.Pod) string {
	total, readyField := []string{"spec", "replicas"}, "readyReplicas"
	if o.GetKind() == "DaemonSet" {
		total, readyField = []string{"status", "desiredNumberScheduled"}, "numberReady"
	}
	wanted, counts, _ := unstructured.NestedInt64(o.Object, total...)
	if !counts {
		return ""
	}
	ready, living := 0, 0
	for _, pod := range pods {
		switch {
		case !controlled(pod, o) || hasEnded(pod):
			continue
		case isReady(pod):
			ready++
		}
		living++
	}
	inOrder := o.GetKind() == "StatefulSet" && ready < living // the next pod comes when this one is ready
	if living < int(wanted) && !inOrder && !cannotMake(o) {
		return fmt.Sprintf("has %d of its %d pods", living, wanted)
	}
	if known, _, _ := unstructured.NestedInt64(o.Object, "status", readyField); int(known) != ready {
		return fmt.Sprintf("knows of %d ready pods, and there are %d", known, ready)
	}
	return ""
}

// controlled says whether the pod is the controller's own. A Deployment's pods are those of its ReplicaSets.
func controlled(pod *corev1.Pod, o *unstructured.Unstructured) bool {
	by := metav1.GetControllerOf(pod)
	return by != nil && (by.UID == o.GetUID() || o.GetKind() == "Deployment" && by.Kind == "ReplicaSet")
}

// cannotMake says whether the controller has said that it cannot make its pods, because of a quota for instance.
func cannotMake(o *unstructured.Unstructured) bool {
	return slices.ContainsFunc(conditionsOf(o), func(one anyCondition) bool {
		return one.of == "ReplicaFailure" && one.status == string(metav1.ConditionTrue)
	})
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
