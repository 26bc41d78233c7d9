package checks_test

import (
	"context"
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// deaf is a cluster that answers about all kinds of objects but one.
type deaf struct {
	*checkstest.Cluster
	to string
}

func TestEndpoints(t *testing.T) {
	const one, other = "k8s-web-8565d5cd9d-5hnqj", "k8s-web-8565d5cd9d-rgqnn"
	slice := func(t testing.TB, c *checkstest.Cluster) *unstructured.Unstructured {
		return thing(t, c, "EndpointSlice", "k8s-web")
	}
	first := func(conditions map[string]any) spoil {
		return func(t testing.TB, c *checkstest.Cluster) {
			list, _, err := unstructured.NestedSlice(slice(t, c).Object, "endpoints")
			if err != nil {
				t.Fatal(err)
			}
			list[0].(map[string]any)["conditions"] = conditions
			set(t, slice(t, c), list, "endpoints")
		}
	}
	twice := func(t testing.TB, c *checkstest.Cluster) {
		six := slice(t, c).DeepCopy()
		six.SetName("k8s-web-six")
		set(t, six, "IPv6", "addressType")
		c.Things = append(c.Things, six)
	}
	foreign := func(t testing.TB, c *checkstest.Cluster) { thing(t, c, "Service", "k8s-web").SetUID("another") }
	alone := func(t testing.TB, c *checkstest.Cluster) {
		list := []any{map[string]any{"addresses": []any{"192.0.2.1"}}}
		set(t, slice(t, c), list, "endpoints")
	}
	gone := func(_ testing.TB, c *checkstest.Cluster) { delete(c.Pods, one) }
	replaced := func(_ testing.TB, c *checkstest.Cluster) { c.Pods[one].UID = "another" }
	unported := func(t testing.TB, c *checkstest.Cluster) { // as the slice is when no pod is behind the Service
		set(t, slice(t, c), []any{}, "endpoints")
		set(t, slice(t, c), nil, "ports")
	}
	byHand := func(t testing.TB, c *checkstest.Cluster) {
		slice(t, c).SetLabels(nil)
		unstructured.RemoveNestedField(thing(t, c, "Service", "k8s-web").Object, "spec", "selector")
	}
	unsliced := func(t testing.TB, c *checkstest.Cluster) { slice(t, c).SetLabels(nil) }
	judge(t, []judged{
		{"endpoints: {service: k8s-web, ready: 2}", nil, checks.Pass, "2 ready endpoints: " + one + ", " + other, 0},
		{"endpoints: {service: k8s-web, ready: 2, port: 8080}", nil, checks.Pass, "2 ready", 0},
		{"endpoints: {service: k8s-web, port: http, pods: [" + other + ", " + one + "]}", nil, checks.Pass, "2 ready", 0},
		{"endpoints: {service: k8s-web, ready: 2}", first(map[string]any{}), checks.Pass, "2 ready", 0},
		{"endpoints: {service: k8s-web, ready: 2}", twice, checks.Pass, "2 ready", 0},
		{"endpoints: {service: k8s-web, ready: 1}", alone, checks.Pass, "1 ready endpoints: 192.0.2.1", 0},
		{"endpoints: {service: k8s-lone, ready: 0}", nil, checks.Pass, "0 ready", 0},
		{"endpoints: {service: k8s-web, ready: 0} # no slices, by hand", byHand, checks.Pass, "0 ready", 0},

		{"endpoints: {service: k8s-web, ready: 3}", nil, checks.NotYet, `"want":"3","got":"2"`, 1},
		{"endpoints: {service: k8s-lone, ready: 1, pods: [k8s-lone]}", nil, checks.NotYet, `{"of":"k8s-lone","want":"a ready endpoint","got":"none"}`, 2},
		{"endpoints: {service: k8s-lone, ready: 1}", nil, checks.NotYet, "no pod has app=k8s-lone, which the Service selects: k8s-lone has app=k8s-alone", 1},
		{"endpoints: {service: k8s-web, pods: [" + one + "]}", nil, checks.NotYet, `{"of":"` + other + `","want":"no endpoint","got":"a ready endpoint"}`, 1},
		{"endpoints: {service: k8s-web, ready: 2, port: 80}", nil, checks.NotYet, "port 80: the Service's own port, which leads to the pods' port http", 1},
		{"endpoints: {service: k8s-web, ready: 0, port: 80}", nil, checks.NotYet, "the Service's own port", 1},
		{"endpoints: {service: k8s-web, ready: 0, port: htp}", nil, checks.NotYet, "port htp: neither the Service nor its endpoints have it", 1},
		{"not: {endpoints: {service: k8s-web, ready: 2, port: 8081}}", nil, checks.NotYet, "port 8081", 0},
		{"endpoints: {service: k8s-web, ready: 0, port: http}", unported, checks.Pass, "0 ready", 0},
		{"endpoints: {service: k8s-web, ready: 2}", first(map[string]any{"ready": false}), checks.NotYet, one + ": not ready", 1},
		{"endpoints: {service: k8s-web, ready: 2}", first(map[string]any{"ready": true, "terminating": true}), checks.NotYet, "1 ready", 1},
		{"endpoints: {service: k8s-web, ready: 2}", gone, checks.NotYet, "1 ready", 1},
		{"endpoints: {service: k8s-web, ready: 2}", replaced, checks.NotYet, "1 ready", 1},
		{"endpoints: {service: k8s-web, ready: 2}", deleted(one), checks.NotYet, "1 ready", 1},
		{"endpoints: {service: k8s-web, ready: 2}", foreign, checks.NotYet, "no EndpointSlice of service k8s-web yet", 0},
		{"endpoints: {service: k8s-web, ready: 0}", unsliced, checks.NotYet, "no EndpointSlice of service k8s-web yet", 0},
		{"endpoints: {service: nobody, ready: 0}", nil, checks.NotYet, "no service nobody", 0},
		{"endpoints: {service: k8s-web, ready: 2}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	judgeFacts(t, []judged{
		{"endpoints: {service: k8s-web}", nil, checks.Pass, "2", 0},
		{"endpoints: {service: k8s-lone}", nil, checks.Pass, "0", 0},
		{"endpoints: {service: k8s-web, port: 81}", nil, checks.NotYet, "port 81", 0},
		{"endpoints: {service: nobody}", nil, checks.NotYet, "no service nobody", 0},
		{"endpoints: {service: k8s-web}", apiDown, checks.CannotTell, "connection refused", 0},
	})
	refused(t, map[string]string{
		"endpoints: {ready: 1}":                         "no Service is named",
		"endpoints: {service: a}":                       "nothing is claimed",
		"endpoints: {service: a, ready: 1, port: 0}":    `lesson.md:1:43: check "endpoints": port: want the number or the name of a port, found "0"`,
		"endpoints: {service: a, pods: [b_c]}":          `pods[0]: "b_c" cannot be the name of a pod`,
		"ask endpoints: {port: http}":                   "no Service is named",
		"ask endpoints: {service: a, pods: [a]}":        `unknown field "pods"`,
		"endpoints: {service: a, ready: none, port: 1}": "want a number or a comparison",
	})
}

// The kinds that look at several kinds of objects cannot tell if any of them is refused.
func TestEndpointsRefusedInPart(t *testing.T) {
	for _, kind := range []string{"Service", "EndpointSlice", "pods"} {
		r := eval(t, deaf{objects(t), kind}, "endpoints: {service: k8s-web, ready: 2}")
		if r.Verdict != checks.CannotTell || r.Why != kind+" are forbidden" || r.Try == "" {
			t.Errorf("without %s: %+v", kind, r)
		}
	}
}

func (d deaf) refuse(kind string) error {
	if kind == d.to {
		return errors.New(kind + " are forbidden")
	}
	return nil
}

func (d deaf) Pod(ctx context.Context, name string) (*corev1.Pod, error) {
	if err := d.refuse("pods"); err != nil {
		return nil, err
	}
	return d.Cluster.Pod(ctx, name)
}

func (d deaf) Object(ctx context.Context, kind, name string) (*unstructured.Unstructured, error) {
	if err := d.refuse(kind); err != nil {
		return nil, err
	}
	return d.Cluster.Object(ctx, kind, name)
}

func (d deaf) List(ctx context.Context, kind string) ([]*unstructured.Unstructured, error) {
	if err := d.refuse(kind); err != nil {
		return nil, err
	}
	return d.Cluster.List(ctx, kind)
}
