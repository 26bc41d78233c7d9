package lesson

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml/ast"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// typed checks a manifest against a Go type of the API. It walks two readings of the same text side by side:
// the syntax tree, which knows the places, and the value that the API server would decode.
type typed struct {
	decoder
	around []level // from the object itself inwards
}

// check compares one value with the type that it must have. A null is always allowed.
func (w *typed) check(n ast.Node, value any, t reflect.Type) {
	if value == nil {
		return
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		w.leaf(n, value, t)
		return
	}
	switch t.Kind() {
	case reflect.Struct:
		w.object(n, value, t)
	case reflect.Map:
		w.entries(n, value, t)
	case reflect.Slice:
		w.items(n, value, t)
	default:
		w.leaf(n, value, t)
	}
}

// leaf lets the type itself decide: a number, a text, a quantity, a port that is a number or a name.
func (w *typed) leaf(n ast.Node, value any, t reflect.Type) {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, reflect.New(t).Interface())
	}
	switch {
	case err == nil:
	case reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()):
		w.wrong(n, "want a value of type %s, found %s", t.Name(), describe(n))
	case t.Kind() == reflect.String && !isMapping(n):
		w.wrong(n, "want a text, found %s: put it in quotes", literal(n, value))
	default:
		w.wrong(n, "want %s, found %s", wanted(t.Kind()), describe(n))
	}
}

// literal names a value that YAML did not read as a text, as the author wrote it.
func literal(n ast.Node, value any) string {
	text, ok := scalarText(n)
	if !ok {
		return describe(n)
	}
	if _, ok := value.(bool); ok {
		return text + ", which is a boolean"
	}
	return text + ", which is a number"
}

func (w *typed) object(n ast.Node, value any, t reflect.Type) {
	content, ok := value.(map[string]any)
	if !ok || !isMapping(n) {
		w.wrong(n, "want a mapping of fields, found %s", describe(n))
		return
	}
	known := fieldsOf(t, "json")
	if e := entry(n, "finalizers"); e != nil && t == reflect.TypeFor[metav1.ObjectMeta]() {
		w.mistake(e.Key, "finalizers would keep the lab from being reset: leave \"finalizers\" out")
	}
	for _, e := range w.unique(n) {
		name := keyText(e)
		f, ok := known.byName[name]
		if !ok {
			hint := w.meant(name, n, t)
			w.in(name, func() { w.mistake(e.Key, "unknown field %q%s", w.dotted(), hint) })
			continue
		}
		w.around = append(w.around, level{w.dotted(), t})
		w.in(name, func() { w.check(e.Value, content[name], f.Type) })
		w.around = w.around[:len(w.around)-1]
	}
}

func (w *typed) entries(n ast.Node, value any, t reflect.Type) {
	content, ok := value.(map[string]any)
	if !ok || !isMapping(n) {
		w.wrong(n, "want a mapping, found %s", describe(n))
		return
	}
	for _, e := range w.unique(n) {
		w.in(keyText(e), func() { w.check(e.Value, content[keyText(e)], t.Elem()) })
	}
}

func (w *typed) items(n ast.Node, value any, t reflect.Type) {
	if t.Elem().Kind() == reflect.Uint8 { // bytes are written as base64 text
		w.bytes(n, value, t)
		return
	}
	seq, ok := n.(*ast.SequenceNode)
	content, okay := value.([]any)
	if !ok || !okay || len(content) != len(seq.Values) {
		w.wrong(n, "want a list, found %s", describe(n))
		return
	}
	for i, item := range seq.Values {
		w.in(fmt.Sprintf("[%d]", i), func() { w.check(item, content[i], t.Elem()) })
	}
}

func (w *typed) bytes(n ast.Node, value any, t reflect.Type) {
	text, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(text, reflect.New(t).Interface())
	}
	if err != nil {
		w.wrong(n, "want base64 text, found %s", describe(n))
	}
}

// identity looks at the fields that decide which object is meant.
func (w *typed) identity(root ast.Node, kind string) {
	meta := entry(root, "metadata")
	if meta == nil {
		w.require(root, "metadata", "metadata.name is missing")
		return
	}
	w.whole = w.at.of(meta.Key)
	w.require(meta.Value, "name", "metadata.name is missing")
	if name := entry(meta.Value, "name"); name != nil {
		w.checkName(name.Value, kind)
	}
	if ns := entry(meta.Value, "namespace"); ns != nil {
		w.mistake(ns.Key, "podlab puts every object into the lab's own namespace: leave \"namespace\" out")
	}
}

func emptyText(n ast.Node) bool {
	text, ok := scalarText(n)
	return isNull(n) || ok && text == ""
}
