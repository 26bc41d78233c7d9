package checks

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"k8s.io/client-go/util/jsonpath"
)

// jsonPath is a path into an object, as kubectl's -o jsonpath takes it, in braces: "{.status.podIP}".
type jsonPath string

// longestPath, and that .. may stand once, keep a path from finding more values than an object has many times over.
const longestPath = 300

// UnmarshalText accepts one path, with braces or without. Text around it, ranges and bare words are kubectl's templates, not paths.
func (p *jsonPath) UnmarshalText(text []byte) error {
	inner := strings.TrimSpace(string(text))
	if rest, ok := strings.CutPrefix(inner, "{"); ok {
		inner = strings.TrimSuffix(rest, "}")
	}
	inner = strings.TrimPrefix(strings.TrimSpace(inner), "$")
	switch {
	case len(inner) > longestPath || strings.Count(inner, "..") > 1:
		return fmt.Errorf("want a path of at most %d characters with at most one .., found %s", longestPath, quote(inner))
	case strings.ContainsAny(inner, "{}\n"):
		return fmt.Errorf("want one path such as {.status.podIP}, found %q", text)
	case inner == "" || inner == ".":
		return fmt.Errorf("want a path such as {.status.podIP}, found nothing")
	case inner[0] != '.' && inner[0] != '[':
		inner = "." + inner
	}
	nodes, err := pathNodes("{" + inner + "}")
	if err != nil {
		return fmt.Errorf("not a JSONPath of kubectl's: %w", err)
	}
	for _, node := range nodes {
		switch node.(type) {
		case *jsonpath.IdentifierNode, *jsonpath.TextNode, *jsonpath.IntNode, *jsonpath.BoolNode, *jsonpath.FloatNode:
			return fmt.Errorf("want a path such as {.status.podIP}, found %q", text)
		}
	}
	*p = jsonPath("{" + inner + "}")
	return nil
}

// pathNodes returns the steps of a path in braces.
func pathNodes(path string) ([]jsonpath.Node, error) {
	parsed, err := jsonpath.Parse("path", path)
	if err != nil {
		return nil, err
	}
	var nodes []jsonpath.Node
	for _, node := range parsed.Root.Nodes {
		list, ok := node.(*jsonpath.ListNode)
		if !ok {
			return nil, fmt.Errorf("text outside the braces")
		}
		nodes = append(nodes, list.Nodes...)
	}
	return nodes, nil
}

// begins says whether the path goes through the fields first, however it is written: .status or ['status'].
func (p jsonPath) begins(fields ...string) bool {
	nodes, err := pathNodes(string(p))
	if err != nil || len(nodes) < len(fields) {
		return false
	}
	for i, name := range fields {
		if field, ok := nodes[i].(*jsonpath.FieldNode); !ok || field.Value != name {
			return false
		}
	}
	return true
}

// mayBegin says whether the path goes through the field of the object, or may: one that begins with .. or a * does.
func (p jsonPath) mayBegin(name string) bool {
	nodes, err := pathNodes(string(p))
	if err != nil || len(nodes) == 0 {
		return false
	}
	field, ok := nodes[0].(*jsonpath.FieldNode)
	return !ok || field.Value == name
}

// String returns the path without its braces.
func (p jsonPath) String() string { return strings.Trim(string(p), "{}") }

// find returns the values at the path. A key, an index or a list that is not there is no value; an error means that the
// path does not fit the object, as one that takes a text for a list.
func (p jsonPath) find(object map[string]any) (values []any, err error) {
	defer func() {
		if r := recover(); r != nil {
			values, err = nil, fmt.Errorf("%v", r)
		}
	}()
	values = []any{withoutNulls(object)}
	for _, piece := range p.pieces() {
		if values, err = piece.of(values); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// withoutNulls returns the value without the keys that have none: to the API, null is the same as not there.
func withoutNulls(value any) any {
	switch v := value.(type) {
	case map[string]any:
		kept := make(map[string]any, len(v))
		for key, inner := range v {
			if inner != nil {
				kept[key] = withoutNulls(inner)
			}
		}
		return kept
	case []any:
		kept := make([]any, len(v))
		for i, inner := range v {
			kept[i] = withoutNulls(inner)
		}
		return kept
	}
	return value
}

// plain writes a value as kubectl does: a text as it is, a mapping or a list as JSON.
func plain(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	if text, err := json.Marshal(value); err == nil {
		return string(text)
	}
	return fmt.Sprint(value)
}

// lengthOf counts values; a list counts as its items.
func lengthOf(values []any) int {
	n := 0
	for _, v := range values {
		if list := reflect.ValueOf(v); list.Kind() == reflect.Slice {
			n += list.Len()
			continue
		}
		n++
	}
	return n
}
