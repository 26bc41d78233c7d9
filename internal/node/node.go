// Package node reads what ps, lsns and ctr print on a cluster's node into one snapshot: processes, their parents, their
// Linux namespaces, and the containers that they belong to. It is pure: somebody else runs Script on the node.
package node

import (
	"path"
	"strings"
	"time"
)

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

// Types returns every namespace type that a snapshot knows, in alphabetical order.
func Types() []Type { return []Type{Cgroup, IPC, Mnt, Net, PID, User, UTS} }

// Process is one row of ps on the node.
type Process struct {
	PID, PPID   int
	State       string          // one letter, as ps prints it: "Z" is a zombie
	UID         int             // on the node
	Comm        string          // as ps -o comm prints it, cut after 15 bytes; the program itself may change it
	Args        string          // the command line; some programs write a title there: "nginx: master process nginx"
	NSPID       []int           // the process's PID in each pid namespace, the node's first, the innermost last
	Namespaces  map[Type]uint64 // inode number by type; a zombie has let go of all but its pid namespace
	PodUID      string          // from the cgroup path; "" outside pods
	ContainerID string          // from the cgroup path; "" outside containers
	Start       uint64          // when it started, in hundredths of a second since the node's kernel booted
}

// commLength is the number of bytes after which the kernel cuts a process's name.
const commLength = 15

// Program returns the program's name: "php" for "/usr/bin/php -S 127.0.0.1:9081", "nginx" for "nginx: master process". It is
// Comm, made whole from the command line where the kernel cut it.
func (p Process) Program() string {
	if base := p.Base(); len(p.Comm) == commLength && strings.HasPrefix(base, p.Comm) {
		return base
	}
	return p.Comm
}

// Base returns the base name of the command line's first word: "init" for "/sbin/init", "nginx:" for "nginx: master process".
func (p Process) Base() string {
	program, _, _ := strings.Cut(p.Args, " ")
	return path.Base(program)
}

// Runs says whether the process is the program: by its name, whole or cut, or by the base name of its command line.
func (p Process) Runs(program string) bool {
	return program == p.Program() || program == p.Base() || program == p.Comm
}

// InnermostPID returns the process's PID in its own pid namespace.
func (p Process) InnermostPID() int {
	if len(p.NSPID) == 0 {
		return 0
	}
	return p.NSPID[len(p.NSPID)-1]
}

// Zombie says whether the process has ended and only waits for its parent to collect it. ps and lsns still list it.
func (p Process) Zombie() bool { return p.State == "Z" }

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
	Uptime     time.Duration // since the node's kernel booted, before anything else was looked at
	Processes  []Process
	Namespaces []Namespace
	Tasks      map[string]int // container ID -> PID of the container's first process, for those that run
}

// Process returns the process with the PID.
func (s *Snapshot) Process(pid int) (Process, bool) {
	for _, p := range s.Processes {
		if p.PID == pid {
			return p, true
		}
	}
	return Process{}, false
}

// Members returns the processes that ps shows in one namespace.
func (s *Snapshot) Members(t Type, inode uint64) []Process {
	var members []Process
	for _, p := range s.Processes {
		if inode != 0 && p.Namespaces[t] == inode {
			members = append(members, p)
		}
	}
	return members
}

// Namespace returns lsns's row for one namespace.
func (s *Snapshot) Namespace(t Type, inode uint64) (Namespace, bool) {
	for _, n := range s.Namespaces {
		if n.Type == t && n.Inode == inode {
			return n, true
		}
	}
	return Namespace{}, false
}
