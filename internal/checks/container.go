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
		if c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
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
	s := c.status.State
	switch {
	case s.Running != nil && c.status.Ready:
		return "running, ready", ""
	case s.Running != nil:
		return "running, not ready", ended(c.name+", the time before,", c.status.LastTerminationState.Terminated)
	case s.Terminated != nil:
		return "terminated: " + s.Terminated.Reason, ended(c.name, s.Terminated)
	case s.Waiting == nil:
		return "not created yet", ""
	}
	state = "waiting: " + s.Waiting.Reason
	if last := c.status.LastTerminationState.Terminated; last != nil {
		return state, fmt.Sprintf("%s: %s: %s", c.name, s.Waiting.Reason, ended("restarted "+times(c.status.RestartCount)+", last", last))
	}
	if s.Waiting.Message == "" {
		return state, ""
	}
	return state, fmt.Sprintf("%s: %s: %s", c.name, s.Waiting.Reason, s.Waiting.Message)
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

func ended(who string, t *corev1.ContainerStateTerminated) string {
	if t == nil {
		return ""
	}
	text := fmt.Sprintf("%s ended with exit code %d (%s)", who, t.ExitCode, t.Reason)
	if t.Message != "" {
		text += ": " + t.Message
	}
	return text
}

func times(n int32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// unscheduled returns the scheduler's own reason for not finding a node, or "".
func unscheduled(pod *corev1.Pod) string {
	c := condition(pod, corev1.PodScheduled)
	if c.Status != corev1.ConditionFalse {
		return ""
	}
	return c.Reason + ": " + c.Message
}

func condition(pod *corev1.Pod, t corev1.PodConditionType) corev1.PodCondition {
	for _, c := range pod.Status.Conditions {
		if c.Type == t {
			return c
		}
	}
	return corev1.PodCondition{}
}
