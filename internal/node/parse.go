package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

const psHeader = "PID PPID S UID CGROUPNS IPCNS MNTNS NETNS PIDNS USERNS UTSNS COMMAND"

// Parse reads what Script's snapshot printed on the named node. A part that failed, is missing or makes no sense is an error that
// names it: a snapshot is whole or there is none.
func Parse(node string, output []byte) (*Snapshot, error) {
	s, err := parse(output)
	if err != nil {
		return nil, fmt.Errorf("look at node %s: %w", node, err)
	}
	s.Node = node
	return s, nil
}

func parse(output []byte) (*Snapshot, error) {
	parts, err := split("snapshot 3", []string{"uptime", "ps", "cgroup", "status", "stat", "lsns", "tasks"}, output)
	if err != nil {
		return nil, err
	}
	if err := parts.succeeded("uptime", "ps", "lsns"); err != nil {
		return nil, err
	}
	uptime, err := readUptime(parts["uptime"].body)
	if err != nil {
		return nil, err
	}
	processes, err := readPS(parts["ps"].body)
	if err != nil {
		return nil, fmt.Errorf("ps: %w", err)
	}
	cgroups, err := readCgroups(parts["cgroup"].body)
	if err != nil {
		return nil, fmt.Errorf("cgroups: %w", err)
	}
	statuses, err := readStatuses(parts["status"].body)
	if err != nil {
		return nil, fmt.Errorf("status files: %w", err)
	}
	starts, err := readStarts(parts["stat"].body)
	if err != nil {
		return nil, fmt.Errorf("stat files: %w", err)
	}
	namespaces, err := readLsns(parts["lsns"].body)
	if err != nil {
		return nil, fmt.Errorf("lsns: %w", err)
	}
	tasks, err := readTasks(parts["tasks"].body)
	if err != nil {
		return nil, fmt.Errorf("init.pid files: %w", err)
	}
	s := &Snapshot{Uptime: uptime, Namespaces: namespaces, Processes: join(processes, cgroups, statuses, starts)}
	s.Tasks = running(tasks, s)
	if first, ok := s.Process(1); !ok || first.Namespaces[PID] == 0 {
		return nil, fmt.Errorf("ps: no namespaces of PID 1 (podlab must look as root on the node)")
	}
	return s, nil
}

// join gives each process the rest of what is known of it, and leaves out those that ended while the node was looked at.
func join(processes []Process, cgroups map[int]string, statuses map[int]status, starts map[int]uint64) []Process {
	kept := processes[:0]
	for _, p := range processes {
		found, ok := statuses[p.PID]
		start, whole := starts[p.PID]
		if !ok || !whole {
			continue
		}
		p.Comm, p.NSPID, p.Start = found.name, found.pids, start
		p.PodUID, p.ContainerID = podAndContainer(cgroups[p.PID])
		kept = append(kept, p)
	}
	return kept
}

// running leaves out the tasks that ended. containerd's note of a first process outlives it for a moment: the PID counts
// only while a process of that container has it.
func running(tasks map[string]int, s *Snapshot) map[string]int {
	maps.DeleteFunc(tasks, func(id string, pid int) bool {
		first, ok := s.Process(pid)
		return !ok || first.ContainerID != id || first.Zombie()
	})
	return tasks
}

func readPS(text string) ([]Process, error) {
	lines := nonEmpty(text)
	if len(lines) == 0 || strings.Join(strings.Fields(lines[0]), " ") != psHeader {
		return nil, fmt.Errorf("the header is not %q", psHeader)
	}
	var processes []Process
	for _, line := range lines[1:] {
		p, err := readProcess(line)
		if err != nil {
			return nil, fmt.Errorf("row %q: %w", line, err)
		}
		processes = append(processes, p)
	}
	return processes, nil
}

func readProcess(line string) (Process, error) {
	types := Types()
	fields := make([]string, 4+len(types))
	rest := line
	for i := range fields {
		fields[i], rest, _ = strings.Cut(strings.TrimLeft(rest, " "), " ")
	}
	numbers, err := atois([]string{fields[0], fields[1], fields[3]})
	if err != nil {
		return Process{}, err
	}
	p := Process{PID: numbers[0], PPID: numbers[1], State: fields[2], UID: numbers[2], Args: rest, Namespaces: map[Type]uint64{}}
	for i, t := range types {
		field := fields[4+i]
		if field == "-" {
			continue
		}
		if p.Namespaces[t], err = strconv.ParseUint(field, 10, 64); err != nil {
			return Process{}, fmt.Errorf("%s namespace %q is not a number", t, field)
		}
	}
	if p.PID < 1 || p.PPID < 0 || len(p.State) != 1 || p.Args == "" {
		return Process{}, fmt.Errorf("not a process")
	}
	return p, nil
}

// readProc reads grep's lines, "/proc/1329/cgroup:9:name=systemd:/kubelet.slice/…", and hands each to read.
func readProc(text, file string, read func(pid int, value string) error) error {
	for _, line := range nonEmpty(text) {
		head, value, ok := strings.Cut(strings.TrimPrefix(line, "/proc/"), "/"+file+":")
		pid, err := strconv.Atoi(head)
		if !ok || err != nil {
			return fmt.Errorf("row %q does not name a process", line)
		}
		if err := read(pid, value); err != nil {
			return err
		}
	}
	return nil
}

