package checks

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// container is one container that "kubectl get pod" counts: those of spec.containers, and the sidecars (init containers
// that are restarted always). Ordinary init containers and the sandbox are not counted.
type container struct {
	name   string
	status corev1.ContainerStatus // zero while the kubelet has not reported one
}

func containersOf(pod *corev1.Pod) []container {
	var all []container
	for _, c := range pod.Spec.InitContainers {
		if isSidecar(c) {
			all = append(all, container{c.Name, statusOf(pod.Status.InitContainerStatuses, c.Name)})
		}
	}
	for _, c := range pod.Spec.Containers {
		all = append(all, container{c.Name, statusOf(pod.Status.ContainerStatuses, c.Name)})
	}
	return all
}

func statusOf(statuses []corev1.ContainerStatus, name string) corev1.ContainerStatus {
	for _, status := range statuses {
		if status.Name == name {
			return status
		}
	}
	return corev1.ContainerStatus{}
}

// describe says in which state the container is ("waiting: ImagePullBackOff") and the runtime's own reason for it, which may be "".
func describe(c container) (state, why string) {
	s, last := c.status.State, c.status.LastTerminationState.Terminated
	switch {
	case s.Running != nil && c.status.Ready:
		return "running, ready", ""
	case s.Running != nil && last != nil:
		return "running, not ready", c.name + " " + ended(c, last)
	case s.Running != nil:
		return "running, not ready", ""
	case s.Terminated != nil:
		return "terminated: " + s.Terminated.Reason, c.name + " " + ended(c, s.Terminated)
	case s.Waiting == nil:
		return "not created yet", ""
	}
	state = "waiting: " + s.Waiting.Reason
	switch {
	case last != nil:
		why = fmt.Sprintf("%s: %s: %s", c.name, s.Waiting.Reason, ended(c, last))
	case s.Waiting.Message != "":
		why = fmt.Sprintf("%s: %s: %s", c.name, s.Waiting.Reason, s.Waiting.Message)
	}
	return state, why
}

// settled says whether the container's readiness stays as it is unless something happens to the container.
func settled(c container) bool {
	s := c.status.State
	switch {
	case s.Waiting != nil:
		return s.Waiting.Reason != "" && s.Waiting.Reason != "ContainerCreating" && s.Waiting.Reason != "PodInitializing"
	case s.Running != nil:
		return c.status.Ready || c.status.Started != nil && *c.status.Started
	}
	return s.Terminated != nil
}

// ended says how the container ended last, and how often it was started again.
func ended(c container, t *corev1.ContainerStateTerminated) string {
	text := fmt.Sprintf("ended with exit code %d (%s)", t.ExitCode, t.Reason)
	switch c.status.RestartCount {
	case 0:
	case 1:
		text += ", restarted once"
	default:
		text += fmt.Sprintf(", restarted %d times", c.status.RestartCount)
	}
	if t.Message != "" {
		text += ": " + t.Message
	}
	return text
}

// unscheduled returns the scheduler's own reason for not finding a node, or "".
func unscheduled(pod *corev1.Pod) string {
	c := condition(pod, corev1.PodScheduled)
	if c.Status != corev1.ConditionFalse {
		return ""
	}
	return c.Reason + ": " + c.Message
}

// podWhy returns why the pod as a whole does not run: it found no node, or was evicted from it. It may be "".
func podWhy(pod *corev1.Pod) string {
	if pod.Status.Reason != "" {
		return pod.Status.Reason + ": " + pod.Status.Message
	}
	return unscheduled(pod)
}

func condition(pod *corev1.Pod, t corev1.PodConditionType) corev1.PodCondition {
	for _, c := range pod.Status.Conditions {
		if c.Type == t {
			return c
		}
	}
	return corev1.PodCondition{}
}
