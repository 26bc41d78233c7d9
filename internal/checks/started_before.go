package checks

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

type startedBeforeFields struct {
	Pod   podName       `yaml:"pod" doc:"name of the pod"`
	First containerName `yaml:"first" doc:"name of the container, or init container, that started first"`
	Then  containerName `yaml:"then" doc:"name of the one that started after it"`
}

type startedBeforeAsk struct {
	Pod        podName         `yaml:"pod" doc:"name of the pod"`
	Containers []containerName `yaml:"containers" doc:"the containers to choose from; all of the pod's, init containers included, if it is left out"`
}

func startedBeforeKind() Kind {
	return Kind{
		Name: "started-before",
		Says: "One of the pod's containers started before another; both may be init containers or sidecars. The order of containers that run is " +
			"that in which their first processes started on the node, counted from its boot: no clock has a say. If one of the two has ended, the " +
			"order is that in which containerd created them, to the nanosecond, once the node's clock is seen not to have been set by 5 seconds " +
			"or more. Both are tied by container ID. What counts of a container that was started again is its run now, or its last one if it does not run. " +
			"A container that has not started, and a pod that is being deleted, are in no order.",
		Fields:   startedBeforeFields{},
		Examples: []string{"started-before: {pod: demoduo, first: demox, then: demoy}"},
		Shows:    "When each of the two started, and who says so.",
		CannotTell: "The API or the node does not answer; one of the two has ended, and the node's clock was set while the pod ran; or containerd has " +
			"forgotten one of the two, and the API, which knows whole seconds, has the same second for both.",
		AskSays:     "The answer is the name of the container that started first.",
		AskFields:   startedBeforeAsk{},
		AskExamples: []string{"answer: {started-before: {pod: demoduo, containers: [demox, demoy]}}"},
		check:       parseStartedBefore,
		fact:        parseStartedBeforeFact,
	}
}

func parseStartedBefore(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f startedBeforeFields, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if f.First == "" || f.Then == "" {
			wrong("", "want two containers (first: NAME, then: NAME)")
		}
		if f.First != "" && f.First == f.Then {
			wrong("then", "a container cannot start before itself")
		}
	})
	return startedBefore{string(f.Pod), string(f.First), string(f.Then)}, mistakes
}

func parseStartedBeforeFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f startedBeforeAsk, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if len(f.Containers) == 1 {
			wrong("containers", "want two containers or more to choose from")
		}
	})
	fact := &startedFirstFact{pod: string(f.Pod)}
	for _, name := range f.Containers {
		fact.containers = append(fact.containers, string(name))
	}
	return fact, mistakes
}

// startedBefore claims the order of two containers' starts.
type startedBefore struct{ pod, first, then string }

func (startedBefore) Kind() string { return "started-before" }

func (k startedBefore) Title() string { return k.pod + ": " + k.want() }

func (k startedBefore) want() string { return k.first + " started before " + k.then }

func (k startedBefore) Subject() string { return k.pod }

func (k startedBefore) Eval(ctx context.Context, c Cluster) Result {
	order, r := startsOf(ctx, c, k.pod, []string{k.first, k.then})
	r.Want = k.want()
	if r.Verdict == Pass && order[0].name != k.first {
		r.Verdict = NotYet
		r.Mismatches = []Mismatch{{"started first", k.first, k.then}}
	}
	return r
}

// start is when one container started.
type start struct {
	name, id string
	at       time.Time
}

// startsOf returns the starts of the pod's named containers (all if none is named), the first first, with a pass, or the
// result that says why they have no order.
func startsOf(ctx context.Context, c Cluster, name string, names []string) ([]start, Result) {
	pod, r := findPod(ctx, c, name)
	switch {
	case pod == nil:
		return nil, r
	case pod.DeletionTimestamp != nil:
		return nil, Result{Verdict: NotYet, Vacant: true, Got: "pod " + name + " is being deleted"}
	}
	all := everyContainer(pod)
	for _, wanted := range names {
		if !slices.ContainsFunc(all, func(one container) bool { return one.name == wanted }) {
			return nil, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("pod %s has no container %s", name, wanted)}
		}
	}
	var starts []start
	var missing []string
	for _, one := range all {
		if len(names) > 0 && !slices.Contains(names, one.name) {
			continue
		}
		s, ok := lastStart(one)
		if !ok {
			missing = append(missing, one.name)
		}
		starts = append(starts, s)
	}
	if len(missing) > 0 {
		return nil, Result{Verdict: NotYet, Vacant: true, Got: "not started yet: " + strings.Join(missing, ", ")}
	}
	return inOrder(ctx, c, pod, starts)
}

// lastStart returns when the API says that the container's run of now, or its last one, began. It knows whole seconds.
func lastStart(one container) (start, bool) {
	s, last := one.status.State, one.status.State.Terminated
	if last == nil {
		last = one.status.LastTerminationState.Terminated
	}
	switch {
	case s.Running != nil:
		return start{one.name, bareID(one.status.ContainerID), s.Running.StartedAt.Time}, one.status.ContainerID != ""
	case last != nil && !last.StartedAt.IsZero():
		return start{one.name, bareID(last.ContainerID), last.StartedAt.Time}, last.ContainerID != ""
	}
	return start{name: one.name}, false
}

