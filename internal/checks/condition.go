package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/lesson"
)

// objectKind is a kind of object in a lesson.
type objectKind string

// UnmarshalText accepts the kinds of objects that a lesson's manifests may have, and those that the cluster makes of them.
func (k *objectKind) UnmarshalText(text []byte) error {
	if known := lesson.NamespacedKinds(); !slices.Contains(known, string(text)) {
		return fmt.Errorf("no kind of object in a namespace is called %q%s", text, orOneOf(string(text), known))
	}
	*k = objectKind(text)
	return nil
}

// objectName is the name of an object of any kind.
type objectName string

// UnmarshalText accepts what can be a name in the API's paths.
func (n *objectName) UnmarshalText(text []byte) error {
	wrong := content.IsPathSegmentName(string(text))
	if len(text) == 0 || strings.ContainsAny(string(text), " \t\n") {
		wrong = append(wrong, "it is empty or has spaces")
	}
	if len(wrong) > 0 {
		return fmt.Errorf("%q cannot be the name of an object: %s", text, strings.Join(wrong, ", "))
	}
	*n = objectName(text)
	return nil
}

// conditionStatus is True, False or Unknown.
type conditionStatus string

// UnmarshalText accepts the three, whatever their case: YAML's own true and false are meant as well.
func (s *conditionStatus) UnmarshalText(text []byte) error {
	for _, known := range []conditionStatus{"True", "False", "Unknown"} {
		if strings.EqualFold(string(text), string(known)) {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("want True, False or Unknown, found %q", text)
}

type conditionFields struct {
	Kind   objectKind      `yaml:"kind" doc:"kind of the object, as manifests write it; Pod if it is left out"`
	Name   objectName      `yaml:"name" doc:"name of the object"`
	Type   string          `yaml:"type" doc:"type of the condition, as Ready or Available"`
	Is     conditionStatus `yaml:"is" doc:"True, False or Unknown; True if it is left out"`
	Reason string          `yaml:"reason" doc:"the condition's reason, one word, as ContainersNotReady; any if it is left out"`
}

type conditionAsk struct {
	Kind objectKind `yaml:"kind" doc:"kind of the object, as manifests write it; Pod if it is left out"`
	Name objectName `yaml:"name" doc:"name of the object"`
	Type string     `yaml:"type" doc:"type of the condition, as Ready or Available"`
}

func conditionKind() Kind {
	return Kind{
		Name: "condition",
		Says: "The object has the condition in its `status.conditions`, with the status and, if one is given, the reason. A condition that is not " +
			"there is neither True nor False. A condition about an earlier state of the object (its `observedGeneration`, or the status's, is " +
			"older than `metadata.generation`) does not count, and neither does one of an object that is being deleted. It is the API's " +
			"word: for a moment a pod's Ready stays True after a crash; `ready` looks at the node as well.",
		Fields:      conditionFields{},
		Examples:    []string{"condition: {name: demoduo, type: Ready}", "condition: {kind: Deployment, name: demoduo, type: Available, is: False, reason: MinimumReplicasUnavailable}"},
		Shows:       "All conditions of the object, with status and reason.",
		CannotTell:  "The API does not answer, refuses objects of the kind, or knows no such kind.",
		AskSays:     "The answer is the condition's status: `True`, `False` or `Unknown`. It is known once no container of the object's pods is still starting.",
		AskFields:   conditionAsk{},
		AskExamples: []string{"answer: {condition: {name: demoduo, type: Ready}}"},
		check:       parseCondition,
		fact:        parseConditionFact,
	}
}

func parseCondition(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f conditionFields, wrong func(string, string, ...any)) {
		judgeCondition(anObject(f.Kind, f.Name), f.Type, wrong)
	})
	if f.Is == "" {
		f.Is = "True"
	}
	return objectCondition{anObject(f.Kind, f.Name), f.Type, string(f.Is), f.Reason}, mistakes
}

func parseConditionFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f conditionAsk, wrong func(string, string, ...any)) {
		judgeCondition(anObject(f.Kind, f.Name), f.Type, wrong)
	})
	return conditionFact{anObject(f.Kind, f.Name), f.Type}, mistakes
}

func judgeCondition(o object, conditionType string, wrong func(string, string, ...any)) {
	if o.name == "" {
		wrong("", "no object is named (name: NAME)")
	}
	if conditionType == "" {
		wrong("", "no condition is named (type: Ready, and the like)")
	}
	if meant := misspelt(o.kind, conditionType); meant != "" {
		wrong("type", "a %s has no condition %q (did you mean %q?)", o.kind, conditionType, meant)
	}
}

// misspelt returns the condition type that the kind of object has and that this one is a slip away from, or "". A misspelt
// one would never be there, and "not" of it always true. Others may be a controller's own, or of a later Kubernetes.
func misspelt(kind, conditionType string) string {
	known := conditionTypes(kind)
	if conditionType == "" || slices.Contains(known, conditionType) {
		return ""
	}
	for _, one := range known {
		if slips(conditionType, one) <= len(one)/3 {
			return one
		}
	}
	return ""
}

// conditionTypes lists the types that Kubernetes itself gives to conditions of the kind of object.
func conditionTypes(kind string) []string {
	switch kind {
	case "Pod":
		return []string{
			string(corev1.PodReady), string(corev1.ContainersReady), string(corev1.PodInitialized), string(corev1.PodScheduled),
			string(corev1.PodReadyToStartContainers), string(corev1.DisruptionTarget), string(corev1.PodResizePending),
			string(corev1.PodResizeInProgress), string(corev1.AllContainersRestarting),
		}
	case "Deployment":
		return []string{string(appsv1.DeploymentAvailable), string(appsv1.DeploymentProgressing), string(appsv1.DeploymentReplicaFailure)}
	case "ReplicaSet":
		return []string{string(appsv1.ReplicaSetReplicaFailure)}
	case "Job":
		return []string{
			string(batchv1.JobComplete), string(batchv1.JobFailed), string(batchv1.JobSuspended),
			string(batchv1.JobFailureTarget), string(batchv1.JobSuccessCriteriaMet),
		}
	}
	return nil
}

// object is an object of the lab's namespace that a check is about.
type object struct{ kind, name string }

// anObject returns the object. A pod's kind may be left out.
func anObject(kind objectKind, name objectName) object {
	if kind == "" {
		kind = "Pod"
	}
	return object{string(kind), string(name)}
}

func (o object) String() string { return strings.ToLower(o.kind) + " " + o.name }

// Subject returns the name of the pod, or "" if the object is none.
func (o object) Subject() string {
	if o.kind != "Pod" {
		return ""
	}
	return o.name
}

// find returns the object, or nil and the result that says why there is none to judge.
func (o object) find(ctx context.Context, c Cluster) (*unstructured.Unstructured, Result) {
	found, err := c.Object(ctx, o.kind, o.name)
	switch {
	case isGone(err):
		return nil, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("no %s in this lab's namespace", o)}
	case err != nil:
		return nil, cannotTell("the API could not be asked about "+o.String(), err.Error(), "podlab doctor")
	}
	return found, Result{}
}

