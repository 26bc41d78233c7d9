package honesty

import (
	"context"
	"net"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/node"
)

// Trial is one case, what its check remembers, and where it has looked.
type Trial struct {
	Case    Case
	Settled bool // it came to its verdict

	memory *checks.Memory

	mu     sync.Mutex
	senses []Sense
	kinds  []string
	timed  bool // it asked for the time
	dated  bool // it asked when containers were created
}

// NewTrial returns a trial that remembers nothing.
func NewTrial(c Case) *Trial { return &Trial{Case: c, memory: &checks.Memory{}, senses: []Sense{API}} }

// Senses returns the ways by which the check has looked so far.
func (t *Trial) Senses() []Sense {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.senses)
	return slices.Clone(t.senses)
}

// Kinds returns the kinds of objects that the check has asked for so far, pods by their own way left out.
func (t *Trial) Kinds() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.kinds)
}

// Timed tells whether the check has asked for the time. Such a check must see its moments in their order.
func (t *Trial) Timed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.timed
}

func (t *Trial) looked(s Sense) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.senses, s) {
		t.senses = append(t.senses, s)
	}
}

func (t *Trial) asked(kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.kinds, kind) {
		t.kinds = append(t.kinds, kind)
	}
}

// Dated tells whether the check has asked when containers were created.
func (t *Trial) Dated() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dated
}

func (t *Trial) note(what *bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*what = true
}

// at returns the moment as the trial's check sees it.
func (t *Trial) at(moment func(*checks.Memory) checks.Cluster) checks.Cluster {
	return &observed{moment(t.memory), t}
}

// observed notes where a check looks.
type observed struct {
	checks.Cluster
	trial *Trial
}

func (o *observed) Now() time.Time {
	o.trial.note(&o.trial.timed)
	return o.Cluster.Now()
}

func (o *observed) Object(ctx context.Context, kind, name string) (*unstructured.Unstructured, error) {
	o.trial.asked(kind)
	return o.Cluster.Object(ctx, kind, name)
}

func (o *observed) List(ctx context.Context, kind string) ([]*unstructured.Unstructured, error) {
	o.trial.asked(kind)
	return o.Cluster.List(ctx, kind)
}

func (o *observed) Events(ctx context.Context, kind, name string) ([]corev1.Event, error) {
	o.trial.asked("Event")
	return o.Cluster.Events(ctx, kind, name)
}

func (o *observed) Logs(ctx context.Context, pod, container string) (checks.Log, error) {
	o.trial.looked(Logs)
	return o.Cluster.Logs(ctx, pod, container)
}

func (o *observed) LastWords(ctx context.Context, pod, container string) ([]string, error) {
	o.trial.looked(Logs)
	return o.Cluster.LastWords(ctx, pod, container)
}

func (o *observed) Exec(ctx context.Context, pod, container string, argv []string) (checks.Ran, error) {
	o.trial.looked(Exec)
	return o.Cluster.Exec(ctx, pod, container, argv)
}

func (o *observed) Dial(ctx context.Context, to checks.Address) (net.Conn, error) {
	if to.Pod != "" {
		o.trial.looked(Forward)
	} else {
		o.trial.looked(Node)
	}
	return o.Cluster.Dial(ctx, to)
}

func (o *observed) Node(ctx context.Context, name string) (*node.Snapshot, error) {
	o.trial.looked(Node)
	return o.Cluster.Node(ctx, name)
}

func (o *observed) Tasks(ctx context.Context, name string) (map[string]node.Task, error) {
	o.trial.looked(Node)
	return o.Cluster.Tasks(ctx, name)
}

func (o *observed) TasksNow(ctx context.Context, name string) (map[string]node.Task, error) {
	o.trial.looked(Node)
	return o.Cluster.TasksNow(ctx, name)
}

func (o *observed) Inside(ctx context.Context, nodeName string, containers []node.Target) (*node.Inside, error) {
	o.trial.looked(Node)
	return o.Cluster.Inside(ctx, nodeName, containers)
}

func (o *observed) Created(ctx context.Context, nodeName string, ids []string) (node.Births, error) {
	o.trial.looked(Node)
	o.trial.note(&o.trial.dated)
	return o.Cluster.Created(ctx, nodeName, ids)
}

func (o *observed) File(ctx context.Context, nodeName string, pid int, path string) (node.File, error) {
	o.trial.looked(Node)
	return o.Cluster.File(ctx, nodeName, pid, path)
}
