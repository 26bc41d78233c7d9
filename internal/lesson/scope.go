package lesson

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/util/validation"
)

// inNamespace says why objects of a kind cannot be in a lab's namespace; "" if they can. The kind is one that isObject knows.
func inNamespace(kind string) string {
	switch kind {
	case "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding", "ClusterTrustBundle", "ComponentStatus", "CSIDriver", "CSINode",
		"IngressClass", "IPAddress", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration",
		"Namespace", "Node", "PersistentVolume", "PriorityClass", "RuntimeClass", "ServiceCIDR", "StorageClass",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration", "VolumeAttachment",
		"VolumeAttributesClass":
		return fmt.Sprintf("kind %q belongs to the whole cluster: podlab applies only what can be in the lab's own namespace", kind)
	case "Binding", "Eviction", "RangeAllocation", "Scale":
		return fmt.Sprintf("kind %q cannot be applied: the API keeps no objects of this kind", kind)
	}
	return ""
}

// checkName holds an object's name against the rule that the API has for its kind.
func (w *typed) checkName(n ast.Node, kind string) {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
	default:
		return // no text: that is a mistake already
	}
	name, _ := scalarText(n)
	if name == "" {
		return
	}
	if rule := nameRule(kind, name); rule != "" {
		w.mistake(n, "metadata.name: want %s, found %s", rule, describe(n))
	}
}

// nameRule returns the rule that the name breaks, or "".
func nameRule(kind, name string) string {
	most, letters, broken := validation.DNS1123SubdomainMaxLength, "small letters, digits, dashes and dots", validation.IsDNS1123Subdomain
	switch kind {
	case "Role", "RoleBinding":
		if len(content.IsPathSegmentName(name)) > 0 {
			return "a text without / and %, and not . or .."
		}
		return ""
	case "Service", "StatefulSet":
		most, letters, broken = validation.DNS1123LabelMaxLength, "small letters, digits and dashes", validation.IsDNS1123Label
	case "Job": // its pods have the name as a label
		most = validation.LabelValueMaxLength
	case "CronJob": // its jobs have the time after the name
		most = validation.LabelValueMaxLength - len("-1234567890")
	}
	if len(name) <= most && len(broken(name)) == 0 {
		return ""
	}
	return fmt.Sprintf("%s, a letter or digit first and last, at most %d characters", letters, most)
}
