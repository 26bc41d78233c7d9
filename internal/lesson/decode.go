package lesson

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// decoder reads YAML into plain structs. It goes on after a mistake, so that it finds all of them, and it places each at the field.
type decoder struct {
	at       place
	label    string   // what begins each message: `check "ready": `
	whole    Position // where the whole stands, for a mistake about a node that is missing
	path     []string // the names of the fields around the node
	mistakes Mistakes
}

func (d *decoder) mistake(n ast.Node, format string, args ...any) {
	pos := d.whole
	if n != nil {
		pos = d.at.of(n)
	}
	d.mistakes = append(d.mistakes, Mistake{pos, d.label + fmt.Sprintf(format, args...)})
}

// wrong is a mistake about the value of the field that is being read.
func (d *decoder) wrong(n ast.Node, format string, args ...any) {
	prefix := ""
	if len(d.path) > 0 {
		prefix = d.dotted() + ": "
	}
	d.mistake(n, "%s%s", prefix, fmt.Sprintf(format, args...))
}

// dotted returns the path as the API's own messages write it: spec.containers[0].name.
func (d *decoder) dotted() string { return strings.ReplaceAll(strings.Join(d.path, "."), ".[", "[") }

// in reads something inside the named field.
func (d *decoder) in(name string, read func()) {
	d.path = append(d.path, name)
	read()
	d.path = d.path[:len(d.path)-1]
}

// decode reads the node into v. A null leaves v as it is.
func (d *decoder) decode(n ast.Node, v reflect.Value) {
	if isNull(n) {
		return
	}
	if v.Type() == reflect.TypeFor[ast.Node]() {
		v.Set(reflect.ValueOf(n))
		return
	}
	if v.Kind() == reflect.Pointer {
		p := reflect.New(v.Type().Elem())
		d.decode(n, p.Elem())
		v.Set(p)
		return
	}
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(n, u)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		d.list(n, v)
	default:
		d.scalar(n, v)
	}
}

func (d *decoder) text(n ast.Node, u encoding.TextUnmarshaler) {
	text, ok := scalarText(n)
	if !ok {
		d.wrong(n, "want a text, found %s", describe(n))
		return
	}
	if err := u.UnmarshalText([]byte(text)); err != nil {
		d.wrong(n, "%v", err)
	}
}

func (d *decoder) structure(n ast.Node, v reflect.Value) {
	if !isMapping(n) {
		d.wrong(n, "want a mapping of fields, found %s", describe(n))
		return
	}
	known := fieldsOf(v.Type(), "yaml")
	for _, e := range d.unique(n) {
		name := keyText(e)
		if f, ok := known.byName[name]; ok {
			d.in(name, func() { d.decode(e.Value, v.FieldByIndex(f.Index)) })
			continue
		}
		if known.rest == nil {
			d.mistake(e.Key, "unknown field %q%s", name, didYouMean(name, known.names()))
			continue
		}
		d.put(e, v.FieldByIndex(known.rest))
	}
}

func (d *decoder) mapping(n ast.Node, v reflect.Value) {
	if !isMapping(n) {
		d.wrong(n, "want a mapping of fields, found %s", describe(n))
		return
	}
	for _, e := range d.unique(n) {
		d.put(e, v)
	}
}

// put decodes one field into a map with text keys.
func (d *decoder) put(e *ast.MappingValueNode, m reflect.Value) {
	if m.IsNil() {
		m.Set(reflect.MakeMap(m.Type()))
	}
	item := reflect.New(m.Type().Elem()).Elem()
	d.in(keyText(e), func() { d.decode(e.Value, item) })
	m.SetMapIndex(reflect.ValueOf(keyText(e)).Convert(m.Type().Key()), item)
}

func (d *decoder) list(n ast.Node, v reflect.Value) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.wrong(n, "want a list, found %s", describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values)))
	for i, item := range seq.Values {
		d.in(fmt.Sprintf("[%d]", i), func() { d.decode(item, v.Index(i)) })
	}
}

