package checks

import (
	"fmt"
	"slices"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// misnamed says what is wrong with a port that neither the EndpointSlices nor the Service have, or "". Where no pod is behind
// the Service, its slices have no ports, and its own word for the pods' port counts.
func (s service) misnamed(of *unstructured.Unstructured, behind []discoveryv1.EndpointSlice) string {
	if s.port == "" || slices.ContainsFunc(behind, s.has) {
		return ""
	}
	own, _, _ := unstructured.NestedSlice(of.Object, "spec", "ports")
	wrong := "neither the Service nor its endpoints have it"
	for _, item := range own {
		port, _ := item.(map[string]any)
		target := fmt.Sprint(port["targetPort"])
		switch s.port {
		case fmt.Sprint(port["name"]), target:
			return ""
		case fmt.Sprint(port["port"]):
			wrong = "the Service's own port, which leads to the pods' port " + target
		}
	}
	return wrong
}