// isGone says whether the error means that there is no such object. That there is no such kind of object is a 404 as well.
func isGone(err error) bool {
	return apierrors.IsNotFound(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

// living returns the object unless it is being deleted.
func (o object) living(ctx context.Context, c Cluster) (*unstructured.Unstructured, Result) {
	found, r := o.find(ctx, c)
	if found != nil && found.GetDeletionTimestamp() != nil {
		return nil, Result{Verdict: NotYet, Vacant: true, Got: o.String() + " is being deleted"}
	}
	return found, r
}

// objectCondition claims the status of an object's condition.
type objectCondition struct {
	object
	of, is, reason string
}

func (objectCondition) Kind() string { return "condition" }

// About returns the object.
func (k objectCondition) About() (kind, name string) { return k.kind, k.name }

func (k objectCondition) Title() string { return k.object.String() + ": " + k.want() }

func (k objectCondition) want() string {
	if k.reason == "" {
		return k.of + " is " + k.is
	}
	return fmt.Sprintf("%s is %s (%s)", k.of, k.is, k.reason)
}

func (k objectCondition) Eval(ctx context.Context, c Cluster) Result {
	found, r := conditionOf(ctx, c, k.object, k.of)
	r.Want = k.want()
	if r.Verdict != Pass {
		return r
	}
	if found.status != k.is {
		r.Mismatches = append(r.Mismatches, Mismatch{k.of, k.is, found.status})
	}
	if k.reason != "" && found.reason != k.reason {
		r.Mismatches = append(r.Mismatches, Mismatch{k.of + "'s reason", k.reason, orNone(found.reason)})
	}
	if len(r.Mismatches) > 0 {
		r.Verdict = NotYet
	}
	return r
}

// anyCondition is a condition of any kind of object.
type anyCondition struct {
	of, status, reason, message string
	generation                  int64 // that it is about; 0 if it does not say
}

func (a anyCondition) String() string {
	text := a.of + " is " + a.status
	if why := strings.Trim(a.reason+": "+a.message, ": "); why != "" {
		text += " (" + why + ")"
	}
	return text
}

// conditionOf returns the condition with a pass if it is about the object's present state, or the result that says why not.
func conditionOf(ctx context.Context, c Cluster, o object, of string) (anyCondition, Result) {
	found, r := o.living(ctx, c)
	if found == nil {
		return anyCondition{}, r
	}
	all := conditionsOf(found)
	r = Result{Verdict: NotYet, Vacant: stale(found) != "", Got: fmt.Sprintf("%s has no condition %s", o, of), Evidence: conditionEvidence(o, all)}
	for _, one := range all {
		if one.of != of {
			continue
		}
		r.Verdict, r.Vacant, r.Got = Pass, false, one.String()
		observed, _, _ := unstructured.NestedInt64(found.Object, "status", "observedGeneration")
		if one.generation > 0 {
			observed = one.generation
		}
		if observed > 0 && observed < found.GetGeneration() {
			r.Verdict, r.Vacant = NotYet, true
			r.Got += fmt.Sprintf(", but that is about generation %d of %s, which is at %d", observed, o, found.GetGeneration())
			r.Mismatches = []Mismatch{{of + "'s observedGeneration", fmt.Sprint(found.GetGeneration()), fmt.Sprint(observed)}}
		}
		return one, r
	}
	return anyCondition{}, r
}

func conditionsOf(o *unstructured.Unstructured) []anyCondition {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	var all []anyCondition
	for _, item := range list {
		fields, _ := item.(map[string]any)
		text := func(name string) string { t, _, _ := unstructured.NestedString(fields, name); return t }
		generation, _, _ := unstructured.NestedInt64(fields, "observedGeneration")
		all = append(all, anyCondition{text("type"), text("status"), text("reason"), text("message"), generation})
	}
	return all
}

func conditionEvidence(o object, all []anyCondition) Evidence {
	rows := [][]string{{"TYPE", "STATUS", "REASON"}}
	for _, one := range all {
		rows = append(rows, []string{one.of, one.status, orNone(one.reason)})
	}
	return Evidence{
		Command: fmt.Sprintf(`kubectl get %s -o go-template='{{range .status.conditions}}{{.type}} {{.status}} {{.reason}}{{"\n"}}{{end}}'`, o),
		Rows:    table(rows...),
	}
}

// orNone stands for a text that is not there, as kubectl does.
func orNone(text string) string {
	if text == "" {
		return "<none>"
	}
	return text
}

type conditionFact struct {
	object
	of string
}

func (conditionFact) Kind() string { return "condition" }

func (f conditionFact) Value(ctx context.Context, c Cluster) (string, Result) {
	found, r := conditionOf(ctx, c, f.object, f.of)
	if r.Verdict != Pass {
		return "", r
	}
	if _, rest := f.settledPods(ctx, c); rest.Verdict != "" {
		return "", rest
	}
	return found.status, r
}
