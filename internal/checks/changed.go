package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
)

// change compares something of a pod with what it was when the step began.
type change struct {
	pod, container, program string
	of                      changing
	stays                   bool // it must be the same
}

// changing is what can change of a pod.
type changing string

const (
	ofPodUID    changing = "pod-uid"
	ofPodIP     changing = "pod-ip"
	ofSandbox   changing = "sandbox-id"
	ofContainer changing = "container-id"
	ofRestarts  changing = "restarts"
	ofPID       changing = "pid"
	ofProcesses changing = "processes"
)

// UnmarshalText accepts what podlab can compare.
func (w *changing) UnmarshalText(text []byte) error {
	var known []string
	for _, one := range []changing{ofPodUID, ofPodIP, ofSandbox, ofContainer, ofRestarts, ofPID, ofProcesses} {
		if string(one) == string(text) {
			*w = one
			return nil
		}
		known = append(known, string(one))
	}
	return fmt.Errorf("unknown %q%s", text, orOneOf(string(text), known))
}

// inContainer says whether it is a container's, not the pod's.
func (w changing) inContainer() bool {
	return w == ofContainer || w == ofRestarts || w == ofPID || w == ofProcesses
}

type changedFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Of        changing      `yaml:"of" doc:"pod-uid, pod-ip or sandbox-id; or, of a container, container-id, restarts, pid (of its first process), or processes (of a program)"`
	Container containerName `yaml:"container" doc:"name of the container, for what is a container's"`
	Program   command       `yaml:"program" doc:"for of: processes, the program's name or its whole command line"`
}

const (
	changeSays = "It compares now with the moment when the step began, that is, before the step's first command or manifest. A process is the same " +
		"if it has the same PID and was started at the same time, for PIDs are used again. A container must run now, by the API and on the node alike; for " +
		"`of: restarts` the API's count is enough to have changed. If the pod itself was replaced by another of its name, all that is its containers' has changed."
	changeShows      = "Both values, with what prints the one of now."
	changeCannotTell = "The node does not show when a process was started."
)

func changedKind() Kind {
	return Kind{
		Name: "changed",
		Says: "This of the pod is not what it was when the step began: it is there again, and it is another. Of several processes, none of the old is left, and " +
			"there is at least one. " + changeSays,
		Fields: changedFields{},
		Examples: []string{
			"changed: {pod: demoduo, of: container-id, container: demoy}",
			`changed: {pod: demoduo, of: processes, container: demox, program: "nginx: worker process"}`,
		},
		Shows: changeShows, CannotTell: changeCannotTell,
		AskSays:     "The answer is yes or no.",
		AskFields:   changedFields{},
		AskExamples: []string{"answer: {changed: {pod: demoduo, of: pod-ip}}"},
		check:       func(spec lesson.CheckSpec) (Check, lesson.Mistakes) { return parseChange(spec, false) },
		fact:        parseChangedFact,
	}
}

func unchangedKind() Kind {
	return Kind{
		Name:     "unchanged",
		Says:     "This of the pod is what it was when the step began, and it is there. Of several processes it is the very same set. " + changeSays,
		Fields:   changedFields{},
		Examples: []string{"unchanged: {pod: demoduo, of: pod-ip}", "unchanged: {pod: demoduo, of: pid, container: demox}"},
		Shows:    changeShows, CannotTell: changeCannotTell,
		AskSays:     "The answer is yes or no.",
		AskFields:   changedFields{},
		AskExamples: []string{"answer: {unchanged: {pod: demoduo, of: sandbox-id}}"},
		check:       func(spec lesson.CheckSpec) (Check, lesson.Mistakes) { return parseChange(spec, true) },
		fact:        parseUnchangedFact,
	}
}

func parseChange(spec lesson.CheckSpec, stays bool) (*change, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f changedFields, wrong func(string, string, ...any)) {
		switch {
		case f.Pod == "":
			wrong("", "no pod is named (pod: NAME)")
		case f.Of == "":
			wrong("", "nothing is named that could change (of: container-id, and the like)")
		case f.Of.inContainer() && f.Container == "":
			wrong("", "no container is named (container: NAME)")
		case !f.Of.inContainer() && f.Container != "":
			wrong("container", "%s is the pod's, not a container's", f.Of)
		}
		if (f.Of == ofProcesses) != (f.Program != "") && f.Of != "" {
			wrong("program", "program: NAME and of: processes go together")
		}
	})
	return &change{string(f.Pod), string(f.Container), string(f.Program), f.Of, stays}, mistakes
}

func parseChangedFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	k, mistakes := parseChange(spec, false)
	return changeFact{k}, mistakes
}

func parseUnchangedFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	k, mistakes := parseChange(spec, true)
	return changeFact{k}, mistakes
}

// Kind returns "changed" or "unchanged".
func (k *change) Kind() string {
	if k.stays {
		return "unchanged"
	}
	return "changed"
}

// Subject returns the pod.
func (k *change) Subject() string { return k.pod }

