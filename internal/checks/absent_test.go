package checks_test

import (
	"net/http"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

func TestAbsent(t *testing.T) {
	leaving := func(t testing.TB, c *checkstest.Cluster) {
		o := thing(t, c, "Deployment", "k8s-web")
		o.SetDeletionTimestamp(anHourAgo())
		o.SetFinalizers([]string{"a/b"})
	}
	noKind := func(_ testing.TB, c *checkstest.Cluster) {
		c.PodErr = apierrors.NewGenericServerResponse(http.StatusNotFound, "get", schema.GroupResource{Resource: "widgets"}, "", "", 0, true)
	}
	forbidden := func(_ testing.TB, c *checkstest.Cluster) {
		c.PodErr = apierrors.NewForbidden(schema.GroupResource{Resource: "secrets"}, "k8s", nil)
	}
	judge(t, []judged{
		{"absent: {name: nobody}", nil, checks.Pass, "no pod nobody", 0},
		{"absent: {kind: StatefulSet, name: k8s-web}", nil, checks.Pass, "no statefulset k8s-web", 0},
		{"absent: {selector: app=k8s-lone}", nil, checks.Pass, "no pod with app=k8s-lone", 0},
		{`absent: {kind: Service, selector: "app in (a, b)"}`, nil, checks.Pass, "", 0},
		{"absent: {name: k8s-done}", nil, checks.NotYet, "k8s-done is there", 1},
		{"absent: {kind: Deployment, name: k8s-web}", leaving, checks.NotYet, "k8s-web is being deleted, kept by the finalizer a/b", 1},
		{"absent: {name: k8s-lone}", deleted("k8s-lone"), checks.NotYet, "k8s-lone is being deleted", 1},
		{"absent: {selector: app=k8s-web}", nil, checks.NotYet, `{"of":"pod k8s-web-`, 2},
		{"absent: {name: nobody}", apiDown, checks.CannotTell, "connection refused", 0},
		{"absent: {selector: app=nobody}", apiDown, checks.CannotTell, "connection refused", 0},
		{"absent: {kind: Lease, name: nobody}", noKind, checks.CannotTell, "could not find the requested resource", 0},
		{"absent: {kind: Lease, selector: a=b}", noKind, checks.CannotTell, "could not find the requested resource", 0},
		{"condition: {kind: Lease, name: nobody, type: Ready}", noKind, checks.CannotTell, "could not find the requested resource", 0},
		{"absent: {kind: Secret, name: nobody}", forbidden, checks.CannotTell, "forbidden", 0},
	})
	judgeFacts(t, []judged{
		{"absent: {name: nobody}", nil, checks.Pass, "yes", 0},
		{"absent: {selector: app=k8s-web}", nil, checks.Pass, "no", 0},
		{"absent: {name: k8s-lone}", deleted("k8s-lone"), checks.Pass, "no", 0},
		{"absent: {name: nobody}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	refused(t, map[string]string{
		"absent: {}":                               "want one of name: NAME and selector: LABELS",
		"absent: {name: a, selector: b=c}":         "want one of name: NAME and selector: LABELS",
		"absent: {selector: 'a=b=c'}":              `lesson.md:1:22: check "absent": selector: want a selector`,
		"absent: {selector: ' '}":                  "found nothing",
		"absent: {kind: pods, name: a}":            "(did you mean \"Pod\"?)",
		"ask absent: {kind: Pod}":                  "want one of name: NAME and selector: LABELS",
		"absent: {kind: Pod, name: a, label: a=b}": `unknown field "label"`,
	})
}
