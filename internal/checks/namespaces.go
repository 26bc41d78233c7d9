package checks

import (
	"context"
	"fmt"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// Namespaces claims which namespace types a pod's containers and sandbox share, and which are private to each.
type Namespaces struct {
	Pod             string
	Shared, Private typeSet
}

type namespacesFields struct {
	Pod     podName  `yaml:"pod" doc:"name of the pod"`
	Shared  []nsType `yaml:"shared" doc:"types of which all containers and the sandbox are in one namespace"`
	Private []nsType `yaml:"private" doc:"types of which each container, and the sandbox, has a namespace of its own"`
}

type namespacesAsk struct {
	Pod   podName `yaml:"pod" doc:"name of the pod"`
	Type  nsType  `yaml:"type" doc:"a namespace type: the answer is shared or private"`
	Which string  `yaml:"which" doc:"shared or private: the answer is the list of those types, of ipc, mnt, net, pid and uts"`
}

func namespacesKind() Kind {
	return Kind{
		Name: "namespaces",
		Says: "Of the shared types, all of the pod's containers and its sandbox are in one namespace. Of the private types, each of them has one " +
			"of its own. A type that only some of them share is neither.",
		Fields:   namespacesFields{},
		Examples: []string{"namespaces: {pod: demoduo, shared: [net, uts, ipc], private: [mnt, pid]}"},
		Shows:    "The rows of `ps` with the namespaces of the first process of each container and of the sandbox.",
		AskSays: "The answer is `shared` or `private` for one type, or the list of the shared or private ones among ipc, mnt, net, pid and uts, " +
			"in any order.",
		AskFields: namespacesAsk{},
		AskExamples: []string{
			"answer: {namespaces: {pod: demoduo, type: net}}",
			"answer: {namespaces: {pod: demoduo, which: shared}}",
		},
		check: parseNamespaces,
		fact:  parseNamespacesFact,
	}
}

func parseNamespaces(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f namespacesFields, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if len(f.Shared)+len(f.Private) == 0 {
			wrong("", "no namespace type is named (shared: [...] or private: [...])")
		}
		if both := setOf(f.Shared) & setOf(f.Private); both != 0 {
			wrong("private", "%s cannot be both shared and private", both)
		}
	})
	return Namespaces{string(f.Pod), setOf(f.Shared), setOf(f.Private)}, mistakes
}

func parseNamespacesFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f namespacesAsk, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if (f.Type == "") == (f.Which == "") {
			wrong("", "want one of type: TYPE and which: shared or private")
		}
		if f.Which != "" && f.Which != "shared" && f.Which != "private" {
			wrong("which", "want shared or private, found %q", f.Which)
		}
	})
	return namespacesFact{string(f.Pod), node.Type(f.Type), f.Which}, mistakes
}

// Subject returns the pod's name.
func (k Namespaces) Subject() string { return k.Pod }

// Kind returns "namespaces".
func (Namespaces) Kind() string { return "namespaces" }

// Title returns what the check list shows.
func (k Namespaces) Title() string { return k.Pod + ": " + k.want() }

func (k Namespaces) want() string {
	var parts []string
	if k.Shared != 0 {
		parts = append(parts, k.Shared.String()+" shared")
	}
	if k.Private != 0 {
		parts = append(parts, k.Private.String()+" private")
	}
	return strings.Join(parts, "; ")
}

// Eval compares the namespaces of the containers' first processes on the pod's node.
func (k Namespaces) Eval(ctx context.Context, c Cluster) Result {
	s, r := look(ctx, c, k.Pod)
	if s != nil {
		r = k.judge(s)
	}
	r.Want = k.want()
	return r
}

func (k Namespaces) judge(s *sight) Result {
	types := (k.Shared | k.Private).types()
	var wrong []string
	var off []node.Type
	var mismatches []Mismatch
	for _, t := range types {
		want := "private"
		if k.Shared&setOf([]nsType{nsType(t)}) != 0 {
			want = "shared"
		}
		if got, said := s.sharing(t); got != want {
			wrong, off = append(wrong, said), append(off, t)
			mismatches = append(mismatches, Mismatch{string(t), want, said})
		}
	}
	r := Result{Verdict: Pass, Got: k.want(), Evidence: s.namespaceEvidence(types)}
	if len(wrong) > 0 {
		r.Verdict, r.Got, r.Why = NotYet, strings.Join(wrong, "; "), s.specReasons(off)
		r.Mismatches = mismatches
	}
	return r
}

// sharing says whether one type is "shared", "private" or "partly shared", and says the same of the pod's containers by name.
func (s *sight) sharing(t node.Type) (how, said string) {
	groups := s.groups(t)
	switch len(groups) {
	case 1:
		return "shared", fmt.Sprintf("%s is shared by %s", t, join(groups[0].names))
	case len(s.members):
		return "private", fmt.Sprintf("%s is private to each of %s", t, join(s.names()))
	}
	var parts []string
	for _, g := range groups {
		parts = append(parts, strings.Join(g.names, "+"))
	}
	return "partly shared", fmt.Sprintf("%s is partly shared: %s", t, strings.Join(parts, " / "))
}

func (s *sight) names() []string {
	var names []string
	for _, m := range s.members {
		names = append(names, m.name)
	}
	return names
}

func (s *sight) namespaceEvidence(types []node.Type) Evidence {
	e := Evidence{Command: node.NamespacesCommand(types), Rows: node.NamespaceRows(s.firsts(), types)}
	if s.pod.Spec.HostNetwork {
		e.Notes = []string{"net and uts are the node's own: the pod has hostNetwork: true"}
	}
	return e
}

type namespacesFact struct {
	pod   string
	of    node.Type // "" to list types
	which string    // which types to list
}

// Kind returns "namespaces".
func (namespacesFact) Kind() string { return "namespaces" }

// Value returns how one type is shared, or which types are.
func (f namespacesFact) Value(ctx context.Context, c Cluster) (string, Result) {
	s, r := look(ctx, c, f.pod)
	if s == nil {
		return "", r
	}
	if f.of != "" {
		how, said := s.sharing(f.of)
		return how, Result{Verdict: Pass, Got: said, Evidence: s.namespaceEvidence([]node.Type{f.of})}
	}
	types := []node.Type{node.IPC, node.Mnt, node.Net, node.PID, node.UTS}
	var listed []node.Type
	for _, t := range types {
		if how, _ := s.sharing(t); how == f.which {
			listed = append(listed, t)
		}
	}
	if len(listed) == 0 {
		return "none", Result{Verdict: Pass, Got: "none is " + f.which, Evidence: s.namespaceEvidence(types)}
	}
	return join(listed), Result{Verdict: Pass, Got: join(listed) + " " + f.which, Evidence: s.namespaceEvidence(types)}
}
