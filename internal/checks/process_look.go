package checks

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// lookFor is look for a claim about some of the pod's containers: they must run, the others need not.
func lookFor(ctx context.Context, c Cluster, podName string, containers ...string) (*sight, Result) {
	pod, r := findPod(ctx, c, podName)
	if pod == nil {
		return nil, r
	}
	placed := pod.DeletionTimestamp == nil && pod.Spec.NodeName != ""
	if off := notRunning(pod, containers); placed && len(off) > 0 {
		return nil, unlike(Result{Vacant: true}, off)
	}
	s, r := look(ctx, c, podName)
	if s == nil && r.Verdict == NotYet && placed {
		some, how := lookForSome(ctx, c, pod)
		if how.Verdict == CannotTell || some != nil && some.hasAll(containers) {
			return some, how
		}
	}
	return s, r
}

// notRunning returns those of the containers that the pod does not have, or that do not run.
func notRunning(pod *corev1.Pod, containers []string) []Mismatch {
	var off []Mismatch
	for _, name := range slices.Compact(slices.Sorted(slices.Values(containers))) {
		status, has := anyStatus(pod, name)
		if status.State.Running != nil && status.ContainerID != "" {
			continue
		}
		state, _ := describe(container{name, status})
		if !has {
			state = fmt.Sprintf("pod %s has no container %s", pod.Name, name)
		}
		off = append(off, Mismatch{name, "running", state})
	}
	return off
}

// anyStatus returns the status of the pod's container of any sort, and whether the pod has such a container at all.
func anyStatus(pod *corev1.Pod, name string) (corev1.ContainerStatus, bool) {
	status, has := corev1.ContainerStatus{}, false
	for _, all := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses, pod.Status.EphemeralContainerStatuses} {
		if found := statusOf(all, name); found.Name != "" {
			status, has = found, true
		}
	}
	of := func(c corev1.Container) bool { return c.Name == name }
	has = has || slices.ContainsFunc(pod.Spec.InitContainers, of) || slices.ContainsFunc(pod.Spec.Containers, of)
	return status, has
}

// lookForSome returns the pod with those of its containers that run, whichever they are.
func lookForSome(ctx context.Context, c Cluster, pod *corev1.Pod) (*sight, Result) {
	snapshot, err := c.Node(ctx, pod.Spec.NodeName)
	if err != nil {
		return nil, cannotTell("node "+pod.Spec.NodeName+" could not be looked at", err.Error(), "podlab doctor")
	}
	s := &sight{pod: pod, node: snapshot, below: snapshot.Pod(string(pod.UID))}
	if len(s.below.Containers) == 0 {
		if r := runs(pod); !anyStatusRuns(pod) && r.Verdict != "" {
			return nil, r
		}
		return nil, s.match()
	}
	rest := maps.Clone(s.below.Containers)
	for _, all := range [][]corev1.ContainerStatus{pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses} {
		for _, status := range all {
			id := bareID(status.ContainerID)
			first, runs := rest[id]
			delete(rest, id)
			if runs && status.State.Running != nil && !first.Zombie() {
				s.members = append(s.members, member{status.Name, id, first})
			}
		}
	}
	if r := s.addSandbox(rest); r.Verdict != "" {
		return nil, r
	}
	return s, Result{}
}

// anyStatusRuns says whether the API says that any container of the pod runs.
func anyStatusRuns(pod *corev1.Pod) bool {
	all := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses)
	return slices.ContainsFunc(all, func(status corev1.ContainerStatus) bool { return status.State.Running != nil })
}

// missing returns the pod's containers that do not run, or that the node does not show.
func (s *sight) missing() []Mismatch {
	var off []Mismatch
	for _, one := range containersOf(s.pod) {
		if s.hasAll([]string{one.name}) {
			continue
		}
		state, _ := describe(one)
		if one.status.State.Running != nil {
			state = "not on node " + s.node.Node
		}
		off = append(off, Mismatch{one.name, "running", state})
	}
	return off
}

func (s *sight) hasAll(containers []string) bool {
	return !slices.ContainsFunc(containers, func(name string) bool {
		_, ok := s.member(name)
		return !ok
	})
}

// lookAtOne returns the pod and one container of it that runs, or nil and why it cannot be judged.
func lookAtOne(ctx context.Context, c Cluster, pod, container string) (*sight, member, Result) {
	s, r := lookFor(ctx, c, pod, container)
	if s == nil {
		return nil, member{}, r
	}
	m, ok := s.member(container)
	if !ok {
		return nil, member{}, torn("%s's container is not on node %s", container, s.node.Node)
	}
	return s, m, Result{}
}

// unlike makes the result NotYet, with all that differs, or returns it as it is if nothing does.
func unlike(r Result, off []Mismatch) Result {
	if len(off) == 0 {
		return r
	}
	var got []string
	for _, m := range off {
		got = append(got, m.Of+": "+m.Got)
	}
	r.Verdict, r.Mismatches, r.Got = NotYet, off, strings.Join(got, "; ")
	return r
}
