package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// SameParent claims that a pod's containers and its sandbox hang under one process: the pod's own shim.
type SameParent struct {
	Pod    string
	Parent string // the shim's program name
}

type sameParentFields struct {
	Pod    podName  `yaml:"pod" doc:"name of the pod"`
	Parent shimName `yaml:"parent" doc:"program name of the shim, as containerd-shim-runc-v2"`
}

type sameParentAsk struct {
	Pod   podName `yaml:"pod" doc:"name of the pod"`
	Which string  `yaml:"which" doc:"count, how many different parents there are (the default), or parent, the program name of the only one"`
}

func sameParentKind() Kind {
	return Kind{
		Name: "same-parent",
		Says: "The first process of each of the pod's containers, and that of its sandbox, have one and the same parent on the node. " +
			"The parent is the pod's own shim: its program has the name, and its `-id` is the ID of this pod's sandbox.",
		Fields:      sameParentFields{},
		Examples:    []string{"same-parent: {pod: demoduo, parent: containerd-shim-runc-v2}"},
		Shows:       "The rows of `ps` on the node for the parents, the first processes and the sandbox.",
		CannotTell:  "A parent is not among the node's processes.",
		AskSays:     "The answer is the number of different parents, or the program name of the only one.",
		AskFields:   sameParentAsk{},
		AskExamples: []string{"answer: {same-parent: {pod: demoduo}}", "answer: {same-parent: {pod: demoduo, which: parent}}"},
		check:       parseSameParent,
		fact:        parseSameParentFact,
	}
}

func parseSameParent(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f sameParentFields, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if f.Parent == "" {
			wrong("", "no parent is named (parent: containerd-shim-runc-v2)")
		}
	})
	return SameParent{string(f.Pod), string(f.Parent)}, mistakes
}

func parseSameParentFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f sameParentAsk, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if f.Which != "" && f.Which != "count" && f.Which != "parent" {
			wrong("which", "want count or parent, found %q", f.Which)
		}
	})
	return sameParentFact{string(f.Pod), f.Which != "parent"}, mistakes
}

// Subject returns the pod's name.
func (k SameParent) Subject() string { return k.Pod }

// Kind returns "same-parent".
func (SameParent) Kind() string { return "same-parent" }

// Title returns what the check list shows.
func (k SameParent) Title() string { return k.Pod + ": one parent, " + k.Parent }

func (k SameParent) want() string {
	return "all containers and the sandbox under one " + k.Parent + ", the pod's own"
}

// Eval looks at the processes on the pod's node.
func (k SameParent) Eval(ctx context.Context, c Cluster) Result {
	s, r := look(ctx, c, k.Pod)
	if s != nil {
		r = k.judge(s)
	}
	r.Want = k.want()
	return r
}

func (k SameParent) judge(s *sight) Result {
	r := Result{Verdict: NotYet, Evidence: s.parentEvidence()}
	parents, gone := s.parents()
	if gone != 0 {
		r.Verdict, r.Try = CannotTell, "look again"
		r.Got = fmt.Sprintf("parent PID %d is not among the processes of node %s", gone, s.node.Node)
		return r
	}
	parent, sandbox := parents[0], s.sandbox().id
	r.Mismatches = k.differs(s, parents)
	switch {
	case len(parents) > 1:
		r.Got = fmt.Sprintf("%d parents: %s", len(parents), s.whoIsWhere(parents))
	case parent.Program() != k.Parent:
		r.Got = fmt.Sprintf("one parent, but it is %s (PID %d)", parent.Program(), parent.PID)
	case parent.ShimID() != sandbox:
		r.Got = fmt.Sprintf("one parent, %s (PID %d), but it is not the pod's own shim", parent.Program(), parent.PID)
		r.Why = fmt.Sprintf("its -id is %.12s, and this pod's sandbox is %.12s", parent.ShimID(), sandbox)
	default:
		r.Verdict = Pass
		r.Got = fmt.Sprintf("one parent, %s (PID %d), whose -id is this pod's sandbox", parent.Program(), parent.PID)
	}
	return r
}

// differs returns all that is wrong with the parents.
func (k SameParent) differs(s *sight, parents []node.Process) []Mismatch {
	var off []Mismatch
	if len(parents) > 1 {
		off = append(off, Mismatch{"parents", "1", fmt.Sprintf("%d: %s", len(parents), s.whoIsWhere(parents))})
	}
	for _, parent := range parents {
		of := fmt.Sprintf("parent PID %d", parent.PID)
		if parent.Program() != k.Parent {
			off = append(off, Mismatch{of, k.Parent, parent.Program()})
		}
		if parent.ShimID() != s.sandbox().id {
			off = append(off, Mismatch{of, "the shim of this pod's sandbox", "not that: " + parent.Args})
		}
	}
	return off
}

// parents returns the different parents in the order of the members, or the PID of one that the snapshot does not have.
func (s *sight) parents() (parents []node.Process, gone int) {
	for _, m := range s.members {
		parent, ok := s.node.Process(m.first.PPID)
		if !ok {
			return nil, m.first.PPID
		}
		if !slices.ContainsFunc(parents, func(p node.Process) bool { return p.PID == parent.PID }) {
			parents = append(parents, parent)
		}
	}
	return parents, 0
}

func (s *sight) whoIsWhere(parents []node.Process) string {
	var parts []string
	for _, parent := range parents {
		var children []string
		for _, m := range s.members {
			if m.first.PPID == parent.PID {
				children = append(children, m.name)
			}
		}
		parts = append(parts, fmt.Sprintf("%s under %s (PID %d)", join(children), parent.Program(), parent.PID))
	}
	return strings.Join(parts, "; ")
}

func (s *sight) parentEvidence() Evidence {
	parents, _ := s.parents()
	return Evidence{
		Command: node.PSCommand,
		Rows:    node.PSRows(append(parents, s.firsts()...)),
		Notes:   s.notes(s.below.Visitors),
	}
}

type sameParentFact struct {
	pod   string
	count bool
}

// Kind returns "same-parent".
func (sameParentFact) Kind() string { return "same-parent" }

// Value returns the number of parents or the name of the only one.
func (f sameParentFact) Value(ctx context.Context, c Cluster) (string, Result) {
	s, r := look(ctx, c, f.pod)
	if s == nil {
		return "", r
	}
	r = Result{Verdict: Pass, Evidence: s.parentEvidence()}
	parents, gone := s.parents()
	switch {
	case gone != 0:
		r.Verdict, r.Try = CannotTell, "look again"
		r.Got = fmt.Sprintf("parent PID %d is not among the processes of node %s", gone, s.node.Node)
		return "", r
	case f.count:
		r.Got = s.whoIsWhere(parents)
		return fmt.Sprint(len(parents)), r
	case len(parents) > 1:
		r.Verdict, r.Got = NotYet, fmt.Sprintf("%d parents: %s", len(parents), s.whoIsWhere(parents))
		return "", r
	}
	r.Got = s.whoIsWhere(parents)
	return parents[0].Program(), r
}
