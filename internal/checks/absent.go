package checks

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/podlab/podlab/internal/lesson"
)

// labelSelector is a selector as kubectl's -l takes it.
type labelSelector struct {
	selector labels.Selector
	text     string
}

// UnmarshalText refuses an empty one, which would select everything.
func (s *labelSelector) UnmarshalText(text []byte) error {
	selector, err := labels.Parse(string(text))
	switch {
	case err != nil:
		return fmt.Errorf("want a selector as kubectl's -l takes it: %w", err)
	case selector.Empty():
		return fmt.Errorf("want a selector as kubectl's -l takes it, found nothing")
	}
	*s = labelSelector{selector, strings.TrimSpace(string(text))}
	return nil
}

type absentFields struct {
	Kind     objectKind    `yaml:"kind" doc:"kind of the object, as manifests write it; Pod if it is left out"`
	Name     objectName    `yaml:"name" doc:"name of the object"`
	Selector labelSelector `yaml:"selector" doc:"instead of a name: labels as kubectl's -l takes them, app=demo"`
}

func absentKind() Kind {
	return Kind{
		Name: "absent",
		Says: "There is no such object in the lab's namespace: none of the name, or none with the labels. An object that is being deleted is " +
			"there until it is gone. It holds as well of an object that nobody has made yet; a lesson that means a deletion claims it after the " +
			"step that deletes.",
		Fields:      absentFields{},
		Examples:    []string{"absent: {name: demoduo}", "absent: {kind: Pod, selector: app=demoduo}"},
		Shows:       "That the API server has no such object.",
		CannotTell:  "The API does not answer, refuses objects of the kind, or knows no such kind. That nobody could ask is never a pass.",
		AskSays:     "The answer is `yes` if there is no such object, and `no` if there is one, be it about to be deleted.",
		AskFields:   absentFields{},
		AskExamples: []string{"answer: {absent: {name: demoduo}}"},
		check: func(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
			k, mistakes := parseAbsent(spec)
			return k, mistakes
		},
		fact: func(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
			k, mistakes := parseAbsent(spec)
			return absentFact{k}, mistakes
		},
	}
}

func parseAbsent(spec lesson.CheckSpec) (*absent, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f absentFields, wrong func(string, string, ...any)) {
		if (f.Name == "") == (f.Selector.selector == nil) {
			wrong("", "want one of name: NAME and selector: LABELS")
		}
	})
	return &absent{anObject(f.Kind, f.Name), f.Selector}, mistakes
}

// absent claims that there is no such object.
type absent struct {
	object
	selected labelSelector
}

func (*absent) Kind() string { return "absent" }

func (k *absent) Title() string { return k.want() }

func (k *absent) what() string {
	if k.selected.selector == nil {
		return k.object.String()
	}
	return strings.ToLower(k.kind) + " with " + k.selected.text
}

func (k *absent) want() string { return "no " + k.what() }

// Subject returns "": of a pod that is to be gone there is nothing to explain.
func (*absent) Subject() string { return "" }

func (k *absent) Eval(ctx context.Context, c Cluster) Result {
	found, r := k.find(ctx, c)
	if len(found) > 0 {
		r.Verdict, r.Got = NotYet, states(found)
		for _, o := range found {
			r.Mismatches = append(r.Mismatches, Mismatch{strings.ToLower(k.kind) + " " + o.GetName(), "gone", state(o)})
		}
	}
	r.Want = k.want()
	return r
}

// state says that the object is there, or is being deleted.
func state(o *unstructured.Unstructured) string {
	held := o.GetFinalizers()
	switch {
	case o.GetDeletionTimestamp() == nil:
		return "there"
	case len(held) > 0:
		return "being deleted, kept by the finalizer " + strings.Join(held, ", ")
	}
	return "being deleted"
}

func states(found []*unstructured.Unstructured) string {
	var all []string
	for _, o := range found {
		all = append(all, o.GetName()+" is "+state(o))
	}
	return strings.Join(all, ", ")
}

// find returns the objects with the verdict Pass if the API could be asked.
func (k *absent) find(ctx context.Context, c Cluster) ([]*unstructured.Unstructured, Result) {
	var found []*unstructured.Unstructured
	var err error
	none := "No resources found"
	r := Result{Verdict: Pass, Got: k.want(), Evidence: Evidence{Command: "kubectl get " + k.object.String()}}
	if k.selected.selector == nil {
		var one *unstructured.Unstructured
		if one, err = c.Object(ctx, k.kind, k.name); one != nil {
			found = append(found, one)
		}
		if isGone(err) {
			none, err = "Error from server (NotFound): "+err.Error(), nil
		}
	} else {
		r.Evidence.Command = "kubectl get " + strings.ToLower(k.kind) + " -l " + shellQuote(k.selected.text)
		found, err = k.selection(ctx, c)
	}
	if err != nil {
		return nil, cannotTell("the API could not be asked about "+k.what(), err.Error(), "podlab doctor")
	}
	r.Evidence.Rows = []string{none}
	if len(found) > 0 {
		rows := [][]string{{"NAME", "STATE"}}
		for _, o := range found {
			rows = append(rows, []string{o.GetName(), state(o)})
		}
		r.Evidence.Rows = table(rows...)
	}
	return found, r
}

func (k *absent) selection(ctx context.Context, c Cluster) ([]*unstructured.Unstructured, error) {
	all, err := c.List(ctx, k.kind)
	var found []*unstructured.Unstructured
	for _, o := range all {
		if k.selected.selector.Matches(labels.Set(o.GetLabels())) {
			found = append(found, o)
		}
	}
	return found, err
}

type absentFact struct{ *absent }

func (f absentFact) Value(ctx context.Context, c Cluster) (string, Result) {
	found, r := f.find(ctx, c)
	switch {
	case r.Verdict != Pass:
		return "", r
	case len(found) == 0:
		return "yes", r
	}
	r.Got = states(found)
	return "no", r
}
