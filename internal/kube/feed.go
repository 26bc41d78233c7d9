package kube

import (
	"context"
	"errors"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
)

const (
	listTimeout  = 2 * time.Second        // a namespace is small: a list that takes longer is no answer
	lossGrace    = 300 * time.Millisecond // the server ends watches now and then; coming back this soon is no loss
	retryMin     = 200 * time.Millisecond
	retryMax     = 2 * time.Second
	refusedRetry = 30 * time.Second // what the server refused it may allow later, but not often and not soon
	refusedMax   = 2 * time.Minute
	steadyAfter  = time.Second // a watch that lived this long ended by the server's wish, not by trouble
)

var (
	errSilent  = errors.New("the connection was lost")
	errNotRead = errors.New("not read yet")
)

// feed keeps one kind of object of a Watch up to date: it lists, watches, and does both again when the watch ends.
type feed struct {
	// list reads everything. It returns how to put that into the copy, and the version to watch from.
	list     func(ctx context.Context) (replace func(), version string, err error)
	watch    func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error)
	apply    func(event watch.Event)
	complete chan struct{} // closed when the server's first answer is known: the objects, or that it refuses them
	first    sync.Once
	err      error // why the copy is not live; guarded by the Watch's mu
}

// live is the live copy of one kind of object. What is in it is replaced and never changed.
type live[P metav1.Object] struct {
	*feed
	objects map[types.UID]P // guarded by the Watch's mu
}

// source is a client for one kind of object.
type source[L metav1.ListInterface] interface {
	List(ctx context.Context, opts metav1.ListOptions) (L, error)
	Watch(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error)
}

// newLive makes a live copy of what the source has. It reads nothing before the feed runs.
func newLive[P metav1.Object, L metav1.ListInterface](from source[L], items func(L) []P) *live[P] {
	l := &live[P]{}
	l.feed = &feed{
		complete: make(chan struct{}),
		err:      errNotRead,
		watch:    from.Watch,
		list: func(ctx context.Context) (func(), string, error) {
			list, err := from.List(ctx, metav1.ListOptions{})
			if err != nil {
				return nil, "", err
			}
			all := map[types.UID]P{}
			for _, o := range items(list) {
				all[o.GetUID()] = o
			}
			return func() { l.objects = all }, list.GetResourceVersion(), nil
		},
		apply: l.keep,
	}
	return l
}

// keep takes one watch event into the copy.
func (l *live[P]) keep(event watch.Event) {
	object, ok := event.Object.(P)
	switch {
	case !ok: // a bookmark of another type: it says nothing about an object
	case event.Type == watch.Deleted:
		delete(l.objects, object.GetUID())
	default:
		l.objects[object.GetUID()] = object
	}
}

// named returns the object of the name. One may be deleted and made again between two looks, so the copy is kept by UID.
func (l *live[P]) named(name string) (object P, found bool) {
	for _, o := range l.objects {
		if o.GetName() == name {
			return o, true
		}
	}
	return object, false
}

// pointers returns the addresses of a list's items.
func pointers[T any](list []T) []*T {
	all := make([]*T, len(list))
	for i := range list {
		all[i] = &list[i]
	}
	return all
}

// run keeps the feed going until ctx is done.
func (f *feed) run(ctx context.Context, w *Watch) {
	delay := retryMin
	for ctx.Err() == nil {
		started := time.Now()
		err := f.once(ctx, w)
		switch {
		case err == nil && time.Since(started) > steadyAfter:
			delay = retryMin
			continue
		case refused(err):
			delay = min(max(delay, refusedRetry), refusedMax)
		default:
			delay = min(delay, retryMax)
		}
		if err == nil && delay > lossGrace {
			w.lose(f, errSilent)
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
		delay *= 2
	}
	w.lose(f, context.Cause(ctx))
}

// refused says that the server understood and does not give this kind of object. Asking again soon would not help.
func refused(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err)
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
		if refused(err) {
			f.first.Do(func() { close(f.complete) })
		}
		return "", err
	}
	w.update(func() { replace(); f.err = nil })
	f.first.Do(func() { close(f.complete) })
	return version, nil
}
