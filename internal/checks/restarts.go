package checks

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/lesson"
)

type restartsFields struct {
	restartsAsk
	Is comparison `yaml:"is" doc:"how often, as 0 or >= 2"`
}

type restartsAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of one container, which may be an init container; the sum of all if it is left out"`
}

func restartsKind() Kind {
	return Kind{
		Name: "restarts",
		Says: "The container has been started again so many times. Without a container it is the sum over those that `kubectl get pod` counts: the containers and " +
			"the sidecars (init containers with `restartPolicy: Always`). It is about the pod that has the name now: a new pod begins at 0. " +
			"A container that has not started yet has no number, and neither has a pod that is being deleted.",
		Fields:      restartsFields{},
		Examples:    []string{"restarts: {pod: demoduo, container: demoy, is: 1}", `restarts: {pod: demoduo, is: 0}`},
		Shows:       "The number of each container, and how it ended last.",
		CannotTell:  "The API does not answer.",
		AskSays:     "The answer is the number.",
		AskFields:   restartsAsk{},
		AskExamples: []string{"answer: {restarts: {pod: demoduo, container: demoy}}"},
		check:       parseRestarts,
		fact:        parseRestartsFact,
	}
}

func parseRestarts(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f restartsFields, wrong func(string, string, ...any)) {
		f.judge(wrong)
		if f.Is.none() {
			wrong("", "no number is given (is: 1, is: >= 1, and the like)")
		}
	})
	return restarts{f.counter(), f.Is}, mistakes
}

func parseRestartsFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f restartsAsk, wrong func(string, string, ...any)) { f.judge(wrong) })
	return restartsFact{f.counter()}, mistakes
}

func (f restartsAsk) judge(wrong func(string, string, ...any)) {
	if f.Pod == "" {
		wrong("", "no pod is named (pod: NAME)")
	}
}

func (f restartsAsk) counter() restartCounter {
	return restartCounter{string(f.Pod), string(f.Container)}
}

// restartCounter counts the restarts of a pod's containers, or of one of them.
type restartCounter struct{ pod, container string }

func (k restartCounter) Subject() string { return k.pod }

func (k restartCounter) String() string {
	if k.container == "" {
		return k.pod
	}
	return k.pod + "/" + k.container
}

// count returns the number with a pass, or the result that says why there is none.
func (k restartCounter) count(ctx context.Context, c Cluster) (int, Result) {
	pod, r := findPod(ctx, c, k.pod)
	if pod == nil {
		return 0, r
	}
	counted := containersOf(pod)
	if k.container != "" {
		counted = slices.DeleteFunc(everyContainer(pod), func(one container) bool { return one.name != k.container })
	}
	n, r := 0, Result{Verdict: Pass, Evidence: restartsEvidence(pod)}
	for _, one := range counted {
		n += int(one.status.RestartCount)
		if !hasStarted(one.status) {
			r.Verdict, r.Vacant, r.Got = NotYet, true, fmt.Sprintf("container %s has not started yet", one.name)
		}
	}
	switch {
	case pod.DeletionTimestamp != nil:
		r.Verdict, r.Vacant, r.Got = NotYet, true, "pod "+k.pod+" is being deleted"
	case len(counted) == 0:
		r.Verdict, r.Vacant, r.Got = NotYet, true, fmt.Sprintf("pod %s has no container %s", k.pod, k.container)
	case r.Verdict == Pass:
		r.Got = restartsText(n)
	}
	return n, r
}

func restartsEvidence(pod *corev1.Pod) Evidence {
	rows := [][]string{{"NAME", "RESTARTS", "LAST"}}
	for _, one := range everyContainer(pod) {
		rows = append(rows, []string{one.name, strconv.Itoa(int(one.status.RestartCount)), lastRun(one)})
	}
	return Evidence{
		Command: "kubectl get pod " + pod.Name + ` -o jsonpath="{range .status['initContainerStatuses','containerStatuses'][*]}{.name} {.restartCount}{'\n'}{end}"`,
		Rows:    table(rows...),
	}
}

// everyContainer returns the pod's containers with all of its init containers.
func everyContainer(pod *corev1.Pod) []container {
	var all []container
	for _, c := range pod.Spec.InitContainers {
		all = append(all, container{c.Name, statusOf(pod.Status.InitContainerStatuses, c.Name)})
	}
	for _, c := range pod.Spec.Containers {
		all = append(all, container{c.Name, statusOf(pod.Status.ContainerStatuses, c.Name)})
	}
	return all
}

// hasStarted says whether the container has run at least once.
func hasStarted(s corev1.ContainerStatus) bool {
	return s.State.Running != nil || s.State.Terminated != nil || s.LastTerminationState.Terminated != nil
}

func lastRun(one container) string {
	last := one.status.State.Terminated
	if last == nil {
		last = one.status.LastTerminationState.Terminated
	}
	if last == nil {
		return "<none>"
	}
	return fmt.Sprintf("exit code %d (%s)", last.ExitCode, last.Reason)
}

// noMore says that nothing of the pod is started again, or "".
func (k restartCounter) noMore(ctx context.Context, c Cluster) string {
	pod, err := c.Pod(ctx, k.pod)
	if err != nil || !hasEnded(pod) {
		return ""
	}
	return fmt.Sprintf("the pod has ended (%s) and has restartPolicy %s: nothing of it is started again", pod.Status.Phase, pod.Spec.RestartPolicy)
}

func restartsText(n int) string {
	if n == 1 {
		return "1 restart"
	}
	return fmt.Sprintf("%d restarts", n)
}

// restarts claims how often containers were started again.
type restarts struct {
	restartCounter
	is comparison
}

func (restarts) Kind() string { return "restarts" }

func (k restarts) Title() string { return k.restartCounter.String() + ": " + k.want() }

func (k restarts) want() string {
	if k.is == (comparison{"=", 1}) {
		return restartsText(1)
	}
	return k.is.String() + " restarts"
}

func (k restarts) Eval(ctx context.Context, c Cluster) Result {
	n, r := k.count(ctx, c)
	r.Want = k.want()
	if r.Verdict == Pass && !k.is.holds(float64(n)) {
		r.Verdict = NotYet
		r.Mismatches = []Mismatch{{"restarts of " + k.restartCounter.String(), k.is.String(), strconv.Itoa(n)}}
		r.Why = k.noMore(ctx, c)
	}
	return r
}

type restartsFact struct{ restartCounter }

func (restartsFact) Kind() string { return "restarts" }

func (f restartsFact) Value(ctx context.Context, c Cluster) (string, Result) {
	n, r := f.count(ctx, c)
	if r.Verdict != Pass {
		return "", r
	}
	return strconv.Itoa(n), r
}