// Title returns what the check list shows.
func (k *change) Title() string { return k.pod + ": " + k.want() }

func (k *change) what() string {
	switch {
	case k.of == ofProcesses:
		return "processes of " + k.program + " in " + k.container
	case k.of.inContainer():
		return k.container + "'s " + string(k.of)
	}
	return string(k.of)
}

func (k *change) want() string {
	if k.stays {
		return k.what() + " has not changed since the step began"
	}
	return k.what() + " has changed since the step began"
}

// noted is what a change was compared with.
type noted struct {
	values []valued
	pod    string // its UID
}

// Begin notes the value, once it is known.
func (k *change) Begin(ctx context.Context, c Cluster) bool {
	if _, ok := c.Memory().Kept("begin").(noted); ok {
		return true
	}
	now, r := k.read(ctx, c)
	if r.Verdict == CannotTell {
		c.Memory().Keep("blind", r)
	}
	if r.Verdict != "" || len(now.values) == 0 {
		return false
	}
	c.Memory().Keep("begin", now)
	return true
}

// Eval compares.
func (k *change) Eval(ctx context.Context, c Cluster) Result {
	r := k.judge(ctx, c)
	r.Want = k.want()
	return r
}

func (k *change) judge(ctx context.Context, c Cluster) Result {
	now, r := k.read(ctx, c)
	if r.Verdict != "" {
		return r
	}
	before, ok := c.Memory().Kept("begin").(noted)
	blind, unseen := c.Memory().Kept("blind").(Result)
	switch {
	case !ok && unseen:
		return cannotTell("nobody could look when the step began: "+blind.Got, blind.Why, "reset the lab (R) and begin again")
	case !ok:
		return Result{
			Verdict: NotYet, Vacant: true, Got: "nothing was noted when the step began",
			Why: "the step began before there was anything to compare with: " + k.what() + " was not there, or could not be looked at",
		}
	}
	r.Evidence.Rows = compareRows(before, now)
	replaced := before.pod != now.pod
	if replaced {
		r.Evidence.Notes = append(r.Evidence.Notes, fmt.Sprintf("the pod itself was replaced: its UID was %s and is %s", before.pod, now.pod))
	}
	r.Verdict, r.Got = Pass, fmt.Sprintf("%s: %s, and it was %s", k.what(), now.list(), before.list())
	if replaced {
		r.Got += "; the pod itself was replaced"
	}
	r.Vacant = len(now.values) == 0
	return unlike(r, k.differs(before, now, replaced))
}

// differs returns what is not as claimed.
func (k *change) differs(before, now noted, replaced bool) []Mismatch {
	replaced = replaced && k.of != ofPodIP
	if len(now.values) == 0 {
		return []Mismatch{{k.what(), "there", "none"}}
	}
	if !k.stays {
		return k.stayed(before, now, replaced)
	}
	var off []Mismatch
	if replaced {
		off = append(off, Mismatch{"pod " + k.pod, "the same pod", "replaced by another of its name"})
	}
	for _, v := range before.values {
		if !now.has(v) {
			off = append(off, Mismatch{k.what(), v.text, now.list()})
		}
	}
	for _, v := range now.values {
		if !before.has(v) && k.of == ofProcesses {
			off = append(off, Mismatch{k.what(), "no other than " + before.list(), v.text})
		}
	}
	return off
}

// stayed returns the old values that are still there though all must have changed.
func (k *change) stayed(before, now noted, replaced bool) []Mismatch {
	var off []Mismatch
	for _, v := range now.values {
		if before.has(v) && !replaced {
			off = append(off, Mismatch{k.what(), "other than " + v.text, "still " + v.text})
		}
	}
	return off
}

func (n noted) has(v valued) bool {
	return slices.ContainsFunc(n.values, func(w valued) bool { return w.key == v.key })
}

func (n noted) list() string {
	var texts []string
	for _, v := range n.values {
		texts = append(texts, v.text)
	}
	return strings.Join(texts, ", ")
}

func compareRows(before, now noted) []string {
	rows := [][]string{{"WHEN", "VALUE"}}
	for _, v := range before.values {
		rows = append(rows, []string{"when the step began", v.text})
	}
	for _, v := range now.values {
		rows = append(rows, []string{"now", v.text})
	}
	return table(rows...)
}

// changeFact is a change as an answer. It must be let begin as the check is.
type changeFact struct{ *change }

// Value returns yes or no.
func (f changeFact) Value(ctx context.Context, c Cluster) (string, Result) {
	if _, ok := c.Memory().Kept("begin").(noted); !ok {
		r := f.judge(ctx, c)
		if r.Verdict != CannotTell {
			r.Verdict = NotYet
		}
		return "", r
	}
	now, r := f.read(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	r = f.judge(ctx, c)
	if r.Verdict == CannotTell || len(now.values) == 0 {
		return "", r
	}
	holds := r.Verdict == Pass
	r.Verdict, r.Mismatches = Pass, nil
	return yesNo(holds), r
}
