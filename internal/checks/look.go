package checks

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podlab/podlab/internal/node"
)

// sight is a running pod as the API and its node show it. The two are looked at one after the other, so they can
// disagree while a container starts, ends or restarts. The rule: a container that only one of them knows makes the verdict
// NotYet, for it is being replaced; a pod that the API calls running and of which the node shows nothing at all makes it
// CannotTell, for the two cannot be about the same moment.
type sight struct {
	pod     *corev1.Pod
	node    *node.Snapshot
	below   node.Pod
	members []member // the containers in the order of the spec, the sandbox last
}

// member is one container of the pod or its sandbox.
type member struct {
	name  string // the sandbox's is its program's name: "pause"
	id    string
	first node.Process // the container's first process
}

// findPod returns the pod, or nil and the result that says why there is none to judge.
func findPod(ctx context.Context, c Cluster, name string) (*corev1.Pod, Result) {
	pod, err := c.Pod(ctx, name)
	switch {
	case apierrors.IsNotFound(err):
		return nil, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("no pod %s in this lab's namespace", name)}
	case err != nil:
		return nil, cannotTell("the API could not be asked about pod "+name, err.Error(), "podlab doctor")
	}
	return pod, Result{}
}

// look returns the running pod, or nil and the result that says why it cannot be judged.
func look(ctx context.Context, c Cluster, name string) (*sight, Result) {
	pod, r := findPod(ctx, c, name)
	if pod == nil {
		return nil, r
	}
	if r := runs(pod); r.Verdict != "" {
		return nil, r
	}
	snapshot, err := c.Node(ctx, pod.Spec.NodeName)
	if err != nil {
		return nil, cannotTell("node "+pod.Spec.NodeName+" could not be looked at", err.Error(), "podlab doctor")
	}
	s := &sight{pod: pod, node: snapshot, below: snapshot.Pod(string(pod.UID))}
	if r := s.match(); r.Verdict != "" {
		return nil, r
	}
	return s, Result{}
}

func cannotTell(got, why, try string) Result {
	return Result{Verdict: CannotTell, Got: got, Why: why, Try: try}
}

// runs returns a result without a verdict if the API says that every container of the pod runs.
func runs(pod *corev1.Pod) Result {
	switch {
	case pod.DeletionTimestamp != nil:
		return Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("pod %s is being deleted", pod.Name)}
	case pod.Spec.NodeName == "":
		return Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("pod %s is on no node yet", pod.Name), Why: unscheduled(pod)}
	}
	var down []string
	var off []Mismatch
	why := podWhy(pod)
	for _, c := range containersOf(pod) {
		if c.status.State.Running != nil && c.status.ContainerID != "" {
			continue
		}
		state, reason := describe(c)
		down, off = append(down, c.name+" "+state), append(off, Mismatch{c.name, "running", state})
		if why == "" {
			why = reason
		}
	}
	if len(down) > 0 {
		return Result{Verdict: NotYet, Vacant: true, Got: "not running: " + strings.Join(down, ", "), Why: why, Mismatches: off}
	}
	return Result{}
}

// match ties each container of the API to its first process on the node, by container ID alone.
func (s *sight) match() Result {
	if len(s.below.Containers) == 0 {
		return cannotTell(fmt.Sprintf("node %s shows nothing of pod %s, though the API says that it runs", s.node.Node, s.pod.Name),
			"the API's status and the look at the node are two moments, and here they do not fit", "podlab doctor")
	}
	rest := maps.Clone(s.below.Containers)
	for _, c := range s.known() {
		id := bareID(c.status.ContainerID)
		first, ok := rest[id]
		if !ok {
			return torn("%s's container %.12s is not on node %s", c.name, id, s.node.Node)
		}
		delete(rest, id)
		s.members = append(s.members, member{c.name, id, first})
	}
	if r := s.addSandbox(rest); r.Verdict != "" {
		return r
	}
	for _, m := range s.members {
		if m.first.Zombie() || m.first.Namespaces[node.Mnt] == 0 {
			return torn("%s's first process (PID %d) has ended", m.name, m.first.PID)
		}
	}
	return Result{}
}

// known returns every container that the API says runs, ephemeral ones included.
func (s *sight) known() []container {
	known := containersOf(s.pod)
	for _, status := range s.pod.Status.EphemeralContainerStatuses {
		if status.State.Running != nil {
			known = append(known, container{name: status.Name, status: status})
		}
	}
	return known
}

// addSandbox takes the one container on the node that the API does not name for the sandbox.
func (s *sight) addSandbox(rest map[string]node.Process) Result {
	ids := slices.Sorted(maps.Keys(rest))
	if len(ids) == 0 {
		return torn("pod %s has no sandbox on node %s", s.pod.Name, s.node.Node)
	}
	if len(ids) > 1 {
		return torn("node %s has containers of pod %s that the API does not name yet: %d where one sandbox is expected", s.node.Node, s.pod.Name, len(ids))
	}
	first := rest[ids[0]]
	s.members = append(s.members, member{first.Program(), ids[0], first})
	return Result{}
}

