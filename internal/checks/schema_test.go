package checks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/podlab/podlab/internal/checks"
)

// theSchema is checks.Schema as a reader of its JSON sees it.
func theSchema(t *testing.T) map[string]any {
	t.Helper()
	text, err := json.Marshal(checks.Schema())
	if err != nil {
		t.Fatal(err)
	}
	var s map[string]any
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// fitsSchema holds a value against the part of JSON Schema that checks.Schema uses, and returns what does not fit.
func fitsSchema(root, s map[string]any, at string, value any) []string {
	var wrong []string
	for _, keyword := range slices.Sorted(maps.Keys(s)) {
		switch keyword {
		case "$schema", "$defs", "title", "description":
		case "$ref", "allOf", "oneOf", "items":
			wrong = append(wrong, fitsParts(root, keyword, s[keyword], at, value)...)
		case "properties", "additionalProperties":
			if keyword == "properties" || s["properties"] == nil {
				wrong = append(wrong, fitFields(root, s, at, value)...)
			}
		default:
			if said := fitsValue(keyword, s[keyword], value); said != "" {
				wrong = append(wrong, at+": "+said)
			}
		}
	}
	return wrong
}

// fitsParts judges by other schemas.
func fitsParts(root map[string]any, keyword string, arg any, at string, value any) []string {
	var wrong []string
	fits := 0
	try := func(of any, at string, value any) {
		said := fitsSchema(root, of.(map[string]any), at, value)
		if len(said) == 0 {
			fits++
		}
		wrong = append(wrong, said...)
	}
	switch keyword {
	case "$ref":
		try(root["$defs"].(map[string]any)[strings.TrimPrefix(arg.(string), "#/$defs/")], at, value)
	case "items":
		items, _ := value.([]any)
		for i, item := range items {
			try(arg, fmt.Sprintf("%s[%d]", at, i), item)
		}
	default:
		for _, form := range arg.([]any) {
			try(form, at, value)
		}
	}
	switch {
	case keyword == "oneOf" && fits == 1:
		return nil
	case keyword == "oneOf":
		return []string{fmt.Sprintf("%s: fits %d of the forms", at, fits)}
	}
	return wrong
}

// fitsValue judges by one keyword, and returns "" if the value fits.
func fitsValue(keyword string, arg, value any) string {
	text, isText := value.(string)
	number, isNumber := value.(float64)
	items, isList := value.([]any)
	fields, _ := value.(map[string]any)
	switch {
	case keyword == "type" && !slices.ContainsFunc(oneOrMore(arg), func(t any) bool { return isA(t.(string), value) }):
		return fmt.Sprintf("%v is not %v", value, arg)
	case keyword == "enum" && !slices.Contains(arg.([]any), value):
		return fmt.Sprintf("%v is none of %v", value, arg)
	case keyword == "pattern" && isText && !regexp.MustCompile(arg.(string)).MatchString(text):
		return fmt.Sprintf("%q does not match %s", text, arg)
	case keyword == "minimum" && isNumber && number < arg.(float64):
		return fmt.Sprintf("%v is less than %v", number, arg)
	case keyword == "minItems" && isList && len(items) < int(arg.(float64)):
		return fmt.Sprintf("%d items", len(items))
	case keyword == "required":
		for _, name := range arg.([]any) {
			if _, ok := fields[name.(string)]; !ok {
				return fmt.Sprintf("%s is missing", name)
			}
		}
	case !slices.Contains([]string{"type", "enum", "pattern", "minimum", "minItems"}, keyword):
		return "keyword " + keyword + " is not known to this test"
	}
	return ""
}

func fitFields(root, s map[string]any, at string, value any) []string {
	var wrong []string
	fields, _ := value.(map[string]any)
	properties, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if of, ok := properties[name].(map[string]any); ok {
			wrong = append(wrong, fitsSchema(root, of, at+"."+name, fields[name])...)
			continue
		}
		switch others := s["additionalProperties"].(type) {
		case bool:
			wrong = append(wrong, at+": unknown field "+name)
		case map[string]any:
			wrong = append(wrong, fitsSchema(root, others, at+"."+name, fields[name])...)
		}
	}
	return wrong
}

func oneOrMore(v any) []any {
	if items, ok := v.([]any); ok {
		return items
	}
	return []any{v}
}

func isA(kind string, value any) bool {
	switch v := value.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case float64:
		return kind == "number" || kind == "integer" && v == float64(int64(v))
	case []any:
		return kind == "array"
	case map[string]any:
		return kind == "object"
	}
	return false
}

