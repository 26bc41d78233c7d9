package checks

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/lesson"
)

type fieldFields struct {
	Kind objectKind `yaml:"kind" doc:"kind of the object, as manifests write it; Pod if it is left out"`
	Name objectName `yaml:"name" doc:"name of the object"`
	Path jsonPath   `yaml:"path" doc:"where to look, as kubectl's -o jsonpath writes it, with or without braces: .status.podIP"`
	textFields
	Compare comparison `yaml:"compare" doc:"a number, or a comparison such as >= 3, that each value found must satisfy"`
	Exists  *bool      `yaml:"exists" doc:"true: something is there; false: nothing is there"`
	Count   comparison `yaml:"count" doc:"how many values are found, as 2 or >= 2; a list counts as its items"`
}

type fieldAsk struct {
	Kind objectKind `yaml:"kind" doc:"kind of the object, as manifests write it; Pod if it is left out"`
	Name objectName `yaml:"name" doc:"name of the object"`
	Path jsonPath   `yaml:"path" doc:"where to look, as kubectl's -o jsonpath writes it, with or without braces: .status.podIP"`
}

func fieldKind() Kind {
	return Kind{
		Name: "field",
		Says: "What the path finds in the object is as claimed. If it finds several values, each must be, and every one that is not is listed. " +
			"A key, an index or a match that is not there is no error: nothing is found, which is `not-yet` for all claims but `exists: false` and a `count`. " +
			"A text is compared as it is, a number as it is printed, a mapping or a list as JSON. A null is the same as nothing. " +
			"A path into the `status` counts only if the status is about the object's present state (its `observedGeneration` is not older than " +
			"`metadata.generation`), and an object that is being deleted counts only for a path to `.metadata.deletionTimestamp`.",
		Fields: fieldFields{},
		Examples: []string{
			`field: {name: demoduo, path: .status.podIP, matches: "^10[.]"}`,
			`field: {name: demoduo, path: ".spec.containers[*].image", equals: "demo:1.0.0"}`,
			`field: {kind: Service, name: demoduo, path: "{.spec.ports[?(@.name=='http')].port}", compare: ">= 80"}`,
			`field: {name: demoduo, path: .spec.nodeSelector, exists: false}`,
		},
		Shows:       "Every value that the path found.",
		CannotTell:  "The API does not answer, refuses objects of the kind, or knows no such kind; the path does not fit the object: it takes a text for a list, say.",
		AskSays:     "The answer is the value at the path; of several values, a list of them in any order. A value in the status is known once no container of the object's pods is still starting.",
		AskFields:   fieldAsk{},
		AskExamples: []string{"answer: {field: {name: demoduo, path: .status.podIP}}"},
		check:       parseField,
		fact:        parseFieldFact,
	}
}

func parseField(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f fieldFields, wrong func(string, string, ...any)) {
		judgePath(f.Kind, f.Name, f.Path, wrong)
		claims := !f.none() || !f.Compare.none() || !f.Count.none()
		switch {
		case f.Exists == nil && !claims:
			wrong("", "nothing is claimed of the value (equals, contains, matches, compare, exists or count)")
		case f.Exists != nil && !*f.Exists && claims:
			wrong("exists", "where nothing is, nothing else can be claimed")
		}
	})
	return &field{anObject(f.Kind, f.Name), f.Path, f.textFields, f.Compare, f.Exists, f.Count}, mistakes
}

func parseFieldFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f fieldAsk, wrong func(string, string, ...any)) {
		judgePath(f.Kind, f.Name, f.Path, wrong)
	})
	return fieldFact{anObject(f.Kind, f.Name), f.Path}, mistakes
}

func judgePath(kind objectKind, name objectName, path jsonPath, wrong func(string, string, ...any)) {
	if name == "" {
		wrong("", "no object is named (name: NAME)")
	}
	if path == "" {
		wrong("", "no path is given (path: .status.podIP, and the like)")
	}
	if err := path.fits(anObject(kind, name).kind); path != "" && err != nil {
		wrong("path", "path: %v", err)
	}
}

// field claims what is at a path in an object.
type field struct {
	object
	path    jsonPath
	text    textFields
	compare comparison
	exists  *bool
	count   comparison
}

func (*field) Kind() string { return "field" }

// Subject returns the pod's name if the path is into its status: of what somebody wrote there is nothing to explain.
func (k *field) Subject() string {
	if !k.path.begins("status") {
		return ""
	}
	return k.object.Subject()
}

func (k *field) Title() string { return fmt.Sprintf("%s: %s", k.object, k.want()) }

