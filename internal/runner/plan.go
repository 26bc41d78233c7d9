package runner

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// plan is a lab made ready to walk: its checks and facts understood. The course was validated when it was loaded, so a
// mistake here is a bug.
type plan struct {
	lab       lesson.Lab
	namespace string
	checks    [][]checks.Check     // by step
	specs     [][]lesson.CheckSpec // by step, beside checks
	hints     []conditional        // the hints that have a condition
	questions map[blockAt]*question
}

// Namespace is where a lab's objects live while a learner walks it.
func Namespace(lab string) string { return "podlab-" + lab }

// verifyNamespace is where verify walks a lab, so that it never touches what a learner has made.
func verifyNamespace(lab string) string { return "podlab-verify-" + lab }

func newPlan(lab lesson.Lab, namespace string) (plan, error) {
	p := plan{lab: lab, namespace: namespace, questions: map[blockAt]*question{}}
	for _, step := range lab.Steps {
		specs := step.Checks()
		parsed, err := parseChecks(specs)
		if err != nil {
			return plan{}, err
		}
		p.checks, p.specs = append(p.checks, parsed), append(p.specs, specs)
		hints, err := conditionals(len(p.checks)-1, step)
		if err != nil {
			return plan{}, err
		}
		p.hints = append(p.hints, hints...)
		if err := p.addQuestions(len(p.checks)-1, step); err != nil {
			return plan{}, err
		}
	}
	return p, nil
}

// blockAt is where a block stands in a lab.
type blockAt struct{ step, block int }

func (p plan) addQuestions(index int, step lesson.Step) error {
	for i, b := range step.Blocks {
		ask, ok := b.(lesson.Ask)
		if !ok {
			continue
		}
		q, err := newQuestion(ask)
		if err != nil {
			return err
		}
		p.questions[blockAt{index, i}] = q
	}
	return nil
}

// question returns an ask block of the lab.
func (p plan) question(step, index int) (*question, error) {
	if _, err := block[lesson.Ask](p.lab, step, index); err != nil {
		return nil, err
	}
	return p.questions[blockAt{step, index}], nil
}

// noting returns what may have to note something when the step begins: its checks and its questions.
func (p plan) noting(step int) []checks.Check {
	all := slices.Clone(p.checks[step])
	for at, q := range p.questions {
		if at.step == step {
			all = append(all, q)
		}
	}
	return all
}

// acts says whether something is done in the step.
func (p plan) acts(step int) bool {
	return step < len(p.lab.Steps) && slices.ContainsFunc(p.lab.Steps[step].Blocks, func(b lesson.Block) bool {
		switch b.(type) {
		case lesson.Apply, lesson.Edit, lesson.Run:
			return true
		}
		return false
	})
}

// conditional is a hint that is offered when a state of the cluster is seen.
type conditional struct {
	step, block int
	when        checks.Check
}

func conditionals(index int, step lesson.Step) ([]conditional, error) {
	var found []conditional
	for i, b := range step.Blocks {
		hint, ok := b.(lesson.Hint)
		if !ok || len(hint.When) == 0 {
			continue
		}
		when, err := parseChecks(hint.When)
		if err != nil {
			return nil, err
		}
		found = append(found, conditional{index, i, checks.All(when)})
	}
	return found, nil
}

func parseChecks(specs []lesson.CheckSpec) ([]checks.Check, error) {
	parsed := make([]checks.Check, 0, len(specs))
	for _, spec := range specs {
		check, mistakes := checks.Parse(spec)
		if len(mistakes) > 0 {
			return nil, mistakes
		}
		parsed = append(parsed, check)
	}
	return parsed, nil
}

// counts returns how many checks each step has.
func (p plan) counts() []int {
	counts := make([]int, len(p.checks))
	for i, c := range p.checks {
		counts[i] = len(c)
	}
	return counts
}

// flat returns all checks in order, and where each stands.
func (p plan) flat() ([]checks.Check, []place) {
	var all []checks.Check
	var places []place
	for step, cs := range p.checks {
		for i, c := range cs {
			all, places = append(all, c), append(places, place{step, i})
		}
	}
	return all, places
}

// withHints adds the conditions of the hints to the checks.
func (p plan) withHints(all []checks.Check) []checks.Check {
	for _, hint := range p.hints {
		all = append(all, hint.when)
	}
	return all
}

// podsUpTo returns the names of the pods that the lab applies up to and including the step, in order.
func (p plan) podsUpTo(step int) []string {
	var names []string
	for i := range min(step+1, len(p.lab.Steps)) {
		step := p.lab.Steps[i]
		for _, b := range step.Blocks {
			if apply, ok := b.(lesson.Apply); ok {
				names = append(names, podsOf(apply.Objects)...)
			}
		}
		if _, at, ok := step.Edit(); ok { // the learner's own is meant to become the solution
			solution, _ := step.Blocks[at].(lesson.Solution)
			names = append(names, podsOf(solution.Objects)...)
		}
	}
	return names
}

func podsOf(objects []*unstructured.Unstructured) []string {
	var names []string
	for _, o := range objects {
		if o.GetKind() == "Pod" {
			names = append(names, o.GetName())
		}
	}
	return names
}

// place is where a check stands in a lab.
type place struct{ step, check int }

// block returns a block of the lab as the kind that a request needs it to be.
func block[B lesson.Block](lab lesson.Lab, step, index int) (B, error) {
	var none B
	if step < 0 || step >= len(lab.Steps) || index < 0 || index >= len(lab.Steps[step].Blocks) {
		return none, fmt.Errorf("lab %s has no step %d with a block %d", lab.ID, step+1, index+1)
	}
	b, ok := lab.Steps[step].Blocks[index].(B)
	if !ok {
		return none, fmt.Errorf("%s: this block is %T, not %T", lab.Steps[step].Blocks[index].Position(), lab.Steps[step].Blocks[index], none)
	}
	return b, nil
}

// objectsOf returns what an apply or solution block would apply.
func objectsOf(lab lesson.Lab, step, index int) ([]*unstructured.Unstructured, error) {
	if solution, err := block[lesson.Solution](lab, step, index); err == nil && len(solution.Objects) > 0 {
		return solution.Objects, nil
	}
	apply, err := block[lesson.Apply](lab, step, index)
	return apply.Objects, err
}
