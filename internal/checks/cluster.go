package checks

import (
	"context"
	"net"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/node"
)

// Cluster is what checks look at: one moment of one lab's namespace. All errors mean "could not look", except a
// NotFound (k8s.io/apimachinery/pkg/api/errors), which is an answer.
type Cluster interface {
	Objects
	Containers
	Nodes
	// Now is the time of this moment. It has a monotonic reading: a clock that is set does not move it.
	Now() time.Time
	// Memory is what this check kept at earlier looks.
	Memory() *Memory
}

// Objects is what the API server says. Nothing here sends a request but the first look at a kind of object, which opens a
// watch for it.
type Objects interface {
	Pod(ctx context.Context, name string) (*corev1.Pod, error)
	// Object returns the object of the kind ("Service", "Deployment", "EndpointSlice") and name. Nobody may change it.
	Object(ctx context.Context, kind, name string) (*unstructured.Unstructured, error)
	// List returns the namespace's objects of the kind, in the order of their names. Nobody may change them.
	List(ctx context.Context, kind string) ([]*unstructured.Unstructured, error)
	// Events returns the events about the object that has this kind and name now, oldest first. Of an object that is gone
	// it returns those about the last one of that name.
	Events(ctx context.Context, kind, name string) ([]corev1.Event, error)
}

// Containers is what goes on in a pod's containers, by way of the API server.
type Containers interface {
	// Logs returns what the container that runs now (or ran last) has written. The first call opens a stream, and later
	// calls send nothing. An init container has logs as well.
	Logs(ctx context.Context, pod, container string) (Log, error)
	// LastWords returns the last lines of the container's run before this one, at most 10. Each run is asked for once.
	LastWords(ctx context.Context, pod, container string) ([]string, error)
	// Exec runs argv in the container, as kubectl exec does, for at most 10 seconds. ErrNotStarted means that the program
	// could not be started there; any other error, that nobody could try.
	Exec(ctx context.Context, pod, container string, argv []string) (Ran, error)
	// Dial connects to a port. A refused connection is ErrRefused (use errors.Is); any other error means that nobody could try.
	Dial(ctx context.Context, to Address) (net.Conn, error)
}

// Nodes is what goes on below Kubernetes. Calls of one moment share their looks.
type Nodes interface {
	// Node returns the snapshot of the named node that belongs to this moment.
	Node(ctx context.Context, name string) (*node.Snapshot, error)
	// Tasks returns the first processes of the containers that run on the named node, by container ID: all that a check needs
	// that only asks whether they live. It takes a fraction of the time of Node.
	// Nobody may change the answer.
	Tasks(ctx context.Context, nodeName string) (map[string]node.Task, error)
	// TasksNow is Tasks by a look of its own, which begins after the call: for what must be seen after something else.
	TasksNow(ctx context.Context, nodeName string) (map[string]node.Task, error)
	// Inside returns the sockets, mounts, IPC objects, cgroups and credentials of a pod's containers on the named node.
	Inside(ctx context.Context, nodeName string, containers []node.Target) (*node.Inside, error)
	// Created returns when containerd created each of the containers on the named node, ended ones included, to the
	// nanosecond. A container that containerd has forgotten is left out. A container is started right after it is created.
	// The node's clock may have been set since: see node.Births.
	Created(ctx context.Context, nodeName string, containerIDs []string) (node.Births, error)
	// File returns what is at the absolute path in the root file system of the process on the named node. That nothing is
	// there is no error: see node.File.
	File(ctx context.Context, nodeName string, pid int, path string) (node.File, error)
}

// Log is what one run of a container has written.
type Log struct {
	ContainerID string
	Lines       []string // without line ends, oldest first
	Cut         bool     // there were more lines before these: podlab keeps the last 10,000 lines, 1 MiB at most
}

// Ran is what became of a program that ran in a container.
type Ran struct {
	Exit           int
	Stdout, Stderr []byte // the first 64 KiB of each
	Cut            bool   // there was more
}

// Address is where Dial connects to: either Pod or Node is set.
type Address struct {
	Pod  string // through a port-forward of the API server, to localhost in the pod
	Node string // from the named node
	PID  int    // with Node: from the network namespace of this process; 0 means the node's own
	Host string // with Node: an IP address
	Port int
}

// Reasons of Containers' errors that are answers about the lab, not about podlab.
const (
	ErrNotStarted = answer("the program could not be started in the container")
	ErrRefused    = answer("connection refused")
)

type answer string

// Error returns the answer.
func (a answer) Error() string { return string(a) }
