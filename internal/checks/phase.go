package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/lesson"
)

// phaseName is a pod's phase in a lesson.
type phaseName string

// UnmarshalText accepts the phases that the API has.
func (n *phaseName) UnmarshalText(text []byte) error {
	known := []string{
		string(corev1.PodPending), string(corev1.PodRunning), string(corev1.PodSucceeded),
		string(corev1.PodFailed), string(corev1.PodUnknown),
	}
	if !slices.Contains(known, string(text)) {
		return fmt.Errorf("unknown phase %q%s", text, orOneOf(string(text), known))
	}
	*n = phaseName(text)
	return nil
}

type phaseFields struct {
	Pod podName   `yaml:"pod" doc:"name of the pod"`
	Is  phaseName `yaml:"is" doc:"Pending, Running, Succeeded, Failed or Unknown"`
}

type phaseAsk struct {
	Pod podName `yaml:"pod" doc:"name of the pod"`
}

func phaseKind() Kind {
	return Kind{
		Name: "phase",
		Says: "The pod is in the phase: what its `status.phase` says. Pending: not all containers have been created; Running: at least one " +
			"runs, starts or is being started again; Succeeded and Failed: all have ended for good. A container that waits to be started " +
			"again leaves its pod Running, so use `ready` for a pod that works. A pod that is being deleted is in no phase.",
		Fields:      phaseFields{},
		Examples:    []string{"phase: {pod: demoduo, is: Running}"},
		Shows:       "The pod's phase and how many of its containers are ready.",
		CannotTell:  "The API does not answer.",
		AskSays:     "The answer is the phase, as `Running`. It is known once no container is still starting.",
		AskFields:   phaseAsk{},
		AskExamples: []string{"answer: {phase: {pod: demoduo}}"},
		check:       parsePhase,
		fact:        parsePhaseFact,
	}
}

func parsePhase(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f phaseFields, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
		if f.Is == "" {
			wrong("", "no phase is given (is: Running, and the like)")
		}
	})
	return phase{string(f.Pod), corev1.PodPhase(f.Is)}, mistakes
}

func parsePhaseFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f phaseAsk, wrong func(string, string, ...any)) {
		if f.Pod == "" {
			wrong("", "no pod is named (pod: NAME)")
		}
	})
	return phaseFact{string(f.Pod)}, mistakes
}

// phase claims the phase of a pod.
type phase struct {
	pod string
	is  corev1.PodPhase
}

func (phase) Kind() string { return "phase" }

func (k phase) Title() string { return fmt.Sprintf("%s: phase %s", k.pod, k.is) }

func (k phase) Subject() string { return k.pod }

func (k phase) Eval(ctx context.Context, c Cluster) Result {
	got, r := phaseOf(ctx, c, k.pod)
	r.Want = "phase " + string(k.is)
	if r.Verdict == Pass && got != k.is {
		r.Verdict = NotYet
		r.Mismatches = []Mismatch{{Of: k.pod + "'s phase", Want: string(k.is), Got: string(got)}}
	}
	return r
}

// phaseOf returns the pod's phase with a pass, or the result that says why there is none.
func phaseOf(ctx context.Context, c Cluster, name string) (corev1.PodPhase, Result) {
	pod, r := findPod(ctx, c, name)
	if pod == nil {
		return "", r
	}
	phase := pod.Status.Phase
	r = Result{Verdict: Pass, Got: "phase " + string(phase), Evidence: Evidence{
		Command: "kubectl get pod " + name + " -o custom-columns=NAME:.metadata.name,PHASE:.status.phase",
		Rows:    table([]string{"NAME", "PHASE"}, []string{name, string(phase)}),
		Notes:   []string{readyOf(pod).String() + " containers ready"},
	}}
	switch {
	case pod.DeletionTimestamp != nil:
		r.Verdict, r.Vacant, r.Got = NotYet, true, "pod "+name+" is being deleted"
	case phase == "":
		r.Verdict, r.Vacant, r.Got = NotYet, true, "pod "+name+" has no phase yet"
	}
	return phase, r
}

// table lays out rows in columns, as kubectl does.
func table(rows ...[]string) []string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 6, 4, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t"))
	}
	if err := w.Flush(); err != nil { // a strings.Builder takes everything
		return []string{err.Error()}
	}
	return strings.Split(strings.TrimRight(b.String(), "\n"), "\n")
}

type phaseFact struct{ pod string }

func (phaseFact) Kind() string { return "phase" }

func (f phaseFact) Value(ctx context.Context, c Cluster) (string, Result) {
	got, r := phaseOf(ctx, c, f.pod)
	if r.Verdict != Pass {
		return "", r
	}
	if _, rest := (object{"Pod", f.pod}).settledPods(ctx, c); rest.Verdict != "" {
		return "", rest
	}
	return string(got), r
}
