package checks

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/client-go/util/jsonpath"
)

// typeOf returns the Go type of a kind of object, or nil for a kind that is not among the usual ones of a lesson.
func typeOf(kind string) reflect.Type {
	for _, t := range []reflect.Type{
		reflect.TypeFor[corev1.Pod](), reflect.TypeFor[corev1.Service](), reflect.TypeFor[corev1.ConfigMap](),
		reflect.TypeFor[corev1.Secret](), reflect.TypeFor[corev1.PersistentVolumeClaim](), reflect.TypeFor[corev1.ServiceAccount](),
		reflect.TypeFor[corev1.ResourceQuota](), reflect.TypeFor[corev1.LimitRange](),
		reflect.TypeFor[appsv1.Deployment](), reflect.TypeFor[appsv1.ReplicaSet](), reflect.TypeFor[appsv1.StatefulSet](),
		reflect.TypeFor[appsv1.DaemonSet](), reflect.TypeFor[batchv1.Job](), reflect.TypeFor[batchv1.CronJob](),
		reflect.TypeFor[discoveryv1.EndpointSlice](), reflect.TypeFor[networkingv1.Ingress](), reflect.TypeFor[networkingv1.NetworkPolicy](),
		reflect.TypeFor[autoscalingv2.HorizontalPodAutoscaler](), reflect.TypeFor[policyv1.PodDisruptionBudget](),
	} {
		if t.Name() == kind {
			return t
		}
	}
	return nil
}

// fits says which step of the path no object of the kind can ever have. A path with a slip would find nothing for ever,
// and "exists: false" would hold of it.
func (p jsonPath) fits(kind string) error {
	t := typeOf(kind)
	if t == nil || p == "" {
		return nil
	}
	nodes, err := pathNodes(string(p))
	if err != nil {
		return err
	}
	return follow(t, nodes)
}

// follow walks the steps through Go types, as far as it can know them.
func follow(t reflect.Type, nodes []jsonpath.Node) error {
	for _, node := range nodes {
		for t != nil && t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if t == nil || t.Kind() == reflect.Interface {
			return nil
		}
		var err error
		if t, err = step(t, node); err != nil {
			return err
		}
	}
	return nil
}

// step returns the type after one step, or nil if it cannot be known.
func step(t reflect.Type, node jsonpath.Node) (reflect.Type, error) {
	switch n := node.(type) {
	case *jsonpath.FieldNode:
		return fieldOf(t, n.Value)
	case *jsonpath.ArrayNode:
		return itemOf(t)
	case *jsonpath.FilterNode:
		item, err := itemOf(t)
		if err != nil || item == nil {
			return nil, err
		}
		for _, side := range []*jsonpath.ListNode{n.Left, n.Right} {
			if err := follow(item, side.Nodes); err != nil {
				return nil, err
			}
		}
		return item, nil
	case *jsonpath.UnionNode:
		for _, part := range n.Nodes {
			if err := follow(t, part.Nodes); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// itemOf returns the type of a list's items.
func itemOf(t reflect.Type) (reflect.Type, error) {
	switch {
	case t.Kind() != reflect.Slice:
		return nil, fmt.Errorf("%s is not a list", describeType(t))
	case t.Elem().Kind() == reflect.Uint8:
		return nil, fmt.Errorf("the API writes this as a text, not as a list")
	}
	return t.Elem(), nil
}

// fieldOf returns the type of a field by the name that the API gives it.
func fieldOf(t reflect.Type, name string) (reflect.Type, error) {
	leaf := reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
	switch {
	case t.Kind() == reflect.Map:
		return t.Elem(), nil
	case t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		return nil, fmt.Errorf("%s follows a list: write [0] or [*] before it", "."+name)
	case t.Kind() != reflect.Struct || leaf:
		return nil, fmt.Errorf("%s follows %s, which has no fields", "."+name, describeType(t))
	}
	known := jsonFields(t)
	if of, ok := known[name]; ok {
		return of, nil
	}
	return nil, fmt.Errorf("%s has no field %q%s", t.Name(), name, orOneOf(name, slices.Sorted(maps.Keys(known))))
}

func jsonFields(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			fields[name] = f.Type
		}
	}
	return fields
}

func describeType(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Struct:
		return "a " + t.Name()
	case t.Kind() == reflect.Map:
		return "a mapping"
	case t.Kind() == reflect.String || t.Kind() == reflect.Slice:
		return "a text"
	}
	return "a number or a boolean"
}
