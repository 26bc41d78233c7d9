package checks_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// objects returns a fresh copy of what a real cluster had after honesty/world/kubernetes.yaml was applied to it.
func objects(t testing.TB) *checkstest.Cluster {
	t.Helper()
	text, err := os.ReadFile("testdata/kubernetes.json")
	if err != nil {
		t.Fatal(err)
	}
	var list unstructured.UnstructuredList
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatal(err)
	}
	c := &checkstest.Cluster{Pods: map[string]*corev1.Pod{}}
	for i := range list.Items {
		o := &list.Items[i]
		switch o.GetKind() {
		case "Pod":
			c.Pods[o.GetName()] = as[corev1.Pod](t, o)
		case "Event":
			c.Warnings = append(c.Warnings, *as[corev1.Event](t, o))
		default:
			c.Things = append(c.Things, o)
		}
	}
	return c
}

// as reads an object into its Go type.
func as[T any](t testing.TB, o *unstructured.Unstructured) *T {
	t.Helper()
	var typed T
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &typed); err != nil {
		t.Fatal(err)
	}
	return &typed
}

// thing returns one of the recorded objects, to be changed.
func thing(t testing.TB, c *checkstest.Cluster, kind, name string) *unstructured.Unstructured {
	t.Helper()
	for _, o := range c.Things {
		if o.GetKind() == kind && strings.HasPrefix(o.GetName(), name) {
			return o
		}
	}
	t.Fatalf("no %s %s was recorded", kind, name)
	return nil
}

// set changes one field of a recorded object.
func set(t testing.TB, o *unstructured.Unstructured, value any, fields ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(o.Object, value, fields...); err != nil {
		t.Fatal(err)
	}
}

type spoil func(t testing.TB, c *checkstest.Cluster)

// judged is one look of a check.
type judged struct {
	check   string
	spoil   spoil // may be nil
	verdict checks.Verdict
	says    string // part of Got, Why and the mismatches, or, of a fact, its value
	off     int    // how many mismatches are listed
}

func judge(t *testing.T, tests []judged) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.check, func(t *testing.T) {
			c := objects(t)
			if test.spoil != nil {
				test.spoil(t, c)
			}
			r := eval(t, c, test.check)
			said, err := json.Marshal([]any{r.Got, r.Why, r.Mismatches})
			if err != nil {
				t.Fatal(err)
			}
			plain := strings.NewReplacer(`\"`, `"`, `\u003e`, ">", `\u003c`, "<").Replace(string(said))
			if r.Verdict != test.verdict || len(r.Mismatches) != test.off || !strings.Contains(plain, test.says) {
				t.Errorf("%s, %d mismatches: %s;\nwant %s, %d, ...%s...", r.Verdict, len(r.Mismatches), plain, test.verdict, test.off, test.says)
			}
			sound(t, r)
		})
	}
}

// judgeFacts is judge for the answers of ask blocks.
func judgeFacts(t *testing.T, tests []judged) {
	t.Helper()
	for _, test := range tests {
		t.Run("ask "+test.check, func(t *testing.T) {
			c := objects(t)
			if test.spoil != nil {
				test.spoil(t, c)
			}
			got, r := value(t, c, test.check)
			known := test.verdict == checks.Pass
			if r.Verdict != test.verdict || known && got != test.says || !known && (got != "" || !strings.Contains(r.Got+r.Why, test.says)) {
				t.Errorf("%q, %+v; want %s, %q", got, r, test.verdict, test.says)
			}
			r.Want = "an answer"
			sound(t, r)
		})
	}
}

// sound looks at what every result must have.
func sound(t *testing.T, r checks.Result) {
	t.Helper()
	switch {
	case r.Want == "" || r.Got == "":
		t.Errorf("want %q, got %q: both must be said", r.Want, r.Got)
	case r.Verdict == checks.Pass && (len(r.Evidence.Rows)+len(r.Evidence.Notes) == 0 || r.Evidence.Command == ""):
		t.Errorf("a pass without evidence: %+v", r.Evidence)
	case (r.Verdict == checks.CannotTell) != (r.Try != "" && r.Why != ""):
		t.Errorf("why %q, try %q: a reason and a way out belong to cannot-tell, and a way out to it alone", r.Why, r.Try)
	}
}

