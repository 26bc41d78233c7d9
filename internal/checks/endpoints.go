package checks

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podlab/podlab/internal/lesson"
)

type endpointsFields struct {
	endpointsAsk
	Ready comparison `yaml:"ready" doc:"how many endpoints are ready, as 2 or >= 1"`
	Pods  []podName  `yaml:"pods" doc:"the pods that are ready endpoints: these and no others"`
}

type endpointsAsk struct {
	Service objectName `yaml:"service" doc:"name of the Service"`
	Port    portName   `yaml:"port" doc:"only endpoints behind this port of the pods: its number, or its name in the Service; any if it is left out"`
}

// portName is the number or the name of a port.
type portName string

// UnmarshalText refuses what is no port.
func (p *portName) UnmarshalText(text []byte) error {
	if n, err := strconv.Atoi(string(text)); len(text) == 0 || err == nil && (n < 1 || n > 65535) {
		return fmt.Errorf("want the number or the name of a port, found %q", text)
	}
	*p = portName(text)
	return nil
}

func endpointsKind() Kind {
	return Kind{
		Name: "endpoints",
		Says: "The Service has so many ready endpoints, or these pods and no others are. They are read from the EndpointSlices that belong to the Service " +
			"(label `kubernetes.io/service-name`). An endpoint counts if it is ready (a missing word means yes), is not terminating, and the pod that it " +
			"stands for is there still and not being deleted; a pod with an IPv4 and an IPv6 address counts once.",
		Fields:      endpointsFields{},
		Examples:    []string{"endpoints: {service: demoduo, ready: 2}", "endpoints: {service: demoduo, pods: [demoduo], port: 8080}"},
		Shows:       "Every endpoint of the Service, and whether it counts.",
		CannotTell:  "The API does not answer, or refuses Services, EndpointSlices or pods.",
		AskSays:     "The answer is the number of ready endpoints. It is known once no container of the pods is still starting, and the Service knows of each ready pod.",
		AskFields:   endpointsAsk{},
		AskExamples: []string{"answer: {endpoints: {service: demoduo}}"},
		check:       parseEndpoints,
		fact:        parseEndpointsFact,
	}
}

func parseEndpoints(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f endpointsFields, wrong func(string, string, ...any)) {
		f.judge(wrong)
		if f.Ready.none() && len(f.Pods) == 0 {
			wrong("", "nothing is claimed (ready: 2, or pods: [NAME])")
		}
	})
	k := &endpoints{service: f.behind(), ready: f.Ready}
	for _, pod := range f.Pods {
		k.pods = append(k.pods, string(pod))
	}
	slices.Sort(k.pods)
	k.pods = slices.Compact(k.pods)
	return k, mistakes
}

func parseEndpointsFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f endpointsAsk, wrong func(string, string, ...any)) { f.judge(wrong) })
	return endpointsFact{f.behind()}, mistakes
}

func (f endpointsAsk) judge(wrong func(string, string, ...any)) {
	if f.Service == "" {
		wrong("", "no Service is named (service: NAME)")
	}
}

func (f endpointsAsk) behind() service { return service{string(f.Service), string(f.Port)} }

// service is a Service, or one port of it.
type service struct{ name, port string }

func (s service) String() string {
	if s.port == "" {
		return "service " + s.name
	}
	return "service " + s.name + ", port " + s.port
}

// endpoints claims what is behind a Service.
type endpoints struct {
	service
	ready comparison
	pods  []string // sorted
}

func (*endpoints) Kind() string { return "endpoints" }

func (k *endpoints) Title() string { return k.service.String() + ": " + k.want() }

func (k *endpoints) want() string {
	var parts []string
	if !k.ready.none() {
		parts = append(parts, k.ready.String()+" ready endpoints")
	}
	if len(k.pods) > 0 {
		parts = append(parts, "the endpoints "+strings.Join(k.pods, ", "))
	}
	return strings.Join(parts, ", ")
}

func (k *endpoints) Eval(ctx context.Context, c Cluster) Result {
	ready, r := k.lookUp(ctx, c)
	r.Want = k.want()
	if r.Verdict != Pass {
		return r
	}
	if n := len(ready); !k.ready.none() && !k.ready.holds(float64(n)) {
		r.Mismatches = append(r.Mismatches, Mismatch{"ready endpoints", k.ready.String(), strconv.Itoa(n)})
	}
	for _, pod := range k.pods {
		if !slices.Contains(ready, pod) {
			r.Mismatches = append(r.Mismatches, Mismatch{pod, "a ready endpoint", "none"})
		}
	}
	for _, pod := range ready {
		if len(k.pods) > 0 && !slices.Contains(k.pods, pod) {
			r.Mismatches = append(r.Mismatches, Mismatch{pod, "no endpoint", "a ready endpoint"})
		}
	}
	if len(r.Mismatches) == 0 {
		r.Why = ""
		return r
	}
	r.Verdict = NotYet
	return r
}