func readCgroups(text string) (map[int]string, error) {
	byPID := map[int]string{}
	err := readProc(text, "cgroup", func(pid int, value string) error {
		byPID[pid] = value
		return nil
	})
	return byPID, err
}

// status is what is read of /proc/PID/status.
type status struct {
	name string
	pids []int
	rows int // how many have been read
}

// statusRows is the number of rows that Script asks of each status file.
const statusRows = 2

// readStatuses returns the processes whose whole status could be read.
func readStatuses(text string) (map[int]status, error) {
	byPID := map[int]status{}
	err := readProc(text, "status", func(pid int, row string) error {
		s := byPID[pid]
		if err := s.read(row); err != nil {
			return fmt.Errorf("process %d: %w", pid, err)
		}
		byPID[pid] = s
		return nil
	})
	maps.DeleteFunc(byPID, func(_ int, s status) bool { return s.rows != statusRows })
	return byPID, err
}

// read takes one row. They stand in this order in the file.
func (s *status) read(row string) error {
	key, value, _ := strings.Cut(row, ":\t")
	if at := slices.Index([]string{"Name", "NSpid"}, key); at != s.rows {
		return fmt.Errorf("%q is not the row that is expected", row)
	}
	s.rows++
	switch key {
	case "Name": // a process may give itself an empty one
		s.name = value
	case "NSpid":
		pids, err := atois(strings.Fields(value))
		if err != nil || len(pids) == 0 {
			return fmt.Errorf("%q is no list of PIDs", value)
		}
		s.pids = pids
	}
	return nil
}

// Where /proc/PID/stat has the state and the start, counted from behind the process's name.
const (
	stateField = 0
	startField = 19
)

// readStats returns the fields of each process's stat file that stand behind its name. A name may have blanks, brackets
// and line ends: the last bracket counts.
func readStats(text string) (map[int][]string, error) {
	last := map[int]string{}
	err := readProc(text, "stat", func(pid int, row string) error {
		last[pid] = row
		return nil
	})
	if err != nil {
		return nil, err
	}
	stats := map[int][]string{}
	for pid, row := range last {
		named := strings.LastIndexByte(row, ')')
		fields := strings.Fields(row[named+1:])
		if named < 0 || len(fields) <= startField {
			return nil, fmt.Errorf("process %d has no start in %q", pid, row)
		}
		stats[pid] = fields
	}
	return stats, nil
}

// readStarts returns when each process started.
func readStarts(text string) (map[int]uint64, error) {
	stats, err := readStats(text)
	if err != nil {
		return nil, err
	}
	starts := map[int]uint64{}
	for pid, fields := range stats {
		if starts[pid], err = readStart(pid, fields); err != nil {
			return nil, err
		}
	}
	return starts, nil
}

func readStart(pid int, stat []string) (uint64, error) {
	start, err := strconv.ParseUint(stat[startField], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("process %d: the start %q is not a number", pid, stat[startField])
	}
	return start, nil
}

// number is a JSON number, the same in quotes as older versions of lsns print it, or null.
type number uint64

func (n *number) UnmarshalJSON(text []byte) error {
	unquoted := string(bytes.Trim(text, `"`))
	if unquoted == "null" || unquoted == "" {
		return nil
	}
	value, err := strconv.ParseUint(unquoted, 10, 64)
	*n = number(value)
	return err
}

func readLsns(text string) ([]Namespace, error) {
	var listing struct {
		Namespaces []struct {
			NS                number
			Type              Type
			NProcs, PID, PPID number
			Command           string
		}
	}
	if err := json.Unmarshal([]byte(text), &listing); err != nil {
		return nil, err
	}
	if len(listing.Namespaces) == 0 {
		return nil, fmt.Errorf("no namespaces at all")
	}
	namespaces := make([]Namespace, 0, len(listing.Namespaces))
	for _, row := range listing.Namespaces {
		if row.NS == 0 || row.Type == "" {
			return nil, fmt.Errorf("a row without an inode or a type")
		}
		namespaces = append(namespaces, Namespace{
			Inode: uint64(row.NS), Type: row.Type, Command: row.Command,
			NProcs: int(row.NProcs), PID: int(row.PID), PPID: int(row.PPID),
		})
	}
	return namespaces, nil
}

// readTasks reads grep's lines, "/run/containerd/…/<container ID>/init.pid:1329".
func readTasks(text string) (map[string]int, error) {
	tasks := map[string]int{}
	for _, line := range nonEmpty(text) {
		file, value, ok := strings.Cut(line, "/init.pid:")
		pid, err := strconv.Atoi(value)
		if !ok || err != nil || pid < 1 {
			return nil, fmt.Errorf("row %q does not name a process", line)
		}
		tasks[path.Base(file)] = pid
	}
	return tasks, nil
}
