package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/podlab/podlab/internal/lesson"
)

// expression is a CEL expression of a lesson, checked and ready to be evaluated, by many at a time.
type expression struct {
	source    string
	with      []string // kinds of objects besides Pod
	of        []string // the pods that processes is about; none for all
	variables []string // those that it reads
	spec      lesson.CheckSpec
	ast       *cel.Ast
	program   cel.Program
}

// Limits of one evaluation. A million units are some tens of milliseconds of a processor.
const (
	mostCost       = 1_000_000
	interruptEvery = 100 // rounds of a loop
)

// mendIt is the way out where the expression itself stands in the way.
const mendIt = "the lesson's author can mend the expression"

// newExpression compiles the text of the field "that", or says all that is wrong with it, each at its place in the file.
func newExpression(spec lesson.CheckSpec, source string, with []objectKind, of []podName) (*expression, lesson.Mistakes) {
	if strings.TrimSpace(source) == "" {
		return &expression{}, lesson.Mistakes{spec.Mistake("that", "no expression is given (that: TRUE OR FALSE)")}
	}
	e := &expression{source: source, spec: spec}
	for _, kind := range with {
		e.with = append(e.with, string(kind))
	}
	for _, pod := range of {
		e.of = append(e.of, string(pod))
	}
	env, err := cel.NewEnv(
		cel.EnableMacroCallTracking(),
		cel.Variable("pods", cel.ListType(cel.DynType)),
		cel.Variable("objects", cel.MapType(cel.StringType, cel.ListType(cel.DynType))),
		cel.Variable("processes", cel.ListType(cel.DynType)),
	)
	if err != nil {
		return e, lesson.Mistakes{spec.Mistake("that", "that: %v", err)}
	}
	checked, issues := env.Compile(source)
	if issues.Err() != nil {
		return e, e.issues(issues)
	}
	e.ast = checked
	if mistakes := e.readVariables(); len(mistakes) > 0 {
		return e, mistakes
	}
	e.program, err = env.Program(checked, cel.EvalOptions(cel.OptExhaustiveEval), cel.CostLimit(mostCost), cel.InterruptCheckFrequency(interruptEvery))
	if err != nil {
		return e, lesson.Mistakes{spec.Mistake("that", "that: %v", err)}
	}
	return e, nil
}

// issues turns what the compiler says into mistakes with places in the file.
func (e *expression) issues(issues *cel.Issues) lesson.Mistakes {
	var mistakes lesson.Mistakes
	for _, issue := range issues.Errors() {
		message, _, _ := strings.Cut(issue.Message, "\n")
		m := e.spec.Mistake("that", "that: %s", message)
		m.Pos = e.spec.FieldPosition("that", issue.Location.Line(), issue.Location.Column()+1)
		mistakes = append(mistakes, m)
	}
	mistakes.Sort()
	return mistakes
}

// maybe says whether the value can be of the type: of what depends on objects that is known only when they are read.
func (e *expression) maybe(t *cel.Type) bool {
	output := e.ast.OutputType()
	return output.IsExactType(t) || output.Kind() == types.DynKind
}

// readVariables notes which variables the expression reads, and finds kinds of objects that it reads and does not name, or
// names and does not read.
func (e *expression) readVariables() lesson.Mistakes {
	var mistakes lesson.Mistakes
	wrong := func(id int64, format string, args ...any) {
		m := e.spec.Mistake("that", format, args...)
		m.Pos = e.place(id)
		mistakes = append(mistakes, m)
	}
	ast.PostOrderVisit(e.ast.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() == ast.IdentKind {
			e.variables = append(e.variables, x.AsIdent())
		}
		if kind, ok := kindRead(x); ok && kind != "Pod" && !slices.Contains(e.with, kind) {
			wrong(x.ID(), "that: objects.%s is read: add it to the kinds in with", kind)
		}
	}))
	if len(e.of) > 0 && !e.names("processes") {
		mistakes = append(mistakes, e.spec.Mistake("of", "of: the expression does not read processes"))
	}
	if len(e.with) > 0 && !e.names("objects") {
		mistakes = append(mistakes, e.spec.Mistake("with", "with: the expression does not read objects"))
	}
	return mistakes
}

// kindRead returns the kind in objects.KIND, objects["KIND"] and "KIND" in objects.
func kindRead(x ast.Expr) (string, bool) {
	var of, key ast.Expr
	switch {
	case x.Kind() == ast.SelectKind: // has(objects.KIND) as well
		s := x.AsSelect()
		return s.FieldName(), s.Operand().Kind() == ast.IdentKind && s.Operand().AsIdent() == "objects"
	case x.Kind() == ast.CallKind && x.AsCall().FunctionName() == operators.Index:
		of, key = x.AsCall().Args()[0], x.AsCall().Args()[1]
	case x.Kind() == ast.CallKind && x.AsCall().FunctionName() == operators.In:
		key, of = x.AsCall().Args()[0], x.AsCall().Args()[1]
	default:
		return "", false
	}
	if of.Kind() != ast.IdentKind || of.AsIdent() != "objects" || key.Kind() != ast.LiteralKind {
		return "", false
	}
	name, ok := key.AsLiteral().Value().(string)
	return name, ok
}

// place returns where a part of the expression is in the lesson.
func (e *expression) place(id int64) lesson.Position {
	at := e.ast.NativeRep().SourceInfo().GetStartLocation(id)
	return e.spec.FieldPosition("that", at.Line(), at.Column()+1)
}

// outcome is what one evaluation came to: a value, or a result that says why there is none.
type outcome struct {
	value  ref.Val
	values func(id int64) (ref.Val, bool) // of the expression's parts
	result Result
}

// eval evaluates the expression for the moment of c. Every part is evaluated, also what could not change the value any more.
func (e *expression) eval(ctx context.Context, c Cluster) outcome {
	variables, r := e.read(ctx, c)
	if r.Verdict != "" {
		return outcome{result: r}
	}
	value, details, err := e.program.ContextEval(ctx, variables)
	if err != nil {
		return outcome{result: e.failed(err)}
	}
	o := outcome{value: value, values: func(int64) (ref.Val, bool) { return nil, false }}
	if details != nil && details.State() != nil {
		o.values = details.State().Value
	}
	return o
}

// failed says what an error of the evaluation means. That an object has no such field, or a list no such item, is an answer.
func (e *expression) failed(err error) Result {
	at := ""
	if failure, ok := err.(*types.Err); ok { //nolint:errorlint // the evaluation returns it as it is
		at = " (" + e.place(failure.NodeID()).String() + ")"
	}
	text := err.Error()
	if strings.HasPrefix(text, "no such key") || strings.HasPrefix(text, "index out of bounds") {
		return Result{Verdict: NotYet, Got: text + at, Vacant: true}
	}
	return cannotTell("the expression could not be evaluated"+at, text, mendIt)
}

// printed writes a value as a learner would.
func printed(v ref.Val) string {
	switch v := v.(type) {
	case types.String:
		return string(v)
	case types.Int, types.Uint, types.Double, types.Bool, types.Null:
		return plain(v.Value())
	case types.Timestamp, types.Duration:
		return fmt.Sprint(v.ConvertToType(types.StringType).Value())
	}
	native, err := v.ConvertToNative(types.JSONValueType)
	value, ok := native.(interface{ AsInterface() any })
	if err != nil || !ok {
		return fmt.Sprint(v.Value())
	}
	list, ok := value.AsInterface().([]any)
	if !ok {
		return plain(value.AsInterface())
	}
	items := make([]string, len(list))
	for i, item := range list {
		items[i] = plain(item)
	}
	return strings.Join(items, ", ")
}
