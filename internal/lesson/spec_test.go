package lesson

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fake has a field of every type that a kind of check may want.
type fake struct {
	Pod        string            `yaml:"pod"`
	Containers string            `yaml:"containers"`
	Wait       bool              `yaml:"wait"`
	Ratio      float64           `yaml:"ratio"`
	Port       uint16            `yaml:"port"`
	Names      []string          `yaml:"names"`
	Labels     map[string]string `yaml:"labels"`
	Inner      *struct {
		Depth int `yaml:"depth"`
	} `yaml:"inner"`
	Since  time.Time `yaml:"since"`
	Plain  string
	shared `yaml:",inline"`
	Counts map[string]int `yaml:",inline"`
}

type shared struct {
	Node string `yaml:"node"`
}

// strictFake has no room for other fields.
type strictFake struct {
	Pod        string           `yaml:"pod"`
	Containers string           `yaml:"containers"`
	Wait       bool             `yaml:"wait"`
	Count      int              `yaml:"count"`
	Names      []string         `yaml:"names"`
	Limits     map[string]uint8 `yaml:"limits"`
	Since      time.Time        `yaml:"since"`
}

func only(t *testing.T, source string) CheckSpec {
	t.Helper()
	specs, mistakes := ParseChecks("labs/duo/lesson.md", source)
	if len(mistakes) > 0 || len(specs) != 1 {
		t.Fatalf("%d checks, %v", len(specs), mistakes)
	}
	return specs[0]
}

