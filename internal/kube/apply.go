package kube

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// The resources that this package itself asks for.
var (
	namespaces      = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	serviceAccounts = schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}
	pods            = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
)

// Applied says what became of one object.
type Applied struct {
	Object string // "pod/demoduo"
	Action string // "created", "configured", "unchanged" or, for a pod that could not be changed in place, "replaced"
	// Warnings are the API server's, in the order in which they came.
	Warnings []string
}

// Apply applies the objects in order, server-side and strictly. It stops at the first that is refused, and returns those
// that were done before it.
func (c *Client) Apply(ctx context.Context, namespace string, objects []*unstructured.Unstructured) ([]Applied, error) {
	var applied []Applied
	for _, o := range objects {
		heeding, warned := withWarnings(ctx)
		action, err := c.apply(heeding, namespace, o)
		if err != nil {
			return applied, fmt.Errorf("apply %w", err)
		}
		applied = append(applied, Applied{Object: objectID(o), Action: action, Warnings: warned.all()})
	}
	return applied, nil
}

func (c *Client) apply(ctx context.Context, namespace string, o *unstructured.Unstructured) (string, error) {
	m, err := c.manifest(ctx, namespace, o)
	if err != nil {
		return "", explain(objectID(o), err)
	}
	before, err := m.find(ctx)
	if err != nil {
		return "", explain(m.id, err)
	}
	if m.pod && before != nil && !appliedByPodlab(before) {
		// Fields that another tool set would survive an apply, and the pod would not be what the lesson says.
		return "replaced", explain(m.id, m.replace(ctx, before))
	}
	action, err := m.applyTo(ctx, before)
	if m.pod && before != nil && apierrors.IsInvalid(err) {
		action, err = "replaced", m.replace(ctx, before)
	}
	return action, explain(m.id, err)
}

// manifest is one object with the place where it belongs.
type manifest struct {
	id       string
	pod      bool
	object   *unstructured.Unstructured
	resource dynamic.ResourceInterface
}

func (c *Client) manifest(ctx context.Context, namespace string, o *unstructured.Unstructured) (*manifest, error) {
	mapping, err := c.mapping(ctx, o.GroupVersionKind())
	if err != nil {
		return nil, err
	}
	refuse := func(reason string) error { return &Refused{Object: objectID(o), Reasons: []string{reason}} }
	switch {
	case mapping.Scope.Name() != meta.RESTScopeNameNamespace:
		return nil, refuse("belongs to the whole cluster, and a lesson may only apply what stays in its namespace")
	case o.GetName() == "":
		return nil, refuse("metadata.name: Required value")
	case o.GetNamespace() != "" && o.GetNamespace() != namespace:
		return nil, refuse(fmt.Sprintf("metadata.namespace: must be left out, or be this lab's: %q", namespace))
	}
	own := o.DeepCopy()
	own.SetNamespace(namespace)
	return &manifest{
		id:       objectID(o),
		pod:      mapping.Resource == pods,
		object:   own,
		resource: c.dynamic.Resource(mapping.Resource).Namespace(namespace),
	}, nil
}

// mapping finds the resource of a kind, and asks the server again for one that it did not know before: it may be new.
func (c *Client) mapping(ctx context.Context, kind schema.GroupVersionKind) (*meta.RESTMapping, error) {
	mapping, err := c.mapper.RESTMappingWithContext(ctx, kind.GroupKind(), kind.Version)
	if meta.IsNoMatchError(err) {
		c.mapper.ResetWithContext(ctx)
		mapping, err = c.mapper.RESTMappingWithContext(ctx, kind.GroupKind(), kind.Version)
	}
	return mapping, err
}

// find returns the object as it is in the cluster, or nil. One that is being deleted is waited for: what is applied to it
// would go with it.
func (m *manifest) find(ctx context.Context) (*unstructured.Unstructured, error) {
	before, err := m.resource.Get(ctx, m.object.GetName(), metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	case before.GetDeletionTimestamp() == nil:
		return before, nil
	}
	return nil, m.remove(ctx, before)
}

// applyTo applies to what was found. It does so only while nobody else changes the object, so that its version tells
// whether this apply changed anything: a kubelet that reports a status meanwhile would look like a change.
func (m *manifest) applyTo(ctx context.Context, before *unstructured.Unstructured) (string, error) {
	if before == nil {
		_, err := m.apply(ctx, "")
		return "created", err
	}
	for range versionTries {
		version := before.GetResourceVersion()
		after, err := m.apply(ctx, version)
		switch {
		case err == nil && after.GetResourceVersion() == version:
			return "unchanged", nil
		case !apierrors.IsConflict(err):
			return "configured", err
		}
		if before, err = m.resource.Get(ctx, m.object.GetName(), metav1.GetOptions{}); err != nil {
			return "", err
		}
	}
	_, err := m.apply(ctx, "")
	return "configured", err
}

// versionTries bounds how often an object that somebody else changes is looked at again.
const versionTries = 10

// apply sends the manifest, for one version of the object unless version is "".
func (m *manifest) apply(ctx context.Context, version string) (*unstructured.Unstructured, error) {
	object := m.object.DeepCopy()
	object.SetResourceVersion(version)
	data, err := object.MarshalJSON()
	if err != nil {
		return nil, err
	}
	force := true
	return m.resource.Patch(ctx, object.GetName(), types.ApplyPatchType, data, metav1.PatchOptions{
		FieldManager:    fieldManager,
		FieldValidation: metav1.FieldValidationStrict,
		Force:           &force,
	})
}

// replace deletes the pod and makes it anew. A dry run goes first, so that a manifest that is wrong costs no pod.
func (m *manifest) replace(ctx context.Context, before *unstructured.Unstructured) error {
	_, err := m.resource.Create(ctx, m.object, metav1.CreateOptions{
		DryRun:          []string{metav1.DryRunAll},
		FieldManager:    fieldManager,
		FieldValidation: metav1.FieldValidationStrict,
	})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	if err := m.remove(ctx, before); err != nil {
		return err
	}
	_, err = m.apply(ctx, "")
	return err
}

// remove deletes the object, a pod quickly, and waits until it is gone.
func (m *manifest) remove(ctx context.Context, before *unstructured.Unstructured) error {
	options := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(before.GetUID()))}
	if m.pod {
		options.GracePeriodSeconds = new(podGrace)
	}
	err := m.resource.Delete(ctx, before.GetName(), options)
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return err
	}
	return gone(ctx, m.resource, before.GetName(), string(before.GetUID()))
}

// podGrace is how long a container may take to end, in seconds. A shell or php as PID 1 ignores SIGTERM, and would keep
// everybody waiting for the usual 30.
const podGrace int64 = 1

// appliedByPodlab says whether podlab's own apply made the object what it is.
func appliedByPodlab(o *unstructured.Unstructured) bool {
	for _, entry := range o.GetManagedFields() {
		if entry.Manager == fieldManager && entry.Operation == metav1.ManagedFieldsOperationApply {
			return true
		}
	}
	return false
}
