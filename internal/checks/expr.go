package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/podlab/podlab/internal/lesson"
)

type exprFields struct {
	That    string       `yaml:"that" doc:"a CEL expression that is true or false"`
	With    []objectKind `yaml:"with" doc:"the kinds of objects besides Pod that the expression reads from objects: [Service, Deployment]"`
	Of      []podName    `yaml:"of" doc:"the pods that processes is about; all of the lab's if it is left out"`
	Message string       `yaml:"message" doc:"what the expression claims, in words; it is shown in its place"`
}

type exprAsk struct {
	That string       `yaml:"that" doc:"a CEL expression whose value is the answer"`
	With []objectKind `yaml:"with" doc:"the kinds of objects besides Pod that the expression reads from objects: [Service, Deployment]"`
	Of   []podName    `yaml:"of" doc:"the pods that processes is about; all of the lab's if it is left out"`
}

func exprKind() Kind {
	return Kind{
		Name: "expr",
		Says: "The CEL expression is true. It reads three variables: `pods`, the lab's pods as the API writes them, without those that are being deleted; `objects`, a mapping from each kind " +
			"in `with`, and `Pod`, to the list of the lab's objects of that kind; and `processes`, the processes of the lab's pods on their nodes, each with `pid`, " +
			"`ppid`, `comm`, `program`, `args`, `state`, `uid`, `nspid`, `pod`, `container` and `ns`, which has the inode number of each namespace type. What `kubectl exec` put " +
			"into a container is left out; the sandbox's container is named by its program, `pause`. A container of which only one of the API and the node knows is being " +
			"replaced, and the verdict is `not-yet`: name the pods in `of` if others restart all the time. It is `not-yet` as well until all the containers of the pods in `of` run; without `of`, while the lab has pods and none of " +
			"their containers runs (a pod that does not run is then without processes: name it in `of` to claim something of every container). Only an expression that names `processes` looks at nodes. " +
			"A field that an object does not have and an index past the end of a list are `not-yet`, with the place in the lesson; `has(x.y)` asks first. " +
			"It is for what no other kind of check covers.",
		Fields: exprFields{},
		Examples: []string{
			`expr: {that: 'pods.exists(p, p.metadata.name == "demoduo" && size(p.spec.containers) == 2)'}`,
			`expr: {that: 'objects.Service.all(s, s.spec.selector.app == "demoduo")', with: [Service], message: every Service selects demoduo}`,
			`expr: {that: 'processes.all(p, p.ns.net == processes[0].ns.net)', of: [demoduo]}`,
		},
		Shows: "The parts of the expression that decided, each with its value.",
		CannotTell: "The API or a node does not answer; the evaluation costs too much or takes too long; two values cannot be compared (a text with a number); " +
			"the value is neither true nor false.",
		AskSays:     "The answer is the expression's value; of a list, its items in any order.",
		AskFields:   exprAsk{},
		AskExamples: []string{`answer: {expr: {that: 'pods.filter(p, p.status.phase == "Running").map(p, p.metadata.name)'}}`},
		check:       parseExpr,
		fact:        parseExprFact,
	}
}

// expr claims that an expression is true.
type expr struct {
	expression *expression
	message    string
}

func parseExpr(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(exprFields, func(string, string, ...any)) {})
	if len(mistakes) > 0 {
		return &expr{}, mistakes
	}
	e, mistakes := newExpression(spec, f.That, f.With, f.Of)
	if len(mistakes) == 0 && !e.maybe(types.BoolType) {
		mistakes = lesson.Mistakes{spec.Mistake("that", "that: want an expression that is true or false, found one of the type %s", e.ast.OutputType())}
		mistakes[0].Pos = spec.FieldPosition("that", 1, 1)
	}
	return &expr{e, f.Message}, mistakes
}

// Kind returns "expr".
func (*expr) Kind() string { return "expr" }

// Title returns what the check list shows.
func (k *expr) Title() string {
	if of := k.expression.of; len(of) > 0 && k.message == "" {
		return strings.Join(of, ", ") + ": " + k.want()
	}
	return k.want()
}

func (k *expr) want() string {
	if k.message != "" {
		return k.message
	}
	return k.expression.line()
}

// Eval reads the objects and, if the expression names them, the processes.
func (k *expr) Eval(ctx context.Context, c Cluster) Result {
	r := k.judge(ctx, c)
	r.Want = k.want()
	return r
}

func (k *expr) judge(ctx context.Context, c Cluster) Result {
	o := k.expression.eval(ctx, c)
	if o.result.Verdict != "" {
		return o.result
	}
	r := Result{Verdict: Pass, Got: "true", Evidence: k.expression.evidence(o)}
	switch o.value {
	case types.True:
		return r
	case types.False:
	default:
		return cannotTell("the expression's value is "+shortened(printed(o.value)), "a check's expression must be true or false", mendIt)
	}
	r.Verdict, r.Got = NotYet, "false"
	r.Mismatches = k.expression.mismatches(o)
	var got []string
	for _, m := range r.Mismatches {
		got = append(got, m.Of+" is "+m.Got)
	}
	if len(got) > 0 {
		r.Got = strings.Join(got, ", ")
	}
	return r
}

type exprFact struct{ expression *expression }

func parseExprFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(exprAsk, func(string, string, ...any)) {})
	if len(mistakes) > 0 {
		return exprFact{}, mistakes
	}
	e, mistakes := newExpression(spec, f.That, f.With, f.Of)
	return exprFact{e}, mistakes
}

// Kind returns "expr".
func (exprFact) Kind() string { return "expr" }

// Value returns the expression's value as a text.
func (f exprFact) Value(ctx context.Context, c Cluster) (string, Result) {
	o := f.expression.eval(ctx, c)
	if o.result.Verdict != "" {
		return "", o.result
	}
	text := printed(o.value)
	if strings.TrimSpace(text) == "" {
		return "", Result{Verdict: NotYet, Got: "the expression's value is empty", Vacant: true}
	}
	return text, Result{Verdict: Pass, Got: text, Evidence: f.expression.evidence(o)}
}

// line returns the expression in one line.
func (e *expression) line() string { return strings.Join(strings.Fields(e.source), " ") }

// names says whether the expression reads the variable.
func (e *expression) names(variable string) bool { return slices.Contains(e.variables, variable) }

func shortened(text string) string {
	const longest = 120
	if r := []rune(text); len(r) > longest {
		return fmt.Sprintf("%s … (%d characters)", string(r[:longest]), len(r))
	}
	return text
}
