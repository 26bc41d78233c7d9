// Package checkstest is a cluster in memory, for tests of whatever looks at checks: the pods, events and node that
// testdata/record.sh recorded from a real cluster.
package checkstest

import (
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/node"
)

//go:embed testdata/pods.json testdata/events.json testdata/node.txt
var recorded embed.FS

// Cluster is one moment of a lab's namespace. A test may change every part of it before it is looked at.
type Cluster struct {
	Pods     map[string]*corev1.Pod
	Warnings []corev1.Event
	Snapshot *node.Snapshot

	Things  []*unstructured.Unstructured // objects other than pods
	Written map[string]checks.Log        // by "pod/container"
	Words   map[string][]string          // by "pod/container"
	Within  *node.Inside
	Files   map[string]node.File // by "PID path"
	Births  node.Births
	Clock   time.Time
	Program func(pod, container string, argv []string) (checks.Ran, error)
	Port    func(to checks.Address) (net.Conn, error)
	LogsErr error

	memory checks.Memory

	PodErr, EventsErr, NodeErr, BirthsErr error // returned instead of an answer
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

// Events returns the events about the object.
func (c *Cluster) Events(_ context.Context, kind, name string) ([]corev1.Event, error) {
	var events []corev1.Event
	for _, e := range c.Warnings {
		if e.InvolvedObject.Kind == kind && e.InvolvedObject.Name == name {
			events = append(events, e)
		}
	}
	return events, c.EventsErr
}

// Object returns one of Things, or the pod as the API server would write it.
func (c *Cluster) Object(_ context.Context, kind, name string) (*unstructured.Unstructured, error) {
	all, err := c.List(context.Background(), kind)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.GetName() == name {
			return o, nil
		}
	}
	return nil, apierrors.NewNotFound(schema.GroupResource{Resource: kind}, name)
}

// List returns those of Things that have the kind, and the pods, in the order of their names.
func (c *Cluster) List(_ context.Context, kind string) ([]*unstructured.Unstructured, error) {
	if c.PodErr != nil {
		return nil, c.PodErr
	}
	var all []*unstructured.Unstructured
	for _, o := range c.Things {
		if o.GetKind() == kind {
			all = append(all, o)
		}
	}
	for _, pod := range c.Pods {
		if kind != "Pod" {
			break
		}
		fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
		if err != nil {
			return nil, err
		}
		o := &unstructured.Unstructured{Object: fields}
		o.SetKind("Pod")
		o.SetAPIVersion("v1")
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b *unstructured.Unstructured) int { return strings.Compare(a.GetName(), b.GetName()) })
	return all, nil
}

// Logs returns what is under "pod/container" in Written; a container that is not there has written nothing.
func (c *Cluster) Logs(_ context.Context, pod, container string) (checks.Log, error) {
	return c.Written[pod+"/"+container], c.LogsErr
}

// LastWords returns what is under "pod/container" in Words.
func (c *Cluster) LastWords(_ context.Context, pod, container string) ([]string, error) {
	return c.Words[pod+"/"+container], c.LogsErr
}

// Exec calls Program.
func (c *Cluster) Exec(_ context.Context, pod, container string, argv []string) (checks.Ran, error) {
	return c.Program(pod, container, argv)
}

// Dial calls Port.
func (c *Cluster) Dial(_ context.Context, to checks.Address) (net.Conn, error) { return c.Port(to) }

// Inside returns Within.
func (c *Cluster) Inside(_ context.Context, name string, _ []node.Target) (*node.Inside, error) {
	if c.NodeErr != nil {
		return nil, c.NodeErr
	}
	if c.Within == nil || c.Snapshot == nil || c.Snapshot.Node != name {
		return nil, fmt.Errorf("nothing was recorded inside containers of node %s", name)
	}
	return c.Within, nil
}

// File returns what is under "PID path" in Files; what is not there does not exist.
func (c *Cluster) File(_ context.Context, _ string, pid int, path string) (node.File, error) {
	return c.Files[fmt.Sprintf("%d %s", pid, path)], c.NodeErr
}

// Created returns those of Births that are asked for.
func (c *Cluster) Created(_ context.Context, _ string, ids []string) (node.Births, error) {
	found := node.Births{At: map[string]time.Time{}, Boot: c.Births.Boot}
	for _, id := range ids {
		if at, ok := c.Births.At[id]; ok {
			found.At[id] = at
		}
	}
	return found, cmp.Or(c.BirthsErr, c.NodeErr)
}

// Now returns Clock.
func (c *Cluster) Now() time.Time { return c.Clock }

// Memory returns the only memory there is.
func (c *Cluster) Memory() *checks.Memory { return &c.memory }

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

// TasksNow returns what Tasks does.
func (c *Cluster) TasksNow(ctx context.Context, name string) (map[string]node.Task, error) {
	return c.Tasks(ctx, name)
}

// Tasks returns what the snapshot says of the named node's containers.
func (c *Cluster) Tasks(ctx context.Context, name string) (map[string]node.Task, error) {
	snapshot, err := c.Node(ctx, name)
	if err != nil {
		return nil, err
	}
	return snapshot.Firsts(), nil
}
