package checks

import (
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// parts calls visit for each part of the expression that is joined to the others by &&, || and !, in their order. Want is
// what it would have to be for the whole to be true. What enter refuses is left out, with all its parts.
func parts(x ast.Expr, want bool, enter func(x ast.Expr, want bool) bool, visit func(x ast.Expr, want bool)) {
	if !enter(x, want) {
		return
	}
	if x.Kind() == ast.CallKind {
		call := x.AsCall()
		switch call.FunctionName() {
		case operators.LogicalAnd, operators.LogicalOr:
			for _, side := range call.Args() {
				parts(side, want, enter, visit)
			}
			return
		case operators.LogicalNot:
			parts(call.Args()[0], !want, enter, visit)
			return
		}
	}
	visit(x, want)
}

// evidence has a row for each part of the expression, or for each side of a part that compares two.
func (e *expression) evidence(o outcome) Evidence {
	var found Evidence
	row := func(x ast.Expr) {
		if v, ok := o.values(x.ID()); ok && x.Kind() != ast.LiteralKind {
			found.Rows = append(found.Rows, e.text(x)+" = "+brief(v))
		}
	}
	all := func(ast.Expr, bool) bool { return true }
	parts(e.ast.NativeRep().Expr(), true, all, func(x ast.Expr, _ bool) {
		left, _, right, compares := comparing(x)
		if !compares {
			row(x)
			return
		}
		row(left)
		row(right)
	})
	return found
}

// mismatches returns every part that would have to be otherwise for the whole to be true.
func (e *expression) mismatches(o outcome) []Mismatch {
	var off []Mismatch
	wrong := func(x ast.Expr, want bool) bool {
		v, ok := o.values(x.ID())
		return ok && v != types.Bool(want)
	}
	parts(e.ast.NativeRep().Expr(), true, wrong, func(x ast.Expr, want bool) {
		v, _ := o.values(x.ID())
		left, op, right, compares := comparing(x)
		l, ok1 := o.values(left.ID())
		r, ok2 := valueOf(right, o)
		if !compares || !ok1 || !ok2 {
			off = append(off, Mismatch{e.text(x), plain(want), brief(v)})
			return
		}
		off = append(off, Mismatch{e.text(left), wantedOf(op, want, e.side(right, r)), brief(l)})
	})
	return off
}

func wantedOf(op string, want bool, than string) string {
	words := op + " " + than
	switch {
	case !want:
		return "not " + words
	case op == "==":
		return than
	}
	return words
}

// side writes the right side of a comparison: its value and, unless it is written there, where that comes from.
func (e *expression) side(x ast.Expr, v ref.Val) string {
	if x.Kind() == ast.LiteralKind {
		return brief(v)
	}
	if text := e.text(x); text != brief(v) {
		return brief(v) + ", as " + text
	}
	return brief(v)
}

func valueOf(x ast.Expr, o outcome) (ref.Val, bool) {
	if x.Kind() == ast.LiteralKind {
		return x.AsLiteral(), true
	}
	return o.values(x.ID())
}

// comparing takes a comparison apart. A literal comes to stand on the right.
func comparing(x ast.Expr) (left ast.Expr, op string, right ast.Expr, ok bool) {
	turned := map[string]string{"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
	if x.Kind() != ast.CallKind || len(x.AsCall().Args()) != 2 {
		return x, "", x, false
	}
	args := x.AsCall().Args()
	op, ok = operators.FindReverseBinaryOperator(x.AsCall().FunctionName())
	if _, known := turned[op]; !ok || !known && op != "in" {
		return x, "", x, false
	}
	if args[0].Kind() == ast.LiteralKind && op != "in" {
		return args[1], turned[op], args[0], true
	}
	return args[0], op, args[1], true
}

// text returns a part of the expression as the author wrote it, in one line.
func (e *expression) text(x ast.Expr) string {
	text, err := cel.ExprToString(x, e.ast.NativeRep().SourceInfo())
	if err != nil {
		return "the expression"
	}
	return strings.ReplaceAll(text, "\n", " ")
}

// brief writes a value for a row: a text in quotes, a long one in short.
func brief(v ref.Val) string {
	if text, ok := v.(types.String); ok {
		return quote(string(text))
	}
	return shortened(printed(v))
}
