package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
)

const (
	openTimeout  = 3 * time.Second  // for the first look at a kind, or at a log
	unknownAgain = 30 * time.Second // how soon the server is asked again for a kind that it did not know
)

// kindCopy is the live copy of one kind of object.
type kindCopy struct {
	*live[*unstructured.Unstructured]
	kind     string
	resource schema.GroupVersionResource
	opened   time.Time
}

// knownKind is what a kind's name means, or that the cluster does not know it.
type knownKind struct {
	gvk      schema.GroupVersionKind
	resource schema.GroupVersionResource
	unknown  error
	asked    time.Time
}

// Object returns the object of the kind ("Service", "Deployment", "Deployment.apps") and name, and a NotFound error if it
// is not there. The first look at a kind opens a watch for it and waits for openTimeout at most; later ones send nothing.
// Any other error means that the copy of this kind is not live. Everybody gets the same object: nobody may change it.
func (w *Watch) Object(ctx context.Context, kind, name string) (*unstructured.Unstructured, error) {
	k, err := w.kind(ctx, kind)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.livenessOf(k); err != nil {
		return nil, err
	}
	if object, found := k.named(name); found {
		return object, nil
	}
	return nil, apierrors.NewNotFound(k.resource.GroupResource(), name)
}

// List returns the namespace's objects of the kind, in the order of their names. Errors, costs and the rule that nobody
// may change the objects are Object's.
func (w *Watch) List(ctx context.Context, kind string) ([]*unstructured.Unstructured, error) {
	k, err := w.kind(ctx, kind)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.livenessOf(k); err != nil {
		return nil, err
	}
	objects := make([]*unstructured.Unstructured, 0, len(k.objects))
	for _, o := range k.objects {
		objects = append(objects, o)
	}
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return objects, nil
}

// livenessOf says why the copy of the kind is not live.
func (w *Watch) livenessOf(k *kindCopy) error {
	if err := w.liveness(); err != nil {
		return err
	}
	if k.err == nil {
		return nil
	}
	// Wrapped by its text where it is a status: a NotFound of the whole kind is not one of an object.
	if refused(k.err) {
		return fmt.Errorf("the API server does not let podlab watch %s: %s", k.resource.Resource, oneLine(k.err.Error()))
	}
	return fmt.Errorf("watch %s: %w", k.resource.Resource, unanswered(k.err))
}

// kind returns the copy of the kind. It opens it first where that was not done, and waits for the server's first answer.
func (w *Watch) kind(ctx context.Context, name string) (*kindCopy, error) {
	if err := w.Err(); err != nil {
		return nil, err // not one request more to a server that does not answer
	}
	ctx, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	known, err := w.meaning(ctx, name)
	if err != nil {
		return nil, err
	}
	k := w.open(known)
	select {
	case <-k.complete:
	case <-w.done:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
	case <-time.After(time.Until(k.opened.Add(openTimeout))): // somebody has waited for it in vain
	}
	return k, nil
}

// open starts the copy of the kind where there is none yet.
func (w *Watch) open(known knownKind) *kindCopy {
	w.mu.Lock()
	defer w.mu.Unlock()
	if k, there := w.kinds[known.resource]; there {
		return k
	}
	from := w.client.watchedDynamic.Resource(known.resource).Namespace(w.namespace)
	k := &kindCopy{kind: known.gvk.Kind, resource: known.resource, opened: time.Now()}
	k.live = newLive(from, func(list *unstructured.UnstructuredList) []*unstructured.Unstructured {
		all := pointers(list.Items)
		for _, o := range all {
			o.SetGroupVersionKind(known.gvk) // the server leaves it out of a list's items
		}
		return all
	})
	w.kinds[known.resource] = k
	w.start(func(ctx context.Context) { k.run(ctx, w) })
	return k
}

// meaning returns what the kind's name means. The server is asked once, and about an unknown kind not more often than
// every unknownAgain: somebody may have made a new one.
func (w *Watch) meaning(ctx context.Context, name string) (knownKind, error) {
	w.mu.Lock()
	known, asked := w.names[name]
	w.mu.Unlock()
	if asked && (known.unknown == nil || time.Since(known.asked) < unknownAgain) {
		return known, known.unknown
	}
	known, err := w.client.find(ctx, name)
	if err != nil {
		return known, fmt.Errorf("ask the API server for its kinds: %w", unanswered(err))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names[name] = known
	return known, known.unknown
}

// find looks a kind up in what the server has. Its error means that the server was not heard.
func (c *Client) find(ctx context.Context, name string) (knownKind, error) {
	known, err := c.lookUp(ctx, name)
	if err == nil && known.unknown != nil {
		c.cache.InvalidateWithContext(ctx)
		known, err = c.lookUp(ctx, name)
	}
	known.asked = time.Now()
	return known, err
}

// lookUp chooses among kinds of the same name in several groups: core first, then apps, then the rest by name.
func (c *Client) lookUp(ctx context.Context, name string) (knownKind, error) {
	lists, err := discovery.ServerPreferredNamespacedResourcesWithContext(ctx, c.cache)
	failed := discovery.IsGroupDiscoveryFailedError(err)
	if err != nil && !failed {
		return knownKind{}, err
	}
	kind, group, ofGroup := strings.Cut(name, ".")
	var found []knownKind
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil || (ofGroup && gv.Group != group) {
			continue
		}
		for i := range list.APIResources {
			if r := &list.APIResources[i]; r.Kind == kind && watchable(r) {
				found = append(found, knownKind{gvk: gv.WithKind(kind), resource: gv.WithResource(r.Name)})
			}
		}
	}
	if len(found) == 0 && failed {
		return knownKind{}, err // it may be of a group whose own server is down
	}
	if len(found) == 0 {
		return knownKind{unknown: fmt.Errorf("the cluster has no kind %q of object in a namespace that can be watched", name)}, nil
	}
	return slices.MinFunc(found, func(a, b knownKind) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.gvk.Group, b.gvk.Group))
	}), nil
}

func watchable(r *metav1.APIResource) bool {
	return !strings.Contains(r.Name, "/") && slices.Contains(r.Verbs, "list") && slices.Contains(r.Verbs, "watch")
}

// rank orders the groups that have a kind of the same name.
func rank(k knownKind) int {
	switch k.gvk.Group {
	case "":
		return 0
	case "apps":
		return 1
	}
	return 2
}
