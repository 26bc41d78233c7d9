package node

import "time"

// Target is one container of a pod on a node.
type Target struct {
	ID  string // the container's, without the runtime's prefix
	PID int    // of its first process, on the node
}

// Births is when containers were created.
type Births struct {
	At map[string]time.Time // by container ID: what containerd noted then, by the node's clock of that moment
	// Boot is when the node's kernel booted, by the node's clock of now: whoever sets the clock moves it. It is in whole seconds.
	Boot time.Time
}

// Began returns when the process started by the node's clock of now, up to a second too early.
func (b Births) Began(p Process) time.Time {
	return b.Boot.Add(sinceBoot(p.Start))
}

// sinceBoot is the kernel's hundredths of a second as a time.
func sinceBoot(hundredths uint64) time.Duration {
	return time.Duration(hundredths) * (time.Second / 100) //nolint:gosec // a machine that runs for 2,900 million years
}

// Inside is what one look into a pod's containers saw.
type Inside struct {
	Sockets  []Socket               // that listen, in the network namespaces of the targets
	Mounts   map[string][]Mount     // by container ID, in the order of /proc/PID/mountinfo
	IPC      map[string][]IPCObject // by container ID: the System V objects that the container sees
	Cgroups  map[string]Limits      // by container ID
	Users    map[int]Credentials    // by PID, for the first process of each target
	Env      map[string][]string    // by container ID: "NAME=value", as the runtime was told to set them
	Hostname map[string]string      // by container ID
}

// Socket is a socket that waits for connections or datagrams.
type Socket struct {
	Net      uint64 // inode of its network namespace
	Protocol string // "tcp" or "udp"
	Address  string // "0.0.0.0", "::", "127.0.0.1"
	Port     int
	Owners   []int // PIDs on the node that hold it open, among all processes of the node
}

// Mount is one line of /proc/PID/mountinfo.
type Mount struct {
	Device  string // "major:minor"
	Root    string // the path within that device's file system that is mounted
	Path    string // where it is mounted in the container
	Options string // "rw,relatime"
	Type    string // "tmpfs", "ext4"
	Source  string
}

// IPCObject is a System V message queue, semaphore set or shared memory segment.
type IPCObject struct {
	Kind  string // "queue", "semaphore" or "shm"
	Key   string // "0x0000162e", as ipcs prints it
	ID    int
	Perms string // "666", octal
	UID   int    // of its owner, as the node sees it
	Size  int    // bytes: in a queue, used by its messages; of a segment, its size; of a semaphore set, 0
	Count int    // messages in a queue; semaphores in a set; processes attached to a segment
	PIDs  []int  // the last that sent and received, or that created and used it, as the node numbers them; without the zeros
}

// Limits is the cgroup of a container. Minus one means "no limit".
type Limits struct {
	Path      string // of the cgroup, as /proc/PID/cgroup names it
	Version   int    // 1 or 2
	Memory    int64  // bytes
	CPUQuota  int64  // microseconds of CPU time in each period
	CPUPeriod int64  // microseconds
	CPUWeight int64  // cpu.shares of version 1, cpu.weight of version 2
	PIDs      int64
	OOMKills  int64 // processes that the kernel killed here for want of memory
}

// Credentials is what /proc/PID/status says of who a process is.
type Credentials struct {
	UID, GID   int // effective, as the node sees them
	Groups     []int
	CapEff     uint64
	NoNewPrivs bool
	Seccomp    int // 0 none, 1 strict, 2 filter
}

// File is what is at a path in a container's root file system.
type File struct {
	Exists bool
	Kind   string // "file", "directory", "socket", "fifo", "device"; symbolic links are followed within the container's root
	Mode   string // "644", octal
	UID    int
	Size   int64
	SHA256 string // of the whole content, for a file
	Device string // "major:minor" of its file system, and Inode there: the same file seen by two containers has both the same
	Inode  uint64
	Born   string // when the inode was made, as stat prints it: inode numbers are used again; "" where the file system does not keep it
	Body   []byte // the first 64 KiB of a file
	Cut    bool   // there is more
}
