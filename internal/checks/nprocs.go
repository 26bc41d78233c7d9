package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// NProcs claims how many processes lsns counts in a pod's namespaces. Zero means that the type is not claimed.
type NProcs struct {
	Pod                                   string
	Cgroup, IPC, Mnt, Net, PID, User, UTS int
}

type nprocsFields struct {
	Pod    podName `yaml:"pod" doc:"name of the pod"`
	Cgroup count   `yaml:"cgroup" doc:"processes in each cgroup namespace of the pod"`
	IPC    count   `yaml:"ipc" doc:"processes in each ipc namespace of the pod"`
	Mnt    count   `yaml:"mnt" doc:"processes in each mnt namespace of the pod"`
	Net    count   `yaml:"net" doc:"processes in each net namespace of the pod"`
	PID    count   `yaml:"pid" doc:"processes in each pid namespace of the pod"`
	User   count   `yaml:"user" doc:"processes in each user namespace of the pod"`
	UTS    count   `yaml:"uts" doc:"processes in each uts namespace of the pod"`
}

type nprocsAsk struct {
	Pod  podName `yaml:"pod" doc:"name of the pod"`
	Type nsType  `yaml:"type" doc:"namespace type, as lsns prints it"`
}

func nprocsKind() Kind {
	return Kind{
		Name: "nprocs",
		Says: "Each namespace of the type that the pod's containers or its sandbox are in has so many processes, as `lsns` counts " +
			"them on the node. For a type that the whole pod shares this is one namespace; for a private type it is one for each " +
			"container and one for the sandbox, and each must have that count. Left out of the count are zombies, what " +
			"`kubectl exec` or a probe put into a container, and what entered from outside with `nsenter`; the evidence names each.",
		Fields:      nprocsFields{},
		Examples:    []string{"nprocs: {pod: demoduo, net: 3, uts: 3, ipc: 3, mnt: 1, pid: 1}"},
		Shows:       "The rows of `lsns` for the namespaces, and each process that was left out of the count.",
		CannotTell:  "`ps` and `lsns`, which look one after the other, do not come to the same.",
		AskSays:     "The answer is the number of processes in the pod's namespace of one type, if each of them has the same.",
		AskFields:   nprocsAsk{},
		AskExamples: []string{"answer: {nprocs: {pod: demoduo, type: net}}"},
		check:       parseNProcs,
		fact:        parseNProcsFact,
	}
}

func parseNProcs(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f nprocsFields, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if f == (nprocsFields{Pod: f.Pod}) {
			wrong("", "no number of processes is given (net: NUMBER, and the like)")
		}
	})
	return NProcs{
		Pod: string(f.Pod), Cgroup: int(f.Cgroup), IPC: int(f.IPC), Mnt: int(f.Mnt), Net: int(f.Net),
		PID: int(f.PID), User: int(f.User), UTS: int(f.UTS),
	}, mistakes
}

func parseNProcsFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f nprocsAsk, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if f.Type == "" {
			wrong("", "no namespace type is given (type: net, and the like)")
		}
	})
	return nprocsFact{string(f.Pod), node.Type(f.Type)}, mistakes
}

// claim is the wanted number of processes for one type.
type claim struct {
	of   node.Type
	want int
}

func (k NProcs) claims() []claim {
	all := []claim{
		{node.Cgroup, k.Cgroup},
		{node.IPC, k.IPC},
		{node.Mnt, k.Mnt},
		{node.Net, k.Net},
		{node.PID, k.PID},
		{node.User, k.User},
		{node.UTS, k.UTS},
	}
	return slices.DeleteFunc(all, func(c claim) bool { return c.want == 0 })
}

// Subject returns the pod's name.
func (k NProcs) Subject() string { return k.Pod }

// Kind returns "nprocs".
func (NProcs) Kind() string { return "nprocs" }

// Title returns what the check list shows.
func (k NProcs) Title() string { return k.Pod + ": processes per namespace: " + k.want() }

func (k NProcs) want() string {
	var parts []string
	for _, c := range k.claims() {
		parts = append(parts, fmt.Sprintf("%s %d", c.of, c.want))
	}
	return strings.Join(parts, ", ")
}

// Eval counts on the pod's node.
func (k NProcs) Eval(ctx context.Context, c Cluster) Result {
	s, r := look(ctx, c, k.Pod)
	if s != nil {
		r = k.judge(s)
	}
	r.Want = k.want()
	return r
}

