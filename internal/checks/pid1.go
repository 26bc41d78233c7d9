package checks

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// PID1 claims what is process 1 inside each of a pod's containers.
type PID1 struct {
	Pod        string
	Containers string // "demox: php -S 127.0.0.1:9081\ndemoy: php", by name: a map would make the type incomparable
}

type pid1Fields struct {
	Pod        podName            `yaml:"pod" doc:"name of the pod"`
	Containers map[string]command `yaml:"containers" doc:"for each container by name, the program's name or its whole command line"`
}

type pid1Ask struct {
	Pod       podName `yaml:"pod" doc:"name of the pod"`
	Container string  `yaml:"container" doc:"name of the container"`
}

func pid1Kind() Kind {
	return Kind{
		Name: "pid1",
		Says: "Inside each named container, PID 1 is the program. It is the process of the container's own pid namespace whose innermost " +
			"`NSpid` is 1. A value is compared with the program's name (as `ps -o comm` prints it), with the base name of the command line's first word, " +
			"and with the whole command line. So `nginx` is right for `nginx: master process nginx -g daemon off;`.",
		Fields:      pid1Fields{},
		Examples:    []string{`pid1: {pod: demoduo, containers: {demox: "php -S 127.0.0.1:9081", demoy: php}}`},
		Shows:       "The rows of `ps` on the node for these processes, and their names and PIDs in each pid namespace.",
		CannotTell:  "The pid namespace of a container has no process 1 that the node shows.",
		AskSays:     "The answer is the program's name, as `ps -o comm` prints it; a name that the kernel cut after 15 bytes is made whole.",
		AskFields:   pid1Ask{},
		AskExamples: []string{"answer: {pid1: {pod: demoduo, container: demox}}"},
		check:       parsePID1,
		fact:        parsePID1Fact,
	}
}

func parsePID1(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f pid1Fields, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if len(f.Containers) == 0 {
			wrong("containers", "no container is named (containers: {NAME: PROGRAM})")
		}
		for _, name := range slices.Sorted(maps.Keys(f.Containers)) {
			if f.Containers[name] == "" {
				wrong("containers."+name, "no program is given for container %s", name)
			}
		}
	})
	return NewPID1(string(f.Pod), f.Containers), mistakes
}

func parsePID1Fact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f pid1Ask, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if f.Container == "" {
			wrong("", "no container is named (container: NAME)")
		}
	})
	return pid1Fact{string(f.Pod), f.Container}, mistakes
}

// NewPID1 returns the check that the containers have these programs as PID 1.
func NewPID1[S ~string](pod string, programs map[string]S) PID1 {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		lines = append(lines, name+": "+string(programs[name]))
	}
	return PID1{Pod: pod, Containers: strings.Join(lines, "\n")}
}

// Subject returns the pod's name.
func (k PID1) Subject() string { return k.Pod }

// Kind returns "pid1".
func (PID1) Kind() string { return "pid1" }

// Title returns what the check list shows.
func (k PID1) Title() string { return k.Pod + ": PID 1 in " + k.want() }

func (k PID1) want() string { return strings.ReplaceAll(k.Containers, "\n", ", ") }

// Eval looks into the containers' pid namespaces on the pod's node.
func (k PID1) Eval(ctx context.Context, c Cluster) Result {
	s, r := look(ctx, c, k.Pod)
	if s != nil {
		r = k.judge(s)
	}
	r.Want = k.want()
	return r
}

func (k PID1) judge(s *sight) Result {
	r := Result{Verdict: Pass}
	var got []string
	var seen []node.Process
	for line := range strings.SplitSeq(k.Containers, "\n") {
		name, want, _ := strings.Cut(line, ": ")
		m, ok := s.member(name)
		if !ok {
			r.Verdict, r.Vacant, got = worse(r.Verdict), true, append(got, "no container "+name)
			r.Mismatches = append(r.Mismatches, Mismatch{name, want, "no container " + name})
			continue
		}
		first, ok := s.pid1(m)
		switch {
		case !ok:
			r.Verdict, got = CannotTell, append(got, name+": no PID 1 to be seen")
			r.Try = "look again"
			continue
		case first.Args != want && !first.Runs(want):
			r.Verdict, r.Why = worse(r.Verdict), s.specReasons([]node.Type{node.PID})
			r.Mismatches = append(r.Mismatches, Mismatch{name, want, first.Args})
		}
		seen, got = append(seen, first), append(got, name+": "+first.Args)
	}
	if r.Verdict == CannotTell {
		r.Mismatches = nil
	}
	r.Got, r.Evidence = strings.Join(got, ", "), pid1Evidence(seen)
	return r
}

// worse turns a pass into NotYet and leaves CannotTell.
func worse(v Verdict) Verdict {
	if v == CannotTell {
		return v
	}
	return NotYet
}

// pid1 returns process 1 of the pid namespace that the container is in.
func (s *sight) pid1(m member) (node.Process, bool) {
	for _, p := range s.node.Members(node.PID, m.first.Namespaces[node.PID]) {
		if p.InnermostPID() == 1 {
			return p, true
		}
	}
	return node.Process{}, false
}

func pid1Evidence(seen []node.Process) Evidence {
	byPID := func(a, b node.Process) int { return a.PID - b.PID }
	slices.SortFunc(seen, byPID)
	seen = slices.CompactFunc(seen, func(a, b node.Process) bool { return a.PID == b.PID })
	e := Evidence{Command: node.PSCommand, Rows: node.PSRows(seen)}
	for _, p := range seen {
		e.Notes = append(e.Notes, fmt.Sprintf("/proc/%d/status on the node has Name: %s, NSpid: %s", p.PID, p.Comm, strings.Trim(fmt.Sprint(p.NSPID), "[]")))
	}
	return e
}

type pid1Fact struct{ pod, container string }

// Kind returns "pid1".
func (pid1Fact) Kind() string { return "pid1" }

// Value returns the name of the program.
func (f pid1Fact) Value(ctx context.Context, c Cluster) (string, Result) {
	s, r := look(ctx, c, f.pod)
	if s == nil {
		return "", r
	}
	m, ok := s.member(f.container)
	if !ok {
		return "", Result{Verdict: NotYet, Got: fmt.Sprintf("pod %s has no container %s", f.pod, f.container)}
	}
	first, ok := s.pid1(m)
	if !ok {
		return "", cannotTell(f.container+": no PID 1 to be seen", "", "look again")
	}
	return first.Program(), Result{Verdict: Pass, Got: f.container + ": " + first.Args, Evidence: pid1Evidence([]node.Process{first})}
}
