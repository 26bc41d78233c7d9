package checks_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// An index that one of several lists is too short for leaves what the others have at it.
func TestFieldIndexInEach(t *testing.T) {
	uneven := func(_ testing.TB, c *checkstest.Cluster) {
		all := c.Pods["k8s-lone"].Spec.Containers
		all[0].Ports = []corev1.ContainerPort{{ContainerPort: 1}}
		all[1].Ports = []corev1.ContainerPort{{ContainerPort: 1}, {ContainerPort: 2}}
		all[0].Name, all[1].Name = "a]", "b"
	}
	const second = `field: {name: k8s-lone, path: ".spec.containers[*].ports[1].containerPort", `
	judge(t, []judged{
		{second + "exists: false}", uneven, checks.NotYet, `"got":"2"`, 1},
		{second + "count: 0}", uneven, checks.NotYet, `"want":"0","got":"1"`, 1},
		{"not: {" + second + "exists: true}}", uneven, checks.NotYet, "", 0},
		{second + "equals: 2}", uneven, checks.Pass, "is 2", 0},
		{`field: {name: k8s-lone, path: ".spec.containers[*].ports[2].containerPort", count: 0}`, uneven, checks.Pass, "nothing", 0},
		{`field: {name: k8s-lone, path: ".spec.containers[?(@.ports[1].containerPort==2)].name", equals: b}`, uneven, checks.Pass, "is \"b\"", 0},
		{`field: {name: k8s-lone, path: ".spec.containers[?(@.name=='a]')].ports[0].containerPort", equals: 1}`, uneven, checks.Pass, "is 1", 0},
		{`field: {name: k8s-lone, path: "..ports[1].containerPort", equals: 2}`, uneven, checks.Pass, "is 2", 0},
		{`field: {name: k8s-lone, path: ".spec.containers[*].ports[0:2].containerPort", exists: false}`, uneven, checks.CannotTell, "out of bounds", 0},
	})
}

// A status that lags behind says nothing of a claim or of its opposite, however the path to it is written.
func TestStaleStatusIsNoProof(t *testing.T) {
	changed := func(t testing.TB, c *checkstest.Cluster) {
		set(t, thing(t, c, "Deployment", "k8s-web"), int64(2), "metadata", "generation")
	}
	const web = "{kind: Deployment, name: k8s-web, "
	tests := []judged{
		{"not: {condition: " + web + "type: Available, is: False}}", changed, checks.NotYet, "about generation 1", 0},
		{"not: {condition: " + web + "type: Failing}}", changed, checks.NotYet, "no condition Failing", 0},
	}
	for _, path := range []string{".status.replicas", "['status'].replicas", "$['status']['replicas']", "..updatedReplicas"} {
		tests = append(tests,
			judged{"field: " + web + `path: "` + path + `", equals: 2}`, changed, checks.NotYet, "about generation 1", 0},
			judged{"not: {field: " + web + `path: "` + path + `", equals: 7}}`, changed, checks.NotYet, "about generation 1", 0})
	}
	tests = append(tests,
		judged{`field: {name: k8s-lone, path: "['metadata'].deletionTimestamp", exists: true}`, deleted("k8s-lone"), checks.Pass, "", 0},
		judged{"not: {field: " + web + `path: "['spec'].replicas", equals: 7}}`, changed, checks.Pass, "", 0})
	judge(t, tests)
}

// A path into a pod's status makes the check one about that pod, and why it is as it is belongs to the answer.
func TestFieldSubject(t *testing.T) {
	for path, explained := range map[string]bool{".status.phase": true, "['status'].phase": true, "$['status']['phase']": true, ".spec.nodeName": false} {
		r := eval(t, objects(t), `field: {name: k8s-loop, equals: x, path: "`+path+`"}`)
		if r.Verdict != checks.NotYet || (r.Why != "") != explained {
			t.Errorf("%s: %s, why %q", path, r.Verdict, r.Why)
		}
	}
}