// inOrder sorts the starts by what cannot be set: the ticks since the node booted at which the containers' first processes
// started. Those that ended took theirs with them: then the clock must do.
func inOrder(ctx context.Context, c Cluster, pod *corev1.Pod, starts []start) ([]start, Result) {
	snapshot, err := c.Node(ctx, pod.Spec.NodeName)
	if err != nil {
		return nil, cannotTell("node "+pod.Spec.NodeName+" could not be looked at", err.Error(), "podlab doctor")
	}
	running := snapshot.Pod(string(pod.UID)).Containers
	ticks := func(s start) uint64 { return running[s.id].Start }
	slices.SortStableFunc(starts, func(a, b start) int { return cmp.Compare(ticks(a), ticks(b)) })
	for i, s := range starts {
		if ticks(s) == 0 || i > 0 && ticks(s) == ticks(starts[i-1]) {
			return byClock(ctx, c, pod, starts, running)
		}
	}
	return starts, Result{Verdict: Pass, Got: orderOf(starts), Evidence: tickEvidence(starts, running)}
}

func orderOf(starts []start) string {
	if len(starts) == 1 {
		return starts[0].name + " started first"
	}
	return starts[0].name + " started before " + starts[1].name
}

// byClock asks containerd for the nanoseconds. If it has forgotten one of the containers, the API's seconds must do.
func byClock(ctx context.Context, c Cluster, pod *corev1.Pod, starts []start, running map[string]node.Process) ([]start, Result) {
	ids := slices.Sorted(maps.Keys(running))
	for _, s := range starts {
		if !slices.Contains(ids, s.id) {
			ids = append(ids, s.id)
		}
	}
	births, err := c.Created(ctx, pod.Spec.NodeName, ids)
	if err != nil {
		return nil, cannotTell("node "+pod.Spec.NodeName+" could not be asked when it created the containers of pod "+pod.Name, err.Error(), "podlab doctor")
	}
	forgotten := date(starts, births)
	if why := wasSet(pod, starts, running, births); why != "" && len(starts) > 1 {
		return nil, cannotTell("the node's clock was set while the pod ran", why, "delete the pod and make it again")
	}
	r := Result{Verdict: Pass, Got: orderOf(starts)}
	if len(starts) > 1 && starts[0].at.Equal(starts[1].at) {
		r = cannotTell(fmt.Sprintf("%s and %s started at the same time, as far as anybody knows", starts[0].name, starts[1].name),
			"containerd has forgotten "+orNone(strings.Join(forgotten, ", "))+", and the API knows whole seconds only", "delete the pod and make it again")
	}
	r.Evidence = startEvidence(pod, starts, forgotten)
	return starts, r
}

// date sorts the starts by containerd's notes, or by the API's if containerd has forgotten one of them. It returns the
// names of those.
func date(starts []start, births node.Births) []string {
	var forgotten []string
	for _, s := range starts {
		if _, ok := births.At[s.id]; !ok {
			forgotten = append(forgotten, s.name)
		}
	}
	for i := range starts {
		if len(forgotten) == 0 {
			starts[i].at = births.At[starts[i].id]
		}
	}
	slices.SortStableFunc(starts, func(a, b start) int { return a.at.Compare(b.at) })
	return forgotten
}

// A container's first process starts right after the container is created, on a busy node some seconds later. The times
// that are compared are in whole seconds at the coarsest.
const (
	latestFirst = 5 * time.Second
	coarse      = 2 * time.Second
)

// wasSet says what shows that the node's clock was set since the pod was made, or "". What runs, first of all the sandbox,
// is older than what ended: its age by the clock must be its age by the ticks. Nothing can be older than that.
func wasSet(pod *corev1.Pod, starts []start, running map[string]node.Process, births node.Births) string {
	oldest, what := pod.CreationTimestamp.Time, "the pod was made"
	for i, id := range slices.Sorted(maps.Keys(running)) {
		at, began := births.At[id], births.Began(running[id])
		if late := began.Sub(at); late < -coarse || late > latestFirst {
			return fmt.Sprintf("containerd created container %.12s at %s, and its first process started at %s by the clock as it is now", id, stamp(at), stamp(began))
		}
		if i == 0 || at.Before(oldest) {
			oldest, what = at, "what runs of the pod was created"
		}
	}
	for _, s := range starts {
		if s.at.Before(oldest.Add(-time.Second)) {
			return fmt.Sprintf("%s started at %s, before %s (%s)", s.name, stamp(s.at), what, stamp(oldest))
		}
	}
	return ""
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

func tickEvidence(starts []start, running map[string]node.Process) Evidence {
	rows := [][]string{{"CONTAINER", "ID", "PID", "START"}}
	for _, s := range starts {
		first := running[s.id]
		rows = append(rows, []string{s.name, fmt.Sprintf("%.12s", s.id), fmt.Sprint(first.PID), fmt.Sprint(first.Start)})
	}
	return Evidence{
		Command: "awk '{print $22}' /proc/PID/stat", Rows: table(rows...),
		Notes: []string{"START is in hundredths of a second since the node's kernel booted"},
	}
}

func startEvidence(pod *corev1.Pod, starts []start, forgotten []string) Evidence {
	by, e := "CREATED", Evidence{Command: "ctr -n k8s.io containers info CONTAINER-ID | jq -r .CreatedAt"}
	if len(forgotten) > 0 {
		by, e.Command = "STARTED", "kubectl get pod "+pod.Name+" -o yaml"
		e.Notes = []string{"containerd has forgotten " + strings.Join(forgotten, ", ")}
	}
	rows := [][]string{{"CONTAINER", "ID", by}}
	for _, s := range starts {
		rows = append(rows, []string{s.name, fmt.Sprintf("%.12s", s.id), stamp(s.at)})
	}
	e.Rows = table(rows...)
	return e
}

type startedFirstFact struct {
	pod        string
	containers []string
}

func (*startedFirstFact) Kind() string { return "started-before" }

func (f *startedFirstFact) Value(ctx context.Context, c Cluster) (string, Result) {
	order, r := startsOf(ctx, c, f.pod, f.containers)
	if r.Verdict != Pass {
		return "", r
	}
	return order[0].name, r
}
