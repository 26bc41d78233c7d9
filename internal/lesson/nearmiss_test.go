package lesson

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const missPod = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - {name: c, image: i}\n"

// missCourse is a course with one lab and one near-miss in it.
func missCourse(name, miss string) fstest.MapFS {
	lab := step + "text\n\n```yaml check\n- ready: {pod: p, containers: 1/1}\n- pid1: {pod: p, containers: {c: php}}\n  id: first\n```\n"
	return fstest.MapFS{"x/lesson.md": {Data: []byte(lab)}, "x/near-miss/" + name: {Data: []byte(miss)}}
}

func loadMiss(t *testing.T, name, miss string) ([]NearMiss, error) {
	t.Helper()
	fsys := missCourse(name, miss)
	c, err := Load(fsys, "labs")
	if err != nil {
		t.Fatal(err)
	}
	return LoadNearMisses(fsys, "labs", c)
}

func TestANearMissIsRead(t *testing.T) {
	head := `# near-miss: {step: step-one, check: [ready, first], says: "0/1, \"c\"", verdict: cannot-tell}` + "\n# It never gets ready.\n"
	all, err := loadMiss(t, "no-port.yaml", head+missPod+"---\n"+strings.Replace(missPod, "name: p", "name: q", 1))
	if err != nil || len(all) != 1 {
		t.Fatal(err, all)
	}
	m := all[0]
	if m.Lab != "x" || m.ID != "no-port" || m.File != "labs/x/near-miss/no-port.yaml" || m.Step != "step-one" || strings.Join(m.Checks, " ") != "ready first" {
		t.Errorf("%+v", m)
	}
	if m.Says != `0/1, "c"` || m.Verdict != "cannot-tell" || len(m.Objects) != 2 || m.Objects[1].GetName() != "q" {
		t.Errorf("%+v", m)
	}
	all, err = loadMiss(t, "one.yaml", "# near-miss: {step: step-one, check: first, says: no php}\n# One.\n"+missPod)
	if err != nil || all[0].Verdict != "not-yet" || strings.Join(all[0].Checks, " ") != "first" {
		t.Error(err, all)
	}
}

func TestBrokenNearMisses(t *testing.T) {
	for _, b := range brokenNearMisses() {
		t.Run(b.name, func(t *testing.T) {
			_, err := loadMiss(t, "m.yaml", b.lesson)
			want := "labs/x/near-miss/m.yaml:" + strings.ReplaceAll(b.want, "\n", "\nlabs/x/near-miss/m.yaml:")
			if err == nil || err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
}

// Nothing in the folder is skipped without a word.
func TestFilesThatAreNoNearMisses(t *testing.T) {
	for _, c := range oddMisses() {
		t.Run(c.name, func(t *testing.T) {
			fsys := c.fsys.(fstest.MapFS)
			fsys["x/lesson.md"] = missCourse("m.yaml", "")["x/lesson.md"]
			course, err := Load(fsys, "labs")
			if err != nil {
				t.Fatal(err)
			}
			all, err := LoadNearMisses(fsys, "labs", course)
			if diff := cmp.Diff(c.want, message(err)); diff != "" || len(all) != 0 {
				t.Error(diff, all)
			}
		})
	}
}

func oddMisses() []odd {
	near := func(name, data string, mode fs.FileMode) fstest.MapFS {
		return fstest.MapFS{"x/near-miss/" + name: {Data: []byte(data), Mode: mode}}
	}
	misnamed := func(name string) string {
		return `labs/x/near-miss: file name "` + name + `": want small letters and digits, joined by single dashes, and .yaml`
	}
	return []odd{
		{"a name with a space", near("No port.yaml", "", 0), misnamed("No port.yaml")},
		{"another ending", near("m.yml", "", 0), misnamed("m.yml")},
		{"capitals", near("m.YAML", "", 0), misnamed("m.YAML")},
		{"a text", near("README.md", "", 0), misnamed("README.md")},
		{"no name", near(".yaml", "", 0), misnamed(".yaml")},
		{"a folder", near("old/m.yaml", "", 0), `labs/x/near-miss: a folder "old" is no near-miss: want files NAME.yaml`},
		{"a pipe", near("m.yaml", "", fs.ModeNamedPipe), "labs/x/near-miss/m.yaml: a near-miss must be a regular file"},
		{"too large", near("m.yaml", strings.Repeat("a", maxFile+1), 0), "labs/x/near-miss/m.yaml: a near-miss of more than 1 MiB is not read"},
		{"an escape", near("m.yaml", "\x1b", 0), "labs/x/near-miss/m.yaml:1:1: control character U+001B: a manifest is plain text"},
	}
}

func brokenNearMisses() []broken {
	const told = "\n# Told.\n" + missPod
	return []broken{
		{"no header", "# Told.\n# Told.\n" + missPod, `1:1: a near-miss begins with a line # near-miss: {step: STEP, check: CHECK, says: "TEXT"}`},
		{"empty", "", "1:1: a near-miss begins with a line # near-miss: {step: STEP, check: CHECK, says: \"TEXT\"}\n1:1: no object in this manifest\n2:1: say in a comment here what is wrong with this manifest"},
		{"nothing told", "# near-miss: {step: step-one, check: ready, says: no php}\n" + missPod, "2:1: say in a comment here what is wrong with this manifest"},
		{"unknown step", "# near-miss: {step: step-onr, check: ready, says: no php}" + told, `1:21: lab x has no step "step-onr" (did you mean "step-one"?)`},
		{"unknown check", "# near-miss: {step: step-one, check: redy, says: no php}" + told, `1:38: step "step-one" has no check "redy" (did you mean "ready"?)`},
		{"unknown check in a list", "# near-miss: {step: step-one, check: [ready, ready, zap], says: no php}" + told, "1:46: check: \"ready\" is given twice\n1:53: step \"step-one\" has no check \"zap\""},
		{"a check that is none", "# near-miss: {step: step-one, check: {a: b}, says: no php}" + told, "1:38: check: want the id of a check, found a mapping"},
		{"no checks", "# near-miss: {step: step-one, check: [], says: no php}" + told, "1:38: check: want the id of a check, found an empty list"},
		{"fields missing", "# near-miss: {step: step-one, check: ready}" + told, `1:14: this near-miss has no "says"`},
		{"a text that is too short", "# near-miss: {step: step-one, check: ready, says: \"/1\"}" + told, `1:51: says: want at least 3 characters, found "/1"`},
		{"a blank text", "# near-miss: {step: step-one, check: ready, says: \"    \"}" + told, `1:51: says: want at least 3 characters, found "    "`},
		{"an empty text", "# near-miss: {step: step-one, check: ready, says: \"\"}" + told, `1:14: this near-miss has no "says"`},
		{"unknown field", "# near-miss: {step: step-one, check: ready, says: no php, sys: y}" + told, `1:59: unknown field "sys" (did you mean "says"?)`},
		{"unknown verdict", "# near-miss: {step: step-one, check: ready, says: no php, verdict: pass}" + told, `1:68: verdict: want not-yet or cannot-tell, found "pass"`},
		{"bad YAML", "# near-miss: {step: step-one" + told, "1:14: bad YAML: could not find flow mapping end token '}'"},
		{"a field that is none", "# near-miss: {step: step-one, check: ready, says: no php}" + strings.Replace(told, "image", "imgae", 1), `8:15: Pod "p": unknown field "spec.containers[0].imgae" (did you mean "image"?)`},
	}
}
