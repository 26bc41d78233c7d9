package lesson

import "github.com/goccy/go-yaml/ast"

// CheckSpec is one check as the lesson states it, not yet understood: "- ready: {pod: demoduo, containers: 2/2}".
// Package checks decides which kinds exist and what their fields mean.
type CheckSpec struct {
	ID   string // unique within the step: the author's "id", else the kind, numbered from the second on: "ready", "ready-2"
	Kind string // the key: "ready"
	Pos  Position

	value ast.Node // the mapping after the key
	// offset: what to add to a line of value's own positions to get a line of the file
	offset int
}

// Decode reads the check's fields into the struct that v points to (yaml tags), strictly: an unknown field, a repeated one
// or one of the wrong type is a mistake, with the place of the field itself and, where a name is near, "did you mean".
func (s CheckSpec) Decode(v any) Mistakes { panic("lesson: not written yet") }

// Mistake says what is wrong with one field ("" for the check as a whole), at that field's place in the file.
func (s CheckSpec) Mistake(field, format string, args ...any) Mistake {
	panic("lesson: not written yet")
}
