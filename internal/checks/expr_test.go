package checks_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/lesson"
)

func aService(name, app string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": name},
		"spec": map[string]any{"selector": map[string]any{"app": app}, "ports": []any{map[string]any{"port": int64(80)}}},
	}}
}

func exprOf(that, rest string) string {
	return "expr:\n    that: |\n      " + strings.ReplaceAll(that, "\n", "\n      ") + "\n" + rest
}

func TestExprPassesWithTheValuesThatDecided(t *testing.T) {
	for _, test := range []struct {
		name, that, rest string
		rows             []string
	}{
		{
			"a comparison", `size(pods.filter(p, p.metadata.name == "demoduo")) == 1`, "",
			[]string{`size(pods.filter(p, p.metadata.name == "demoduo")) = 1`},
		},
		{
			"several parts", `2 <= size(pods) && !(pods.exists(p, p.metadata.name == "nobody")) && "a" in ["a", "b"]`, "",
			[]string{"size(pods) = 17", `pods.exists(p, p.metadata.name == "nobody") = false`, `["a", "b"] = a, b`},
		},
		{
			"objects", `objects.Service[0].spec.ports[0].port == 80 && size(objects.Pod) > 1`, "    with: [Service]\n",
			[]string{"objects.Service[0].spec.ports[0].port = 80", "size(objects.Pod) = 17"},
		},
		{
			"processes", `processes.filter(p, p.pod == "demoduo").map(p, p.container) == ["pause", "demox", "demoy"]`, "",
			[]string{`processes.filter(p, p.pod == "demoduo").map(p, p.container) = pause, demox, demoy`, `["pause", "demox", "demoy"] = pause, demox, demoy`},
		},
		{
			"namespaces", `processes.filter(p, p.pod == "demoduo" && p.comm == "php").all(p, p.ns.net == processes.filter(q, q.pod == "demoduo")[0].ns.net)`, "",
			[]string{`processes.filter(p, p.pod == "demoduo" && p.comm == "php").all(p, p.ns.net == processes.filter(q, q.pod == "demoduo")[0].ns.net) = true`},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := recorded(t)
			c.Things = append(c.Things, aService("web", "demoduo"))
			r := check(t, exprOf(test.that, test.rest)).Eval(t.Context(), c)
			if r.Verdict != checks.Pass {
				t.Fatalf("%s: %s %s", r.Verdict, r.Got, r.Why)
			}
			if diff := cmp.Diff(test.rows, r.Evidence.Rows); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestExprListsEveryMismatch(t *testing.T) {
	c := recorded(t)
	c.Things = append(c.Things, aService("web", "other"))
	source := exprOf(`size(pods) == 3 && objects.Service[0].spec.selector.app == "demoduo" &&
(size(pods) > 1 || size(pods) == 99) &&
!(objects.Service[0].metadata.name == "web") && 100 < size(pods) &&
pods.all(p, has(p.spec.nothing))`, "    with: [Service]\n    message: web selects demoduo\n")
	r := check(t, source).Eval(t.Context(), c)
	want := []checks.Mismatch{
		{Of: "size(pods)", Want: "3", Got: "17"},
		{Of: "objects.Service[0].spec.selector.app", Want: `"demoduo"`, Got: `"other"`},
		{Of: "objects.Service[0].metadata.name", Want: `not == "web"`, Got: `"web"`},
		{Of: "size(pods)", Want: "> 100", Got: "17"},
		{Of: "pods.all(p, has(p.spec.nothing))", Want: "true", Got: "false"},
	}
	if diff := cmp.Diff(want, r.Mismatches); diff != "" || r.Verdict != checks.NotYet || r.Want != "web selects demoduo" || r.Vacant {
		t.Errorf("%s, want %q, vacant %t\n%s", r.Verdict, r.Want, r.Vacant, diff)
	}
	if !strings.HasPrefix(r.Got, `size(pods) is 17, objects.Service[0].spec.selector.app is "other", `) {
		t.Errorf("got %q", r.Got)
	}
}

func TestExprSaysWhereAKeyIsMissing(t *testing.T) {
	for _, test := range []struct{ name, that, rest, want string }{
		{"a field", "size(pods) > 1 &&\n  pods[0].spec.nothing == 1", "", "no such key: nothing (lesson.md:4:"},
		{"no such object", "objects.Service[0].metadata.name == 'a'", "    with: [Service]\n", "index out of bounds: 0 (lesson.md:3:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := check(t, exprOf(test.that, test.rest)).Eval(t.Context(), recorded(t))
			if r.Verdict != checks.NotYet || !strings.Contains(r.Got, test.want) || !r.Vacant {
				t.Errorf("%s, %q, vacant %t; want not-yet, %q", r.Verdict, r.Got, r.Vacant, test.want)
			}
		})
	}
}

func TestExprCannotTell(t *testing.T) {
	unknown := errors.New("connection reset")
	for _, test := range []struct {
		name, that, want string
		change           func(*checkstest.Cluster)
	}{
		{"the API", "size(pods) == 1", "connection reset", func(c *checkstest.Cluster) { c.PodErr = unknown }},
		{"the node", "size(processes) == 1", "connection reset", func(c *checkstest.Cluster) { c.NodeErr = unknown }},
		{"no bool", "pods[0].metadata.name", "true or false", nil},
		{"types that do not go together", `pods[0].metadata.name > 3`, "no such overload", nil},
		{"division by zero", "1 / (size(pods) - 17) == 1", "division by zero", nil},
		{"too costly", "processes.all(a, processes.all(b, processes.all(c, processes.all(d, a.pid + b.pid + c.pid + d.pid > 0))))", "cost limit", nil},
		{"a node that shows nothing", "size(processes) > 0", "do not fit", func(c *checkstest.Cluster) { clear(c.Snapshot.Tasks) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := recorded(t)
			if test.change != nil {
				test.change(c)
			}
			start := time.Now()
			r := check(t, exprOf(test.that, "")).Eval(t.Context(), c)
			if r.Verdict != checks.CannotTell || !strings.Contains(r.Got+r.Why, test.want) || r.Try == "" {
				t.Errorf("%s: %q, %q; want cannot-tell with %q", r.Verdict, r.Got, r.Why, test.want)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestExprStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := check(t, exprOf("processes.all(a, processes.all(b, a.pid + b.pid > 0))", "")).Eval(ctx, recorded(t))
	if r.Verdict != checks.CannotTell || !strings.Contains(r.Why, "interrupted") {
		t.Errorf("%s: %q", r.Verdict, r.Why)
	}
}

func TestExprOverObjectsAloneLooksAtNoNode(t *testing.T) {
	c := recorded(t)
	c.NodeErr = errors.New("no node may be looked at")
	if r := check(t, exprOf("size(pods) == 17", "")).Eval(t.Context(), c); r.Verdict != checks.Pass {
		t.Errorf("%s: %s %s", r.Verdict, r.Got, r.Why)
	}
}

func TestExprHoldsTheNodeAgainstTheAPI(t *testing.T) {
	c := recorded(t)
	id := strings.TrimPrefix(c.Pods["demoduo"].Status.ContainerStatuses[0].ContainerID, "containerd://")
	delete(c.Snapshot.Tasks, id)
	r := check(t, exprOf(`processes.exists(p, p.container == "demoy")`, "")).Eval(t.Context(), c)
	if r.Verdict != checks.NotYet || !r.Vacant || !strings.Contains(r.Got, "is not on node") {
		t.Errorf("%s, vacant %t: %q", r.Verdict, r.Vacant, r.Got)
	}
}

// That all processes are as claimed is no claim about a container that does not run.
func TestExprNeedsRunningContainers(t *testing.T) {
	const all = `processes.all(p, p.container != "nothing")`
	alone := func(pod string) spoil {
		return func(_ testing.TB, c *checkstest.Cluster) {
			maps.DeleteFunc(c.Pods, func(name string, _ *corev1.Pod) bool { return name != pod })
		}
	}
	down := func(containers ...string) spoil {
		return func(t testing.TB, c *checkstest.Cluster) {
			alone("demoduo")(t, c)
			for _, container := range containers {
				stop(c, "demoduo", container)
			}
		}
	}
	for name, test := range map[string]struct {
		rest, says string
		change     spoil
		verdict    checks.Verdict
	}{
		"all run":                    {"    of: [demoduo]\n", "true", down(), checks.Pass},
		"one is down":                {"    of: [demoduo]\n", "not running: demoy", down("demoy"), checks.NotYet},
		"the sandbox alone":          {"    of: [demoduo]\n", "not running: demox", down("demox", "demoy"), checks.NotYet},
		"no node":                    {"    of: [duounscheduled]\n", "on no node yet", alone("duounscheduled"), checks.NotYet},
		"whatever runs":              {"", "true", down("demoy"), checks.Pass},
		"whatever runs, but nothing": {"", "not running: demox", down("demox", "demoy"), checks.NotYet},
		"whatever has a node":        {"", "on no node yet", alone("duounscheduled"), checks.NotYet},
		"no pods":                    {"", "true", alone(""), checks.Pass},
	} {
		c := recorded(t)
		test.change(t, c)
		r := check(t, exprOf(all, test.rest)).Eval(t.Context(), c)
		if r.Verdict != test.verdict || !strings.Contains(r.Got, test.says) || r.Vacant != (test.verdict == checks.NotYet) {
			t.Errorf("%s: %s, vacant %t: %q", name, r.Verdict, r.Vacant, r.Got)
		}
	}
}

func TestExprMistakesStandAtTheirPlace(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"syntax", "- expr:\n    that: |\n      size(pods) ==\n        == 1\n", "4:9: check \"expr\": that: Syntax error: extraneous input '=='"},
		{"unknown name", "- expr: {that: 'size(pod) == 1'}\n", `1:22: check "expr": that: undeclared reference to 'pod' (did you mean 'pods'?)`},
		{"not a bool", "- expr: {that: size(pods)}\n", `1:16: check "expr": that: want an expression that is true or false, found one of the type int`},
		{"wrong types", "- expr: {that: 'size(pods) == \"1\"'}\n", `1:28: check "expr": that: found no matching overload for '_==_' applied to '(int, string)'`},
		{"none", "- expr: {message: a}\n", `1:3: check "expr": no expression is given (that: TRUE OR FALSE)`},
		{"a kind that is not named", "- expr: {that: 'objects.Service.size() == 0 || objects[\"Job\"].size() == 0', with: [Service]}\n", `1:55: check "expr": that: objects.Job is read: add it to the kinds in with`},
		{"asked for with has", "- expr: {that: '!has(objects.Service)'}\n", `1:21: check "expr": that: objects.Service is read: add it to the kinds in with`},
		{"asked for with in", "- expr: {that: '!(\"Job\" in objects)'}\n", `1:25: check "expr": that: objects.Job is read: add it to the kinds in with`},
		{"pods that are not read", "- expr: {that: 'true', of: [a]}\n", `1:24: check "expr": of: the expression does not read processes`},
		{"a kind that is not read", "- expr: {that: 'pods.size() == 0', with: [Service]}\n", `1:36: check "expr": with: the expression does not read objects`},
		{"no kind", "- expr: {that: 'true', with: [services]}\n", `1:31: check "expr": with[0]: no kind of object in a namespace is called "services" (did you mean "Service"?)`},
	} {
		t.Run(test.name, func(t *testing.T) {
			specs, mistakes := lesson.ParseChecks("f", test.source)
			if len(mistakes) > 0 {
				t.Fatal(mistakes)
			}
			_, mistakes = checks.Parse(specs[0])
			if len(mistakes) == 0 || !strings.HasPrefix(mistakes[0].Error(), "f:"+test.want) {
				t.Errorf("%v, want %q", mistakes, test.want)
			}
		})
	}
}

func TestExprAsFact(t *testing.T) {
	for that, want := range map[string]string{
		`pods.filter(p, p.metadata.name.startsWith("demo")).map(p, p.metadata.name)`: "demoduo, demosolo, demotrio",
		`size(pods)`:          "17",
		`size(pods) > 1`:      "true",
		`"a" + "b"`:           "ab",
		`2.5`:                 "2.5",
		`{"a": [1, 2]}`:       `{"a":[1,2]}`,
		`objects.Pod[1].kind`: "Pod",
		`duration("90s")`:     "90s",
	} {
		text, r := value(t, recorded(t), "expr: {that: '"+that+"'}")
		if r.Verdict != checks.Pass || text != want {
			t.Errorf("%s: %s %q (%s %s), want %q", that, r.Verdict, text, r.Got, r.Why, want)
		}
	}
}

func TestExprAsFactWithoutAValue(t *testing.T) {
	for that, want := range map[string]checks.Verdict{
		`pods[0].spec.nothing`:                    checks.NotYet,
		`pods.filter(p, false)`:                   checks.NotYet,
		`pods[0].metadata.name > pods[0].missing`: checks.NotYet,
		`pods[0].metadata.name / 2`:               checks.CannotTell,
	} {
		text, r := value(t, recorded(t), "expr: {that: '"+that+"'}")
		if text != "" || r.Verdict != want {
			t.Errorf("%s: %q, %s, want %s", that, text, r.Verdict, want)
		}
	}
}

func TestExprSeesAPodThatIsNotReadyYet(t *testing.T) {
	c := recorded(t)
	pod := c.Pods["demoduo"]
	pod.Spec.NodeName, pod.DeletionTimestamp = "", &metav1.Time{}
	r := check(t, exprOf(`!processes.exists(p, p.pod == "demoduo") && processes.exists(p, p.pod == "demosolo")`, "")).Eval(t.Context(), c)
	if r.Verdict != checks.Pass {
		t.Errorf("%s: %s %s", r.Verdict, r.Got, r.Why)
	}
}

func TestExprOfSomePods(t *testing.T) {
	c := recorded(t)
	c.Pods["demotrio"].UID = "of another moment"
	for rest, want := range map[string]checks.Verdict{
		"    of: [demosolo, demoduo]\n": checks.Pass,
		"":                              checks.CannotTell,
		"    of: [nobody]\n":            checks.NotYet,
	} {
		r := check(t, exprOf(`processes.map(p, p.pod).exists(n, n == "demoduo") && !processes.exists(p, p.pod == "demotrio")`, rest)).Eval(t.Context(), c)
		if r.Verdict != want {
			t.Errorf("%q: %s, %s %s; want %s", rest, r.Verdict, r.Got, r.Why, want)
		}
	}
}

// As to every other kind, a pod that is being deleted is gone; whoever wants to see it asks for objects.Pod.
func TestExprLeavesOutPodsThatAreBeingDeleted(t *testing.T) {
	c := objects(t)
	before := eval(t, c, `expr: {that: 'pods.exists(p, p.metadata.name == "k8s-lone")'}`)
	now := metav1.Now()
	c.Pods["k8s-lone"].DeletionTimestamp = &now
	after := eval(t, c, `expr: {that: 'pods.exists(p, p.metadata.name == "k8s-lone")'}`)
	still := eval(t, c, `expr: {that: 'objects.Pod.exists(p, p.metadata.name == "k8s-lone")'}`)
	if before.Verdict != checks.Pass || after.Verdict != checks.NotYet || still.Verdict != checks.Pass {
		t.Errorf("%s, %s, %s", before.Verdict, after.Verdict, still.Verdict)
	}
}

// No process is seen of a pod that pods leaves out.
func TestExprLeavesOutTheProcessesOfPodsThatAreBeingDeleted(t *testing.T) {
	c := recorded(t)
	source := `expr: {that: 'processes.exists(p, !pods.exists(q, q.metadata.name == p.pod))'}`
	now := metav1.Now()
	c.Pods["demoduo"].DeletionTimestamp = &now
	if r := eval(t, c, source); r.Verdict != checks.NotYet {
		t.Errorf("%s, %s", r.Verdict, r.Got)
	}
}
