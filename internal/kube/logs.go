package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const (
	logLines = 10_000
	logBytes = 1 << 20 // of text, line ends not counted
)

// Log is what one run of a container has written.
type Log struct {
	ContainerID string   // as in the pod's status ("containerd://..."); "" while the container has never run
	Lines       []string // without line ends, oldest first; nobody may change them
	Cut         bool     // there were more lines before these
}

// runLog is the live copy of what one run of a container writes. It belongs to a Watch, whose mu guards what changes.
type runLog struct {
	pod, container string
	id             string // the container's, as in the pod's status
	opened         time.Time
	cancel         context.CancelFunc
	read           chan struct{} // closed when what was there at first is in the copy, or why it is not
	first          sync.Once

	lines []string
	size  int
	cut   bool
	err   error // why the copy is not live
}

// Logs returns what the container that runs now, or ran last, has written; an init container's too. The first look at a
// run opens a stream and waits until what was there is read; later ones send nothing. A NotFound error means that there is
// no such pod; any other, that the copy is not live.
func (w *Watch) Logs(ctx context.Context, pod, container string) (Log, error) {
	l, err := w.logOf(pod, container)
	if err != nil || l == nil {
		return Log{}, err
	}
	select {
	case <-l.read:
	case <-w.done:
	case <-ctx.Done():
		return Log{}, unanswered(ctx.Err())
	case <-time.After(time.Until(l.opened.Add(openTimeout))):
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.liveness(); err != nil {
		return Log{}, err
	}
	if l.err != nil {
		return Log{}, fmt.Errorf("read the log of container %s of pod %s: %w", container, pod, unanswered(l.err))
	}
	return Log{ContainerID: l.id, Lines: slices.Clip(l.lines), Cut: l.cut}, nil
}

// logOf returns the copy of the container's last run, and opens it where that was not done. It is nil if there was no run.
func (w *Watch) logOf(pod, container string) (*runLog, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	status, err := w.container(pod, container)
	if err != nil || status == nil || lastRun(status) == "" {
		return nil, err
	}
	key := pod + "/" + container
	before, there := w.logs[key]
	if there && before.id == lastRun(status) {
		return before, nil
	}
	if there {
		before.cancel()
	}
	l := &runLog{
		pod: pod, container: container, id: lastRun(status),
		opened: time.Now(), read: make(chan struct{}), err: errNotRead,
	}
	l.cancel = w.start(func(ctx context.Context) { l.run(ctx, w) })
	w.logs[key] = l
	return l, nil
}

// container returns the status of the pod's container, nil if the kubelet has not reported one yet.
func (w *Watch) container(pod, name string) (*corev1.ContainerStatus, error) {
	if err := w.liveness(); err != nil {
		return nil, err
	}
	p, found := w.pods.named(pod)
	if !found {
		return nil, apierrors.NewNotFound(corev1.Resource("pods"), pod)
	}
	status := p.Status
	for _, list := range [][]corev1.ContainerStatus{
		status.ContainerStatuses, status.InitContainerStatuses, status.EphemeralContainerStatuses,
	} {
		for i := range list {
			if list[i].Name == name {
				return &list[i], nil
			}
		}
	}
	if !hasContainer(&p.Spec, name) {
		return nil, fmt.Errorf("pod %s has no container %s", pod, name)
	}
	return nil, nil
}

func hasContainer(spec *corev1.PodSpec, name string) bool {
	named := func(c corev1.Container) bool { return c.Name == name }
	return slices.ContainsFunc(spec.Containers, named) || slices.ContainsFunc(spec.InitContainers, named) ||
		slices.ContainsFunc(spec.EphemeralContainers, func(c corev1.EphemeralContainer) bool { return c.Name == name })
}

// lastRun returns the ID of the container that runs now or ran last. One that waits to be started again has no state of
// its own, and maybe no ID any more.
func lastRun(status *corev1.ContainerStatus) string {
	if status.ContainerID == "" && status.LastTerminationState.Terminated != nil {
		return status.LastTerminationState.Terminated.ContainerID
	}
	return status.ContainerID
}

// state says what the watch shows of this run: whether it is still the last one, and whether it goes on. Nothing is known
// while the copy of the pods is not live, and then both are taken to be as they were.
func (w *Watch) state(l *runLog) (last, running bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	status, err := w.container(l.pod, l.container)
	if err != nil {
		known := w.liveness() == nil
		return !known, !known
	}
	last = status != nil && lastRun(status) == l.id
	return last, last && status.State.Running != nil
}

// add takes one line into the copy, and lets the oldest go where there are too many.
func (l *runLog) add(text string) {
	l.lines = append(l.lines, text)
	l.size += len(text)
	for len(l.lines) > logLines || (l.size > logBytes && len(l.lines) > 1) {
		l.size -= len(l.lines[0])
		l.lines = l.lines[1:]
		l.cut = true
	}
}

// run reads the log while the container runs, and what is left when it has ended.
func (l *runLog) run(ctx context.Context, w *Watch) {
	seen := newSeen()
	delay := retryMin
	for ctx.Err() == nil {
		started := time.Now()
		whole, err := l.once(ctx, w, seen)
		last, _ := w.state(l)
		switch {
		case !last, err == nil && (whole || l.ends(ctx, w)):
			return
		case err == nil, errors.Is(err, errBroken) && time.Since(started) > steadyAfter:
			delay = retryMin
			continue // it reads what was missed, or tells why it cannot
		case errors.Is(err, errUnfollowed):
			sleep(ctx, unfollowed) // the copy is as live as that
			continue
		case refused(err):
			delay = min(max(delay, refusedRetry), refusedMax)
		default:
			delay = min(delay, retryMax)
		}
		l.fail(w, err)
		sleep(ctx, delay)
		delay *= 2
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// ends waits until the watch tells that the run has ended: its log did. It returns false when that does not come.
func (l *runLog) ends(ctx context.Context, w *Watch) bool {
	late := time.After(lateStatus)
	for {
		next := w.next() // asked for before the look: no change is missed
		if _, running := w.state(l); !running {
			return true
		}
		select {
		case <-ctx.Done():
			return true
		case <-late:
			return false
		case <-next:
		}
	}
}

// unfollowed is how long a log that nobody can follow goes unread.
const unfollowed = 500 * time.Millisecond

// lateStatus is how long after the end of a container's log the pod's status may come.
const lateStatus = 2 * time.Second

// fail notes why the copy is not live.
func (l *runLog) fail(w *Watch, err error) {
	w.update(func() { l.err = err })
	l.first.Do(func() { close(l.read) })
}
