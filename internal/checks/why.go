package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// reason finds the one container state, event or log line that explains why a check does not hold. It is only an
// explanation: what cannot be read leaves it empty.
func reason(ctx context.Context, c Cluster, check Check) string {
	if about, ok := check.(Subject); ok && about.Subject() != "" {
		pod, err := c.Pod(ctx, about.Subject())
		if err != nil {
			return noPodWhy(ctx, c, about.Subject())
		}
		return podReason(ctx, c, pod)
	}
	if about, ok := check.(About); ok {
		return ownerReason(ctx, c, about)
	}
	return ""
}

// podReason returns the scheduler's, the runtime's, the program's or the kubelet's own reason, whichever the pod waits for.
func podReason(ctx context.Context, c Cluster, pod *corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return ""
	}
	if why := podWhy(pod); why != "" {
		return why
	}
	for _, one := range troubled(pod) {
		_, why := describe(one)
		if why == "" {
			continue
		}
		return why + lastWords(ctx, c, pod, one)
	}
	if isReady(pod) {
		return "" // what was said of it is over
	}
	return lastWarning(ctx, c, pod)
}

// troubled returns the containers that are not as they should be, in the order in which they hold each other up.
func troubled(pod *corev1.Pod) []container {
	var all []container
	for _, c := range pod.Spec.InitContainers {
		all = append(all, container{c.Name, statusOf(pod.Status.InitContainerStatuses, c.Name)})
	}
	for _, c := range pod.Spec.Containers {
		all = append(all, container{c.Name, statusOf(pod.Status.ContainerStatuses, c.Name)})
	}
	return slices.DeleteFunc(all, func(c container) bool {
		ended := c.status.State.Terminated
		return c.status.Ready || ended != nil && ended.ExitCode == 0 && c.status.RestartCount == 0
	})
}

// wordsShown is how many of a program's last lines explain why it ended.
const wordsShown = 3

// lastWords returns what a program that ended said at the end, unless it was killed for want of memory: then it was given
// no time to say anything of it.
func lastWords(ctx context.Context, c Cluster, pod *corev1.Pod, one container) string {
	ended := one.status.State.Terminated
	if ended == nil {
		ended = one.status.LastTerminationState.Terminated
	}
	if ended == nil || ended.Reason == "OOMKilled" || ended.Message != "" {
		return ""
	}
	lines, err := c.LastWords(ctx, pod.Name, one.name)
	if err != nil || len(lines) == 0 {
		return ""
	}
	lines = lines[max(len(lines)-wordsShown, 0):]
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return ". Its last words: " + strings.Join(lines, " / ")
}

// noPodWhy explains a pod that is not there: whoever should make it says why it cannot.
func noPodWhy(ctx context.Context, c Cluster, name string) string {
	for _, kind := range []string{"Pod", "ReplicaSet", "StatefulSet", "Job"} {
		events, err := c.Events(ctx, kind, strings.TrimRight(name, "0123456789-"))
		if why := newestWarning(events); err == nil && why != "" {
			return why
		}
	}
	return ""
}

// ownerReason explains a controller or a Service by its pods: the first that is in trouble, or why there are none.
func ownerReason(ctx context.Context, c Cluster, about About) string {
	kind, name := about.About()
	object, err := c.Object(ctx, kind, name)
	if err != nil {
		return ""
	}
	pods, err := ownPods(ctx, c, object)
	if err != nil {
		return ""
	}
	for _, pod := range pods {
		if why := podReason(ctx, c, pod); why != "" {
			return "pod " + pod.Name + ": " + why
		}
	}
	return controllerWhy(ctx, c, object)
}

// controllerWhy returns why a controller cannot make its pods: a quota, a Pod that the API server does not take.
func controllerWhy(ctx context.Context, c Cluster, object *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions") // none is no reason
	for _, one := range conditions {
		fields, _ := one.(map[string]any)
		if fields["type"] == "ReplicaFailure" && fields["status"] == "True" {
			return fmt.Sprintf("%v: %v", fields["reason"], fields["message"])
		}
	}
	events, err := c.Events(ctx, object.GetKind(), object.GetName())
	if err != nil {
		return ""
	}
	return newestWarning(events)
}

// lastWarning returns the newest warning event of this very pod: why its sandbox or its volumes cannot be made, or what a
// probe met.
func lastWarning(ctx context.Context, c Cluster, pod *corev1.Pod) string {
	events, err := c.Events(ctx, "Pod", pod.Name)
	if err != nil {
		return ""
	}
	return newestWarning(slices.DeleteFunc(events, func(e corev1.Event) bool { return e.InvolvedObject.UID != pod.UID }))
}

func newestWarning(events []corev1.Event) string {
	why := ""
	for _, e := range events {
		if e.Type == corev1.EventTypeWarning {
			why = e.Reason + ": " + e.Message
		}
	}
	return why
}
