package kube

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Watch is a live copy of one namespace: its pods and events, and the kinds and logs that somebody has asked for. It is
// safe for concurrent use.
type Watch struct {
	client    *Client
	namespace string
	changed   chan struct{}
	done      chan struct{}
	// start runs a task until the watch ends or what it returns is called. It is called with mu held.
	start func(task func(context.Context)) context.CancelFunc

	pods   *live[*corev1.Pod]
	events *live[*corev1.Event]

	mu    sync.Mutex
	ended error                // why the watch ended
	names map[string]knownKind // what the kinds that were asked for mean
	kinds map[schema.GroupVersionResource]*kindCopy
	logs  map[string]*runLog // by pod/container
	pulse chan struct{}      // closed and made anew at each change

	asking sync.Mutex       // held while somebody asks for last words
	said   map[string]words // by container ID; guarded by asking
}

const firstTimeout = 10 * time.Second

// Watch follows the namespace until ctx is done. It returns when the copy is complete, or with an error if the API server
// does not answer for firstTimeout.
func (c *Client) Watch(ctx context.Context, namespace string) (*Watch, error) {
	w := c.newWatch(namespace)
	ctx, cancel := context.WithCancel(ctx)
	w.run(ctx, cancel)
	timeout := time.NewTimer(firstTimeout)
	defer timeout.Stop()
	for _, f := range w.basic() {
		select {
		case <-f.complete:
		case <-w.done:
		case <-timeout.C:
		}
		if err := w.why(f); err != nil {
			cancel()
			<-w.done
			return nil, fmt.Errorf("watch namespace %s: %w", namespace, unanswered(err))
		}
	}
	return w, nil
}

func (c *Client) newWatch(namespace string) *Watch {
	return &Watch{
		client:    c,
		namespace: namespace,
		changed:   make(chan struct{}, 1),
		done:      make(chan struct{}),
		names:     map[string]knownKind{},
		kinds:     map[schema.GroupVersionResource]*kindCopy{},
		logs:      map[string]*runLog{},
		pulse:     make(chan struct{}),
		said:      map[string]words{},
		pods:      newLive(c.watched.Pods(namespace), func(l *corev1.PodList) []*corev1.Pod { return pointers(l.Items) }),
		events:    newLive(c.watched.Events(namespace), func(l *corev1.EventList) []*corev1.Event { return pointers(l.Items) }),
	}
}

// basic returns the feeds that every watch has. While one of them is not live, nothing of the watch is.
func (w *Watch) basic() []*feed { return []*feed{w.pods.feed, w.events.feed} }

// run starts the feeds, and ends the watch when ctx is done and all that it started has ended.
func (w *Watch) run(ctx context.Context, cancel context.CancelFunc) {
	var tasks sync.WaitGroup
	w.start = func(task func(context.Context)) context.CancelFunc {
		ctx, cancel := context.WithCancel(ctx)
		if w.ended == nil { // else nobody would wait for its end
			tasks.Go(func() { defer cancel(); task(ctx) })
		}
		return cancel
	}
	for _, f := range w.basic() {
		tasks.Go(func() { f.run(ctx, w) })
	}
	go func() {
		defer cancel()
		<-ctx.Done()
		w.mu.Lock()
		w.ended = context.Cause(ctx)
		w.mu.Unlock()
		tasks.Wait()
		close(w.done)
	}()
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
	if pod, found := w.pods.named(name); found {
		return pod.DeepCopy(), nil
	}
	return nil, apierrors.NewNotFound(corev1.Resource("pods"), name)
}

// Err says why the copy is not live; nil while it is. A single kind that the server refuses, or a log, is no reason.
func (w *Watch) Err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.liveness()
}

func (w *Watch) liveness() error {
	if w.ended != nil {
		return unanswered(w.ended)
	}
	for _, f := range w.basic() {
		if f.err != nil {
			return unanswered(f.err)
		}
	}
	return nil
}

// why returns why the feed is not live.
func (w *Watch) why(f *feed) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return f.err
}

// lose notes that the feed is not live, and why.
func (w *Watch) lose(f *feed, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	already := f.err != nil && !errors.Is(f.err, errNotRead)
	f.err = err
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

// next returns a channel that is closed at the next change. It is for the watch's own tasks.
func (w *Watch) next() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pulse
}

func (w *Watch) notify() {
	close(w.pulse)
	w.pulse = make(chan struct{})
	select {
	case w.changed <- struct{}{}:
	default: // one note is waiting already, and says as much
	}
}
