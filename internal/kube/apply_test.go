package kube

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func pod(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": name},
	}}
}

func notFound(w http.ResponseWriter) {
	answer(w, http.StatusNotFound, metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound,
	})
}

func TestApplySendsAStrictServerSideApply(t *testing.T) {
	type request struct {
		Method, Path, ContentType string
		Query                     map[string][]string
		Namespace                 string
	}
	var got []request
	mux := http.NewServeMux()
	discoveryOf(mux)
	mux.HandleFunc("GET /api/v1/namespaces/lab/pods/duo", func(w http.ResponseWriter, _ *http.Request) { notFound(w) })
	mux.HandleFunc("PATCH /", func(w http.ResponseWriter, r *http.Request) {
		var body unstructured.Unstructured
		if err := json.NewDecoder(r.Body).Decode(&body.Object); err != nil {
			t.Error(err)
		}
		got = append(got, request{r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.URL.Query(), body.GetNamespace()})
		w.Header().Add("Warning", `299 - "demo is old"`)
		answer(w, http.StatusCreated, body.Object)
	})
	c := serve(t, newGate(), mux)
	manifest := pod("duo")
	applied, err := c.Apply(t.Context(), "lab", []*unstructured.Unstructured{manifest})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Applied{{Object: "pod/duo", Action: "created", Warnings: []string{"demo is old"}}}, applied); diff != "" {
		t.Error(diff)
	}
	want := []request{{
		Method: "PATCH", Path: "/api/v1/namespaces/lab/pods/duo", ContentType: "application/apply-patch+yaml",
		Query: map[string][]string{
			"fieldManager": {"podlab"}, "fieldValidation": {"Strict"}, "force": {"true"},
		},
		Namespace: "lab",
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if manifest.GetNamespace() != "" {
		t.Error("the lesson's own object was changed")
	}
}

// Several labs apply through one client at the same time: a warning belongs to the apply that it answers.
func TestAWarningGoesToItsOwnApply(t *testing.T) {
	var both sync.WaitGroup
	both.Add(2)
	mux := http.NewServeMux()
	discoveryOf(mux)
	mux.HandleFunc("GET /api/v1/namespaces/lab/pods/{name}", func(w http.ResponseWriter, _ *http.Request) {
		both.Done() // none is answered before the other apply has begun
		both.Wait()
		notFound(w)
	})
	mux.HandleFunc("PATCH /api/v1/namespaces/lab/pods/{name}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Warning", fmt.Sprintf(`299 - "%s is old"`, r.PathValue("name")))
		answer(w, http.StatusCreated, pod(r.PathValue("name")).Object)
	})
	c := serve(t, newGate(), mux)
	var applies sync.WaitGroup
	for _, name := range []string{"solo", "duo"} {
		applies.Go(func() {
			applied, err := c.Apply(t.Context(), "lab", []*unstructured.Unstructured{pod(name)})
			want := []Applied{{Object: "pod/" + name, Action: "created", Warnings: []string{name + " is old"}}}
			if diff := cmp.Diff(want, applied); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
	applies.Wait()
}

// Somebody else's change between the look and the apply is a conflict, and is looked at again.
func TestApplyTellsUnchangedFromConfigured(t *testing.T) {
	for name, test := range map[string]struct {
		after string // the version after the apply
		want  string
	}{"unchanged": {"8", "unchanged"}, "configured": {"9", "configured"}} {
		t.Run(name, func(t *testing.T) {
			version := 7
			mux := http.NewServeMux()
			discoveryOf(mux)
			mux.HandleFunc("/api/v1/namespaces/lab/pods/duo", func(w http.ResponseWriter, r *http.Request) {
				now := pod("duo")
				now.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "podlab", Operation: metav1.ManagedFieldsOperationApply}})
				now.SetResourceVersion(fmt.Sprint(version))
				if r.Method == http.MethodPatch {
					var body unstructured.Unstructured
					if err := json.NewDecoder(r.Body).Decode(&body.Object); err != nil {
						t.Error(err)
					}
					if version == 7 {
						version++
						answer(w, http.StatusConflict, apierrors.NewConflict(pods.GroupResource(), "duo", errors.New("changed")).Status())
						return
					}
					if body.GetResourceVersion() != "8" {
						t.Errorf("applied to version %q, want 8", body.GetResourceVersion())
					}
					now.SetResourceVersion(test.after)
				}
				answer(w, http.StatusOK, now.Object)
			})
			c := serve(t, newGate(), mux)
			applied, err := c.Apply(t.Context(), "lab", []*unstructured.Unstructured{pod("duo")})
			if err != nil || len(applied) != 1 || applied[0].Action != test.want {
				t.Errorf("got %v, %v, want %s", applied, err, test.want)
			}
		})
	}
}

func TestApplyStopsAtTheFirstRefusal(t *testing.T) {
	mux := http.NewServeMux()
	discoveryOf(mux)
	mux.HandleFunc("GET /api/v1/namespaces/lab/pods/{name}", func(w http.ResponseWriter, _ *http.Request) { notFound(w) })
	mux.HandleFunc("PATCH /api/v1/namespaces/lab/pods/{name}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("name") == "bad" {
			answer(w, http.StatusForbidden, metav1.Status{
				TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure,
				Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden, Message: "exceeded quota: small\nand a dump",
			})
			return
		}
		answer(w, http.StatusCreated, pod(r.PathValue("name")).Object)
	})
	c := serve(t, newGate(), mux)
	applied, err := c.Apply(t.Context(), "lab", []*unstructured.Unstructured{pod("good"), pod("bad"), pod("late")})
	if len(applied) != 1 || applied[0].Object != "pod/good" {
		t.Errorf("applied %v, want pod/good alone", applied)
	}
	var refused *Refused
	if !errors.As(err, &refused) || err.Error() != "apply pod/bad: exceeded quota: small" {
		t.Errorf("got %v", err)
	}
	if !apierrors.IsForbidden(err) {
		t.Error("the server's own answer is lost")
	}
}

func TestApplyRefusesWhatIsNotOfTheLab(t *testing.T) {
	mux := http.NewServeMux()
	discoveryOf(mux)
	c := serve(t, newGate(), mux)
	elsewhere := pod("duo")
	elsewhere.SetNamespace("kube-system")
	cluster := pod("x")
	cluster.SetKind("Namespace")
	for want, o := range map[string]*unstructured.Unstructured{
		`apply pod/duo: metadata.namespace: must be left out, or be this lab's: "lab"`:                             elsewhere,
		"apply pod/: metadata.name: Required value":                                                                pod(""),
		"apply namespace/x: belongs to the whole cluster, and a lesson may only apply what stays in its namespace": cluster,
	} {
		if _, err := c.Apply(t.Context(), "lab", []*unstructured.Unstructured{o}); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
