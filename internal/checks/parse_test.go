package checks_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/lesson"
)

func spec(t testing.TB, source string) lesson.CheckSpec {
	t.Helper()
	specs, mistakes := lesson.ParseChecks("lesson.md", "- "+source)
	if len(mistakes) > 0 || len(specs) != 1 {
		t.Fatalf("%d specs, mistakes %v", len(specs), mistakes)
	}
	return specs[0]
}

func TestParseMistakes(t *testing.T) {
	tests := map[string]string{
		"redy: {pod: demoduo, containers: 2/2}":   `lesson.md:1:3: check "redy": unknown kind "redy" (did you mean "ready"?)`,
		"ready: {pod: demoduo, contaners: 2/2}":   `lesson.md:1:25: check "ready": unknown field "contaners" (did you mean "containers"?)`,
		"ready: {pod: demoduo, containers: two}":  `lesson.md:1:37: check "ready": containers: want ready/total, as 2/2, found "two"`,
		"ready: {pod: demoduo, containers: 3/2}":  `lesson.md:1:37: check "ready": containers: "3/2" can never be: want 0 to total ready, and a total of 1 or more`,
		"ready: {pod: demo_duo, containers: 2/2}": `lesson.md:1:16: check "ready": pod: "demo_duo" cannot be the name of a pod: small letters, digits, - and . only`,
		"ready: {}":                                                    `lesson.md:1:3: check "ready": no pod is named (pod: NAME)` + "\n" + `lesson.md:1:3: check "ready": no number of containers is given (containers: READY/TOTAL)`,
		"nprocs: {pod: demoduo, nett: 3}":                              `lesson.md:1:26: check "nprocs": unknown field "nett" (did you mean "net"?)`,
		"nprocs: {pod: demoduo, net: 0, mnt: many}":                    `lesson.md:1:31: check "nprocs": net: want a number of processes, 1 or more, found "0"` + "\n" + `lesson.md:1:39: check "nprocs": mnt: want a number of processes, 1 or more, found "many"`,
		"nprocs: {pod: demoduo}":                                       `lesson.md:1:3: check "nprocs": no number of processes is given (net: NUMBER, and the like)`,
		"same-parent: {pod: demoduo}":                                  `lesson.md:1:3: check "same-parent": no parent is named (parent: containerd-shim-runc-v2)`,
		"same-parent: {pod: demoduo, parent: php}":                     `lesson.md:1:39: check "same-parent": parent: want the program name of a containerd shim, as containerd-shim-runc-v2, found "php"`,
		"namespaces: {pod: demoduo, shared: [net, utc]}":               `lesson.md:1:44: check "namespaces": shared[1]: unknown namespace type "utc" (did you mean "uts"?)`,
		"namespaces: {pod: demoduo, shared: [net], private: [net]}":    `lesson.md:1:45: check "namespaces": net cannot be both shared and private`,
		"namespaces: {pod: demoduo}":                                   `lesson.md:1:3: check "namespaces": no namespace type is named (shared: [...] or private: [...])`,
		"pid1: {pod: demoduo}":                                         `lesson.md:1:3: check "pid1": no container is named (containers: {NAME: PROGRAM})`,
		`pid1: {pod: demoduo, containers: {demox: "", demoy: php}}`:    `lesson.md:1:44: check "pid1": containers.demox: want a program's name or a whole command line, found nothing`,
		"pid1: {pod: demoduo, containers: {demox: , demoy: php}}":      `lesson.md:1:37: check "pid1": no program is given for container demox`,
		"pid1: {pod: demoduo, containers: {demox: php, demox: sleep}}": `lesson.md:1:49: check "pid1": field "demox" is given twice`,
	}
	for source, want := range tests {
		t.Run(source, func(t *testing.T) {
			_, mistakes := checks.Parse(spec(t, source))
			mistakes.Sort()
			if diff := cmp.Diff(want, mistakes.Error()); diff != "" {
				t.Errorf("mistakes (-want +got):\n%s", diff)
			}
		})
	}
}

