package checks

import (
	"context"
	"fmt"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// processes claims how many of a container's own processes run a program, and who can see them.
type processes struct {
	pod, container, program string

	from   string // the container that is to see them, or not; "" for any
	hidden bool   // it must not see them
	count  comparison
}

type processFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container whose processes are meant"`
	Program   command       `yaml:"program" doc:"the program's name or its whole command line"`
	From      containerName `yaml:"visible-from" doc:"name of the container that is to see them; it may be another one of the pod"`
	Visible   *bool         `yaml:"visible" doc:"false: visible-from must see none of them (default true)"`
	Count     comparison    `yaml:"count" doc:"how many, as 3 or >= 3 (default >= 1)"`
}

type processAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container whose processes are meant"`
	Program   command       `yaml:"program" doc:"the program's name or its whole command line"`
	From      containerName `yaml:"visible-from" doc:"count only those that this container sees"`
}

func processKind() Kind {
	return Kind{
		Name: "process",
		Says: "So many of the container's own processes run the program and, with `visible-from`, so many of them are visible from that container. " +
			"A process is the container's own if it is in the container's cgroup and descends from its first process; what `kubectl exec` or a probe " +
			"put there does not count, nor does a zombie. The program is compared as in `pid1`: with its name, with the base name of the command " +
			"line's first word, and with the whole command line. A process is visible from a container if it is in the pid namespace of that container's " +
			"first process or in one below it: then `ps` can show it there. `visible: false` claims that so many of them run, and that none is visible.",
		Fields: processFields{},
		Examples: []string{
			"process: {pod: demoduo, container: demox, program: php, count: 1}",
			"process: {pod: demoduo, container: demox, program: php, visible-from: demoy, visible: false}",
		},
		Shows: "The rows of `ps` with their pid namespaces, of the viewer's first process and of the processes that are meant; a visitor that runs the " +
			"same program is named as left out.",
		CannotTell:  "The parents of a process in a nested pid namespace cannot be followed to the viewer's.",
		AskSays:     "The answer is the number of those processes.",
		AskFields:   processAsk{},
		AskExamples: []string{"answer: {process: {pod: demoduo, container: demox, program: php}}"},
		check:       parseProcess,
		fact:        parseProcessFact,
	}
}

func parseProcess(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f processFields, wrong func(string, string, ...any)) {
		needProgram(f.Pod, f.Container, f.Program, wrong)
		if f.Visible != nil && f.From == "" {
			wrong("visible", "visible says nothing without visible-from: CONTAINER")
		}
	})
	if f.Count.none() {
		f.Count = comparison{">=", 1}
	}
	hidden := f.Visible != nil && !*f.Visible
	return processes{string(f.Pod), string(f.Container), string(f.Program), string(f.From), hidden, f.Count}, mistakes
}

func needProgram(pod podName, container containerName, program command, wrong func(string, string, ...any)) {
	needContainer(pod, container, wrong)
	if program == "" {
		wrong("", "no program is named (program: NAME or COMMAND LINE)")
	}
}

// needContainer finds the two fields missing that most of the kinds here must have.
func needContainer(pod podName, container containerName, wrong func(string, string, ...any)) {
	if pod == "" {
		wrong("", "no pod is named (pod: NAME)")
	}
	if container == "" {
		wrong("", "no container is named (container: NAME)")
	}
}

func parseProcessFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f processAsk, wrong func(string, string, ...any)) {
		needProgram(f.Pod, f.Container, f.Program, wrong)
	})
	return processFact{processes{pod: string(f.Pod), container: string(f.Container), program: string(f.Program), from: string(f.From)}}, mistakes
}

// Kind returns "process".
func (processes) Kind() string { return "process" }

// Subject returns the pod.
func (k processes) Subject() string { return k.pod }

// Title returns what the check list shows.
func (k processes) Title() string { return k.pod + ": " + k.want() }

func (k processes) want() string {
	want := fmt.Sprintf("%s of %s in %s", numbered(k.count.String(), "process"), k.program, k.container)
	switch {
	case k.hidden:
		want += ", not visible from " + k.from
	case k.from != "":
		want += ", visible from " + k.from
	}
	return want
}

// numbered is "1 process", "3 processes", ">= 1 process".
func numbered(count, noun string) string {
	switch {
	case strings.HasSuffix(count, " 1") || count == "1":
		return count + " " + noun
	case strings.HasSuffix(noun, "s"):
		return count + " " + noun + "es"
	}
	return count + " " + noun + "s"
}

// Eval looks at the processes on the pod's node.
func (k processes) Eval(ctx context.Context, c Cluster) Result {
	found, r := k.find(ctx, c)
	if r.Verdict == "" {
		r = k.judge(found, r)
	}
	r.Want = k.want()
	return r
}

