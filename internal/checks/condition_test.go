package checks_test

import (
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

func TestCondition(t *testing.T) {
	changed := func(t testing.TB, c *checkstest.Cluster) {
		set(t, thing(t, c, "Deployment", "k8s-web"), int64(2), "metadata", "generation")
	}
	podChanged := func(_ testing.TB, c *checkstest.Cluster) { c.Pods["k8s-lone"].Generation = 2 }
	gone := func(t testing.TB, c *checkstest.Cluster) {
		thing(t, c, "Deployment", "k8s-web").SetDeletionTimestamp(anHourAgo())
	}
	available := "condition: {kind: Deployment, name: k8s-web, type: Available, reason: MinimumReplicasAvailable}"
	judge(t, []judged{
		{"condition: {name: k8s-lone, type: Ready}", nil, checks.Pass, "Ready is True", 0},
		{"condition: {name: k8s-loop, type: Ready, is: False}", nil, checks.Pass, "Ready is False (ContainersNotReady: containers with unready status: [loop])", 0},
		{"condition: {name: k8s-done, type: Ready, is: False, reason: PodCompleted}", nil, checks.Pass, "PodCompleted", 0},
		{available, nil, checks.Pass, "Available is True", 0},
		{"condition: {name: k8s-loop, type: Ready}", nil, checks.NotYet, `{"of":"Ready","want":"True","got":"False"}`, 1},
		{"condition: {name: k8s-loop, type: Ready, reason: PodCompleted}", nil, checks.NotYet, `{"of":"Ready's reason","want":"PodCompleted","got":"ContainersNotReady"}`, 2},
		{"condition: {name: k8s-lone, type: Ready, is: False}", nil, checks.NotYet, "Ready is True", 1},
		{"condition: {name: k8s-lone, type: Mine, is: False}", nil, checks.NotYet, "pod k8s-lone has no condition Mine", 0},
		{"condition: {name: k8s-lone, type: Ready}", podChanged, checks.NotYet, "about generation 1 of pod k8s-lone, which is at 2", 1},
		{available, changed, checks.NotYet, "about generation 1 of deployment k8s-web, which is at 2", 1},
		{available, gone, checks.NotYet, "deployment k8s-web is being deleted", 0},
		{"condition: {name: k8s-lone, type: Ready, is: False}", deleted("k8s-lone"), checks.NotYet, "pod k8s-lone is being deleted", 0},
		{"condition: {name: nobody, type: Ready, is: False}", nil, checks.NotYet, "no pod nobody", 0},
		{"condition: {kind: StatefulSet, name: k8s-web, type: Available}", nil, checks.NotYet, "no statefulset k8s-web", 0},
		{available, apiDown, checks.CannotTell, "connection refused", 0},
	})
	judgeFacts(t, []judged{
		{"condition: {name: k8s-loop, type: Ready}", nil, checks.Pass, "False", 0},
		{"condition: {kind: Deployment, name: k8s-web, type: Available}", nil, checks.Pass, "True", 0},
		{"condition: {kind: Deployment, name: k8s-web, type: Available}", changed, checks.NotYet, "about generation 1", 0},
		{"condition: {name: k8s-loop, type: Mine}", nil, checks.NotYet, "no condition Mine", 0},
		{"condition: {name: k8s-loop, type: Ready}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	refused(t, map[string]string{
		"condition: {name: a, type: Ready, is: maybe}":                `lesson.md:1:41: check "condition": is: want True, False or Unknown, found "maybe"`,
		"condition: {kind: deployment, name: a, type: Available}":     `lesson.md:1:21: check "condition": kind: no kind of object in a namespace is called "deployment" (did you mean "Deployment"?)`,
		"condition: {name: a/b, type: Ready}":                         `"a/b" cannot be the name of an object`,
		"condition: {type: Ready}":                                    "no object is named",
		"condition: {name: a}":                                        "no condition is named",
		"condition: {name: a, type: ready}":                           `a Pod has no condition "ready" (did you mean "Ready"?)`,
		"condition: {kind: Deployment, name: a, type: ReplicaFailur}": `did you mean "ReplicaFailure"?`,
		"ask condition: {name: a, type: PodSheduled}":                 `did you mean "PodScheduled"?`,
		"ask condition: {name: a}":                                    "no condition is named",
	})
}
