package kube

import (
	"context"
	"errors"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

const (
	listTimeout = 2 * time.Second        // a namespace is small: a list that takes longer is no answer
	lossGrace   = 300 * time.Millisecond // the server ends watches now and then; coming back this soon is no loss
	retryMin    = 200 * time.Millisecond
	retryMax    = 2 * time.Second
	steadyAfter = time.Second // a watch that lived this long ended by the server's wish, not by trouble
)

var errSilent = errors.New("the connection was lost")

// feed keeps one kind of object of a Watch up to date: it lists, watches, and does both again when the watch ends.
type feed struct {
	// list reads everything. It returns how to put that into the copy, and the version to watch from.
	list     func(ctx context.Context) (replace func(), version string, err error)
	watch    func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error)
	apply    func(event watch.Event)
	complete chan struct{} // closed when the first list is in the copy
	first    sync.Once
}

func (w *Watch) podFeed(client corev1client.PodInterface) *feed {
	return &feed{
		complete: make(chan struct{}),
		watch:    client.Watch,
		list: func(ctx context.Context) (func(), string, error) {
			list, err := client.List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, "", err
			}
			return func() { w.pods = byUID[corev1.Pod](list.Items) }, list.ResourceVersion, nil
		},
		apply: func(event watch.Event) {
			if pod, ok := event.Object.(*corev1.Pod); ok {
				keep(w.pods, pod.UID, event.Type, pod)
			}
		},
	}
}

func (w *Watch) eventFeed(client corev1client.EventInterface) *feed {
	return &feed{
		complete: make(chan struct{}),
		watch:    client.Watch,
		list: func(ctx context.Context) (func(), string, error) {
			list, err := client.List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, "", err
			}
			return func() { w.events = byUID[corev1.Event](list.Items) }, list.ResourceVersion, nil
		},
		apply: func(event watch.Event) {
			if e, ok := event.Object.(*corev1.Event); ok {
				keep(w.events, e.UID, event.Type, e)
			}
		},
	}
}

// byUID indexes a list's items.
func byUID[T any, P interface {
	*T
	metav1.Object
}](list []T) map[types.UID]P {
	m := make(map[types.UID]P, len(list))
	for i := range list {
		p := P(&list[i])
		m[p.GetUID()] = p
	}
	return m
}

// run keeps the feed going until ctx is done.
func (f *feed) run(ctx context.Context, w *Watch) {
	delay := retryMin
	for ctx.Err() == nil {
		started := time.Now()
		err := f.once(ctx, w)
		if err == nil && time.Since(started) > steadyAfter {
			delay = retryMin
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
		delay = min(2*delay, retryMax)
	}
}

// once lists and then watches until the watch ends.
func (f *feed) once(ctx context.Context, w *Watch) error {
	version, err := f.relist(ctx, w)
	if err != nil {
		return err
	}
	stream, err := f.watch(ctx, metav1.ListOptions{ResourceVersion: version})
	if err != nil {
		w.lose(f, err)
		return err
	}
	defer stream.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case event, open := <-stream.ResultChan():
			if !open || event.Type == watch.Error {
				return nil
			}
			w.update(func() { f.apply(event) })
		}
	}
}

// relist reads everything anew and makes the feed live. While it waits for an answer the feed stays live for lossGrace.
func (f *feed) relist(ctx context.Context, w *Watch) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	answered := make(chan struct{})
	warned := make(chan struct{})
	go func() {
		defer close(warned)
		select {
		case <-answered:
		case <-time.After(lossGrace):
			w.lose(f, errSilent)
		}
	}()
	replace, version, err := f.list(ctx)
	close(answered)
	<-warned // so that a late loss cannot overwrite the answer
	if err != nil {
		w.lose(f, err)
		return "", err
	}
	w.update(func() { replace(); delete(w.lost, f) })
	f.first.Do(func() { close(f.complete) })
	return version, nil
}