// A name that is near to none is told all that there are.
func TestParseUnknownKind(t *testing.T) {
	_, mistakes := checks.Parse(spec(t, "weather: {pod: demoduo}"))
	if !strings.Contains(mistakes.Error(), `unknown kind "weather" (there are ready, `) || !strings.Contains(mistakes.Error(), ", pid1") {
		t.Error(mistakes)
	}
}

func TestParseFactMistakes(t *testing.T) {
	tests := map[string]string{
		"nprocs: {pod: demoduo, net: 3}":                       `unknown field "net"`,
		"nprocs: {pod: demoduo}":                               "no namespace type is given",
		"ready: {pod: demoduo, containers: 2/2}":               `unknown field "containers"`,
		"same-parent: {pod: demoduo, which: child}":            `want count or parent, found "child"`,
		"namespaces: {pod: demoduo}":                           "want one of type: TYPE and which: shared or private",
		"namespaces: {pod: demoduo, type: net, which: shared}": "want one of type: TYPE and which: shared or private",
		"namespaces: {pod: demoduo, which: common}":            `want shared or private, found "common"`,
		"pid1: {pod: demoduo}":                                 "no container is named",
		"pid2: {pod: demoduo}":                                 `did you mean "pid1"?`,
	}
	for source, want := range tests {
		t.Run(source, func(t *testing.T) {
			_, mistakes := checks.ParseFact(spec(t, source))
			if len(mistakes) != 1 || !strings.Contains(mistakes.Error(), want) {
				t.Errorf("mistakes %v, want one with %q", mistakes, want)
			}
		})
	}
}

func TestFacts(t *testing.T) {
	tests := map[string]string{
		"ready: {pod: demotrio}":                       "3/3",
		"ready: {pod: duocrash}":                       "1/2",
		"ready: {pod: duounscheduled}":                 "0/2",
		"nprocs: {pod: demotrio, type: net}":           "4",
		"nprocs: {pod: demotrio, type: mnt}":           "1",
		"nprocs: {pod: duovisited, type: net}":         "3",
		"nprocs: {pod: duoshared, type: pid}":          "3",
		"same-parent: {pod: demotrio}":                 "1",
		"same-parent: {pod: demotrio, which: count}":   "1",
		"same-parent: {pod: demotrio, which: parent}":  "containerd-shim-runc-v2",
		"namespaces: {pod: demoduo, type: net}":        "shared",
		"namespaces: {pod: demoduo, type: mnt}":        "private",
		"namespaces: {pod: demoduo, which: shared}":    "ipc, net, uts",
		"namespaces: {pod: duoshared, which: private}": "mnt",
		"pid1: {pod: demoduo, container: demoy}":       "php",
		"pid1: {pod: duoshared, container: demoy}":     "pause",
		"pid1: {pod: duotitled, container: demox}":     "php",
		"pid1: {pod: duotitled, container: demoy}":     "bash",
	}
	c := recorded(t) // only looked at
	for source, want := range tests {
		t.Run(source, func(t *testing.T) {
			got, r := value(t, c, source)
			if got != want || r.Verdict != checks.Pass || len(r.Evidence.Rows) < 2 {
				t.Errorf("%q, %+v; want %q", got, r, want)
			}
		})
	}
}

func value(t *testing.T, c *checkstest.Cluster, source string) (string, checks.Result) {
	t.Helper()
	fact, mistakes := checks.ParseFact(spec(t, source))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return fact.Value(t.Context(), c)
}

