package checks_test

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

func TestEvent(t *testing.T) {
	eventsDown := func(_ testing.TB, c *checkstest.Cluster) { c.EventsErr = errors.New("events are forbidden") }
	replaced := func(_ testing.TB, c *checkstest.Cluster) { c.Pods["k8s-loop"].UID = "another" }
	series := func(_ testing.TB, c *checkstest.Cluster) {
		for i := range c.Warnings {
			if e := &c.Warnings[i]; e.InvolvedObject.Name == "k8s-loop" && e.Reason == "BackOff" {
				e.Count, e.Series = 0, &corev1.EventSeries{Count: 7}
			}
		}
	}
	judge(t, []judged{
		{"event: {name: k8s-loop, reason: BackOff}", nil, checks.Pass, "event BackOff: 4", 0},
		{"event: {name: k8s-loop, reason: BackOff, type: Warning, container: loop, count: 4}", nil, checks.Pass, "Warning event BackOff of container loop: 4", 0},
		{`event: {name: k8s-loop, reason: Started, count: ">= 2"}`, nil, checks.Pass, "event Started: ", 0},
		{"event: {name: k8s-lone, reason: Created, container: first, count: 1}", nil, checks.Pass, "1", 0},
		{"event: {name: k8s-loop, reason: BackOff, count: 7}", series, checks.Pass, "event BackOff: 7", 0},
		{"event: {name: k8s-lone, reason: BackOff, count: 0}", nil, checks.Pass, "event BackOff: 0", 0},
		{"event: {kind: Deployment, name: k8s-web, reason: ScalingReplicaSet, message: {contains: from 0 to 2}}", nil, checks.Pass, "1", 0},
		{"event: {name: k8s-loop, reason: BackOff}", deleted("k8s-loop"), checks.Pass, "4", 0},

		{"event: {name: k8s-loop, reason: BackOff, container: calm}", nil, checks.NotYet, `"want":">= 1","got":"0"`, 1},
		{"event: {name: k8s-loop, reason: BackOff, type: Normal}", nil, checks.NotYet, "Normal event BackOff: 0", 1},
		{"event: {name: k8s-loop, reason: BackOff, count: 5}", nil, checks.NotYet, `"want":"5","got":"4"`, 1},
		{"event: {kind: Deployment, name: k8s-web, reason: ScalingReplicaSet, message: {contains: from 0 to 3}}", nil, checks.NotYet, `"want":"containing "from 0 to 3"`, 2},
		{"event: {name: k8s-loop, reason: BackOff}", replaced, checks.NotYet, "event BackOff: 0", 1},
		{"event: {name: k8s-loop, reason: BackOff, container: lop, count: 0}", nil, checks.NotYet, "pod k8s-loop has no container lop", 0},
		{"not: {event: {name: k8s-loop, reason: BackOff, container: lop}}", nil, checks.NotYet, "no container lop", 0},
		{"event: {name: nobody, reason: BackOff, count: 0}", nil, checks.NotYet, "no pod nobody", 0},
		{"event: {name: k8s-loop, reason: BackOff}", apiDown, checks.CannotTell, "connection refused", 0},
		{"event: {name: k8s-lone, reason: BackOff, count: 0}", eventsDown, checks.CannotTell, "events are forbidden", 0},
	})
	judgeFacts(t, []judged{
		{"event: {name: k8s-loop, reason: BackOff}", nil, checks.Pass, "4", 0},
		{"event: {name: k8s-lone, reason: BackOff}", nil, checks.Pass, "0", 0},
		{"event: {name: nobody, reason: BackOff}", nil, checks.NotYet, "no pod nobody", 0},
		{"event: {name: k8s-loop, reason: BackOff}", eventsDown, checks.CannotTell, "events are forbidden", 0},
	})
	refused(t, map[string]string{
		"event: {reason: BackOff}":                                   "no object is named",
		"event: {name: a}":                                           "no reason is given",
		"event: {name: a, reason: b, type: Error}":                   `lesson.md:1:37: check "event": type: want Normal or Warning, found "Error"`,
		"event: {name: a, reason: b, count: often}":                  "want a number or a comparison",
		"event: {name: a, reason: b, message: {matches: '['}}":       "not a regular expression",
		"event: {kind: Job, name: a, reason: b, container: c}":       "only a pod has containers",
		"ask event: {name: a}":                                       "no reason is given",
		"ask event: {name: a, reason: b, count: 3}":                  `unknown field "count"`,
		"event: {name: a, reason: b, message: {contain: something}}": `did you mean "contains"?`,
	})
}
