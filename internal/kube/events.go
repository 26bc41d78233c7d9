package kube

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// EventsOf returns the events about the object that has this kind and name now, oldest first, or an error if the copy is
// not live. Of an object that is gone it returns those about the last one of that name.
func (w *Watch) EventsOf(ctx context.Context, kind, name string) ([]corev1.Event, error) {
	uid, err := w.uid(ctx, kind, name)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.liveness(); err != nil {
		return nil, err
	}
	events := w.eventsAbout(kind, name)
	if uid == "" && len(events) > 0 {
		uid = events[len(events)-1].InvolvedObject.UID
	}
	events = slices.DeleteFunc(events, func(e *corev1.Event) bool { return e.InvolvedObject.UID != uid })
	copies := make([]corev1.Event, len(events))
	for i, e := range events {
		copies[i] = *e.DeepCopy()
	}
	return copies, nil
}

// uid returns the UID of the object of the name, "" if there is none.
func (w *Watch) uid(ctx context.Context, kind, name string) (types.UID, error) {
	var object metav1.Object
	var err error
	if kind == "Pod" {
		object, err = w.Pod(name)
	} else {
		object, err = w.Object(ctx, kind, name)
	}
	switch {
	case apierrors.IsNotFound(err):
		return "", nil
	case err != nil:
		return "", err
	}
	return object.GetUID(), nil
}

// eventsAbout returns the events about all objects that ever had the kind and name, oldest first.
func (w *Watch) eventsAbout(kind, name string) []*corev1.Event {
	kind, _, _ = strings.Cut(kind, ".")
	var events []*corev1.Event
	for _, e := range w.events.objects {
		if e.InvolvedObject.Kind == kind && e.InvolvedObject.Name == name {
			events = append(events, e)
		}
	}
	slices.SortFunc(events, func(a, b *corev1.Event) int {
		return cmp.Or(eventTime(a).Compare(eventTime(b)), cmp.Compare(a.Name, b.Name))
	})
	return events
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
