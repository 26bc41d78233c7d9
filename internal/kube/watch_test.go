package kube

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestWatchTellsOfAChangeAtOnce(t *testing.T) {
	s := &stream{events: make(chan string)}
	c := serve(t, newGate(), s.handler())
	w, end := watching(t, c)
	defer end()
	if _, err := w.Pod("duo"); !apierrors.IsNotFound(err) {
		t.Fatalf("before: %v, want a NotFound error", err)
	}
	drain(w)
	start := time.Now()
	s.events <- podEvent("ADDED", "duo", "8")
	await(t, w, time.Second, func(err error) bool { return err == nil })
	t.Logf("seen after %v", time.Since(start))
	s.events <- podEvent("DELETED", "duo", "9")
	await(t, w, time.Second, apierrors.IsNotFound)
}

// An idle watch costs two lists and two watches, and then nothing.
func TestWatchIsQuietWhenIdle(t *testing.T) {
	s := &stream{events: make(chan string)}
	c := serve(t, newGate(), s.handler())
	_, end := watching(t, c)
	defer end()
	time.Sleep(3 * time.Second) // longer than the pings, which are no requests
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.requests)
	if len(s.requests) != 4 {
		t.Errorf("requests %q, want a list and a watch of pods and of events", s.requests)
	}
}

func TestWatchNoticesThatPacketsVanish(t *testing.T) {
	s := &stream{events: make(chan string)}
	g := newGate()
	c := serve(t, g, s.handler())
	w, end := watching(t, c)
	defer end()
	drain(w)
	g.set(true)
	await(t, w, 4*time.Second, func(err error) bool {
		var unanswered *Unanswered
		return errors.As(err, &unanswered)
	})
	if _, err := w.EventsOf(t.Context(), "Pod", "duo"); err == nil {
		t.Error("events of a copy that is not live")
	}
	g.set(false)
	await(t, w, 6*time.Second, apierrors.IsNotFound)
}

func TestWatchOfADeadServerFails(t *testing.T) {
	g := newGate()
	c := serve(t, g, (&stream{}).handler())
	g.set(true)
	start := time.Now()
	_, err := c.Watch(t.Context(), "lab")
	var unanswered *Unanswered
	if !errors.As(err, &unanswered) || time.Since(start) > firstTimeout+5*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}

func TestWatchEndsWithItsContext(t *testing.T) {
	c := serve(t, newGate(), (&stream{}).handler())
	w, end := watching(t, c)
	end()
	if _, err := w.Pod("duo"); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v, want context.Canceled", err)
	}
}

// watching starts a watch and returns how to end it and wait for its end.
func watching(t *testing.T, c *Client) (*Watch, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w, err := c.Watch(ctx, "lab")
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	return w, func() { cancel(); <-w.Done() }
}

// drain takes the note that the first list left.
func drain(w *Watch) {
	select {
	case <-w.Changed():
	default:
	}
}

// await waits until a change makes ok true of the error about pod duo.
func await(t *testing.T, w *Watch, within time.Duration, ok func(error) bool) {
	t.Helper()
	deadline := time.After(within)
	for {
		_, err := w.Pod("duo")
		if ok(err) {
			return
		}
		select {
		case <-w.Changed():
		case <-deadline:
			t.Fatalf("after %v still: %v", within, err)
		}
	}
}
