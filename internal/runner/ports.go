package runner

import (
	"context"
	"io"
	"net"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/node"
)

// Cluster is what the runner needs of a cluster's life. internal/cluster has it.
type Cluster interface {
	// Standing looks how the cluster stands. It changes nothing, and takes seconds at most.
	Standing(ctx context.Context) (Standing, error)
	// Up makes the cluster answer, with the images on its nodes, and reports each phase. It returns only when nothing
	// that it started still runs, also after ctx is cancelled.
	Up(ctx context.Context, images []string, report func(Phase)) error
	// Revive brings back a cluster that was up and stopped answering. It never makes one, and never deletes one.
	Revive(ctx context.Context, report func(Phase)) error
	// Snapshot looks once at the named node.
	Snapshot(ctx context.Context, nodeName string) (*node.Snapshot, error)
	// Usage tells, without a request to the API server, whether anything has run in the pods of the named node since it was
	// asked last.
	Usage(ctx context.Context, nodeName string) (node.Usage, error)
	// Tasks, Inside, Created, File and Dial are those of checks.Nodes and checks.Containers. Dial's address names a node.
	Tasks(ctx context.Context, nodeName string) (map[string]node.Task, error)
	Inside(ctx context.Context, nodeName string, containers []node.Target) (*node.Inside, error)
	Created(ctx context.Context, nodeName string, containerIDs []string) (node.Births, error)
	File(ctx context.Context, nodeName string, pid int, path string) (node.File, error)
	Dial(ctx context.Context, to checks.Address) (net.Conn, error)
}

// Standing is how a cluster stands.
type Standing string

// The standings. Nobody has looked yet, or could not, where there is none of them.
const (
	Absent  Standing = "absent" // there is no cluster
	Down    Standing = "down"   // there is one, and it does not answer
	Answers Standing = "answers"
)

// Phase is one named part of bringing a cluster up. A phase is reported when it starts, whenever its detail changes, and
// when it ends.
type Phase struct {
	Name   string // "create the cluster"
	Detail string // what is happening in it now; may be ""
	Done   bool
	Err    error // with Done: why it failed
}

// API is what the runner needs of Kubernetes, in one cluster. internal/kube has it.
type API interface {
	// EnsureNamespace creates the namespace if it is missing and waits until pods can be made in it.
	EnsureNamespace(ctx context.Context, namespace string) error
	// Apply applies the objects in order, server-side and strictly. It stops at the first that is refused.
	Apply(ctx context.Context, namespace string, objects []*unstructured.Unstructured) ([]Applied, error)
	// Reset removes everything that a lesson or a learner made in the namespace and returns when it is gone.
	Reset(ctx context.Context, namespace string) error
	// Watch follows the namespace until ctx is done.
	Watch(ctx context.Context, namespace string) (Watch, error)
	// Exec and Dial are those of checks.Containers. Dial connects through a port-forward, to localhost in the pod.
	Exec(ctx context.Context, namespace, pod, container string, argv []string) (checks.Ran, error)
	Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error)
	// Close lets go of the connections.
	Close()
}

// Applied says what became of one object.
type Applied struct {
	Object string // "pod/demoduo"
	Action string // "created", "configured", "unchanged" or "replaced"
	// Warnings are the API server's, in the order in which they came.
	Warnings []string
}

// Watch is a live copy of one namespace.
type Watch interface {
	// Changed receives after any change since the last receive, including loss and return of the connection.
	Changed() <-chan struct{}
	// Err says why the copy is not live; nil while it is.
	Err() error
	// Pod returns the pod as last seen, a NotFound error if it is not there, another error if the copy is not live.
	Pod(name string) (*corev1.Pod, error)
	// Object, List and Events are those of checks.Objects: the first look at a kind opens its watch.
	Object(ctx context.Context, kind, name string) (*unstructured.Unstructured, error)
	List(ctx context.Context, kind string) ([]*unstructured.Unstructured, error)
	Events(ctx context.Context, kind, name string) ([]corev1.Event, error)
	// Logs and LastWords are those of checks.Containers.
	Logs(ctx context.Context, pod, container string) (checks.Log, error)
	LastWords(ctx context.Context, pod, container string) ([]string, error)
}

// Shell runs a lesson's commands. internal/shell has it.
type Shell interface {
	// Run runs the script and returns its exit code. An error means that it could not be run.
	Run(ctx context.Context, script string, env ShellEnv, stdout, stderr io.Writer) (int, error)
}

// ShellEnv is what a lesson's command can name.
type ShellEnv struct {
	Node      string // $NODE: the container of the node that the lab's pod runs on
	Namespace string // $NAMESPACE, and kubectl's default
}
