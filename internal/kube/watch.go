package kube

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

// Watch is a live copy of one namespace's pods and their events. It is safe for concurrent use.
type Watch struct {
	changed chan struct{}
	done    chan struct{}

	mu     sync.Mutex
	pods   map[types.UID]*corev1.Pod
	events map[types.UID]*corev1.Event
	lost   map[*feed]error // why a feed is not live
}

const firstTimeout = 10 * time.Second

// Watch follows the namespace until ctx is done. It returns when the copy is complete, or with an error if the API server
// does not answer for firstTimeout.
func (c *Client) Watch(ctx context.Context, namespace string) (*Watch, error) {
	w := &Watch{
		changed: make(chan struct{}, 1),
		done:    make(chan struct{}),
		lost:    map[*feed]error{},
	}
	feeds := []*feed{w.podFeed(c.watched.Pods(namespace)), w.eventFeed(c.watched.Events(namespace))}
	for _, f := range feeds {
		w.lost[f] = errors.New("not read yet")
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer cancel()
		w.run(ctx, feeds)
	}()
	timeout := time.NewTimer(firstTimeout)
	defer timeout.Stop()
	for _, f := range feeds {
		select {
		case <-f.complete:
			continue
		case <-w.done:
		case <-timeout.C:
		}
		err := w.why(f)
		cancel()
		<-w.done
		return nil, fmt.Errorf("watch namespace %s: %w", namespace, unanswered(err))
	}
	return w, nil
}

// run runs the feeds until ctx is done.
func (w *Watch) run(ctx context.Context, feeds []*feed) {
	defer close(w.done)
	var group sync.WaitGroup
	for _, f := range feeds {
		group.Go(func() { f.run(ctx, w) })
	}
	group.Wait()
	for _, f := range feeds {
		w.lose(f, context.Cause(ctx))
	}
}

// Changed receives after any change since the last receive, including loss and return of the connection.
func (w *Watch) Changed() <-chan struct{} { return w.changed }

// Done is closed when ctx is done and nothing of the watch runs any more.
func (w *Watch) Done() <-chan struct{} { return w.done }

// Pod returns the pod as last seen, a NotFound error if it is not there, another error if the copy is not live.
func (w *Watch) Pod(name string) (*corev1.Pod, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.liveness(); err != nil {
		return nil, err
	}
	if pod := w.pod(name); pod != nil {
		return pod.DeepCopy(), nil
	}
	return nil, apierrors.NewNotFound(corev1.Resource("pods"), name)
}

// Events returns the events about the pod, oldest first, or an error if the copy is not live. Events about an earlier pod
// of that name are left out while there is one now.
func (w *Watch) Events(pod string) ([]corev1.Event, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.liveness(); err != nil {
		return nil, err
	}
	now := w.pod(pod)
	var events []corev1.Event
	for _, e := range w.events {
		about := e.InvolvedObject
		if about.Kind != "Pod" || about.Name != pod || (now != nil && about.UID != now.UID) {
			continue
		}
		events = append(events, *e.DeepCopy())
	}
	slices.SortFunc(events, func(a, b corev1.Event) int {
		return cmp.Or(eventTime(&a).Compare(eventTime(&b)), cmp.Compare(a.Name, b.Name))
	})
	return events, nil
}

// pod returns the pod of the name. A pod may be deleted and made again between two looks, so the copy is kept by UID.
func (w *Watch) pod(name string) *corev1.Pod {
	for _, p := range w.pods {
		if p.Name == name {
			return p
		}
	}
	return nil
}

func (w *Watch) liveness() error {
	for _, err := range w.lost {
		return unanswered(err)
	}
	return nil
}

// eventTime is when an event was last seen; the API has several fields for it, and old and new reporters fill different ones.
func eventTime(e *corev1.Event) time.Time {
	if e.Series != nil && !e.Series.LastObservedTime.IsZero() {
		return e.Series.LastObservedTime.Time
	}
	for _, t := range []time.Time{e.LastTimestamp.Time, e.EventTime.Time, e.FirstTimestamp.Time} {
		if !t.IsZero() {
			return t
		}
	}
	return e.CreationTimestamp.Time
}

// why returns why the feed is not live.
func (w *Watch) why(f *feed) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lost[f]
}

// lose notes that the feed is not live, and why.
func (w *Watch) lose(f *feed, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, already := w.lost[f]
	w.lost[f] = err
	if !already {
		w.notify()
	}
}

// update changes the copy and tells that it changed.
func (w *Watch) update(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
	w.notify()
}

func (w *Watch) notify() {
	select {
	case w.changed <- struct{}{}:
	default: // one note is waiting already, and says as much
	}
}

// keep applies one watch event to a map of the copy.
func keep[T any](m map[types.UID]T, uid types.UID, event watch.EventType, object T) {
	if event == watch.Deleted {
		delete(m, uid)
		return
	}
	m[uid] = object
}
