package lesson

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// modifiers returns the fields that say when a check of any kind counts as passed. They stand beside the kind.
func modifiers() []string { return []string{"for", "within", "once"} }

// span is a length of time in a lesson.
type span time.Duration

// UnmarshalText reads what time.ParseDuration reads, and refuses 0 and less.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d <= 0 {
		return fmt.Errorf("want a time with its unit, as 5s or 1m30s, more than 0, found %q", text)
	}
	*s = span(d)
	return nil
}

// modify reads one field of a check if it is a modifier, and returns false if it is not.
func (s *CheckSpec) modify(d *decoder, e *ast.MappingValueNode) bool {
	name := keyText(e)
	if !slices.Contains(modifiers(), name) {
		return false
	}
	if isNull(e.Value) {
		d.mistake(e.Key, "%q says nothing: leave it out, or give it a value", name)
		return true
	}
	field := reflect.ValueOf(&s.Once).Elem()
	var length span
	if name != "once" {
		field = reflect.ValueOf(&length).Elem()
	}
	d.in(name, func() { d.decode(e.Value, field) })
	switch name {
	case "for":
		s.For = time.Duration(length)
	case "within":
		s.Within = time.Duration(length)
	}
	return true
}

// checkModifiers looks at what the modifiers of one check say together.
func (d *decoder) checkModifiers(item ast.Node, s CheckSpec) {
	if s.For > 0 && s.Within > 0 && s.Within <= s.For {
		d.mistake(entry(item, "within").Key, "nothing can hold for %v within %v: give it more time", s.For, s.Within)
	}
}