func TestDecodeFillsPlainStructs(t *testing.T) {
	spec := only(t, `- fake:
    pod: demoduo
    containers: 2/2
    wait: true
    ratio: 0.5
    port: 8080
    names: [a, 1, true, "x y"]
    labels: {app: web, version: 1.10}
    inner: {depth: -3}
    since: 2026-11-21T00:00:00Z
    plain: |
      two
      lines
    node: worker
    net: 3
    uts: 3
`)
	var got fake
	if mistakes := spec.Decode(&got); len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	want := fake{
		Pod: "demoduo", Containers: "2/2", Wait: true, Ratio: 0.5, Port: 8080, Names: []string{"a", "1", "true", "x y"},
		Labels: map[string]string{"app": "web", "version": "1.10"}, Inner: &struct {
			Depth int `yaml:"depth"`
		}{-3},
		Since: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC), Plain: "two\nlines\n",
		shared: shared{"worker"}, Counts: map[string]int{"net": 3, "uts": 3},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(fake{})); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeFindsEveryMistake(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"a near name", "- ready:\n    contaners: 2/2\n", `2:5: check "ready": unknown field "contaners" (did you mean "containers"?)`},
		{"a far name", "- ready: {zone: a}\n", `1:11: check "ready": unknown field "zone"`},
		{"its own id", "- id: up\n  ready: {zone: a}\n", `2:11: check "up": unknown field "zone"`},
		{
			"several", "- ready: {wiat: true, count: many, wait: 1, pod: a, pod: b}\n",
			`1:11: check "ready": unknown field "wiat" (did you mean "wait"?)
1:30: check "ready": count: want a whole number, found "many"
1:42: check "ready": wait: want true or false, found 1
1:53: check "ready": field "pod" is given twice`,
		},
		{"text for true", `- ready: {wait: "true"}`, `1:17: check "ready": wait: want true or false, found "true"`},
		{"too large", "- ready: {limits: {a: 256}}", `1:23: check "ready": limits.a: want a whole number, 0 or more, found 256`},
		{"negative", "- ready: {limits: {a: -1}}", `1:23: check "ready": limits.a: want a whole number, 0 or more, found -1`},
		{"list for text", "- ready: {pod: [a]}", `1:16: check "ready": pod: want a text, found a list`},
		{"mapping for list", "- ready: {names: {a: b}}", `1:18: check "ready": names: want a list, found a mapping`},
		{"mapping in list", "- ready: {names: [a, {b: c}]}", `1:22: check "ready": names[1]: want a text, found a mapping`},
		{"list for mapping", "- ready: {limits: []}", `1:19: check "ready": limits: want a mapping of fields, found a list`},
		{"a text", "- ready: demoduo", `1:10: check "ready": want a mapping of fields, found "demoduo"`},
		{"time", "- ready: {since: today}", `1:18: check "ready": since: parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			mistakes := only(t, c.source).Decode(new(strictFake))
			got := strings.ReplaceAll(mistakes.Error(), "labs/duo/lesson.md:", "")
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDecodeOfNothingIsNothing(t *testing.T) {
	var got strictFake
	if mistakes := only(t, "- ready:\n").Decode(&got); len(mistakes) > 0 {
		t.Error(mistakes)
	}
	if mistakes := (CheckSpec{ID: "a", Kind: "a"}).Decode(&got); len(mistakes) > 0 {
		t.Error(mistakes)
	}
	if diff := cmp.Diff(strictFake{}, got); diff != "" {
		t.Error(diff)
	}
}

func TestMistakeStandsAtItsField(t *testing.T) {
	spec := only(t, "- ready:\n    pod: a\n    list:\n    - name: b\n")
	for field, want := range map[string]string{
		"":            `labs/duo/lesson.md:1:3: check "ready": no pod 7`,
		"pod":         `labs/duo/lesson.md:2:5: check "ready": no pod 7`,
		"list":        `labs/duo/lesson.md:3:5: check "ready": no pod 7`,
		"list.0.name": `labs/duo/lesson.md:4:7: check "ready": no pod 7`,
		"list.9":      `labs/duo/lesson.md:3:5: check "ready": no pod 7`,
		"missing":     `labs/duo/lesson.md:1:3: check "ready": no pod 7`,
	} {
		if got := spec.Mistake(field, "no pod %d", 7).Error(); got != want {
			t.Errorf("Mistake(%q) = %s, want %s", field, got, want)
		}
	}
}

func TestTheExampleMessage(t *testing.T) {
	lesson := step + strings.Repeat("text\n", 30) + "\n~~~yaml check\n- ready:\n    contaners: 2/2\n~~~\n"
	c, err := Load(course("x", lesson), "labs")
	if err != nil {
		t.Fatal(err)
	}
	mistakes := c.Labs[0].Steps[0].Checks()[0].Decode(new(strictFake))
	want := `labs/x/lesson.md:41:5: check "ready": unknown field "contaners" (did you mean "containers"?)`
	if diff := cmp.Diff(want, mistakes.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestAnswersSayThatTheyAreAnswers(t *testing.T) {
	c, err := Load(course("x", step+"~~~yaml ask\nprompt: a\nanswer: {nprocs: {pdo: a}}\n~~~\n"), "labs")
	if err != nil {
		t.Fatal(err)
	}
	ask := c.Labs[0].Steps[0].Blocks[0].(Ask)
	want := `labs/x/lesson.md:10:19: answer "nprocs": unknown field "pdo" (did you mean "pod"?)`
	if diff := cmp.Diff(want, ask.Answer.Decode(new(strictFake)).Error()); diff != "" {
		t.Error(diff)
	}
}

func TestIDsOfChecks(t *testing.T) {
	specs, mistakes := ParseChecks("f", "- ready: {}\n- id: ready-2\n  ready: {}\n- ready: {}\n- nprocs: {}\n")
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	var ids []string
	for _, s := range specs {
		ids = append(ids, s.ID)
	}
	if diff := cmp.Diff([]string{"ready", "ready-2", "ready-3", "nprocs"}, ids); diff != "" {
		t.Error(diff)
	}
}

func TestDidYouMean(t *testing.T) {
	names := []string{"ready", "nprocs", "id", "containers"}
	for written, want := range map[string]string{
		"raedy": "ready", "Ready": "ready", "nproc": "nprocs", "di": "id", "contaners": "containers", "xyz": "", "": "", "ip": "id",
	} {
		if got, _ := nearest(written, names); got != want {
			t.Errorf("nearest(%q) = %q, want %q", written, got, want)
		}
	}
}
