package shell

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// Mistake is one thing in a script that podlab cannot or will not run. Line and Column count from 1.
type Mistake struct {
	Line, Column int
	Message      string
}

func (m Mistake) Error() string { return fmt.Sprintf("line %d: %s", m.Line, m.Message) }

// Mistakes is all that is wrong with a script. As an error it prints one per line.
type Mistakes []Mistake

func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Parse says what is wrong with a script as far as its text tells: the syntax, and what podlab refuses to run. The error is
// of type Mistakes.
func Parse(script string) error {
	_, err := parse(script)
	return err
}

func parse(script string) (*syntax.File, error) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(script), "")
	if err != nil {
		return nil, Mistakes{syntaxMistake(err)}
	}
	var found Mistakes
	syntax.Walk(file, func(node syntax.Node) bool {
		if reason := refuse(node); reason != "" {
			pos := node.Pos()
			found = append(found, Mistake{Line: int(pos.Line()), Column: int(pos.Col()), Message: reason})
		}
		return true
	})
	if len(found) == 0 {
		return file, nil
	}
	slices.SortStableFunc(found, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return nil, found
}

func syntaxMistake(err error) Mistake {
	var parse syntax.ParseError
	var lang syntax.LangError
	switch {
	case errors.As(err, &parse):
		return Mistake{int(parse.Pos.Line()), int(parse.Pos.Col()), parse.Text}
	case errors.As(err, &lang):
		return Mistake{int(lang.Pos.Line()), int(lang.Pos.Col()), lang.Feature + " is not a feature of this shell"}
	}
	return Mistake{1, 1, err.Error()}
}

// refuse says why a piece of a script is refused, or "".
func refuse(node syntax.Node) string {
	switch n := node.(type) {
	case *syntax.ProcSubst:
		return "process substitution is not for a lesson's commands: use a pipe or a variable"
	case *syntax.CoprocClause:
		return "coproc is not for a lesson's commands"
	case *syntax.Redirect:
		return refuseRedirect(n)
	case *syntax.CallExpr:
		return refuseWords(literals(n.Args))
	}
	return ""
}

func refuseRedirect(r *syntax.Redirect) string {
	switch r.Op {
	case syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc, syntax.DplIn, syntax.DplOut:
		return ""
	}
	if path, known := literal(r.Word); known && path != nullDevice {
		return fmt.Sprintf("%s: %s", path, noFiles)
	}
	return ""
}

// refuseWords refuses a command by its leading literal words. More is known only when it runs.
func refuseWords(words []string) string {
	if len(words) == 0 {
		return ""
	}
	if reason := refusedBuiltin(words); reason != "" {
		return reason
	}
	words = unwrap(words)
	if words[0] != "docker" || len(words) == 1 {
		return ""
	}
	if words[1] != "exec" {
		return onlyNodes
	}
	_, _, refusal := splitDockerExec(words)
	return refusal
}

// literals returns the words up to the first that is not known before the script runs.
func literals(words []*syntax.Word) []string {
	var all []string
	for _, w := range words {
		text, known := literal(w)
		if !known {
			break
		}
		all = append(all, text)
	}
	return all
}

// literal returns the text of a word without expansions, its quotes removed.
func literal(w *syntax.Word) (text string, known bool) {
	if w == nil {
		return "", false
	}
	var b strings.Builder
	for _, part := range w.Parts {
		switch p := part.(type) {
		case *syntax.Lit:
			b.WriteString(p.Value)
		case *syntax.SglQuoted:
			b.WriteString(p.Value)
		case *syntax.DblQuoted:
			inner, ok := literal(&syntax.Word{Parts: p.Parts})
			if !ok {
				return "", false
			}
			b.WriteString(inner)
		default:
			return "", false
		}
	}
	return b.String(), true
}
