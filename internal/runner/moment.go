package runner

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/node"
)

// world is where a lab's checks look: the live copy of its namespace, the API server and the nodes.
type world struct {
	namespace string
	watch     Watch
	api       API
	cluster   Cluster
}

// NewMoment returns what one look sees: what the watch shows, and each thing on a node at most once. A check that keeps
// something uses the memory.
func NewMoment(namespace string, watch Watch, api API, cluster Cluster, memory *checks.Memory) checks.Cluster {
	return &glance{moment: newMoment(world{namespace, watch, api, cluster}), memory: memory}
}

// moment is what the checks of one look see. Nodes are looked at on first need, each thing once.
type moment struct {
	world
	now time.Time

	mu    sync.Mutex
	looks map[string]any // what was looked at -> func() (result, error)

	pods sightings
}

func newMoment(w world) *moment { return &moment{world: w, now: time.Now(), looks: map[string]any{}} }

func (m *moment) Now() time.Time { return m.now }

func (m *moment) Pod(_ context.Context, name string) (*corev1.Pod, error) {
	pod, err := m.watch.Pod(name)
	if err == nil {
		m.pods.add(string(pod.UID), pod.Spec.NodeName)
	}
	return pod, err
}

func (m *moment) Object(ctx context.Context, kind, name string) (*unstructured.Unstructured, error) {
	return m.watch.Object(ctx, kind, name)
}

func (m *moment) List(ctx context.Context, kind string) ([]*unstructured.Unstructured, error) {
	return m.watch.List(ctx, kind)
}

func (m *moment) Events(ctx context.Context, kind, name string) ([]corev1.Event, error) {
	return m.watch.Events(ctx, kind, name)
}

func (m *moment) Logs(ctx context.Context, pod, container string) (checks.Log, error) {
	return m.watch.Logs(ctx, pod, container)
}

func (m *moment) LastWords(ctx context.Context, pod, container string) ([]string, error) {
	return m.watch.LastWords(ctx, pod, container)
}

func (m *moment) Exec(ctx context.Context, pod, container string, argv []string) (checks.Ran, error) {
	key := fmt.Sprintf("exec %s %s %q", pod, container, argv)
	return once(m, key, func() (checks.Ran, error) { return m.api.Exec(ctx, m.namespace, pod, container, argv) })
}

func (m *moment) Dial(ctx context.Context, to checks.Address) (net.Conn, error) {
	if to.Pod != "" {
		return m.api.Dial(ctx, m.namespace, to.Pod, to.Port)
	}
	return m.cluster.Dial(ctx, to)
}

func (m *moment) Node(ctx context.Context, name string) (*node.Snapshot, error) {
	return once(m, "node "+name, func() (*node.Snapshot, error) { return m.cluster.Snapshot(ctx, name) })
}

// Tasks returns those of the snapshot, if this moment has one or is about to.
func (m *moment) Tasks(ctx context.Context, name string) (map[string]node.Task, error) {
	m.mu.Lock()
	whole, ok := m.looks["node "+name].(func() (*node.Snapshot, error))
	m.mu.Unlock()
	if !ok {
		return once(m, "tasks "+name, func() (map[string]node.Task, error) { return m.cluster.Tasks(ctx, name) })
	}
	snapshot, err := whole()
	if err != nil {
		return nil, err
	}
	return snapshot.Firsts(), nil
}

// TasksNow looks each time: what this moment saw already may be older than the call.
func (m *moment) TasksNow(ctx context.Context, name string) (map[string]node.Task, error) {
	return m.cluster.Tasks(ctx, name)
}

func (m *moment) Inside(ctx context.Context, nodeName string, containers []node.Target) (*node.Inside, error) {
	key := "inside " + nodeName
	for _, c := range containers {
		key += fmt.Sprintf(" %d %s", c.PID, c.ID)
	}
	return once(m, key, func() (*node.Inside, error) { return m.cluster.Inside(ctx, nodeName, containers) })
}

func (m *moment) Created(ctx context.Context, nodeName string, containerIDs []string) (node.Births, error) {
	key := strings.Join(append([]string{"created", nodeName}, containerIDs...), " ")
	return once(m, key, func() (node.Births, error) { return m.cluster.Created(ctx, nodeName, containerIDs) })
}

func (m *moment) File(ctx context.Context, nodeName string, pid int, path string) (node.File, error) {
	key := strings.Join([]string{"file", nodeName, fmt.Sprint(pid), path}, " ")
	return once(m, key, func() (node.File, error) { return m.cluster.File(ctx, nodeName, pid, path) })
}

// once looks at a thing at most once in a moment, whoever asks for it.
func once[T any](m *moment, key string, look func() (T, error)) (T, error) {
	m.mu.Lock()
	shared, ok := m.looks[key].(func() (T, error))
	if !ok {
		shared = sync.OnceValues(look)
		m.looks[key] = shared
	}
	m.mu.Unlock()
	return shared()
}

// glance is a moment as one check sees it.
type glance struct {
	*moment
	memory *checks.Memory
	below  bool // the check looked below the API's watches: nothing tells podlab of a change there
	asked  bool // it sent a request to the API server to do so
}

func (g *glance) Memory() *checks.Memory { return g.memory }

func (g *glance) Node(ctx context.Context, name string) (*node.Snapshot, error) {
	g.below = true
	return g.moment.Node(ctx, name)
}

func (g *glance) Tasks(ctx context.Context, name string) (map[string]node.Task, error) {
	g.below = true
	return g.moment.Tasks(ctx, name)
}

func (g *glance) TasksNow(ctx context.Context, name string) (map[string]node.Task, error) {
	g.below = true
	return g.moment.TasksNow(ctx, name)
}

func (g *glance) Inside(ctx context.Context, nodeName string, containers []node.Target) (*node.Inside, error) {
	g.below = true
	return g.moment.Inside(ctx, nodeName, containers)
}

func (g *glance) Created(ctx context.Context, nodeName string, containerIDs []string) (node.Births, error) {
	g.below = true
	return g.moment.Created(ctx, nodeName, containerIDs)
}

func (g *glance) File(ctx context.Context, nodeName string, pid int, path string) (node.File, error) {
	g.below = true
	return g.moment.File(ctx, nodeName, pid, path)
}

func (g *glance) Exec(ctx context.Context, pod, container string, argv []string) (checks.Ran, error) {
	g.below, g.asked = true, true
	return g.moment.Exec(ctx, pod, container, argv)
}

func (g *glance) Dial(ctx context.Context, to checks.Address) (net.Conn, error) {
	g.below, g.asked = true, g.asked || to.Pod != ""
	return g.moment.Dial(ctx, to)
}