func (k *field) want() string {
	var parts []string
	add := func(claimed bool, part string) {
		if claimed {
			parts = append(parts, part)
		}
	}
	add(!k.text.none(), k.text.want())
	add(!k.compare.none(), "is "+k.compare.String())
	add(k.exists != nil && *k.exists, "there")
	add(k.exists != nil && !*k.exists, "not there")
	add(!k.count.none(), "found "+k.count.String()+" times")
	return k.path.String() + " " + strings.Join(parts, ", ")
}

func (k *field) Eval(ctx context.Context, c Cluster) Result {
	values, r := valuesAt(ctx, c, k.object, k.path)
	if r.Verdict == Pass {
		r.Mismatches = k.differs(values)
	}
	if len(r.Mismatches) > 0 {
		r.Verdict = NotYet
	}
	r.Want = k.want()
	return r
}

func (k *field) differs(values []any) []Mismatch {
	of := k.path.String()
	needs := !k.text.none() || !k.compare.none() || k.exists != nil && *k.exists
	if len(values) == 0 && needs {
		return []Mismatch{{of, strings.TrimPrefix(k.want(), of+" "), "nothing"}}
	}
	var off []Mismatch
	if k.exists != nil && !*k.exists && len(values) > 0 {
		off = append(off, Mismatch{of, "nothing", shown(values)})
	}
	if n := lengthOf(values); !k.count.none() && !k.count.holds(float64(n)) {
		off = append(off, Mismatch{"number of " + of, k.count.String(), strconv.Itoa(n)})
	}
	for i, value := range values {
		one := of
		if len(values) > 1 {
			one = fmt.Sprintf("%s, value %d", of, i+1)
		}
		off = append(off, k.text.differs(one, plain(value))...)
		if n, err := strconv.ParseFloat(plain(value), 64); !k.compare.none() && (err != nil || !k.compare.holds(n)) {
			off = append(off, Mismatch{one, k.compare.String(), short(value)})
		}
	}
	return off
}

// shown lists values in one line.
func shown(values []any) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, short(v))
	}
	return strings.Join(texts, ", ")
}

// short is a value in a few words: a text in quotes.
func short(value any) string {
	switch value.(type) {
	case bool, int64, float64:
		return plain(value)
	}
	return quote(plain(value))
}

// valuesAt returns what is at the path with a pass, or the result that says why nobody can say.
func valuesAt(ctx context.Context, c Cluster, o object, path jsonPath) ([]any, Result) {
	find := o.living
	if path.begins("metadata", "deletionTimestamp") {
		find = o.find
	}
	found, r := find(ctx, c)
	if found == nil {
		return nil, r
	}
	values, err := path.find(found.Object)
	if err != nil {
		return nil, cannotTell(fmt.Sprintf("the path %s does not fit %s", path, o), err.Error(), "put the path right in the lesson")
	}
	r = Result{Verdict: Pass, Got: path.String() + " is " + shown(values), Evidence: Evidence{
		Command: fmt.Sprintf("kubectl get %s -o jsonpath=%s", o, shellQuote(string(path))),
	}}
	for _, v := range values {
		r.Evidence.Rows = append(r.Evidence.Rows, plain(v))
	}
	if len(values) == 0 {
		r.Got = "nothing at " + path.String()
		r.Evidence.Notes = []string{r.Got}
	}
	if why := stale(found); why != "" && path.mayBegin("status") {
		r.Verdict, r.Vacant, r.Got = NotYet, true, r.Got+", but "+why
	}
	return values, r
}

// stale says how far an object's status lags behind the object, or "".
func stale(o *unstructured.Unstructured) string {
	observed, ok, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	if !ok || observed >= o.GetGeneration() {
		return ""
	}
	return fmt.Sprintf("the status is about generation %d, and the object is at %d", observed, o.GetGeneration())
}

// shellQuote puts a text into single quotes for a shell.
func shellQuote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

type fieldFact struct {
	object
	path jsonPath
}

func (fieldFact) Kind() string { return "field" }

func (f fieldFact) Value(ctx context.Context, c Cluster) (string, Result) {
	values, r := valuesAt(ctx, c, f.object, f.path)
	if r.Verdict == Pass && len(values) == 0 {
		r.Verdict = NotYet
	}
	if r.Verdict != Pass {
		return "", r
	}
	if f.path.mayBegin("status") {
		if _, rest := f.settledPods(ctx, c); rest.Verdict != "" {
			return "", rest
		}
	}
	var texts []string
	for _, v := range values {
		texts = append(texts, plain(v))
	}
	return strings.Join(texts, ", "), r
}
