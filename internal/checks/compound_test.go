package checks_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// Of each group: what it must say, over what its parts say. Pass: demoduo is there. NotYet: it has not three containers.
// Vacant: there is no pod nobody. CannotTell: the node does not answer, which nprocs needs and a wrong ready does not.
func TestGroups(t *testing.T) {
	const (
		pass   = "ready: {pod: demoduo, containers: 2/2}"
		notYet = "ready: {pod: demoduo, containers: 3/3}"
		vacant = "ready: {pod: nobody, containers: 1/1}"
		blind  = "nprocs: {pod: demoduo, net: 3}"
	)
	node := errors.New("the node does not answer")
	for _, test := range []struct {
		check string
		blind error
		want  checks.Verdict
		says  string
	}{
		{"not: {" + notYet + "}", nil, checks.Pass, "2/2 containers ready"},
		{"not: {" + pass + "}", nil, checks.NotYet, "it holds: 2/2"},
		{"not: {" + vacant + "}", nil, checks.NotYet, "no pod nobody"},
		{"not: {" + blind + "}", node, checks.CannotTell, "does not answer"},
		{"not: {not: {" + pass + "}}", nil, checks.Pass, ""},
		{"not: {not: {" + blind + "}}", node, checks.CannotTell, ""},
		{"all: [{" + pass + "}, {" + pass + "}]", nil, checks.Pass, "all hold"},
		{"all: [{" + pass + "}, {" + notYet + "}, {" + vacant + "}]", nil, checks.NotYet, "2/2 containers ready; no pod nobody"},
		{"all: [{" + notYet + "}, {" + blind + "}]", node, checks.NotYet, "2/2"},
		{"all: [{not: {" + notYet + "}}, {" + blind + "}]", node, checks.CannotTell, "does not answer"},
		{"any: [{" + notYet + "}, {" + pass + "}]", nil, checks.Pass, "2/2"},
		{"any: [{" + notYet + "}, {" + vacant + "}]", nil, checks.NotYet, "no pod nobody"},
		{"any: [{" + notYet + "}, {" + blind + "}]", node, checks.CannotTell, "does not answer"},
		{"not: {all: [{" + pass + "}, {" + vacant + "}]}", nil, checks.NotYet, "no pod nobody"},
		{"not: {all: [{" + notYet + "}, {" + vacant + "}]}", nil, checks.Pass, ""},
		{"not: {any: [{" + notYet + "}, {" + vacant + "}]}", nil, checks.NotYet, ""},
	} {
		c := recorded(t)
		c.NodeErr = test.blind
		r := check(t, test.check).Eval(t.Context(), c)
		text := strings.Join([]string{r.Got, r.Why}, " ")
		if r.Verdict != test.want || !strings.Contains(text, test.says) {
			t.Errorf("%s: %s, want %s saying %q: %+v", test.check, r.Verdict, test.want, test.says, r)
		}
	}
}

func TestAllListsEveryMismatch(t *testing.T) {
	r := check(t, "all: [{ready: {pod: demoduo, containers: 3/3}}, {ready: {pod: demosolo, containers: 2/2}}]").Eval(t.Context(), recorded(t))
	if len(r.Mismatches) != 2 || r.Mismatches[0].Want != "3/3" || r.Mismatches[1].Got != "1/1 (demox)" {
		t.Errorf("%+v", r.Mismatches)
	}
}

func TestAMistakeInAGroupIsFound(t *testing.T) {
	_, mistakes := checks.Parse(spec(t, "any: [{ready: {pod: a, containers: 2/1}}, {wheather: {}}]"))
	if len(mistakes) != 2 {
		t.Errorf("%v", mistakes)
	}
}

// at looks at the check at a time after the start. A check that is to be looked at again says when.
func at(t *testing.T, k checks.Check, c *checkstest.Cluster, start time.Time, after time.Duration) checks.Result {
	t.Helper()
	c.Clock = start.Add(after)
	return k.Eval(t.Context(), c)
}