func (k processes) judge(found seen, r Result) Result {
	number, of := len(found.mine), k.program+" in "+k.container
	if k.from != "" && !k.hidden {
		number, of = len(found.visible), of+", visible from "+k.from
	}
	var off []Mismatch
	if !k.count.holds(float64(number)) {
		got := numbered(fmt.Sprint(number), "process")
		if number < len(found.mine) {
			got += fmt.Sprintf(", of %d that run", len(found.mine))
		}
		off = append(off, Mismatch{of, numbered(k.count.String(), "process"), got})
	}
	for _, p := range found.visible {
		if k.hidden {
			off = append(off, Mismatch{fmt.Sprintf("PID %d (%s)", p.PID, p.Args), "not visible from " + k.from, "visible there"})
		}
	}
	r.Verdict, r.Got = Pass, k.want()
	if len(off) > 0 {
		r.Why = found.why
	}
	return unlike(r, off)
}

// seen is what was found of the processes that are meant.
type seen struct {
	mine, visible []node.Process
	why           string // the pod's spec has a field that decides on what is visible
}

// find returns the processes and a result with the evidence, whose verdict is set if they cannot be known.
func (k processes) find(ctx context.Context, c Cluster) (seen, Result) {
	viewer := k.from
	if viewer == "" {
		viewer = k.container
	}
	s, r := lookFor(ctx, c, k.pod, k.container, viewer)
	if s == nil {
		return seen{}, r
	}
	m, ok1 := s.member(k.container)
	from, ok2 := s.member(viewer)
	if !ok1 || !ok2 {
		return seen{}, torn("%s or %s is not on node %s", k.container, viewer, s.node.Node)
	}
	var found seen
	found.mine = s.running(m, k.program)
	for _, p := range found.mine {
		visible, known := visibleTo(s.node, p, from.first)
		if !known {
			return seen{}, cannotTell(fmt.Sprintf("PID %d (%s) is in a pid namespace that could not be followed to that of %s", p.PID, p.Args, viewer), "", "look again")
		}
		if visible {
			found.visible = append(found.visible, p)
		}
	}
	found.why = s.specReasons([]node.Type{node.PID})
	return found, Result{Evidence: s.processEvidence(m, from, found.mine, k.program)}
}

// running returns the container's own processes that run the program.
func (s *sight) running(m member, program string) []node.Process {
	var mine []node.Process
	for _, p := range s.below.Own {
		if p.ContainerID == m.id && !p.Zombie() && runsProgram(p, program) {
			mine = append(mine, p)
		}
	}
	return mine
}

// runsProgram compares as pid1 does: a name, or the whole command line with any run of spaces taken for one.
func runsProgram(p node.Process, program string) bool {
	return p.Runs(program) || strings.Join(strings.Fields(p.Args), " ") == program
}

// visibleTo says whether p is in the viewer's pid namespace or in one below it. A process in a namespace further down has
// an ancestor in each namespace above it, unless something entered from outside; then it is not known.
func visibleTo(snapshot *node.Snapshot, p, viewer node.Process) (visible, known bool) {
	depth, inode := len(viewer.NSPID), viewer.Namespaces[node.PID]
	for range snapshot.Processes {
		if depth == 0 || len(p.NSPID) == 0 {
			return false, false
		}
		if len(p.NSPID) <= depth {
			return p.Namespaces[node.PID] == inode, p.Namespaces[node.PID] != 0
		}
		parent, ok := snapshot.Process(p.PPID)
		if !ok || len(parent.NSPID) < depth {
			return false, false
		}
		p = parent
	}
	return false, false
}

func (s *sight) processEvidence(m, from member, mine []node.Process, program string) Evidence {
	rows := mine
	if !has(mine, from.first) {
		rows = append([]node.Process{from.first}, mine...)
	}
	var out []node.Process
	for _, p := range s.below.Visitors {
		if p.ContainerID == m.id && runsProgram(p, program) {
			out = append(out, p)
		}
	}
	types := []node.Type{node.PID}
	return Evidence{Command: node.NamespacesCommand(types), Rows: node.NamespaceRows(rows, types), Notes: s.notes(out)}
}

type processFact struct{ processes }

// Value returns the number of processes.
func (f processFact) Value(ctx context.Context, c Cluster) (string, Result) {
	found, r := f.find(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	number := len(found.mine)
	if f.from != "" {
		number = len(found.visible)
	}
	r.Verdict, r.Got = Pass, numbered(fmt.Sprint(number), "process")+" of "+f.program
	return fmt.Sprint(number), r
}