func (d *decoder) scalar(n ast.Node, v reflect.Value) {
	text, ok := scalarText(n)
	if !ok {
		d.wrong(n, "want %s, found %s", wanted(v.Kind()), describe(n))
		return
	}
	switch _, boolean := n.(*ast.BoolNode); {
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.CanInt():
		i, err := strconv.ParseInt(text, 10, v.Type().Bits())
		d.orMistake(n, v, err)
		v.SetInt(i)
	case v.CanUint():
		u, err := strconv.ParseUint(text, 10, v.Type().Bits())
		d.orMistake(n, v, err)
		v.SetUint(u)
	case v.CanFloat():
		f, err := strconv.ParseFloat(text, v.Type().Bits())
		d.orMistake(n, v, err)
		v.SetFloat(f)
	case v.Kind() == reflect.Bool && boolean:
		v.SetBool(strings.EqualFold(text, "true"))
	case v.Kind() == reflect.Interface && v.NumMethod() == 0:
		v.Set(reflect.ValueOf(text))
	default:
		d.wrong(n, "want %s, found %s", wanted(v.Kind()), describe(n))
	}
}

func (d *decoder) orMistake(n ast.Node, v reflect.Value, err error) {
	if err != nil {
		d.wrong(n, "want %s, found %s", wanted(v.Kind()), describe(n))
	}
}

func wanted(k reflect.Kind) string {
	switch k {
	case reflect.String, reflect.Interface:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number, 0 or more"
	}
	return "a whole number"
}

// require says that a field of the mapping is not there or says nothing. It is silent where another field is that one misspelt,
// or where there is no mapping at all: then that is a mistake already.
func (d *decoder) require(n ast.Node, name, message string) {
	if !isNull(n) && !isMapping(n) {
		return
	}
	e := entry(n, name)
	if e != nil && !emptyText(e.Value) || e == nil && misspelt(n, name) != nil {
		return
	}
	d.mistakes = append(d.mistakes, Mistake{d.whole, d.label + message})
}

// misspelt returns the field of a mapping whose name is near to the wanted one, or nil.
func misspelt(n ast.Node, wanted string) *ast.MappingValueNode {
	var written []string
	for _, e := range entries(n) {
		written = append(written, keyText(e))
	}
	near, _ := nearest(wanted, written)
	return entry(n, near)
}

// unique returns the fields of a mapping, each once; a repeated one is a mistake.
func (d *decoder) unique(n ast.Node) []*ast.MappingValueNode {
	seen := map[string]bool{}
	var once []*ast.MappingValueNode
	for _, e := range entries(n) {
		name := keyText(e)
		if seen[name] {
			d.mistake(e.Key, "field %q is given twice", name)
			continue
		}
		seen[name] = true
		once = append(once, e)
	}
	return once
}

// fields are the fields of a struct by the name that its tags give them.
type fields struct {
	byName map[string]reflect.StructField
	rest   []int // index of an inlined map that takes every other field; nil for none
}

func (f fields) names() []string { return slices.Collect(maps.Keys(f.byName)) }

// fieldsOf reads the tags ("yaml" or "json") of a struct. Inlined structs are laid flat.
func fieldsOf(t reflect.Type, tag string) fields {
	all := fields{byName: map[string]reflect.StructField{}}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get(tag), ",")
		inline := strings.Contains(options, "inline") || f.Anonymous && name == ""
		switch {
		case name == "-" || !f.IsExported() && !f.Anonymous:
		case inline && f.Type.Kind() == reflect.Map:
			all.rest = f.Index
		case inline && f.Type.Kind() == reflect.Struct:
			for n, inner := range fieldsOf(f.Type, tag).byName {
				inner.Index = append(slices.Clone(f.Index), inner.Index...)
				all.byName[n] = inner
			}
		case name == "" && tag == "yaml":
			all.byName[strings.ToLower(f.Name)] = f
		case name != "":
			all.byName[name] = f
		}
	}
	return all
}
