package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
)

// parallel bounds how many requests a reset has open at once.
const parallel = 16

// Reset removes everything that a lesson or a learner made in the namespace and returns when it is gone. It touches only
// a namespace that podlab made. When ctx ends first, the error names what is still there.
func (c *Client) Reset(ctx context.Context, namespace string) error {
	ns, err := c.core.Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reset namespace %s: %w", namespace, unanswered(err))
	}
	if err := ours(ns); err != nil {
		return err
	}
	if err := c.empty(ctx, namespace); err != nil {
		return fmt.Errorf("reset namespace %s: %w", namespace, err)
	}
	// Events outlive what they are about, and a learner who begins anew would take them for her own.
	if err := c.core.Events(namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		return fmt.Errorf("reset namespace %s: delete its events: %w", namespace, unanswered(err))
	}
	return nil
}

// empty deletes and looks again until nothing is found: a controller may have made something meanwhile.
func (c *Client) empty(ctx context.Context, namespace string) error {
	resources, err := c.deletable(ctx)
	if err != nil {
		return unanswered(err)
	}
	for {
		contents, err := c.contents(ctx, namespace, resources)
		if err != nil {
			return unanswered(err)
		}
		if len(contents) == 0 {
			return nil
		}
		if err := c.deleteAll(ctx, namespace, contents); err != nil {
			return err
		}
	}
}

// deletable returns the kinds that can be listed and deleted in a namespace. A group whose own server is down is left out.
func (c *Client) deletable(ctx context.Context) ([]schema.GroupVersionResource, error) {
	lists, err := discovery.ServerPreferredNamespacedResourcesWithContext(ctx, c.discovery)
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) {
		return nil, err
	}
	usable := discovery.SupportsAllVerbs{Verbs: []string{"list", "watch", "delete"}}
	found, err := discovery.GroupVersionResources(discovery.FilteredBy(usable, lists))
	if err != nil {
		return nil, err
	}
	var resources []schema.GroupVersionResource
	for gvr := range found {
		if gvr.Resource != "events" {
			resources = append(resources, gvr)
		}
	}
	return resources, nil
}

// contents lists what is in the namespace, by resource. Resources with nothing in them are left out.
func (c *Client) contents(ctx context.Context, namespace string, resources []schema.GroupVersionResource) (map[schema.GroupVersionResource]items, error) {
	contents := map[schema.GroupVersionResource]items{}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for _, resource := range resources {
		group.Go(func() error {
			list, err := c.dynamic.Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
			if apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("list %s: %w", resource.Resource, err)
			}
			mu.Lock()
			defer mu.Unlock()
			if made := madeByHand(list.Items); len(made) > 0 {
				contents[resource] = made
			}
			return nil
		})
	}
	return contents, group.Wait()
}

// madeByHand leaves out what Kubernetes itself puts into every namespace.
func madeByHand(list []unstructured.Unstructured) items {
	made := items{}
	for i := range list {
		if !builtIn(&list[i]) {
			made[list[i].GetName()] = &list[i]
		}
	}
	return made
}

func builtIn(o *unstructured.Unstructured) bool {
	switch o.GetKind() + "/" + o.GetName() {
	case "ServiceAccount/default", "ConfigMap/kube-root-ca.crt":
		return true
	}
	return false
}

// deleteAll deletes the contents and waits until they are gone: pods with a short grace, also those that turn up meanwhile.
func (c *Client) deleteAll(ctx context.Context, namespace string, contents map[schema.GroupVersionResource]items) error {
	if err := c.deleteOthers(ctx, namespace, contents); err != nil {
		return unanswered(err)
	}
	left := &leftovers{}
	var group errgroup.Group
	for resource, made := range contents {
		group.Go(func() error {
			return c.drain(ctx, c.dynamic.Resource(resource).Namespace(namespace), resource == pods, made, left)
		})
	}
	err := group.Wait()
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s: %w", left, ctx.Err())
	}
	return err
}

// deleteOthers deletes all but the pods.
func (c *Client) deleteOthers(ctx context.Context, namespace string, contents map[schema.GroupVersionResource]items) error {
	owners := ownersIn(contents)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for resource, made := range contents {
		for name, o := range made {
			if resource == pods || o.GetDeletionTimestamp() != nil {
				continue
			}
			policy := metav1.DeletePropagationBackground
			if owners[o.GetUID()] || makesPods(resource) {
				policy = metav1.DeletePropagationOrphan
			}
			group.Go(func() error {
				err := c.dynamic.Resource(resource).Namespace(namespace).
					Delete(ctx, name, metav1.DeleteOptions{PropagationPolicy: &policy})
				if apierrors.IsNotFound(err) {
					return nil
				}
				return err
			})
		}
	}
	return group.Wait()
}

// ownersIn returns what other contents name as their owner. Owners are deleted without what they own: the garbage
// collector would delete their pods with the usual grace of 30 s, and a kubelet that has begun to wait does not stop.
func ownersIn(contents map[schema.GroupVersionResource]items) map[types.UID]bool {
	owners := map[types.UID]bool{}
	for _, made := range contents {
		for _, o := range made {
			for _, owner := range o.GetOwnerReferences() {
				owners[owner.UID] = true
			}
		}
	}
	return owners
}

// makesPods says whether objects of the resource own pods, maybe a moment later.
func makesPods(r schema.GroupVersionResource) bool {
	return r.Group == "apps" || r.Group == "batch" || r.Resource == "replicationcontrollers"
}

// drain waits until the resource holds nothing made by hand, and deletes pods as it sees them.
func (c *Client) drain(ctx context.Context, resource dynamic.ResourceInterface, isPods bool, made items, left *leftovers) error {
	asked := map[string]bool{}
	left.set(resource, made)
	return until(ctx, resource, "", func(now items) (bool, error) {
		here := items{}
		for name, o := range now {
			if builtIn(o) {
				continue
			}
			here[name] = o
			if uid := string(o.GetUID()); isPods && !asked[uid] {
				asked[uid] = true
				if err := deletePod(ctx, resource, o); err != nil {
					return false, err
				}
			}
		}
		left.set(resource, here)
		return len(here) == 0, nil
	})
}

// deletePod deletes the pod with the short grace, also one that is being deleted with a longer one.
func deletePod(ctx context.Context, resource dynamic.ResourceInterface, pod *unstructured.Unstructured) error {
	err := resource.Delete(ctx, pod.GetName(), metav1.DeleteOptions{
		GracePeriodSeconds: new(podGrace),
		Preconditions:      metav1.NewUIDPreconditions(string(pod.GetUID())),
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return unanswered(err)
}

// leftovers remembers what is still there, for the message of a reset that ran out of time.
type leftovers struct {
	mu sync.Mutex
	in map[dynamic.ResourceInterface]items
}

func (l *leftovers) set(resource dynamic.ResourceInterface, here items) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.in == nil {
		l.in = map[dynamic.ResourceInterface]items{}
	}
	l.in[resource] = here
}

func (l *leftovers) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for _, here := range l.in {
		for _, o := range here {
			names = append(names, objectID(o))
		}
	}
	slices.Sort(names)
	return "still there: " + strings.Join(names, ", ")
}
