package checks

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/lesson"
)

// workload is a kind of object that keeps a number of pods.
type workload string

// UnmarshalText accepts the kinds whose status counts pods.
func (w *workload) UnmarshalText(text []byte) error {
	known := []string{"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"}
	if !slices.Contains(known, string(text)) {
		return fmt.Errorf("%q does not keep a number of pods%s", text, orOneOf(string(text), known))
	}
	*w = workload(text)
	return nil
}

// replicaCount is what a status counts.
type replicaCount string

// UnmarshalText accepts what all the kinds count.
func (r *replicaCount) UnmarshalText(text []byte) error {
	known := []string{"ready", "updated", "available", "total"}
	if !slices.Contains(known, string(text)) {
		return fmt.Errorf("unknown count %q%s", text, orOneOf(string(text), known))
	}
	*r = replicaCount(text)
	return nil
}

type replicasFields struct {
	Kind      workload   `yaml:"kind" doc:"Deployment, ReplicaSet, StatefulSet or DaemonSet; Deployment if it is left out"`
	Name      objectName `yaml:"name" doc:"name of the object"`
	Ready     comparison `yaml:"ready" doc:"pods that are ready, as 2 or >= 2"`
	Updated   comparison `yaml:"updated" doc:"pods of the present template; a ReplicaSet has only those and does not count them"`
	Available comparison `yaml:"available" doc:"pods that have been ready for minReadySeconds"`
	Total     comparison `yaml:"total" doc:"pods, ready or not, of any template, without those being deleted"`
}

type replicasAsk struct {
	Kind  workload     `yaml:"kind" doc:"Deployment, ReplicaSet, StatefulSet or DaemonSet; Deployment if it is left out"`
	Name  objectName   `yaml:"name" doc:"name of the object"`
	Count replicaCount `yaml:"count" doc:"ready, updated, available or total; ready if it is left out"`
}

func replicasKind() Kind {
	return Kind{
		Name: "replicas",
		Says: "The object has so many pods, as its own status counts them. Each number that is given must hold. The status counts only if it is about the object's " +
			"present state (its `observedGeneration` is not older than `metadata.generation`), and not while the object is being deleted. " +
			"While a Deployment changes over, `ready`, `available` and `total` count pods of the old template too, and `updated` never does: " +
			"a change-over is done when `ready`, `updated` and `total` are the same number.",
		Fields:      replicasFields{},
		Examples:    []string{"replicas: {name: demoduo, ready: 2}", `replicas: {kind: StatefulSet, name: demoduo, ready: 2, updated: 2, total: ">= 2"}`},
		Shows:       "The numbers of the status.",
		CannotTell:  "The API does not answer, or refuses objects of the kind.",
		AskSays:     "The answer is the number. It is known once all pods are there and none of their containers is still starting.",
		AskFields:   replicasAsk{},
		AskExamples: []string{"answer: {replicas: {name: demoduo}}", "answer: {replicas: {name: demoduo, count: updated}}"},
		check:       parseReplicas,
		fact:        parseReplicasFact,
	}
}

// claimedCount is one number that is claimed.
type claimedCount struct {
	of   replicaCount
	want comparison
}

func parseReplicas(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	var claims []claimedCount
	f, mistakes := decode(spec, func(f replicasFields, wrong func(string, string, ...any)) {
		claims = []claimedCount{{"ready", f.Ready}, {"updated", f.Updated}, {"available", f.Available}, {"total", f.Total}}
		claims = slices.DeleteFunc(claims, func(c claimedCount) bool { return c.want.none() })
		if f.Name == "" {
			wrong("", "no object is named (name: NAME)")
		}
		if len(claims) == 0 {
			wrong("", "no number is given (ready: 2, and the like)")
		}
		if f.Kind == "ReplicaSet" && !f.Updated.none() {
			wrong("updated", "a ReplicaSet does not count updated pods")
		}
	})
	return &replicas{aWorkload(f.Kind, f.Name), claims}, mistakes
}

func parseReplicasFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f replicasAsk, wrong func(string, string, ...any)) {
		if f.Name == "" {
			wrong("", "no object is named (name: NAME)")
		}
		if f.Kind == "ReplicaSet" && f.Count == "updated" {
			wrong("count", "a ReplicaSet does not count updated pods")
		}
	})
	if f.Count == "" {
		f.Count = "ready"
	}
	return replicasFact{aWorkload(f.Kind, f.Name), f.Count}, mistakes
}