// A fact that is not known has no value, and says why.
func TestFactsNotKnown(t *testing.T) {
	down := func(c *checkstest.Cluster) { c.PodErr = errors.New("connection refused") }
	as := func(*checkstest.Cluster) {}
	tests := []struct {
		source  string
		spoil   func(*checkstest.Cluster)
		verdict checks.Verdict
		got     string
	}{
		{"ready: {pod: nobody}", as, checks.NotYet, "no pod nobody"},
		{"ready: {pod: duonovolume}", as, checks.NotYet, "demox is still starting"},
		{"ready: {pod: demoduo}", down, checks.CannotTell, "the API could not be asked"},
		{"nprocs: {pod: nobody, type: net}", as, checks.NotYet, "no pod nobody"},
		{"nprocs: {pod: duochildren, type: mnt}", as, checks.NotYet, "do not all have the same number"},
		{"same-parent: {pod: duocrash}", as, checks.NotYet, "not running: demoy"},
		{"namespaces: {pod: duonoimage, type: net}", as, checks.NotYet, "not running: demoy"},
		{"namespaces: {pod: demoduo, which: shared}", down, checks.CannotTell, "the API could not be asked"},
		{"pid1: {pod: demoduo, container: demoz}", as, checks.NotYet, "no container demoz"},
	}
	for _, test := range tests {
		c := recorded(t)
		test.spoil(c)
		got, r := value(t, c, test.source)
		if got != "" || r.Verdict != test.verdict || !strings.Contains(r.Got, test.got) {
			t.Errorf("%s: %q, %s, %q; want no value, %s, ...%q...", test.source, got, r.Verdict, r.Got, test.verdict, test.got)
		}
	}
}

func TestGrade(t *testing.T) {
	tests := []struct {
		answer, truth string
		want          bool
	}{
		{"3", "3", true},
		{" 3 processes.", "3", true},
		{"4", "3", false},
		{"3 4", "3", false},
		{"3 wrong", "3", false},
		{"33", "3", false},
		{"2 / 2", "2/2", true},
		{"2/2", "2/2", true},
		{"2", "2/2", false},
		{"Shared", "shared", true},
		{"UTS,net and  ipc", "ipc, net, uts", true},
		{"net, uts, and ipc", "ipc, net, uts", true},
		{"net, uts", "ipc, net, uts", false},
		{"net, uts, ipc, mnt", "ipc, net, uts", false},
		{"mnt and pid", "mnt and pid", true},
		{"PHP", "php", true},
		{"3.0", "3", true},
		{"03", "3", true},
		{"+3", "3", true},
		{"3.0 processes", "3", true},
		{"3.01", "3", false},
		{"30", "3", false},
		{"-3", "3", false},
		{"0.50", "0.5", true},
		{"three", "3", false},
		{"0x3", "3", false},
		{"3e0", "3", false},
		{"6/2", "3", false},
		{"10, 2.0", "2, 10", true},
		{"10, 2", "2, 10, 3", false},
		{"", "php", false},
		{"", "", false},
	}
	for _, test := range tests {
		if got := checks.Grade(test.answer, test.truth); got != test.want {
			t.Errorf("Grade(%q, %q) = %t, want %t", test.answer, test.truth, got, test.want)
		}
	}
}

func TestValidateFindsAllMistakes(t *testing.T) {
	step := lesson.Step{Blocks: []lesson.Block{
		lesson.Prose{},
		lesson.Check{Specs: []lesson.CheckSpec{spec(t, "redy: {pod: a}"), spec(t, everyKind()[0]), spec(t, "ready: {pod: a}")}},
		lesson.Ask{Answer: spec(t, "nprocs: {pod: a}")},
		lesson.Ask{Text: "yes"},
	}}
	course := lesson.Course{Labs: []lesson.Lab{{Steps: []lesson.Step{step}}, {Steps: []lesson.Step{step}}}}
	if got := checks.Validate(course); len(got) != 6 {
		t.Errorf("%d mistakes, want 3 for each lab:\n%v", len(got), got)
	}
}

func TestKindsAreTheOnesThatParse(t *testing.T) {
	for _, kind := range checks.Kinds() {
		for _, example := range kind.Examples {
			if k := check(t, example); k.Kind() != kind.Name || !strings.Contains(k.Title(), "demoduo") {
				t.Errorf("%s: kind %q, title %q", example, k.Kind(), k.Title())
			}
		}
		for _, example := range kind.AskExamples {
			source := strings.TrimSuffix(strings.TrimPrefix(example, "answer: {"), "}")
			fact, mistakes := checks.ParseFact(spec(t, source))
			if len(mistakes) > 0 || fact.Kind() != kind.Name {
				t.Errorf("%s: %v, %v", example, fact, mistakes)
			}
		}
	}
	names := map[string]bool{}
	for _, kind := range checks.Kinds() {
		if names[kind.Name] {
			t.Errorf("two kinds have the name %s", kind.Name)
		}
		names[kind.Name] = true
	}
}
