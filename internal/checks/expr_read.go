package checks

import (
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/node"
)

// read returns the values of the variables that the expression reads, or the result that says why they cannot be had.
func (e *expression) read(ctx context.Context, c Cluster) (map[string]any, Result) {
	variables := map[string]any{"pods": []any{}, "objects": map[string]any{}, "processes": []any{}}
	lists := map[string]any{}
	for _, kind := range append([]string{"Pod"}, e.with...) {
		if kind == "Pod" && !e.names("pods") && !e.names("objects") {
			continue
		}
		all, err := c.List(ctx, kind)
		if err != nil {
			return nil, cannotTell("the API could not be asked about the lab's objects of the kind "+kind, err.Error(), "podlab doctor")
		}
		objects := make([]any, len(all))
		staying := []any{}
		for i, o := range all {
			objects[i] = o.Object
			if o.GetDeletionTimestamp() == nil {
				staying = append(staying, o.Object)
			}
		}
		lists[kind] = objects
		if kind == "Pod" {
			variables["pods"] = staying // as to every kind of check, and to processes, a pod that is being deleted is gone
		}
	}
	variables["objects"] = lists
	if !e.names("processes") {
		return variables, Result{}
	}
	processes, r := e.readProcesses(ctx, c)
	variables["processes"] = processes
	return variables, r
}

// readProcesses returns the processes of the pods that are meant. While one of the pods named in of does not run with all its
// containers, or while no container of the lab's pods runs, there is nothing to judge.
func (e *expression) readProcesses(ctx context.Context, c Cluster) ([]any, Result) {
	names, r := e.podNames(ctx, c)
	if r.Verdict != "" {
		return nil, r
	}
	all, ran, idle := []any{}, false, Result{}
	for _, name := range names {
		pod, r := findPod(ctx, c, name)
		if pod == nil {
			return nil, r
		}
		off := runs(pod)
		switch {
		case off.Verdict != "" && len(e.of) > 0:
			return nil, off
		case off.Verdict != "":
			idle = off
		}
		ran = ran || someRun(pod)
		if pod.Spec.NodeName == "" || pod.DeletionTimestamp != nil {
			continue
		}
		snapshot, err := c.Node(ctx, pod.Spec.NodeName)
		if err != nil {
			return nil, cannotTell("node "+pod.Spec.NodeName+" could not be looked at", err.Error(), "podlab doctor")
		}
		below := snapshot.Pod(string(pod.UID))
		containers, r := nameContainers(pod, snapshot, below)
		if r.Verdict != "" {
			return nil, r
		}
		for _, p := range below.Own {
			all = append(all, exprProcess(p, pod.Name, containers[p.ContainerID]))
		}
	}
	if !ran {
		return nil, idle
	}
	return all, Result{}
}

func (e *expression) podNames(ctx context.Context, c Cluster) ([]string, Result) {
	if len(e.of) > 0 {
		return e.of, Result{}
	}
	pods, err := c.List(ctx, "Pod")
	if err != nil {
		return nil, cannotTell("the API could not be asked about the lab's pods", err.Error(), "podlab doctor")
	}
	var names []string
	for _, pod := range pods {
		names = append(names, pod.GetName())
	}
	return names, Result{}
}

// nameContainers names each of the pod's containers on the node, by container ID. If the API and the node do not agree on
// which containers run, the result says so: it is the rule of sight, without its claim that every container runs.
func nameContainers(pod *corev1.Pod, snapshot *node.Snapshot, below node.Pod) (map[string]string, Result) {
	names, running := map[string]string{}, 0
	statuses := slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses, pod.Status.EphemeralContainerStatuses)
	for _, status := range statuses {
		if status.State.Running == nil {
			continue
		}
		running++
		id := bareID(status.ContainerID)
		first, ok := below.Containers[id]
		switch {
		case len(below.Containers) == 0:
			return nil, cannotTell("node "+snapshot.Node+" shows nothing of pod "+pod.Name+", though the API says that it runs",
				"the API's status and the look at the node are two moments, and here they do not fit", "podlab doctor")
		case !ok:
			return nil, torn("%s's container %.12s is not on node %s", status.Name, id, snapshot.Node)
		case first.Zombie():
			return nil, torn("%s's first process (PID %d) has ended", status.Name, first.PID)
		}
		names[id] = status.Name
	}
	for id, first := range below.Containers {
		if _, known := names[id]; known {
			continue
		}
		if len(below.Containers) > running+1 {
			return nil, torn("node %s has containers of pod %s that the API does not name yet: %d where one sandbox is expected",
				snapshot.Node, pod.Name, len(below.Containers)-running)
		}
		names[id] = first.Program()
	}
	return names, Result{}
}

// exprProcess returns what an expression sees of a process.
func exprProcess(p node.Process, pod, container string) map[string]any {
	ns := map[string]any{}
	for t, inode := range p.Namespaces {
		ns[string(t)] = int64(inode) //nolint:gosec // an inode number of the kernel's namespaces has 32 bits
	}
	nspid := make([]any, len(p.NSPID))
	for i, pid := range p.NSPID {
		nspid[i] = int64(pid)
	}
	return map[string]any{
		"pid": int64(p.PID), "ppid": int64(p.PPID), "comm": p.Comm, "program": p.Program(), "args": p.Args, "state": p.State,
		"uid": int64(p.UID), "nspid": nspid, "pod": pod, "container": container, "ns": ns,
	}
}
