package checks

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// unselected says that no pod has the labels that the Service selects, and which pods nearly have them, or "". It is only an
// explanation, so pods that cannot be listed leave it empty.
func unselected(ctx context.Context, c Cluster, service *unstructured.Unstructured) string {
	selector, _, _ := unstructured.NestedStringMap(service.Object, "spec", "selector")
	pods, err := c.List(ctx, "Pod")
	if err != nil || len(selector) == 0 {
		return ""
	}
	var near []string
	for _, pod := range pods {
		if labels.SelectorFromSet(selector).Matches(labels.Set(pod.GetLabels())) {
			return ""
		}
		near = append(near, nearly(selector, pod)...)
	}
	why := fmt.Sprintf("no pod has %s, which the Service selects", labels.FormatLabels(selector))
	if len(near) > 0 {
		why += ": " + strings.Join(near, ", ")
	}
	return why
}

// nearly lists the pod's labels that are a slip away from the ones that are selected.
func nearly(selector map[string]string, pod *unstructured.Unstructured) []string {
	var all []string
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		value, has := pod.GetLabels()[key]
		if off := slips(value, selector[key]); has && off > 0 && off <= max(1, len(value)/3) {
			all = append(all, fmt.Sprintf("%s has %s=%s", pod.GetName(), key, value))
		}
	}
	return all
}
