package checks

import (
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

// Ready claims that so many of a pod's containers are ready.
type Ready struct {
	Pod          string
	Ready, Total int
}

type readyFields struct {
	Pod        podName `yaml:"pod" doc:"name of the pod"`
	Containers ratio   `yaml:"containers" doc:"ready/total, as kubectl get pod prints it"`
}

type readyAsk struct {
	Pod podName `yaml:"pod" doc:"name of the pod"`
}

func readyKind() Kind {
	return Kind{
		Name: "ready",
		Says: "So many of the pod's containers are ready. It counts what `kubectl get pod` counts: the containers and the sidecars " +
			"(init containers with `restartPolicy: Always`), neither other init containers nor the sandbox. When all are to be ready, " +
			"the pod's own Ready condition must be true as well, and on the node each container's first process must be there: for a " +
			"moment the API calls a container ready that has crashed. Without a readiness or startup probe the process must be a second " +
			"old; where the container's last life was shorter than ten seconds, it must have outlived that. A pod that is being deleted is not ready.",
		Fields:      readyFields{},
		Examples:    []string{"ready: {pod: demoduo, containers: 2/2}"},
		Shows:       "The row of `kubectl get pod`, and the state of each container.",
		CannotTell:  "All containers are ready to the API, and the node could not be looked at to confirm it.",
		AskSays:     "The answer is ready/total, as `2/2`. It is known once no container is still starting.",
		AskFields:   readyAsk{},
		AskExamples: []string{"answer: {ready: {pod: demoduo}}"},
		check:       parseReady,
		fact:        parseReadyFact,
	}
}

func parseReady(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f readyFields, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if f.Containers.total == 0 {
			wrong("", "no number of containers is given (containers: READY/TOTAL)")
		}
	})
	return Ready{string(f.Pod), f.Containers.ready, f.Containers.total}, mistakes
}

func parseReadyFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f readyAsk, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
	})
	return readyFact{string(f.Pod)}, mistakes
}

// Subject returns the pod's name.
func (k Ready) Subject() string { return k.Pod }

// Kind returns "ready".
func (Ready) Kind() string { return "ready" }

// Title returns what the check list shows.
func (k Ready) Title() string { return k.Pod + ": " + k.want() }

func (k Ready) want() string { return fmt.Sprintf("%d/%d containers ready", k.Ready, k.Total) }

// Eval asks the API.
func (k Ready) Eval(ctx context.Context, c Cluster) Result {
	pod, r := findPod(ctx, c, k.Pod)
	if pod != nil {
		r = k.judge(ctx, c, pod)
	}
	r.Want = k.want()
	return r
}

func (k Ready) judge(ctx context.Context, c Cluster, pod *corev1.Pod) Result {
	now := readyOf(pod)
	r := Result{Verdict: NotYet, Got: now.String() + " containers ready", Evidence: readyEvidence(pod, now), Mismatches: k.differs(pod, now)}
	switch {
	case pod.DeletionTimestamp != nil:
		r.Vacant, r.Got = true, "pod "+pod.Name+" is being deleted"
	case now.total != k.Total:
		r.Why = "the pod's spec has " + join(names(pod))
	case now.ready != k.Ready: // the generic reason is the best one
	case now.ready == now.total && !isReady(pod):
		ready := condition(pod, corev1.PodReady)
		r.Got += ", but the pod is not"
		r.Why = strings.Trim(ready.Reason+": "+ready.Message, ": ")
	default:
		r.Verdict = Pass
		return onNode(ctx, c, pod, now, r)
	}
	return r
}

