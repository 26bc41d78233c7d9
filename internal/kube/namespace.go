package kube

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fieldManager is podlab's name in the cluster: what it applies and what it labels carry it.
const fieldManager = "podlab"

const managedBy = "app.kubernetes.io/managed-by"

// EnsureNamespace creates the namespace if it is missing and waits until pods can be made in it. A namespace that is being
// deleted is waited for and made again; one that podlab did not make is refused.
func (c *Client) EnsureNamespace(ctx context.Context, namespace string) error {
	for {
		ns, err := c.core.Namespaces().Get(ctx, namespace, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			err = c.createNamespace(ctx, namespace)
		case err != nil:
		case ns.DeletionTimestamp != nil:
			err = gone(ctx, c.dynamic.Resource(namespaces), namespace, string(ns.UID))
		default:
			if err := ours(ns); err != nil {
				return err
			}
			return c.serviceAccountReady(ctx, namespace)
		}
		if err != nil {
			return fmt.Errorf("make namespace %s: %w", namespace, unanswered(err))
		}
	}
}

func (c *Client) createNamespace(ctx context.Context, namespace string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		Name:   namespace,
		Labels: map[string]string{managedBy: fieldManager},
	}}
	_, err := c.core.Namespaces().Create(ctx, ns, metav1.CreateOptions{FieldManager: fieldManager})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

// serviceAccountReady waits for the account without which the API server refuses every pod.
func (c *Client) serviceAccountReady(ctx context.Context, namespace string) error {
	accounts := c.dynamic.Resource(serviceAccounts).Namespace(namespace)
	err := until(ctx, accounts, "metadata.name=default", func(now items) (bool, error) { return len(now) > 0, nil })
	if err != nil {
		return fmt.Errorf("wait for service account default of namespace %s: %w", namespace, err)
	}
	return nil
}

// ours refuses a namespace that podlab did not make.
func ours(ns *corev1.Namespace) error {
	if ns.Labels[managedBy] == fieldManager {
		return nil
	}
	return fmt.Errorf("namespace %s was not made by podlab (it has no label %s=%s): podlab leaves it alone",
		ns.Name, managedBy, fieldManager)
}