func aWorkload(kind workload, name objectName) object {
	if kind == "" {
		kind = "Deployment"
	}
	return object{string(kind), string(name)}
}

// statusField returns the name of the status's field. A number that is not there is 0.
func (r replicaCount) statusField(kind string) string {
	fields := map[replicaCount]string{
		"ready": "readyReplicas", "updated": "updatedReplicas", "available": "availableReplicas", "total": "replicas",
	}
	if kind == "DaemonSet" {
		fields = map[replicaCount]string{
			"ready": "numberReady", "updated": "updatedNumberScheduled", "available": "numberAvailable", "total": "currentNumberScheduled",
		}
	}
	return fields[r]
}

// replicas claims how many pods an object keeps.
type replicas struct {
	object
	claims []claimedCount
}

func (*replicas) Kind() string { return "replicas" }

// About returns the workload.
func (k *replicas) About() (kind, name string) { return k.kind, k.name }

func (k *replicas) Title() string { return k.object.String() + ": " + k.want() }

func (k *replicas) want() string {
	var parts []string
	for _, c := range k.claims {
		parts = append(parts, fmt.Sprintf("%s %s", c.want, c.of))
	}
	return strings.Join(parts, ", ") + " replicas"
}

func (k *replicas) Eval(ctx context.Context, c Cluster) Result {
	found, r := counted(ctx, c, k.object)
	r.Want = k.want()
	if r.Verdict != Pass {
		return r
	}
	for _, claim := range k.claims {
		n := replicasOf(found, claim.of)
		if !claim.want.holds(float64(n)) {
			r.Verdict = NotYet
			r.Mismatches = append(r.Mismatches, Mismatch{string(claim.of) + " replicas", claim.want.String(), strconv.Itoa(n)})
		}
	}
	return r
}

func replicasOf(o *unstructured.Unstructured, of replicaCount) int {
	n, _, _ := unstructured.NestedInt64(o.Object, "status", of.statusField(o.GetKind()))
	return int(n)
}

// counted returns the object with a pass if its status is about its present state, or the result that says why not.
func counted(ctx context.Context, c Cluster, o object) (*unstructured.Unstructured, Result) {
	found, r := o.living(ctx, c)
	if found == nil {
		return nil, r
	}
	heads, numbers, columns := []string{"NAME"}, []string{o.name}, "NAME:.metadata.name"
	var got []string
	for _, of := range []replicaCount{"total", "ready", "updated", "available"} {
		if o.kind == "ReplicaSet" && of == "updated" {
			continue
		}
		n := strconv.Itoa(replicasOf(found, of))
		got = append(got, n+" "+string(of))
		heads, numbers = append(heads, strings.ToUpper(string(of))), append(numbers, n)
		columns += "," + strings.ToUpper(string(of)) + ":.status." + of.statusField(o.kind)
	}
	r = Result{Verdict: Pass, Got: strings.Join(got, ", ") + " replicas", Evidence: Evidence{
		Command: fmt.Sprintf("kubectl get %s -o custom-columns=%s", o, columns),
		Rows:    table(heads, numbers),
	}}
	_, observed, _ := unstructured.NestedInt64(found.Object, "status", "observedGeneration")
	switch why := stale(found); {
	case !observed:
		r.Verdict, r.Vacant, r.Got = NotYet, true, "nothing has looked after "+o.String()+" yet"
	case why != "":
		r.Verdict, r.Vacant, r.Got = NotYet, true, r.Got+", but "+why
	}
	return found, r
}

type replicasFact struct {
	object
	of replicaCount
}

func (replicasFact) Kind() string { return "replicas" }

func (f replicasFact) Value(ctx context.Context, c Cluster) (string, Result) {
	found, r := counted(ctx, c, f.object)
	if r.Verdict != Pass {
		return "", r
	}
	if _, rest := f.settledPods(ctx, c); rest.Verdict != "" {
		return "", rest
	}
	return strconv.Itoa(replicasOf(found, f.of)), r
}
