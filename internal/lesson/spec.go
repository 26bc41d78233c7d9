package lesson

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// CheckSpec is one check as the lesson states it, not yet understood: "- ready: {pod: demoduo, containers: 2/2}".
// Package checks decides which kinds exist and what their fields mean.
type CheckSpec struct {
	ID   string // unique within the step: the author's "id", else the kind, numbered from the second on: "ready", "ready-2"
	Kind string // the key: "ready"
	Pos  Position

	For    time.Duration // how long it must have held without a break; 0 for none
	Within time.Duration // the time limit of its step; 0 for none
	Once   bool          // that it held once is enough: it stays passed

	value  ast.Node // what stands after the key
	at     place    // where value's own positions lie in the file
	source string   // the text that holds the value
	label  string   // how a message names the spec: check "ready"
}

// Decode reads the check's fields into the struct that v points to (yaml tags), strictly: an unknown field, a repeated one
// or one of the wrong type is a mistake, with the place of the field itself and, where a name is near, "did you mean".
func (s CheckSpec) Decode(v any) (found Mistakes) {
	defer recoverAt(&found, s.Pos)
	d := decoder{at: s.at, label: s.prefix(), whole: s.Pos}
	d.decode(s.value, reflect.ValueOf(v).Elem())
	d.mistakes.Sort()
	return d.mistakes
}

// Mistake says what is wrong with one field ("" for the check as a whole), at that field's place in the file.
// A field of a field is written with dots: "containers.0.name".
func (s CheckSpec) Mistake(field, format string, args ...any) Mistake {
	pos := s.Pos
	if key := lookUp(s.value, field); key != nil {
		pos = s.at.of(key)
	}
	return Mistake{Pos: pos, Message: s.prefix() + fmt.Sprintf(format, args...)}
}

func (s CheckSpec) prefix() string {
	if s.label == "" {
		return fmt.Sprintf("check %q: ", s.ID)
	}
	return s.label + ": "
}

// lookUp finds the node that stands for a dotted path: the key of a mapping's field, or the item of a list. It returns nil for none.
func lookUp(n ast.Node, path string) ast.Node {
	var found ast.Node
	for _, name := range strings.Split(path, ".") {
		if seq, ok := n.(*ast.SequenceNode); ok {
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(seq.Values) {
				return found
			}
			n, found = seq.Values[i], seq.Values[i]
			continue
		}
		field := entry(n, name)
		if field == nil {
			return found
		}
		n, found = field.Value, field.Key
	}
	return found
}

// entry returns the named field of a mapping, or nil.
func entry(n ast.Node, name string) *ast.MappingValueNode {
	for _, e := range entries(n) {
		if keyText(e) == name {
			return e
		}
	}
	return nil
}