// lookUp returns the ready endpoints by the names of their pods, or their addresses, with a pass that says in Why what does not
// count, or the result that says why nobody can say.
func (s service) lookUp(ctx context.Context, c Cluster) ([]string, Result) {
	found, r := object{"Service", s.name}.living(ctx, c)
	if found == nil {
		return nil, r
	}
	behind, r := s.slices(ctx, c, found)
	if r.Verdict != "" {
		return nil, r
	}
	if wrong := s.misnamed(found, behind); wrong != "" {
		return nil, unlike(Result{Vacant: true}, []Mismatch{{"port " + s.port, "a port of the pods, or its name in the Service", wrong}})
	}
	rows, ready, out := [][]string{{"ADDRESS", "POD", "PORTS", "COUNTS"}}, []string(nil), []string(nil)
	for _, slice := range behind {
		for _, e := range slice.Endpoints {
			name, why, r := s.judge(ctx, c, slice, e)
			if r.Verdict != "" {
				return nil, r
			}
			rows = append(rows, []string{strings.Join(e.Addresses, ","), podOf(e), portsOf(slice), why})
			switch {
			case why != "ready":
				out = append(out, podOf(e)+": "+why)
			case !slices.Contains(ready, name):
				ready = append(ready, name)
			}
		}
	}
	slices.Sort(ready)
	r = Result{Verdict: Pass, Got: fmt.Sprintf("%d ready endpoints", len(ready)), Evidence: Evidence{
		Command: "kubectl describe endpointslices -l " + discoveryv1.LabelServiceName + "=" + s.name,
		Rows:    table(rows...),
	}}
	if r.Why = strings.Join(out, ", "); len(ready)+len(out) == 0 {
		r.Why = unselected(ctx, c, found)
	}
	if len(ready) > 0 {
		r.Got += ": " + strings.Join(ready, ", ")
	}
	return ready, r
}

// slices returns the Service's EndpointSlices. Those of an earlier Service of the name are left out.
func (s service) slices(ctx context.Context, c Cluster, of *unstructured.Unstructured) ([]discoveryv1.EndpointSlice, Result) {
	all, err := c.List(ctx, "EndpointSlice")
	if err != nil {
		return nil, cannotTell("the API could not be asked about the EndpointSlices of "+s.String(), err.Error(), "podlab doctor")
	}
	var own []discoveryv1.EndpointSlice
	for _, o := range all {
		foreign := slices.ContainsFunc(o.GetOwnerReferences(), func(ref metav1.OwnerReference) bool { return ref.Kind == "Service" && ref.UID != of.GetUID() })
		if o.GetLabels()[discoveryv1.LabelServiceName] != s.name || foreign || o.GetDeletionTimestamp() != nil {
			continue
		}
		var slice discoveryv1.EndpointSlice
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &slice); err != nil {
			return nil, cannotTell("EndpointSlice "+o.GetName()+" could not be read", err.Error(), "podlab doctor")
		}
		own = append(own, slice)
	}
	selector, _, _ := unstructured.NestedMap(of.Object, "spec", "selector")
	if len(own) == 0 && len(selector) > 0 {
		return nil, Result{Verdict: NotYet, Vacant: true, Got: "no EndpointSlice of " + s.String() + " yet"}
	}
	return own, Result{}
}

// judge returns the name of an endpoint and whether it counts ("ready") or why not, or the result that says why nobody can say.
func (s service) judge(ctx context.Context, c Cluster, slice discoveryv1.EndpointSlice, e discoveryv1.Endpoint) (name, why string, r Result) {
	is := func(condition *bool) bool { return condition != nil && *condition }
	switch {
	case !s.has(slice):
		return "", "another port", Result{}
	case e.Conditions.Ready != nil && !*e.Conditions.Ready:
		return "", "not ready", Result{}
	case is(e.Conditions.Terminating):
		return "", "terminating", Result{}
	case e.TargetRef == nil || e.TargetRef.Kind != "Pod":
		return strings.Join(e.Addresses, ","), "ready", Result{}
	}
	pod, r := findPod(ctx, c, e.TargetRef.Name)
	switch {
	case r.Verdict == CannotTell:
		return "", "", r
	case pod == nil || pod.UID != e.TargetRef.UID:
		return "", "its pod is gone", Result{}
	case pod.DeletionTimestamp != nil:
		return "", "its pod is being deleted", Result{}
	}
	return pod.Name, "ready", Result{}
}

// has says whether the slice is about the port.
func (s service) has(slice discoveryv1.EndpointSlice) bool {
	return s.port == "" || slices.ContainsFunc(slice.Ports, func(p discoveryv1.EndpointPort) bool {
		return p.Name != nil && *p.Name == s.port || p.Port != nil && fmt.Sprint(*p.Port) == s.port
	})
}

func podOf(e discoveryv1.Endpoint) string {
	if e.TargetRef == nil || e.TargetRef.Kind != "Pod" {
		return "<none>"
	}
	return e.TargetRef.Name
}

func portsOf(slice discoveryv1.EndpointSlice) string {
	var ports []string
	for _, p := range slice.Ports {
		if p.Port != nil {
			ports = append(ports, fmt.Sprint(*p.Port))
		}
	}
	return orNone(strings.Join(ports, ","))
}

type endpointsFact struct{ service }

func (endpointsFact) Kind() string { return "endpoints" }

func (f endpointsFact) Value(ctx context.Context, c Cluster) (string, Result) {
	pods, r := object{"Service", f.name}.settledPods(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	heard, r := service{name: f.name}.lookUp(ctx, c)
	if r.Verdict != Pass {
		return "", r
	}
	for _, pod := range pods {
		if isReady(pod) && !slices.Contains(heard, pod.Name) {
			return "", Result{Verdict: NotYet, Got: fmt.Sprintf("%s has not heard yet that pod %s is ready", f.service, pod.Name)}
		}
	}
	ready, r := f.lookUp(ctx, c)
	if r.Verdict != Pass {
		return "", r
	}
	r.Why = ""
	return strconv.Itoa(len(ready)), r
}
