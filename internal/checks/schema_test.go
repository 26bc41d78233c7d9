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
	say := func(format string, args ...any) { wrong = append(wrong, at+": "+fmt.Sprintf(format, args...)) }
	for _, keyword := range slices.Sorted(maps.Keys(s)) {
		switch arg := s[keyword]; keyword {
		case "$schema", "$defs", "title", "description":
		case "$ref":
			name := strings.TrimPrefix(arg.(string), "#/$defs/")
			target, ok := root["$defs"].(map[string]any)[name].(map[string]any)
			if !ok {
				say("no definition %s", name)
				continue
			}
			wrong = append(wrong, fitsSchema(root, target, at, value)...)
		case "allOf":
			for _, form := range arg.([]any) {
				wrong = append(wrong, fitsSchema(root, form.(map[string]any), at, value)...)
			}
		case "oneOf":
			fits := 0
			for _, form := range arg.([]any) {
				if len(fitsSchema(root, form.(map[string]any), at, value)) == 0 {
					fits++
				}
			}
			if fits != 1 {
				say("fits %d of the forms", fits)
			}
		case "type":
			if !slices.ContainsFunc(oneOrMore(arg), func(t any) bool { return isA(t.(string), value) }) {
				say("%v is not %v", value, arg)
			}
		case "enum":
			if !slices.Contains(arg.([]any), value) {
				say("%v is none of %v", value, arg)
			}
		case "pattern":
			if text, ok := value.(string); ok && !regexp.MustCompile(arg.(string)).MatchString(text) {
				say("%q does not match %s", text, arg)
			}
		case "minimum":
			if n, ok := value.(float64); ok && n < arg.(float64) {
				say("%v is less than %v", n, arg)
			}
		case "minItems":
			if items, ok := value.([]any); ok && len(items) < int(arg.(float64)) {
				say("%d items", len(items))
			}
		case "items":
			items, _ := value.([]any)
			for i, item := range items {
				wrong = append(wrong, fitsSchema(root, arg.(map[string]any), fmt.Sprintf("%s[%d]", at, i), item)...)
			}
		case "required":
			fields, _ := value.(map[string]any)
			for _, name := range arg.([]any) {
				if _, ok := fields[name.(string)]; !ok {
					say("%s is missing", name)
				}
			}
		case "properties", "additionalProperties":
			if keyword == "properties" || s["properties"] == nil {
				wrong = append(wrong, fitFields(root, s, at, value)...)
			}
		default:
			say("keyword %s is not known to this test", keyword)
		}
	}
	return wrong
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
		"- phase: {pod: a, is: Runing}":          "is none of",
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
