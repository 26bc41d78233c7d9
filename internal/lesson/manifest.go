package lesson

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"sigs.k8s.io/yaml"
)

var documentMark = regexp.MustCompile(`^---\s*(#.*)?$`)

// parseManifest reads the documents of a manifest, in order, each strictly against the type of its kind.
func parseManifest(source string, at place) ([]*unstructured.Unstructured, Mistakes) {
	var objects []*unstructured.Unstructured
	var found Mistakes
	seen := map[string]bool{}
	for _, doc := range documents(source, at) {
		object, mistakes := parseObject(doc.source, doc.at)
		found = append(found, mistakes...)
		if object == nil {
			continue
		}
		objects = append(objects, object)
		name := fmt.Sprintf("%s %q", object.GetKind(), object.GetName())
		if seen[name] {
			found = append(found, Mistake{doc.at.pos(1, 1), name + " is in this manifest twice"})
		}
		seen[name] = true
	}
	if len(objects) == 0 && len(found) == 0 {
		found = Mistakes{{at.pos(1, 1), "no object in this manifest"}}
	}
	return objects, found
}

type document struct {
	source string
	at     place
}

// documents splits a manifest at its "---" lines, so that a document that cannot be read does not hide the others.
func documents(source string, at place) []document {
	var docs []document
	var text strings.Builder
	start := 0
	lines := strings.SplitAfter(source, "\n")
	for i, line := range lines {
		if documentMark.MatchString(strings.TrimRight(line, "\n")) {
			docs = append(docs, document{text.String(), at.below(start)})
			text.Reset()
			start = i + 1
			continue
		}
		text.WriteString(line)
	}
	return append(docs, document{text.String(), at.below(start)})
}

// below is the place some lines further down.
func (p place) below(lines int) place {
	p.line += lines
	return p
}

// parseObject reads one document. The object is nil when there is none, or when there are mistakes.
func parseObject(source string, at place) (object *unstructured.Unstructured, found Mistakes) {
	defer recoverAt(&found, at.pos(1, 1))
	root, found := parseYAML(source, at)
	if root == nil {
		return nil, found
	}
	if !isMapping(root) {
		return nil, Mistakes{{at.of(root), "want an object with apiVersion and kind, found " + describe(root)}}
	}
	gvk, found := kindOf(root, at)
	if len(found) > 0 {
		return nil, found
	}
	var content map[string]any
	if err := yaml.Unmarshal([]byte(source), &content); err != nil {
		return nil, Mistakes{{at.of(root), "bad YAML: " + strings.ReplaceAll(err.Error(), "\n", " ")}}
	}
	w := typed{decoder: decoder{at: at, whole: at.of(root), label: objectName(root, gvk.Kind) + ": "}}
	w.check(root, content, kinds().AllKnownTypes()[gvk])
	w.identity(root, gvk.Kind)
	if len(w.mistakes) > 0 {
		return nil, w.mistakes
	}
	return decodeObject(source, at.of(root))
}

// objectName names an object for a message: Pod "web".
func objectName(root ast.Node, kind string) string {
	if meta := entry(root, "metadata"); meta != nil {
		if name := entry(meta.Value, "name"); name != nil && !emptyText(name.Value) {
			return kind + " " + describe(name.Value)
		}
	}
	return kind
}

// decodeObject is the API's own strict decoding, the last word after the checks that know their place in the file.
func decodeObject(source string, pos Position) (*unstructured.Unstructured, Mistakes) {
	strict := json.NewSerializerWithOptions(json.DefaultMetaFactory, kinds(), kinds(), json.SerializerOptions{Yaml: true, Strict: true})
	typed, _, err := strict.Decode([]byte(source), nil, nil)
	if err != nil && (typed == nil || runtime.IsStrictDecodingError(err)) {
		return nil, Mistakes{{pos, strings.ReplaceAll(err.Error(), "\n", " ")}}
	}
	text, err := yaml.YAMLToJSON([]byte(source))
	if err != nil {
		return nil, Mistakes{{pos, "bad YAML: " + err.Error()}}
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(text); err != nil {
		return nil, Mistakes{{pos, err.Error()}}
	}
	return object, nil
}

// kindOf reads apiVersion and kind, and says what is wrong with them.
func kindOf(root ast.Node, at place) (schema.GroupVersionKind, Mistakes) {
	none := schema.GroupVersionKind{}
	version, mistake := textField(root, "apiVersion", at)
	if mistake != nil {
		return none, mistake
	}
	kind, mistake := textField(root, "kind", at)
	if mistake != nil {
		return none, mistake
	}
	gvk := schema.FromAPIVersionAndKind(version, kind)
	pos := at.of(entry(root, "kind").Value)
	if isObject(gvk) {
		if why := inNamespace(kind); why != "" {
			return none, Mistakes{{pos, why}}
		}
		return gvk, nil
	}
	if strings.HasSuffix(kind, "List") {
		return none, Mistakes{{pos, fmt.Sprintf("kind %q is not read: write each object as a document of its own, with --- between them", kind)}}
	}
	if versions := versionsOf(kind); len(versions) > 0 {
		message := fmt.Sprintf("kind %q is not in apiVersion %q: it is in %s", kind, version, strings.Join(versions, " and "))
		return none, Mistakes{{at.of(entry(root, "apiVersion").Value), message}}
	}
	return none, Mistakes{{pos, fmt.Sprintf("unknown kind %q%s", kind, didYouMean(kind, kindNames()))}}
}

func textField(root ast.Node, name string, at place) (string, Mistakes) {
	e := entry(root, name)
	if e == nil {
		if near := misspelt(root, name); near != nil {
			return "", Mistakes{{at.of(near.Key), fmt.Sprintf("unknown field %q (did you mean %q?)", keyText(near), name)}}
		}
		return "", Mistakes{{at.of(root), name + " is missing"}}
	}
	text, ok := scalarText(e.Value)
	if !ok || text == "" {
		return "", Mistakes{{at.of(e.Key), fmt.Sprintf("%s: want a text, found %s", name, describe(e.Value))}}
	}
	return text, nil
}
