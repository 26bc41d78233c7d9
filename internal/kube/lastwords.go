package kube

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// lastWordLines is how many lines of an ended run are asked for.
const lastWordLines = 10

// words are the last lines of one run that has ended, or why they could not be had.
type words struct {
	lines []string
	err   error
	asked time.Time
}

// LastWords returns the last lines, 10 at most, of the container's run before this one, or of the one that has ended and
// was not started again. Without such a run there are none. Each run is asked for once, and one whose log could not be
// had not more often than every 30 s.
func (w *Watch) LastWords(ctx context.Context, pod, container string) ([]string, error) {
	w.asking.Lock()
	defer w.asking.Unlock()
	id, previous, err := w.endedRun(pod, container)
	if err != nil || id == "" {
		return nil, err
	}
	if said, asked := w.said[id]; asked && (said.err == nil || time.Since(said.asked) < refusedRetry) {
		return said.lines, said.err
	}
	said := words{asked: time.Now()}
	said.lines, said.err = w.client.tail(ctx, w.namespace, pod, container, previous)
	if ctx.Err() != nil {
		return nil, unanswered(ctx.Err()) // the caller had no time: that says nothing about the log
	}
	if said.err != nil {
		said.err = fmt.Errorf("read the end of the log of container %s of pod %s: %w", container, pod, unanswered(said.err))
	}
	if now, _, err := w.endedRun(pod, container); err == nil && now == id {
		w.said[id] = said // else one more run may have ended meanwhile, and the lines may be its own
	}
	return said.lines, said.err
}

// endedRun returns the ID of the last run that has ended, and whether the kubelet has it as the one before.
func (w *Watch) endedRun(pod, container string) (id string, previous bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	status, err := w.container(pod, container)
	switch {
	case err != nil || status == nil:
		return "", false, err
	case status.State.Terminated != nil && status.State.Terminated.ContainerID != "":
		return status.State.Terminated.ContainerID, false, nil
	case status.LastTerminationState.Terminated != nil:
		return status.LastTerminationState.Terminated.ContainerID, true, nil
	}
	return "", false, nil
}

// tail reads the end of a log that nobody writes to any more.
func (c *Client) tail(ctx context.Context, namespace, pod, container string, previous bool) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	stream, err := c.core.Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{
		Container: container, Previous: previous, Timestamps: true, TailLines: new(int64(lastWordLines)),
	}).Stream(ctx)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var lines []string
	err = readLines(stream, isLine, func(_ time.Time, _, text string) { lines = append(lines, text) })
	return lines, err
}
