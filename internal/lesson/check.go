package lesson

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// ParseChecks reads the text of a check block on its own, as if it stood at the top of the file. Ids are as within one step.
func ParseChecks(file, source string) ([]CheckSpec, Mistakes) {
	r := &reader{file: file, ids: map[string]bool{}, steps: []Step{{}}}
	specs := r.checks(fenced{pos: Position{file, 1, 1}, content: source, at: place{file: file}})
	r.add(Check{Specs: specs})
	r.endStep()
	r.found.Sort()
	return specs, r.found
}

// checks reads a check block: a list of mappings, each with one kind and, if the author likes, an id and modifiers.
func (r *reader) checks(f fenced) []CheckSpec {
	root, mistakes := parseYAML(f.content, f.at)
	r.found = append(r.found, mistakes...)
	if len(mistakes) > 0 {
		return nil
	}
	return r.checkList(root, f.pos, f)
}

// checkList reads a list of checks. Whole is where a mistake about a list that is missing stands.
func (r *reader) checkList(root ast.Node, whole Position, f fenced) []CheckSpec {
	list, ok := root.(*ast.SequenceNode)
	if !ok {
		pos := whole
		if !isNull(root) {
			pos = f.at.of(root)
		}
		r.mistake(pos, `want a list of checks, each as "- kind: {field: value}", found %s`, describe(root))
		return nil
	}
	var specs []CheckSpec
	for _, item := range list.Values {
		if spec, ok := r.checkItem(item, f); ok {
			specs = append(specs, spec)
		}
	}
	return specs
}

func (r *reader) checkItem(item ast.Node, f fenced) (CheckSpec, bool) {
	pos := f.at.of(item)
	if !isMapping(item) {
		r.mistake(pos, `want a check as "- kind: {field: value}", found %s`, describe(item))
		return CheckSpec{}, false
	}
	spec := CheckSpec{Pos: pos, at: f.at, source: f.content}
	d := decoder{at: f.at, whole: pos}
	var kinds []*ast.MappingValueNode
	for _, e := range d.unique(item) {
		switch {
		case keyText(e) == "id":
			spec.ID = r.checkID(e, f.at)
		case !spec.modify(&d, e):
			kinds = append(kinds, e)
		}
	}
	d.checkModifiers(item, spec)
	r.found = append(r.found, d.mistakes...)
	return r.oneKind(spec, "a check", kinds)
}

// checkID reads the id that an author gave to a check.
func (r *reader) checkID(e *ast.MappingValueNode, at place) string {
	id, ok := scalarText(e.Value)
	switch {
	case !ok || !idPattern.MatchString(id):
		r.mistake(at.of(e.Value), "check id %s: %s", describe(e.Value), idRule)
	case r.ids[id]:
		r.mistake(at.of(e.Value), "check id %q is taken by another check of this step", id)
	}
	r.ids[id] = true
	return id
}

// oneKind fills the spec from the only field that names a kind. What is "a check" or "an answer".
func (r *reader) oneKind(spec CheckSpec, what string, kinds []*ast.MappingValueNode) (CheckSpec, bool) {
	if len(kinds) == 0 {
		r.mistake(spec.Pos, "%s needs a kind, such as ready: {pod: web, containers: 2/2}", what)
		return spec, false
	}
	var names []string
	for _, e := range kinds {
		names = append(names, keyText(e))
	}
	e := kinds[0]
	switch {
	case len(kinds) > 1 && isNull(e.Value):
		r.mistake(spec.at.of(kinds[1].Key), "the fields of %q must be indented further than %q", names[0], names[0])
		return spec, false
	case len(kinds) > 1:
		r.mistake(spec.at.of(kinds[1].Key), "%s has one kind, found %s", what, quoted(names))
		return spec, false
	}
	spec.Kind, spec.value, spec.Pos = names[0], e.Value, spec.at.of(e.Key)
	return spec, true
}

func quoted(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, fmt.Sprintf("%q", n))
	}
	return strings.Join(out, " and ")
}