func (k NProcs) judge(s *sight) Result {
	var types, off []node.Type
	var wrong, wrongByLsns []Mismatch
	for _, c := range k.claims() {
		types = append(types, c.of)
		counted := s.count(c.of)
		wrong = append(wrong, differences(c, counted, func(n nsCount) int { return n.byPS })...)
		wrongByLsns = append(wrongByLsns, differences(c, counted, func(n nsCount) int { return n.byLsns })...)
		if slices.ContainsFunc(counted, func(n nsCount) bool { return n.byPS != c.want }) {
			off = append(off, c.of)
		}
	}
	r := Result{Evidence: s.countEvidence(types)}
	said := func(off []Mismatch) string {
		var texts []string
		for _, m := range off {
			kind, who, _ := strings.Cut(m.Of, " ")
			texts = append(texts, kind+" "+m.Got+" "+who)
		}
		return strings.Join(texts, ", ")
	}
	switch {
	case (len(wrong) == 0) != (len(wrongByLsns) == 0):
		r.Verdict = CannotTell
		r.Got = "ps and lsns do not agree: " + said(append(wrong, wrongByLsns...))
		r.Why = "a process came or went between the two"
		r.Try = "look again"
	case len(wrong) > 0:
		r.Verdict, r.Got, r.Why, r.Mismatches = NotYet, said(wrong), s.specReasons(off), wrong
	default:
		r.Verdict, r.Got = Pass, k.want()
	}
	return r
}

// differences says for each namespace whose count is not the wanted one who is in it: "pid (one namespace shared by demox,
// demoy, pause)".
func differences(c claim, counted []nsCount, number func(nsCount) int) []Mismatch {
	var wrong []Mismatch
	for _, n := range counted {
		if number(n) == c.want {
			continue
		}
		who := join(n.names)
		if len(n.names) > 1 {
			who = "one namespace shared by " + who
		}
		wrong = append(wrong, Mismatch{fmt.Sprintf("%s (%s)", c.of, who), fmt.Sprint(c.want), fmt.Sprint(number(n))})
	}
	return wrong
}

// nsCount is how many processes one namespace has by either tool, without those that were left out.
type nsCount struct {
	group
	byPS, byLsns int
	leftOut      []node.Process
}

func (s *sight) count(t node.Type) []nsCount {
	var counted []nsCount
	for _, g := range s.groups(t) {
		out := s.leftOut(t, g.inode)
		row, _ := s.node.Namespace(t, g.inode)
		counted = append(counted, nsCount{
			group:   g,
			byPS:    len(s.node.Members(t, g.inode)) - len(out),
			byLsns:  row.NProcs - len(out),
			leftOut: out,
		})
	}
	return counted
}

func (s *sight) countEvidence(types []node.Type) Evidence {
	var leftOut []node.Process
	var torn []string
	for _, t := range types {
		for _, n := range s.count(t) {
			for _, p := range n.leftOut {
				if !has(leftOut, p) {
					leftOut = append(leftOut, p)
				}
			}
			if n.byPS != n.byLsns {
				torn = append(torn, fmt.Sprintf("%s namespace %d (%s): ps counted %d and lsns, a moment later, %d",
					t, n.inode, join(n.names), n.byPS, n.byLsns))
			}
		}
	}
	return Evidence{Command: node.LsnsCommand, Rows: node.LsnsRows(s.lsns(types)), Notes: append(s.notes(leftOut), torn...)}
}

type nprocsFact struct {
	pod string
	of  node.Type
}

// Kind returns "nprocs".
func (nprocsFact) Kind() string { return "nprocs" }

// Value returns the number of processes.
func (f nprocsFact) Value(ctx context.Context, c Cluster) (string, Result) {
	s, r := look(ctx, c, f.pod)
	if s == nil {
		return "", r
	}
	counted := s.count(f.of)
	r = Result{Verdict: Pass, Evidence: s.countEvidence([]node.Type{f.of})}
	for _, n := range counted {
		switch {
		case n.byPS != n.byLsns:
			r.Verdict, r.Got, r.Try = CannotTell, "ps and lsns do not agree", "look again"
		case n.byPS != counted[0].byPS:
			r.Verdict, r.Got = NotYet, fmt.Sprintf("the pod's %s namespaces do not all have the same number of processes", f.of)
		}
	}
	if r.Verdict != Pass {
		return "", r
	}
	r.Got = fmt.Sprintf("%s %d", f.of, counted[0].byPS)
	return fmt.Sprint(counted[0].byPS), r
}