// differs returns what is not as claimed. When all are to be ready, each that is not is named.
func (k Ready) differs(pod *corev1.Pod, now ratio) []Mismatch {
	var off []Mismatch
	if wanted := (ratio{k.Ready, k.Total}); now != wanted {
		off = append(off, Mismatch{"ready containers", wanted.String(), fmt.Sprintf("%s (%s)", now, join(names(pod)))})
	}
	for _, one := range containersOf(pod) {
		if state, _ := describe(one); k.Ready == k.Total && !one.status.Ready {
			off = append(off, Mismatch{one.name, "ready", state})
		}
	}
	if ready := condition(pod, corev1.PodReady); now.ready == now.total && ready.Status != corev1.ConditionTrue {
		off = append(off, Mismatch{"the pod", "ready", strings.Trim("not ready: "+ready.Reason, ": ")})
	}
	return off
}

// onNode holds a pass against the node: for about a second the API goes on to call a container ready whose process has
// ended, as one does that crashes on start. Only a pod that is ready as a whole is looked at.
func onNode(ctx context.Context, c Cluster, pod *corev1.Pod, now ratio, r Result) Result {
	if now.ready != now.total {
		return r
	}
	if seen := alive(ctx, c, pod); seen.Verdict != "" {
		r.Verdict, r.Vacant, r.Mismatches = seen.Verdict, seen.Vacant, seen.Mismatches
		r.Why, r.Try, r.Again = seen.Why, seen.Try, seen.Again
		r.Got = now.String() + " to the API, but " + seen.Got
	}
	return r
}

// alive returns a result without a verdict if every container of the pod runs, to the API and on its node. It asks for no
// more than the first processes: a whole look would take several times as long.
func alive(ctx context.Context, c Cluster, pod *corev1.Pod) Result {
	if r := runs(pod); r.Verdict != "" {
		return r
	}
	tasks, err := c.Tasks(ctx, pod.Spec.NodeName)
	if err != nil {
		return cannotTell("node "+pod.Spec.NodeName+" could not be looked at", err.Error(), "podlab doctor")
	}
	own := func(t node.Task) bool { return t.PodUID == string(pod.UID) }
	if !slices.ContainsFunc(slices.Collect(maps.Values(tasks)), own) {
		return cannotTell(fmt.Sprintf("node %s shows nothing of pod %s, though the API says that it runs", pod.Spec.NodeName, pod.Name),
			"the API's status and the look at the node are two moments, and here they do not fit", "podlab doctor")
	}
	for _, one := range (&sight{pod: pod}).known() {
		id := bareID(one.status.ContainerID)
		if !own(tasks[id]) {
			return torn("%s's container %.12s is not on node %s", one.name, id, pod.Spec.NodeName)
		}
		if r := young(pod, one, tasks[id].Age); r.Verdict != "" {
			return r
		}
	}
	return Result{}
}

const (
	// settling is how old a container's first process must be. A program that fails on start has ended by then.
	settling = time.Second
	// shortLife is a life so short that one like it is to be expected after it.
	shortLife = 10 * time.Second
)

// young returns a result without a verdict if the container has lived for long enough to be taken at the API's word. Where
// the author gave it a probe, the kubelet has asked the program itself. Without one the API calls every container ready
// that was just started, also one that crashes again and again.
func young(pod *corev1.Pod, one container, age time.Duration) Result {
	if probed(pod, one.name) {
		return Result{}
	}
	need, why := settling, "the API calls a container without a probe ready as soon as it is started"
	if last := one.status.LastTerminationState.Terminated; last != nil {
		// Both times are in whole seconds, so the life may have been a second longer.
		if life := last.FinishedAt.Sub(last.StartedAt.Time) + time.Second; life < shortLife {
			need = max(life, 0) + settling
			why = one.name + " " + ended(one, last) + ", and has not outlived that yet"
		}
	}
	if age >= need {
		return Result{}
	}
	return Result{
		Verdict: NotYet, Vacant: true, Why: why, Again: need - age,
		Got: fmt.Sprintf("%s was started only %s ago", one.name, age.Round(100*time.Millisecond)),
	}
}

// probed says whether the container has a probe that must succeed before the API calls it ready.
func probed(pod *corev1.Pod, name string) bool {
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if c.Name == name {
			return c.ReadinessProbe != nil || c.StartupProbe != nil
		}
	}
	return false
}