func torn(format string, args ...any) Result {
	return Result{
		Verdict: NotYet, Vacant: true, Got: fmt.Sprintf(format, args...),
		Why: "a container is starting, ending or being replaced: the API's status and the look at the node are two moments",
	}
}

// member returns the container of the name.
func (s *sight) member(name string) (member, bool) {
	for _, m := range s.members[:len(s.members)-1] {
		if m.name == name {
			return m, true
		}
	}
	return member{}, false
}

// inside looks into all of the pod's containers and its sandbox, or returns nil and why it cannot.
func (s *sight) inside(ctx context.Context, c Cluster) (*node.Inside, Result) {
	targets := make([]node.Target, len(s.members))
	for i, m := range s.members {
		targets[i] = node.Target{ID: m.id, PID: m.first.PID}
	}
	in, err := c.Inside(ctx, s.node.Node, targets)
	if err != nil {
		return nil, cannotTell("the containers of pod "+s.pod.Name+" could not be looked into", err.Error(), "podlab doctor")
	}
	return in, Result{}
}

// sandbox returns the pod's sandbox.
func (s *sight) sandbox() member { return s.members[len(s.members)-1] }

// notes says of each process why it was left out.
func (s *sight) notes(leftOut []node.Process) []string {
	var notes []string
	for _, p := range leftOut {
		where := "the pod"
		for _, m := range s.members {
			if m.id == p.ContainerID {
				where = m.name
			}
		}
		why := "which kubectl exec or a probe put into " + where
		switch {
		case p.Zombie():
			why = "a zombie in " + where
		case p.PodUID != s.below.UID:
			why = "which entered the pod's namespaces from outside"
		}
		notes = append(notes, fmt.Sprintf("left out: PID %d (%s), %s", p.PID, p.Args, why))
	}
	return notes
}

// leftOut returns the processes of a namespace that a count of the pod's own must not have: zombies, visitors, and what
// entered from outside with nsenter. In a namespace of the node's own, which a hostNetwork pod is in, everything counts but
// zombies and visitors.
func (s *sight) leftOut(t node.Type, inode uint64) []node.Process {
	first, _ := s.node.Process(1)
	nodes := first.Namespaces[t] == inode
	var out []node.Process
	for _, p := range s.node.Members(t, inode) {
		own, visitor := has(s.below.Own, p), has(s.below.Visitors, p)
		if p.Zombie() || visitor || !own && !nodes {
			out = append(out, p)
		}
	}
	return out
}

func has(processes []node.Process, p node.Process) bool {
	return slices.ContainsFunc(processes, func(q node.Process) bool { return q.PID == p.PID })
}

// group is one namespace and the members that are in it.
type group struct {
	inode uint64
	names []string
}

// groups returns the namespaces of one type that the members are in, in the order of the members.
func (s *sight) groups(t node.Type) []group {
	var groups []group
	for _, m := range s.members {
		inode := m.first.Namespaces[t]
		at := slices.IndexFunc(groups, func(g group) bool { return g.inode == inode })
		if at < 0 {
			at, groups = len(groups), append(groups, group{inode: inode})
		}
		groups[at].names = append(groups[at].names, m.name)
	}
	return groups
}

// lsns returns lsns's rows for the members' namespaces of the types.
func (s *sight) lsns(types []node.Type) []node.Namespace {
	var rows []node.Namespace
	for _, t := range types {
		for _, g := range s.groups(t) {
			if row, ok := s.node.Namespace(t, g.inode); ok {
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// firsts returns the members' first processes.
func (s *sight) firsts() []node.Process {
	firsts := make([]node.Process, len(s.members))
	for i, m := range s.members {
		firsts[i] = m.first
	}
	return firsts
}

// specReasons names the fields of the pod's spec that make it differ from an ordinary pod in one of the types.
func (s *sight) specReasons(types []node.Type) string {
	spec, reasons := s.pod.Spec, []string{}
	add := func(t node.Type, set bool, field string) {
		if set && slices.Contains(types, t) {
			reasons = append(reasons, "the pod has "+field+": true")
		}
	}
	add(node.IPC, spec.HostIPC, "hostIPC")
	add(node.Net, spec.HostNetwork, "hostNetwork")
	add(node.PID, spec.HostPID, "hostPID")
	add(node.PID, spec.ShareProcessNamespace != nil && *spec.ShareProcessNamespace, "shareProcessNamespace")
	add(node.UTS, spec.HostNetwork, "hostNetwork")
	return strings.Join(slices.Compact(reasons), ", ")
}

// bareID strips the runtime from "containerd://4f5e…".
func bareID(id string) string {
	_, bare, ok := strings.Cut(id, "://")
	if !ok {
		return id
	}
	return bare
}