// mistakes holds what Parse (or, for "ask ...", ParseFact) says of each source against part of it.
func refused(t *testing.T, tests map[string]string) {
	t.Helper()
	for source, want := range tests {
		t.Run(source, func(t *testing.T) {
			_, mistakes := checks.Parse(spec(t, strings.TrimPrefix(source, "ask ")))
			if strings.HasPrefix(source, "ask ") {
				_, mistakes = checks.ParseFact(spec(t, strings.TrimPrefix(source, "ask ")))
			}
			if !strings.Contains(mistakes.Error(), want) {
				t.Errorf("mistakes %v, want ...%s...", mistakes, want)
			}
		})
	}
}

func apiDown(_ testing.TB, c *checkstest.Cluster) { c.PodErr = errors.New("connection refused") }

func deleted(pod string) spoil {
	return func(_ testing.TB, c *checkstest.Cluster) { c.Pods[pod].DeletionTimestamp = anHourAgo() }
}

func TestPhase(t *testing.T) {
	judge(t, []judged{
		{"phase: {pod: k8s-lone, is: Running}", nil, checks.Pass, "phase Running", 0},
		{"phase: {pod: k8s-done, is: Succeeded}", nil, checks.Pass, "phase Succeeded", 0},
		{"phase: {pod: k8s-bad, is: Failed}", nil, checks.Pass, "phase Failed", 0},
		{"phase: {pod: k8s-loop, is: Running}", nil, checks.Pass, "phase Running", 0},
		{"phase: {pod: k8s-bad, is: Succeeded}", nil, checks.NotYet, `"want":"Succeeded","got":"Failed"`, 1},
		{"phase: {pod: k8s-done, is: Running}", nil, checks.NotYet, "phase Succeeded", 1},
		{"phase: {pod: nobody, is: Pending}", nil, checks.NotYet, "no pod nobody", 0},
		{"phase: {pod: k8s-lone, is: Running}", deleted("k8s-lone"), checks.NotYet, "pod k8s-lone is being deleted", 0},
		{"phase: {pod: k8s-lone, is: Unknown}", func(_ testing.TB, c *checkstest.Cluster) {
			c.Pods["k8s-lone"].Status.Phase = ""
		}, checks.NotYet, "has no phase yet", 0},
		{"phase: {pod: k8s-lone, is: Running}", apiDown, checks.CannotTell, "connection refused", 0},
		{"phase: {pod: nobody, is: Running}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	judgeFacts(t, []judged{
		{"phase: {pod: k8s-loop}", nil, checks.Pass, "Running", 0},
		{"phase: {pod: k8s-bad}", nil, checks.Pass, "Failed", 0},
		{"phase: {pod: nobody}", nil, checks.NotYet, "no pod nobody", 0},
		{"phase: {pod: k8s-bad}", deleted("k8s-bad"), checks.NotYet, "is being deleted", 0},
		{"phase: {pod: k8s-bad}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	refused(t, map[string]string{
		"phase: {pod: a, is: Runnin}":   `lesson.md:1:23: check "phase": is: unknown phase "Runnin" (did you mean "Running"?)`,
		"phase: {pod: a, is: Complete}": `unknown phase "Complete" (there are Pending, Running, Succeeded, Failed, Unknown)`,
		"phase: {pod: a}":               "no phase is given",
		"phase: {is: Running}":          "no pod is named",
		"ask phase: {}":                 "no pod is named",
		"ask phase: {pod: a, is: b}":    `unknown field "is"`,
	})
}

func anHourAgo() *metav1.Time {
	at := metav1.Now().Add(-time.Hour)
	return &metav1.Time{Time: at}
}
