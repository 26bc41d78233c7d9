package lesson

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// level is a mapping around the one that is being read.
type level struct {
	path string // "spec", "" for the object itself
	t    reflect.Type
}

// meant says where a field that is unknown in the mapping may belong: one level below, somewhere above, or under a name that
// is nearly the same; "" if there is no such place.
func (w *typed) meant(name string, n ast.Node, t reflect.Type) string {
	if path := w.below(name, n, t); path != "" {
		return fmt.Sprintf(" (did you mean %q?)", path)
	}
	for _, up := range slices.Backward(w.around) {
		if _, ok := fieldsOf(up.t, "json").byName[name]; ok {
			return fmt.Sprintf(" (did you mean %q?)", dotted(up.path, name))
		}
	}
	return didYouMean(name, fieldsOf(t, "json").names())
}

// below returns the path of a field of that name in one of the mapping's own fields. Of several the one comes first that
// the mapping has, then one that it must have: volumeMounts belong into containers rather than into initContainers.
func (w *typed) below(name string, n ast.Node, t reflect.Type) string {
	best, most, equal := "", 0, 0
	known := fieldsOf(t, "json")
	for _, within := range slices.Sorted(slices.Values(known.names())) {
		inner, suffix := element(known.byName[within].Type)
		if inner.Kind() != reflect.Struct || within == "status" {
			continue
		}
		if _, ok := fieldsOf(inner, "json").byName[name]; !ok {
			continue
		}
		rank := 1
		if entry(n, within) != nil {
			rank += 2
		}
		if !strings.Contains(known.byName[within].Tag.Get("json"), "omitempty") {
			rank++
		}
		if rank == most {
			equal++
		}
		if rank > most {
			best, most, equal = dotted(w.dotted(), within+suffix+"."+name), rank, 1
		}
	}
	if most == 1 && equal > 1 {
		return "" // it could be any of them
	}
	return best
}

// element returns the type of what a field holds, one of them if it is a list, and how a path says that.
func element(t reflect.Type) (inner reflect.Type, suffix string) {
	if t.Kind() == reflect.Slice {
		t, suffix = t.Elem(), "[]"
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t, suffix
}

func dotted(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
