package honesty

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/podlab/podlab/internal/checks"
)

// kindNames returns the names of all kinds of check.
func kindNames() []string {
	var names []string
	for _, k := range checks.Kinds() {
		names = append(names, k.Name)
	}
	return names
}

func TestTheCaseFilesAreWhole(t *testing.T) {
	suite, err := Read(os.DirFS("."), kindNames())
	if err != nil {
		t.Error(err)
	}
	if len(suite.Missing) > 0 {
		t.Errorf("kinds without a case file: %s", strings.Join(suite.Missing, ", "))
	}
	if len(suite.Kinds) == 0 || len(suite.World) == 0 {
		t.Errorf("%d kinds, %d objects", len(suite.Kinds), len(suite.World))
	}
}

const whole = `looks: [api, node]
passes:
- why: plain
  check: {ready: {pod: web, containers: 2/2}}
- why: in block style, after something was done
  other: true
  looks: [api]
  check:
    ready:
      pod: web
      containers: 1/1
  do: |
    kubectl delete pod web
    echo done
near-misses:
- {why: one short, check: {ready: {pod: web, containers: 3/3}}, says: "2/3"}
- {why: another, check: {ready: {pod: web, containers: 4/4}}, says: "2/4"}
- {why: a third, check: {ready: {pod: web, containers: 5/5}}, says: "2/5"}
`

func TestReadACaseFile(t *testing.T) {
	files := fstest.MapFS{
		"cases/ready.yaml": {Data: []byte(whole)},
		"world/a.yaml":     {Data: []byte("# two objects\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: a}\n")},
	}
	suite, err := Read(files, []string{"ready", "nprocs"})
	if err != nil {
		t.Fatal(err)
	}
	if len(suite.World) != 2 || suite.World[1].GetKind() != "Service" || !slices.Equal(suite.Missing, []string{"nprocs"}) {
		t.Errorf("world %v, missing %v", suite.World, suite.Missing)
	}
	cases := suite.Kinds[0].Cases
	if len(cases) != 5 {
		t.Fatalf("%d cases", len(cases))
	}
	second := cases[1]
	if second.Name != "passes 2" || !second.Other || second.Do != "kubectl delete pod web\necho done\n" ||
		!slices.Equal(second.Looks, []Sense{API}) || second.Check.Title() != "web: 1/1 containers ready" {
		t.Errorf("second case: %+v", second)
	}
	if miss := cases[3]; miss.Want != checks.NotYet || miss.Says != "2/4" || miss.Name != "near-misses 2" || !slices.Equal(miss.Looks, []Sense{API, Node}) {
		t.Errorf("fourth case: %+v", miss)
	}
}

func TestWhatIsWrongWithACaseFileIsNamed(t *testing.T) {
	for _, tc := range []struct{ name, old, new, says string }{
		{"an unknown field", "why: plain", "why: plain\n  wy: x", "wy"},
		{"an unknown check", "check: {ready: {pod: web, containers: 2/2}}", "check: {redy: {pod: web}}", `unknown kind "redy"`},
		{"a check of another kind", "check: {ready: {pod: web, containers: 2/2}}", "check: {pid1: {pod: web, program: php}}", "pid1"},
		{"a wrong field of the check", "containers: 2/2", "container: 2/2", `unknown field "container"`},
		{"no other right way", "other: true", "other: false", "different right way"},
		{"too few near-misses", `- {why: a third, check: {ready: {pod: web, containers: 5/5}}, says: "2/5"}`, "", "2 near-misses are too few"},
		{"a near-miss that says nothing", `, says: "2/5"`, "", "a near-miss needs says"},
		{"an unknown sense", "looks: [api, node]", "looks: [api, nose]", `"nose"`},
		{"no api", "looks: [api, node]", "looks: [node]", "looks lacks api"},
		{"no why", "why: plain", "why:", "no why"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(whole, tc.old, tc.new, 1)
			if text == whole {
				t.Fatal("nothing was replaced")
			}
			_, err := Read(fstest.MapFS{"cases/ready.yaml": {Data: []byte(text)}}, []string{"ready"})
			if err == nil || !strings.Contains(err.Error(), tc.says) || !strings.Contains(err.Error(), "cases/ready.yaml") {
				t.Errorf("%v, want it to say %q", err, tc.says)
			}
		})
	}
	t.Run("an unknown kind", func(t *testing.T) {
		_, err := Read(fstest.MapFS{"cases/raedy.yaml": {Data: []byte(whole)}}, []string{"ready"})
		if err == nil || !strings.Contains(err.Error(), `no kind of check "raedy"`) {
			t.Error(err)
		}
	})
	t.Run("an object twice", func(t *testing.T) {
		pod := &fstest.MapFile{Data: []byte("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n")}
		_, err := Read(fstest.MapFS{"world/a.yaml": pod, "world/b.yaml": pod}, nil)
		if err == nil || !strings.Contains(err.Error(), "world/b.yaml: Pod a is in world/a.yaml as well") {
			t.Error(err)
		}
	})
}
