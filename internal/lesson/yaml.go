package lesson

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxYAML is the size of the largest YAML text in a lesson, in bytes. It also bounds how deep a text can nest, and with that the parser's stack.
const maxYAML = 64 << 10

// place maps a position inside a piece of a lesson to the position in its file.
type place struct {
	file   string
	line   int // lines of the file before the piece
	column int // columns before each line of the piece: the indentation of its fence
}

func (p place) pos(line, column int) Position {
	return Position{File: p.file, Line: p.line + max(line, 1), Column: p.column + max(column, 1)}
}

func (p place) of(n ast.Node) Position {
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		t = m.Values[0].Key.GetToken() // a block mapping's own token is the colon
	}
	if t == nil || t.Position == nil {
		return p.pos(1, 1)
	}
	return p.pos(t.Position.Line, t.Position.Column)
}

// recoverAt turns a panic of the YAML library into a mistake.
func recoverAt(found *Mistakes, pos Position) {
	if r := recover(); r != nil {
		*found = append(*found, Mistake{pos, fmt.Sprintf("this YAML cannot be read: %v", r)})
	}
}

// parseYAML reads one YAML document. The node is nil when the text says nothing, or when there are mistakes.
func parseYAML(source string, at place) (root ast.Node, found Mistakes) {
	defer recoverAt(&found, at.pos(1, 1))
	if len(source) > maxYAML {
		return nil, tooLong(source, at)
	}
	if tooNested(source) {
		return nil, Mistakes{{at.pos(1, 1), "brackets are nested too deep here"}}
	}
	file, err := parser.ParseBytes([]byte(source), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, Mistakes{syntaxMistake(err, at)}
	}
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case root != nil:
			return nil, Mistakes{{at.of(doc.Body), "want one YAML document here, found a second one"}}
		default:
			root = doc.Body
		}
	}
	if root == nil {
		return nil, nil
	}
	v := plain{at: at}
	ast.Walk(&v, root)
	if len(v.found) > 0 {
		return nil, v.found
	}
	return root, nil
}

// tooNested tells whether brackets are open beyond reason: the parser's time grows with the square of the depth.
func tooNested(source string) bool {
	const most = 200
	depth := 0
	for _, c := range source {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		}
		if depth > most {
			return true
		}
	}
	return false
}

func syntaxMistake(err error, at place) Mistake {
	message, pos := err.Error(), at.pos(1, 1)
	var e yaml.Error
	if errors.As(err, &e) {
		message = e.GetMessage()
		if t := e.GetToken(); t != nil && t.Position != nil {
			pos = at.pos(t.Position.Line, t.Position.Column)
		}
	}
	message, _, _ = strings.Cut(message, "\n")
	return Mistake{pos, "bad YAML: " + strings.ReplaceAll(message, "\t", `\t`)}
}

// plain looks for the parts of YAML that a lesson has no use for: they make a text harder to read, and errors hard to place.
type plain struct {
	at    place
	found Mistakes
}

func (v *plain) Visit(n ast.Node) ast.Visitor {
	switch n := n.(type) {
	case *ast.AnchorNode:
		return v.refuse(n, "podlab reads no anchors (&name): write the text out")
	case *ast.AliasNode:
		return v.refuse(n, "podlab reads no aliases (*name): write the text out")
	case *ast.MergeKeyNode:
		return v.refuse(n, "podlab reads no merge keys (<<): write the fields out")
	case *ast.TagNode:
		return v.refuse(n, "podlab reads no tags (!name): quote a text to keep it a text")
	case *ast.DirectiveNode:
		return v.refuse(n, "podlab reads no directives (%name)")
	case *ast.StringNode:
		if at := firstControl(n.Value); at >= 0 {
			return v.refuse(n, fmt.Sprintf("this text holds the control character %U", []rune(n.Value[at:])[0]))
		}
	case *ast.MappingKeyNode:
		return v.refuse(n, "a field's name is a plain text: write it without \"?\"")
	}
	return v
}

func (v *plain) refuse(n ast.Node, message string) ast.Visitor {
	v.found = append(v.found, Mistake{v.at.of(n), message})
	return nil
}

// entries returns the fields of a mapping; none for any other node.
func entries(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

func isMapping(n ast.Node) bool {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return true
	}
	return false
}

func isNull(n ast.Node) bool {
	if n == nil {
		return true
	}
	_, ok := n.(*ast.NullNode)
	return ok
}

func keyText(e *ast.MappingValueNode) string { return e.Key.GetToken().Value }

// scalarText returns a scalar as the author wrote it, without quotes: 2/2, 03, yes.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// describe names a node for a message: the mapping, the list, "text".
func describe(n ast.Node) string {
	if isNull(n) {
		return "nothing"
	}
	if isMapping(n) {
		return "a mapping"
	}
	if _, ok := n.(*ast.SequenceNode); ok {
		return "a list"
	}
	text, _ := scalarText(n)
	text, _, more := strings.Cut(text, "\n")
	if r := []rune(text); len(r) > 40 {
		text, more = string(r[:40]), true
	}
	if more {
		text += "..."
	}
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return fmt.Sprintf("%q", text)
	}
	return text
}
