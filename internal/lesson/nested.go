package lesson

import (
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// Nested returns the checks inside a check of the kind not (one), all or any (two or more), with places and messages of
// their own. Each has its kind as id, numbered from the second on.
func (s CheckSpec) Nested() (specs []CheckSpec, found Mistakes) {
	defer recoverAt(&found, s.Pos)
	r := &reader{file: s.Pos.File}
	for _, item := range s.nestedItems(r) {
		if spec, ok := s.nestedSpec(r, item); ok {
			specs = append(specs, spec)
		}
	}
	named := make([]*CheckSpec, len(specs))
	for i := range specs {
		named[i] = &specs[i]
	}
	nameChecks(named, map[string]bool{})
	r.found.Sort()
	return specs, r.found
}

// nestedItems returns the nodes that must be checks.
func (s CheckSpec) nestedItems(r *reader) []ast.Node {
	list, isList := s.value.(*ast.SequenceNode)
	switch {
	case s.Kind == "not" && isList:
		r.mistake(s.at.of(s.value), `%swant one check, as {kind: {field: value}}, found a list: put "any" or "all" around it`, s.prefix())
	case s.Kind == "not" && isNull(s.value):
		r.mistake(s.Pos, `%swant one check, as {kind: {field: value}}, found nothing`, s.prefix())
	case s.Kind == "not":
		return []ast.Node{s.value}
	case isNull(s.value):
		r.mistake(s.Pos, "%swant a list of two or more checks, found nothing", s.prefix())
	case !isList:
		r.mistake(s.at.of(s.value), "%swant a list of two or more checks, found %s", s.prefix(), describe(s.value))
	case len(list.Values) < 2:
		r.mistake(s.Pos, "%swant two or more checks, found %d", s.prefix(), len(list.Values))
	default:
		return list.Values
	}
	return nil
}

func (s CheckSpec) nestedSpec(r *reader, item ast.Node) (CheckSpec, bool) {
	pos := s.at.of(item)
	if !isMapping(item) {
		r.mistake(pos, "%swant a check as {kind: {field: value}}, found %s", s.prefix(), describe(item))
		return CheckSpec{}, false
	}
	d := decoder{at: s.at, label: s.prefix(), whole: pos}
	var kinds []*ast.MappingValueNode
	for _, e := range d.unique(item) {
		switch name := keyText(e); {
		case name == "id":
			d.mistake(e.Key, "a check inside %q has no id of its own", s.Kind)
		case slices.Contains(modifiers(), name):
			d.mistake(e.Key, "%q does not go inside %q: put it beside %q", name, s.Kind, s.Kind)
		default:
			kinds = append(kinds, e)
		}
	}
	r.found = append(r.found, d.mistakes...)
	spec, ok := r.oneKind(CheckSpec{Pos: pos, at: s.at, source: s.source}, s.prefix()+"a check", kinds)
	spec.label = s.prefix() + spec.Kind
	return spec, ok
}
