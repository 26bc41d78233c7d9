package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/lesson"
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
		Says: "One of the pod's containers started before another; both may be init containers or sidecars. The order is that in which containerd " +
			"created them on the node, to the nanosecond, tied by container ID. What counts of a container that was started again is its run now, " +
			"or its last one if it does not run. A container that has not started, and a pod that is being deleted, are in no order.",
		Fields:   startedBeforeFields{},
		Examples: []string{"started-before: {pod: demoduo, first: demox, then: demoy}"},
		Shows:    "When each of the two started, and who says so.",
		CannotTell: "The API or the node does not answer; or containerd has forgotten one of the two, and the API, which knows whole seconds, has the " +
			"same second for both.",
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

// inOrder asks containerd for the nanoseconds. If it has forgotten one of the containers, the API's seconds must do.
func inOrder(ctx context.Context, c Cluster, pod *corev1.Pod, starts []start) ([]start, Result) {
	var ids []string
	for _, s := range starts {
		ids = append(ids, s.id)
	}
	born, err := c.Created(ctx, pod.Spec.NodeName, ids)
	if err != nil {
		return nil, cannotTell("node "+pod.Spec.NodeName+" could not be asked when it created the containers of pod "+pod.Name, err.Error(), "podlab doctor")
	}
	var forgotten []string
	for _, s := range starts {
		if _, ok := born[s.id]; !ok {
			forgotten = append(forgotten, s.name)
		}
	}
	for i := range starts {
		if len(forgotten) == 0 {
			starts[i].at = born[starts[i].id]
		}
	}
	slices.SortStableFunc(starts, func(a, b start) int { return a.at.Compare(b.at) })
	r := Result{Verdict: Pass, Got: starts[0].name + " started first"}
	if len(starts) > 1 {
		r.Got = starts[0].name + " started before " + starts[1].name
	}
	if len(starts) > 1 && starts[0].at.Equal(starts[1].at) {
		r = cannotTell(fmt.Sprintf("%s and %s started at the same time, as far as anybody knows", starts[0].name, starts[1].name),
			"containerd has forgotten "+orNone(strings.Join(forgotten, ", "))+", and the API knows whole seconds only", "delete the pod and make it again")
	}
	r.Evidence = startEvidence(pod, starts, forgotten)
	return starts, r
}

func startEvidence(pod *corev1.Pod, starts []start, forgotten []string) Evidence {
	by, e := "CREATED", Evidence{Command: "ctr -n k8s.io containers info CONTAINER-ID | jq -r .CreatedAt"}
	if len(forgotten) > 0 {
		by, e.Command = "STARTED", "kubectl get pod "+pod.Name+" -o yaml"
		e.Notes = []string{"containerd has forgotten " + strings.Join(forgotten, ", ")}
	}
	rows := [][]string{{"CONTAINER", "ID", by}}
	for _, s := range starts {
		rows = append(rows, []string{s.name, fmt.Sprintf("%.12s", s.id), s.at.UTC().Format(time.RFC3339Nano)})
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
