package lesson

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	eventsv1 "k8s.io/api/events/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kinds returns every kind of object that a manifest may name. The scheme is read-only once it is built.
//
//nolint:gochecknoglobals // built once, when first asked for, and never changed
var kinds = sync.OnceValue(func() *runtime.Scheme {
	groups := runtime.NewSchemeBuilder(
		admissionregistrationv1.AddToScheme, appsv1.AddToScheme, autoscalingv1.AddToScheme, autoscalingv2.AddToScheme,
		batchv1.AddToScheme, certificatesv1.AddToScheme, coordinationv1.AddToScheme, corev1.AddToScheme,
		discoveryv1.AddToScheme, eventsv1.AddToScheme, networkingv1.AddToScheme, nodev1.AddToScheme, policyv1.AddToScheme,
		rbacv1.AddToScheme, schedulingv1.AddToScheme, storagev1.AddToScheme,
	)
	scheme := runtime.NewScheme()
	if err := groups.AddToScheme(scheme); err != nil {
		panic(err) // the API's own packages contradict each other: a bug, not a state of the world
	}
	return scheme
})

// isObject tells a kind that can be applied from the helpers that a group also holds: lists, options, reviews' parts.
func isObject(gvk schema.GroupVersionKind) bool {
	t, ok := kinds().AllKnownTypes()[gvk]
	if !ok || strings.HasSuffix(gvk.Kind, "List") {
		return false
	}
	meta, ok := t.FieldByName("ObjectMeta")
	return ok && meta.Type == reflect.TypeFor[metav1.ObjectMeta]()
}

// versionsOf returns the apiVersions in which a kind is known.
func versionsOf(kind string) []string {
	var versions []string
	for gvk := range kinds().AllKnownTypes() {
		if gvk.Kind == kind && isObject(gvk) {
			versions = append(versions, gvk.GroupVersion().String())
		}
	}
	slices.Sort(versions)
	return versions
}

// kindNames returns the name of every kind that can be applied.
func kindNames() []string {
	var names []string
	for gvk := range kinds().AllKnownTypes() {
		if isObject(gvk) {
			names = append(names, gvk.Kind)
		}
	}
	return names
}

// NamespacedKinds returns the kinds of objects that a lab's namespace can hold, in alphabetical order.
func NamespacedKinds() []string {
	names := slices.DeleteFunc(kindNames(), func(kind string) bool { return inNamespace(kind) != "" })
	slices.Sort(names)
	return slices.Compact(names)
}
