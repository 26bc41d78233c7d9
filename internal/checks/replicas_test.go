package checks_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

func TestReplicas(t *testing.T) {
	web := func(t testing.TB, c *checkstest.Cluster) *unstructured.Unstructured {
		return thing(t, c, "Deployment", "k8s-web")
	}
	scaled := func(t testing.TB, c *checkstest.Cluster) { set(t, web(t, c), int64(2), "metadata", "generation") }
	unseen := func(t testing.TB, c *checkstest.Cluster) { set(t, web(t, c), map[string]any{}, "status") }
	leaving := func(t testing.TB, c *checkstest.Cluster) { web(t, c).SetDeletionTimestamp(anHourAgo()) }
	changing := func(t testing.TB, c *checkstest.Cluster) {
		set(t, web(t, c), map[string]any{
			"observedGeneration": int64(1), "replicas": int64(3), "readyReplicas": int64(2), "availableReplicas": int64(2), "updatedReplicas": int64(1),
		}, "status")
	}
	daemon := func(t testing.TB, c *checkstest.Cluster) {
		o := web(t, c)
		o.SetKind("DaemonSet")
		set(t, o, map[string]any{
			"observedGeneration": int64(1), "currentNumberScheduled": int64(1), "numberReady": int64(1), "updatedNumberScheduled": int64(1),
		}, "status")
	}
	judge(t, []judged{
		{"replicas: {name: k8s-web, ready: 2}", nil, checks.Pass, "2 total, 2 ready, 2 updated, 2 available", 0},
		{`replicas: {name: k8s-web, ready: ">= 1", updated: 2, available: 2, total: 2}`, nil, checks.Pass, "2 ready", 0},
		{"replicas: {kind: ReplicaSet, name: k8s-web-8565d5cd9d, ready: 2}", nil, checks.Pass, "2 ready", 0},
		{"replicas: {kind: DaemonSet, name: k8s-web, ready: 1, updated: 1, total: 1, available: 0}", daemon, checks.Pass, "1 ready", 0},

		{"replicas: {name: k8s-web, ready: 3, total: 3}", nil, checks.NotYet, `{"of":"ready replicas","want":"3","got":"2"}`, 2},
		{"replicas: {name: k8s-web, ready: 2, updated: 2, total: 2}", changing, checks.NotYet, `{"of":"updated replicas","want":"2","got":"1"}`, 2},
		{"replicas: {name: k8s-web, ready: 2}", scaled, checks.NotYet, "the status is about generation 1, and the object is at 2", 0},
		{"replicas: {name: k8s-web, ready: 0}", unseen, checks.NotYet, "nothing has looked after deployment k8s-web yet", 0},
		{"replicas: {name: k8s-web, ready: 2}", leaving, checks.NotYet, "being deleted", 0},
		{"replicas: {name: nobody, ready: 0}", nil, checks.NotYet, "no deployment nobody", 0},
		{"replicas: {kind: StatefulSet, name: k8s-web, ready: 2}", nil, checks.NotYet, "no statefulset k8s-web", 0},
		{"replicas: {name: k8s-web, ready: 2}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	judgeFacts(t, []judged{
		{"replicas: {name: k8s-web}", nil, checks.Pass, "2", 0},
		{"replicas: {name: k8s-web, count: updated}", changing, checks.Pass, "1", 0},
		{"replicas: {kind: ReplicaSet, name: k8s-web-8565d5cd9d, count: total}", nil, checks.Pass, "2", 0},
		{"replicas: {name: k8s-web}", scaled, checks.NotYet, "generation 1", 0},
		{"replicas: {name: k8s-web}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	refused(t, map[string]string{
		"replicas: {ready: 2}":                                      `no object is named`,
		"replicas: {name: a}":                                       `no number is given`,
		"replicas: {kind: Pod, name: a, ready: 1}":                  `lesson.md:1:20: check "replicas": kind: "Pod" does not keep a number of pods`,
		"replicas: {kind: deployment, name: a, ready: 1}":           `did you mean "Deployment"?`,
		"replicas: {kind: ReplicaSet, name: a, updated: 1}":         `a ReplicaSet does not count updated pods`,
		"replicas: {name: a, ready: 2/2}":                           `want a number or a comparison`,
		"ask replicas: {name: a, count: readdy}":                    `did you mean "ready"?`,
		"ask replicas: {kind: ReplicaSet, name: a, count: updated}": `a ReplicaSet does not count updated pods`,
		"ask replicas: {count: ready}":                              `no object is named`,
	})
}
