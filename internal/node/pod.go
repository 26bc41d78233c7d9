package node

import (
	"slices"
	"strings"
)

// Pod is what a snapshot knows of one pod. Processes are tied to it by their cgroups alone.
type Pod struct {
	UID        string
	Containers map[string]Process // container ID -> the container's first process; the sandbox is among them
	Own        []Process          // the processes that descend from a container's first process, and those first processes
	Visitors   []Process          // the others in its cgroups: what "kubectl exec" put there, and the children of that
}

// Pod returns what the snapshot knows of the pod with the UID. A pod that it does not know has no containers.
func (s *Snapshot) Pod(uid string) Pod {
	pod := Pod{UID: uid, Containers: map[string]Process{}}
	firsts := map[int]bool{}
	for id, pid := range s.Tasks {
		first, ok := s.Process(pid)
		if !ok || first.PodUID != uid || first.ContainerID != id {
			continue
		}
		pod.Containers[id] = first
		firsts[first.PID] = true
	}
	for _, p := range s.Processes {
		switch {
		case uid == "" || p.PodUID != uid:
		case s.descends(p, firsts):
			pod.Own = append(pod.Own, p)
		default:
			pod.Visitors = append(pod.Visitors, p)
		}
	}
	return pod
}

// descends says whether p or one of its ancestors is among firsts. An orphan is given to its container's PID 1 by the
// kernel, and so counts as its own.
func (s *Snapshot) descends(p Process, firsts map[int]bool) bool {
	for range s.Processes {
		if firsts[p.PID] {
			return true
		}
		parent, ok := s.Process(p.PPID)
		if !ok {
			return false
		}
		p = parent
	}
	return false
}

// ShimID returns the ID of the sandbox that the process is the containerd shim of, or "".
func (p Process) ShimID() string {
	if !strings.HasPrefix(p.Program(), "containerd-shim") {
		return ""
	}
	fields := strings.Fields(p.Args)
	at := slices.Index(fields, "-id")
	if at < 0 || at+1 == len(fields) {
		return ""
	}
	return fields[at+1]
}
