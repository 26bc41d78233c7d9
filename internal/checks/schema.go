package checks

import (
	"encoding"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Schema returns the JSON Schema (draft 2020-12) of a check block, ready for encoding/json. Its definitions hold every kind by
// its name, the answers of ask blocks as "KIND.answer", a check without modifiers as "check", and an ask block as "ask".
func Schema() map[string]any {
	defs := map[string]any{}
	var names []string
	for _, kind := range Kinds() {
		names = append(names, kind.Name)
		defs[kind.Name] = kindSchema(kind, kind.Fields, kind.Says)
		defs[kind.Name+".answer"] = kindSchema(kind, kind.AskFields, kind.AskSays)
	}
	defs["check"] = oneOf(names, "", nil)
	defs["item"] = oneOf(names, "", modifierSchemas())
	defs["fact"] = oneOf(names, ".answer", nil)
	defs["ask"] = askSchema()
	return map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "The checks of a podlab lesson",
		"description": "The content of a ```yaml check block. #/$defs/ask is that of a ```yaml ask block.",
		"type":        "array",
		"minItems":    1,
		"items":       definition("item"),
		"$defs":       defs,
	}
}

func definition(name string) map[string]any { return map[string]any{"$ref": "#/$defs/" + name} }

func described(schema map[string]any, description string) map[string]any {
	schema = maps.Clone(schema)
	if description != "" {
		schema["description"] = description
	}
	return schema
}

// oneOf is a mapping with exactly one of the kinds, and the other fields if the author likes.
func oneOf(kinds []string, suffix string, others map[string]any) map[string]any {
	properties, forms := map[string]any{}, []any{}
	maps.Copy(properties, others)
	for _, name := range kinds {
		properties[name] = definition(name + suffix)
		forms = append(forms, map[string]any{"required": []string{name}})
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false, "oneOf": forms}
}

func modifierSchemas() map[string]any {
	length := map[string]any{"type": "string", "pattern": `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`}
	return map[string]any{
		"id":     map[string]any{"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "description": "unique within the step"},
		"for":    described(length, "it must have held for so long without a break"),
		"within": described(length, "how long podlab verify waits for it"),
		"once":   map[string]any{"type": "boolean", "description": "that it held once is enough"},
	}
}

func askSchema() map[string]any {
	text := scalarSchema()
	texts := map[string]any{"type": "array", "items": text}
	return map[string]any{
		"type": "object", "required": []string{"prompt", "answer"}, "additionalProperties": false,
		"properties": map[string]any{
			"prompt":  described(text, "the question"),
			"choices": map[string]any{"type": "array", "items": text, "minItems": 2, "description": "the answers to choose from"},
			"several": map[string]any{"type": "boolean", "description": "any number of the choices is chosen"},
			"answer":  map[string]any{"oneOf": []any{text, texts, definition("fact")}, "description": "the right answer, the right ones, or a fact about the cluster"},
			"explain": described(text, "shown once it cannot give the answer away"),
			"wrong":   map[string]any{"type": "object", "additionalProperties": text, "description": "explanations for wrong answers"},
		},
	}
}

// kindSchema is the value of a kind's key. The kinds that hold other checks have no fields of their own.
func kindSchema(kind Kind, of any, says string) map[string]any {
	schema := map[string]any{}
	switch kind.Name {
	case "not":
		schema = map[string]any{"allOf": []any{definition("check")}}
	case "all", "any":
		schema = map[string]any{"type": "array", "items": definition("check"), "minItems": 2}
	default:
		if of != nil {
			schema = schemaOf(reflect.TypeOf(of))
		}
	}
	return described(schema, says)
}

// scalarSchema is what stands for a text in a lesson: quotes may be left out.
func scalarSchema() map[string]any {
	return map[string]any{"type": []string{"string", "number", "boolean"}}
}

// schemaOf is the schema of a field's Go type.
func schemaOf(t reflect.Type) map[string]any {
	if t.Kind() == reflect.Pointer {
		return schemaOf(t.Elem())
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return described(textSchema(t), "")
	}
	switch t.Kind() {
	case reflect.Struct:
		return structSchema(t)
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return scalarSchema()
}

func structSchema(t reflect.Type) map[string]any {
	properties := map[string]any{}
	for _, f := range fieldDocs(t) {
		properties[f.Name] = described(schemaOf(f.of), f.Doc)
	}
	return map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
}

// FieldDoc is one field of a kind, as the author of a lesson needs to know it.
type FieldDoc struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`

	of reflect.Type
}

// FieldDocs returns the fields of a struct such as Kind.Fields, those of embedded structs among them, in their order.
func FieldDocs(of any) []FieldDoc {
	if of == nil {
		return nil
	}
	return fieldDocs(reflect.TypeOf(of))
}

func fieldDocs(t reflect.Type) []FieldDoc {
	var all []FieldDoc
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		all = append(all, FieldDoc{name, f.Tag.Get("doc"), f.Type})
	}
	return all
}

// textSchema is the schema of a type that reads itself from a text: its words, or the pattern of its text. A number or a
// boolean is a text without quotes.
func textSchema(t reflect.Type) map[string]any {
	if words, ok := wordsOf()[t]; ok {
		values := []any{}
		for _, word := range words {
			values = append(values, word)
		}
		if slices.Contains(words, "True") { // a YAML reader takes it for a boolean
			values = append(values, true, false)
		}
		return map[string]any{"enum": values}
	}
	schema := scalarSchema()
	if pattern, ok := patternsOf()[t]; ok {
		schema["pattern"] = pattern
	}
	return schema
}