func names(pod *corev1.Pod) []string {
	var all []string
	for _, c := range containersOf(pod) {
		all = append(all, c.name)
	}
	return all
}

func readyOf(pod *corev1.Pod) ratio {
	var r ratio
	for _, c := range containersOf(pod) {
		r.total++
		if c.status.Ready {
			r.ready++
		}
	}
	return r
}

func readyEvidence(pod *corev1.Pod, now ratio) Evidence {
	restarts := int32(0)
	var notes []string
	for _, c := range containersOf(pod) {
		restarts += c.status.RestartCount
		state, _ := describe(c)
		notes = append(notes, c.name+": "+state)
	}
	widths := fmt.Sprintf("%%-%ds   %%-5s   %%-17s   %%s", max(len(pod.Name), len("NAME")))
	return Evidence{
		Command: "kubectl get pod " + pod.Name,
		Rows: []string{
			fmt.Sprintf(widths, "NAME", "READY", "STATUS", "RESTARTS"),
			fmt.Sprintf(widths, pod.Name, now, podStatus(pod), fmt.Sprint(restarts)),
		},
		Notes: notes,
	}
}

// podStatus is the STATUS column of "kubectl get pod".
func podStatus(pod *corev1.Pod) string {
	if pod.DeletionTimestamp != nil {
		return "Terminating"
	}
	status := string(pod.Status.Phase)
	if pod.Status.Reason != "" {
		status = pod.Status.Reason
	}
	if held := initStatus(pod); held != "" && condition(pod, corev1.PodInitialized).Status != corev1.ConditionTrue {
		return held
	}
	statuses := pod.Status.ContainerStatuses
	for i := len(statuses) - 1; i >= 0; i-- {
		switch s := statuses[i].State; {
		case s.Waiting != nil && s.Waiting.Reason != "":
			status = s.Waiting.Reason
		case s.Terminated != nil && s.Terminated.Reason != "":
			status = s.Terminated.Reason
		}
	}
	return status
}

// initStatus is the STATUS of a pod whose init containers are not done: "Init:0/2", "Init:Error"; else "".
func initStatus(pod *corev1.Pod) string {
	for i, c := range pod.Spec.InitContainers {
		status := statusOf(pod.Status.InitContainerStatuses, c.Name)
		ended, waiting := status.State.Terminated, status.State.Waiting
		switch {
		case ended != nil && ended.ExitCode == 0, status.Started != nil && *status.Started && isSidecar(c):
			continue
		case ended != nil && ended.Reason != "":
			return "Init:" + ended.Reason
		case waiting != nil && waiting.Reason != "" && waiting.Reason != "PodInitializing":
			return "Init:" + waiting.Reason
		}
		return fmt.Sprintf("Init:%d/%d", i, len(pod.Spec.InitContainers))
	}
	return ""
}

func isSidecar(c corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

type readyFact struct{ pod string }

// Kind returns "ready".
func (readyFact) Kind() string { return "ready" }

// Value returns ready/total. It is not known while a container is still starting: an answer must not be graded against
// a state that nobody would see.
func (f readyFact) Value(ctx context.Context, c Cluster) (string, Result) {
	pod, r := findPod(ctx, c, f.pod)
	if pod == nil {
		return "", r
	}
	now := readyOf(pod)
	if pod.DeletionTimestamp != nil {
		return "", Result{Verdict: NotYet, Got: "pod " + pod.Name + " is being deleted", Evidence: readyEvidence(pod, now)}
	}
	if name := starting(pod); name != "" {
		return "", Result{Verdict: NotYet, Got: name + " is still starting", Evidence: readyEvidence(pod, now)}
	}
	return now.String(), onNode(ctx, c, pod, now, Result{Verdict: Pass, Got: now.String() + " containers ready", Evidence: readyEvidence(pod, now)})
}