func TestForMustHoldAllTheTime(t *testing.T) {
	c, start := recorded(t), time.Now()
	k := check(t, "ready: {pod: demoduo, containers: 2/2}\n  for: 5s")
	pod := c.Pods["demoduo"]
	steps := []struct {
		after time.Duration
		there bool
		want  checks.Verdict
		got   string
	}{
		{0, true, checks.NotYet, "for 0s so far"},
		{3 * time.Second, true, checks.NotYet, "for 3s so far"},
		{4 * time.Second, false, checks.NotYet, "no pod"},
		{5 * time.Second, true, checks.NotYet, "for 0s so far"},
		{9900 * time.Millisecond, true, checks.NotYet, "for 4.9s so far"},
		{10 * time.Second, true, checks.Pass, "2/2"},
		{23 * time.Second, true, checks.NotYet, "for 0s so far"}, // nobody looked for thirteen seconds
	}
	for _, step := range steps {
		delete(c.Pods, "demoduo")
		if step.there {
			c.Pods["demoduo"] = pod
		}
		r := at(t, k, c, start, step.after)
		if r.Verdict != step.want || !strings.Contains(r.Got, step.got) {
			t.Errorf("after %s: %s, %q; want %s, %q", step.after, r.Verdict, r.Got, step.want, step.got)
		}
		if step.there && r.Verdict == checks.NotYet && (r.Again <= 0 || r.Again > 500*time.Millisecond) {
			t.Errorf("after %s: look again after %s", step.after, r.Again)
		}
	}
}

func TestOnceIsEnough(t *testing.T) {
	c := recorded(t)
	k := check(t, "ready: {pod: demoduo, containers: 2/2}\n  once: true")
	if r := k.Eval(t.Context(), c); r.Verdict != checks.Pass {
		t.Fatalf("%+v", r)
	}
	delete(c.Pods, "demoduo")
	r := k.Eval(t.Context(), c)
	if r.Verdict != checks.Pass || !strings.Contains(strings.Join(r.Evidence.Notes, "\n"), "held once") {
		t.Errorf("%+v", r)
	}
	c.Memory().Forget()
	if r := k.Eval(t.Context(), c); r.Verdict != checks.NotYet {
		t.Errorf("after a reset: %+v", r)
	}
}

// A pod that crashes says why in its last words, which podlab finds by itself.
func TestTheReasonHasTheLastWords(t *testing.T) {
	c := recorded(t)
	c.Words = map[string][]string{"duocrash/demoy": {"one", "two", "three", "Failed to listen on 127.0.0.1:9081 (reason: Address already in use)"}}
	r := check(t, "ready: {pod: duocrash, containers: 2/2}").Eval(t.Context(), c)
	for _, part := range []string{"exit code 1", "two / three / Failed to listen on 127.0.0.1:9081"} {
		if !strings.Contains(r.Why, part) {
			t.Errorf("want %q in %q", part, r.Why)
		}
	}
	if strings.Contains(r.Why, "one") {
		t.Errorf("more than the last words: %q", r.Why)
	}
}

// An error that comes while looking for a reason is no verdict.
func TestAReasonThatCannotBeFoundIsLeftOut(t *testing.T) {
	c := recorded(t)
	c.LogsErr, c.EventsErr = context.DeadlineExceeded, context.DeadlineExceeded
	r := check(t, "ready: {pod: duocrash, containers: 2/2}").Eval(t.Context(), c)
	if r.Verdict != checks.NotYet || !strings.Contains(r.Why, "exit code") {
		t.Errorf("%+v", r)
	}
}

func TestTheReasonOfAMissingPodIsItsController(t *testing.T) {
	c := recorded(t)
	c.Warnings = append(c.Warnings, corev1.Event{
		Type: corev1.EventTypeWarning, Reason: "FailedCreate", Message: `pods "web-" is forbidden: exceeded quota`,
		InvolvedObject: corev1.ObjectReference{Kind: "StatefulSet", Name: "web"},
	})
	r := check(t, "ready: {pod: web-0, containers: 1/1}").Eval(t.Context(), c)
	if !strings.Contains(r.Why, "exceeded quota") {
		t.Errorf("%+v", r)
	}
}