// asJSON reads YAML as an editor does that has the schema.
func asJSON(t *testing.T, source string) any {
	t.Helper()
	text, err := yaml.YAMLToJSON([]byte(source))
	if err != nil {
		t.Fatal(err, source)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSchemaTakesEveryExample(t *testing.T) {
	root := theSchema(t)
	ask := root["$defs"].(map[string]any)["ask"].(map[string]any)
	for _, kind := range checks.Kinds() {
		if len(kind.Examples) == 0 || len(kind.AskExamples) == 0 {
			t.Errorf("%s has no example", kind.Name)
		}
		for _, example := range kind.Examples {
			for _, source := range []string{"- " + example, "- not: {" + example + "}", "- {id: a, for: 1m30s, within: 2m, once: true, " + example + "}", "- any: [{" + example + "}, {" + example + "}]"} {
				if wrong := fitsSchema(root, root, "", asJSON(t, source)); len(wrong) > 0 {
					t.Errorf("%s: %v", source, wrong)
				}
			}
		}
		for _, example := range kind.AskExamples {
			if wrong := fitsSchema(root, ask, "", asJSON(t, "prompt: a\n"+example)); len(wrong) > 0 {
				t.Errorf("%s: %v", example, wrong)
			}
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	root := theSchema(t)
	ask := root["$defs"].(map[string]any)["ask"].(map[string]any)
	for source, want := range map[string]string{
		"[]":                                     ": 0 items",
		"ready: {pod: a}":                        "is not array",
		"- redy: {pod: a}":                       "unknown field redy",
		"- ready: {pdo: a}":                      "[0].ready: unknown field pdo",
		"- ready: {pod: a, containers: two}":     `"two" does not match`,
		"- {ready: {pod: a}, pid1: {pod: a}}":    "fits 2 of the forms",
		"- {for: 5, ready: {pod: a}}":            "5 is not string",
		"- {for: soon, ready: {pod: a}}":         `"soon" does not match`,
		"- not: [{ready: {pod: a}}]":             "is not object",
		"- all: [{ready: {pod: a}}]":             "1 items",
		"- not: {for: 5s, ready: {pod: a}}":      "unknown field for",
		"- phase: {pod: a, is: Run}":             "is none of",
		"- pid1: {pod: a, containers: [php]}":    "is not object",
		"- expr: {that: 'true', with: [pods]}":   `"pods" does not match`,
		"- namespaces: {pod: a, shared: [nett]}": "nett is none of",
	} {
		if wrong := fitsSchema(root, root, "", asJSON(t, source)); !strings.Contains(strings.Join(wrong, "\n"), want) {
			t.Errorf("%s: %v, want %q", source, wrong, want)
		}
	}
	for source, want := range map[string]string{
		"prompt: a":                           "answer is missing",
		"{prompt: a, answer: b, anwser: c}":   "unknown field anwser",
		"{prompt: a, answer: {redy: {a: b}}}": "fits 0 of the forms",
	} {
		if wrong := fitsSchema(root, ask, "", asJSON(t, source)); !strings.Contains(strings.Join(wrong, "\n"), want) {
			t.Errorf("%s: %v, want %q", source, wrong, want)
		}
	}
}

func TestSchemaSaysWhatEachFieldMeans(t *testing.T) {
	defs := theSchema(t)["$defs"].(map[string]any)
	for _, kind := range checks.Kinds() {
		for name, of := range map[string]any{kind.Name: kind.Fields, kind.Name + ".answer": kind.AskFields} {
			properties, ok := defs[name].(map[string]any)["properties"].(map[string]any)
			if !ok {
				continue // made of other checks
			}
			docs := checks.FieldDocs(of)
			if len(docs) == 0 || len(docs) != len(properties) {
				t.Errorf("%s: %d fields, %d in the schema", name, len(docs), len(properties))
			}
			for _, f := range docs {
				if f.Doc == "" || properties[f.Name].(map[string]any)["description"] != f.Doc {
					t.Errorf("%s: field %q is not explained", name, f.Name)
				}
			}
		}
	}
}

func TestGroupsHoldEveryKind(t *testing.T) {
	var names, want []string
	for _, group := range checks.Groups() {
		if group.Title == "" || len(group.Kinds) == 0 {
			t.Errorf("group %q is empty", group.Title)
		}
		for _, kind := range group.Kinds {
			names = append(names, kind.Name)
		}
	}
	for _, kind := range checks.Kinds() {
		want = append(want, kind.Name)
		if s := kind.Summary(); s == "" || strings.Contains(s, "\n") {
			t.Errorf("%s: summary %q", kind.Name, s)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("%v, want %v", names, want)
	}
}
