package checks

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/lesson"
)

// eventType is Normal or Warning.
type eventType string

// UnmarshalText accepts the two.
func (e *eventType) UnmarshalText(text []byte) error {
	if string(text) != corev1.EventTypeNormal && string(text) != corev1.EventTypeWarning {
		return fmt.Errorf("want Normal or Warning, found %q", text)
	}
	*e = eventType(text)
	return nil
}

type eventFields struct {
	eventAsk
	Count comparison `yaml:"count" doc:"how often it happened, as 3 or >= 3; at least once if it is left out"`
}

type eventAsk struct {
	Kind      objectKind    `yaml:"kind" doc:"kind of the object, as manifests write it; Pod if it is left out"`
	Name      objectName    `yaml:"name" doc:"name of the object that the event is about"`
	Container containerName `yaml:"container" doc:"only events about this container of the pod; any if it is left out"`
	Reason    string        `yaml:"reason" doc:"the event's reason, one word, as BackOff"`
	Type      eventType     `yaml:"type" doc:"Normal or Warning; any if it is left out"`
	Message   textFields    `yaml:"message" doc:"what the event's message must be: equals, contains or matches; any if it is left out"`
}

func eventKind() Kind {
	return Kind{
		Name: "event",
		Says: "The object has an event of the reason. Only events about the object that has the name now count, by its UID: not those about one that was deleted. " +
			"An event that the API counts up or keeps as a series counts as often as that says, and all that match are added up. " +
			"The API server forgets events after an hour.",
		Fields:      eventFields{},
		Examples:    []string{"event: {name: demoduo, reason: BackOff, container: demoy}", `event: {name: demoduo, reason: FailedScheduling, type: Warning, message: {contains: "didn't match"}, count: ">= 1"}`},
		Shows:       "The object's events of the reason, oldest first, with their counts.",
		CannotTell:  "The API does not answer, refuses events or objects of the kind, or knows no such kind.",
		AskSays:     "The answer is how often it happened.",
		AskFields:   eventAsk{},
		AskExamples: []string{"answer: {event: {name: demoduo, reason: BackOff}}"},
		check:       parseEvent,
		fact:        parseEventFact,
	}
}

func parseEvent(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f eventFields, wrong func(string, string, ...any)) { f.judge(wrong) })
	if f.Count.none() {
		f.Count = comparison{">=", 1}
	}
	return &event{f.happening(), f.Count}, mistakes
}

func parseEventFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f eventAsk, wrong func(string, string, ...any)) { f.judge(wrong) })
	return eventFact{f.happening()}, mistakes
}

func (f eventAsk) judge(wrong func(string, string, ...any)) {
	if f.Name == "" {
		wrong("", "no object is named (name: NAME)")
	}
	if f.Reason == "" {
		wrong("", "no reason is given (reason: BackOff, and the like)")
	}
	if f.Container != "" && anObject(f.Kind, f.Name).kind != "Pod" {
		wrong("container", "only a pod has containers")
	}
}

func (f eventAsk) happening() happening {
	return happening{anObject(f.Kind, f.Name), string(f.Container), f.Reason, string(f.Type), f.Message}
}

// happening is what events must be like.
type happening struct {
	object
	container, reason, of string
	message               textFields
}

func (h happening) String() string {
	text := strings.TrimSpace(h.of + " event " + h.reason)
	if h.container != "" {
		text += " of container " + h.container
	}
	if !h.message.none() {
		text += " with a message " + h.message.want()
	}
	return text
}

// matches says whether the event is one, and if only its message is not as claimed, in what it differs.
func (h happening) matches(e corev1.Event) (bool, []Mismatch) {
	path := e.InvolvedObject.FieldPath
	switch {
	case e.Reason != h.reason, h.of != "" && e.Type != h.of:
		return false, nil
	case h.container != "" && !strings.HasSuffix(path, "ontainers{"+h.container+"}"):
		return false, nil
	}
	off := h.message.differs("message of "+e.Reason, e.Message)
	return len(off) == 0, off
}

// times is how often the event happened.
func times(e corev1.Event) int {
	if e.Series != nil {
		return max(1, int(e.Series.Count))
	}
	return max(1, int(e.Count))
}

// count returns how often it happened, with a pass, or the result that says why nobody can say.
func (h happening) count(ctx context.Context, c Cluster) (int, []Mismatch, Result) {
	found, r := h.find(ctx, c)
	if found == nil {
		return 0, nil, r
	}
	if h.container != "" && !hasContainer(found, h.container) {
		return 0, nil, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("%s has no container %s", h.object, h.container)}
	}
	events, err := c.Events(ctx, h.kind, h.name)
	if err != nil {
		return 0, nil, cannotTell("the API could not be asked about the events of "+h.object.String(), err.Error(), "podlab doctor")
	}
	n, near := 0, []Mismatch(nil)
	rows := [][]string{{"COUNT", "TYPE", "REASON", "OBJECT", "MESSAGE"}}
	for _, e := range events {
		if e.Reason != h.reason || e.InvolvedObject.UID != found.GetUID() {
			continue
		}
		about := strings.TrimSpace(h.object.String() + " " + e.InvolvedObject.FieldPath)
		rows = append(rows, []string{strconv.Itoa(times(e)), e.Type, e.Reason, about, e.Message})
		matches, off := h.matches(e)
		if matches {
			n += times(e)
		}
		near = append(near, off...)
	}
	return n, near, Result{Verdict: Pass, Got: fmt.Sprintf("%s: %d", h, n), Evidence: Evidence{
		Command: fmt.Sprintf("kubectl get events --field-selector involvedObject.uid=%s,reason=%s", found.GetUID(), h.reason),
		Rows:    table(rows...),
	}}
}

// hasContainer says whether the pod has a container of the name, of whichever sort.
func hasContainer(pod *unstructured.Unstructured, name string) bool {
	for _, sort := range []string{"initContainers", "containers", "ephemeralContainers"} {
		list, _, _ := unstructured.NestedSlice(pod.Object, "spec", sort)
		if slices.ContainsFunc(list, func(item any) bool { c, ok := item.(map[string]any); return ok && c["name"] == name }) {
			return true
		}
	}
	return false
}

// event claims how often something happened to an object.
type event struct {
	happening
	often comparison
}

func (*event) Kind() string { return "event" }

func (k *event) Title() string { return k.object.String() + ": " + k.want() }

func (k *event) want() string { return k.happening.String() + ": " + k.often.String() }

func (k *event) Eval(ctx context.Context, c Cluster) Result {
	n, near, r := k.count(ctx, c)
	r.Want = k.want()
	if r.Verdict != Pass || k.often.holds(float64(n)) {
		return r
	}
	r.Verdict = NotYet
	r.Mismatches = []Mismatch{{k.happening.String(), k.often.String(), strconv.Itoa(n)}}
	if n == 0 {
		r.Mismatches = append(r.Mismatches, near...)
	}
	return r
}

type eventFact struct{ happening }

func (eventFact) Kind() string { return "event" }

func (f eventFact) Value(ctx context.Context, c Cluster) (string, Result) {
	n, _, r := f.count(ctx, c)
	if r.Verdict != Pass {
		return "", r
	}
	return strconv.Itoa(n), r
}
