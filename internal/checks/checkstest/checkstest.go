// Package checkstest is a cluster in memory, for tests of whatever looks at checks: the pods, events and node that
// testdata/record.sh recorded from a real cluster.
package checkstest

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podlab/podlab/internal/node"
)

//go:embed testdata/pods.json testdata/events.json testdata/node.txt
var recorded embed.FS

// Cluster is one moment of a lab's namespace. A test may change every part of it before it is looked at.
type Cluster struct {
	Pods     map[string]*corev1.Pod
	Warnings []corev1.Event
	Snapshot *node.Snapshot

	PodErr, EventsErr, NodeErr error // returned instead of an answer
}

// Recorded returns a fresh copy of what was recorded: demosolo, demoduo, demotrio, and the near-misses of testdata/pods.yaml.
func Recorded() (*Cluster, error) {
	var pods corev1.PodList
	var events corev1.EventList
	if err := read("testdata/pods.json", &pods); err != nil {
		return nil, err
	}
	if err := read("testdata/events.json", &events); err != nil {
		return nil, err
	}
	output, err := recorded.ReadFile("testdata/node.txt")
	if err != nil {
		return nil, err
	}
	c := &Cluster{Pods: map[string]*corev1.Pod{}, Warnings: events.Items}
	for i := range pods.Items {
		c.Pods[pods.Items[i].Name] = &pods.Items[i]
	}
	c.Snapshot, err = node.Parse("dev-control-plane", output)
	return c, err
}

func read(name string, into any) error {
	text, err := recorded.ReadFile(name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// Pod returns the pod or a NotFound error.
func (c *Cluster) Pod(_ context.Context, name string) (*corev1.Pod, error) {
	if c.PodErr != nil {
		return nil, c.PodErr
	}
	pod, ok := c.Pods[name]
	if !ok {
		return nil, apierrors.NewNotFound(corev1.Resource("pods"), name)
	}
	return pod, nil
}

// Events returns the warnings about the pod.
func (c *Cluster) Events(_ context.Context, pod string) ([]corev1.Event, error) {
	var events []corev1.Event
	for _, e := range c.Warnings {
		if e.InvolvedObject.Name == pod {
			events = append(events, e)
		}
	}
	return events, c.EventsErr
}

// Node returns the snapshot if it is of the named node.
func (c *Cluster) Node(_ context.Context, name string) (*node.Snapshot, error) {
	if c.NodeErr != nil {
		return nil, c.NodeErr
	}
	if c.Snapshot == nil || c.Snapshot.Node != name {
		return nil, fmt.Errorf("no snapshot of node %s", name)
	}
	return c.Snapshot, nil
}
