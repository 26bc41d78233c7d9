// Package node reads what ps, lsns and ctr print on a cluster's node into one snapshot: processes, their parents, their
// Linux namespaces, and the containers that they belong to. It is pure: somebody else runs Script on the node.
package node

// Type is a kind of Linux namespace, as lsns names it.
type Type string

// The namespace types that a pod's processes have.
const (
	Cgroup Type = "cgroup"
	IPC    Type = "ipc"
	Mnt    Type = "mnt"
	Net    Type = "net"
	PID    Type = "pid"
	User   Type = "user"
	UTS    Type = "uts"
)

// Process is one row of ps on the node.
type Process struct {
	PID, PPID   int
	Args        string
	NSPID       []int           // the process's PID in each pid namespace, the node's first, the innermost last
	Namespaces  map[Type]uint64 // inode number by type
	PodUID      string          // from the cgroup path; "" outside pods
	ContainerID string          // from the cgroup path; "" outside containers
}

// Namespace is one row of lsns on the node.
type Namespace struct {
	Inode   uint64
	Type    Type
	NProcs  int
	PID     int // the lowest PID in it
	PPID    int
	Command string
}

// Snapshot is what one look at a node saw.
type Snapshot struct {
	Node       string
	Processes  []Process
	Namespaces []Namespace
	Tasks      map[string]int // container ID -> PID of the container's first process, as containerd says
}
