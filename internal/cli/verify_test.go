package cli

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/podlab/podlab/internal/lesson"
)

// courseOf is a course of labs without checks but one, which the near-misses are about.
func courseOf(ids ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, id := range ids {
		text := "---\nformat: 1\nid: " + id + "\ntitle: T\nminutes: 1\n---\n## One\n\nA pod.\n\n```yaml check\n- ready: {pod: p, containers: 1/1}\n```\n"
		files[id+"/lesson.md"] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

const missText = "# near-miss: {step: one, check: ready, says: not there}\n# Told.\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"

func planIn(files fs.FS, f verifyFlags, ids ...string) (verifyPlan, error) {
	if f.timeout == 0 {
		f.timeout = time.Minute
	}
	a := &app{Deps: Deps{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}, Labs: files}}
	return a.planVerify(f, ids)
}

func idsOf(labs []lesson.Lab) string {
	var ids []string
	for _, lab := range labs {
		ids = append(ids, lab.ID)
	}
	return strings.Join(ids, " ")
}

func TestWhatVerifyIsToDo(t *testing.T) {
	files := courseOf("a", "b", "c")
	files["b/near-miss/m.yaml"] = &fstest.MapFile{Data: []byte(missText)}
	for name, tc := range map[string]struct {
		flags  verifyFlags
		ids    []string
		labs   string
		misses int
		only   bool
	}{
		"every lab":            {labs: "a b c"},
		"some":                 {ids: []string{"c", "a"}, labs: "a c"},
		"the near-misses":      {flags: verifyFlags{nearMisses: true}, labs: "b", misses: 1, only: true},
		"the whole course":     {flags: verifyFlags{all: true}, labs: "a b c", misses: 1},
		"near-misses of a lab": {flags: verifyFlags{nearMisses: true}, ids: []string{"b"}, labs: "b", misses: 1, only: true},
	} {
		p, err := planIn(files, tc.flags, tc.ids...)
		if err != nil || idsOf(p.labs) != tc.labs || len(p.opts.NearMisses) != tc.misses || p.opts.NearMissesOnly != tc.only || p.seed != nil {
			t.Errorf("%s: %v %+v", name, err, p)
		}
	}
}

func TestWordsThatVerifyDoesNotTake(t *testing.T) {
	files := courseOf("a", "b")
	for says, tc := range map[string]struct {
		flags verifyFlags
		ids   []string
	}{
		"--timeout -1s: a time above 0":   {flags: verifyFlags{timeout: -time.Second}},
		"name none beside it":             {flags: verifyFlags{all: true}, ids: []string{"a"}},
		"leave --near-misses out":         {flags: verifyFlags{all: true, nearMisses: true}},
		"which order --shuffle takes":     {flags: verifyFlags{seed: 3, hasSeed: true}},
		"there is no lab \"z\"":           {ids: []string{"z"}},
		"there is no near-miss: it would": {flags: verifyFlags{nearMisses: true}},
	} {
		_, err := planIn(files, tc.flags, tc.ids...)
		var usage usageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), says) {
			t.Errorf("want %q, got %v", says, err)
		}
	}
	files["a/near-miss/m.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(missText, "one", "two", 1))}
	var mistakes lesson.Mistakes
	if _, err := planIn(files, verifyFlags{all: true}); !errors.As(err, &mistakes) || !strings.HasPrefix(err.Error(), `labs/a/near-miss/m.yaml:1:21: lab a has no step "two"`) {
		t.Errorf("%v", err)
	}
	if _, err := planIn(files, verifyFlags{}); err != nil {
		t.Errorf("a near-miss that is not asked for: %v", err)
	}
}

func TestASeedRepeatsItsOrder(t *testing.T) {
	ids := strings.Split("abcdefghijklmnopqrstuvwxyz", "")
	files := courseOf(ids...)
	first, err := planIn(files, verifyFlags{shuffle: true})
	if err != nil || first.seed == nil {
		t.Fatal(err, first.seed)
	}
	again, err := planIn(files, verifyFlags{shuffle: true, hasSeed: true, seed: *first.seed})
	if err != nil || idsOf(again.labs) != idsOf(first.labs) || *again.seed != *first.seed {
		t.Errorf("%v: seed %d gave\n%s and then\n%s", err, *first.seed, idsOf(first.labs), idsOf(again.labs))
	}
	other, err := planIn(files, verifyFlags{shuffle: true, hasSeed: true, seed: *first.seed + 1})
	if err != nil || idsOf(other.labs) == idsOf(first.labs) || idsOf(first.labs) == strings.Join(ids, " ") {
		t.Errorf("%v: not shuffled: %s, %s", err, idsOf(other.labs), idsOf(first.labs))
	}
	all := strings.Fields(idsOf(first.labs))
	slices.Sort(all)
	if !slices.Equal(all, ids) {
		t.Errorf("not every lab once: %s", idsOf(first.labs))
	}
}
