package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

const (
	firstLine = "=== podlab snapshot 1"
	lastLine  = "=== done"
	psHeader  = "PID PPID S UID CGROUPNS IPCNS MNTNS NETNS PIDNS USERNS UTSNS COMMAND"
)

// Parse reads what Script printed on the named node. A part that failed, is missing or makes no sense is an error that
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
	parts, err := split(string(output))
	if err != nil {
		return nil, err
	}
	processes, err := readPS(parts["ps"])
	if err != nil {
		return nil, fmt.Errorf("ps: %w", err)
	}
	cgroups, err := readCgroups(parts["cgroup"])
	if err != nil {
		return nil, fmt.Errorf("cgroups: %w", err)
	}
	statuses, err := readStatuses(parts["status"])
	if err != nil {
		return nil, fmt.Errorf("status files: %w", err)
	}
	namespaces, err := readLsns(parts["lsns"])
	if err != nil {
		return nil, fmt.Errorf("lsns: %w", err)
	}
	tasks, err := readTasks(parts["tasks"])
	if err != nil {
		return nil, fmt.Errorf("ctr tasks ls: %w", err)
	}
	s := &Snapshot{Namespaces: namespaces, Tasks: tasks, Processes: join(processes, cgroups, statuses)}
	if first, ok := s.Process(1); !ok || first.Namespaces[PID] == 0 {
		return nil, fmt.Errorf("ps: no namespaces of PID 1 (podlab must look as root on the node)")
	}
	return s, nil
}

// join gives each process its name, its PIDs and its container, and leaves out those that ended while the node was looked at.
func join(processes []Process, cgroups map[int]string, statuses map[int]status) []Process {
	kept := processes[:0]
	for _, p := range processes {
		found, ok := statuses[p.PID]
		if !ok {
			continue
		}
		p.Comm, p.NSPID = found.name, found.pids
		p.PodUID, p.ContainerID = podAndContainer(cgroups[p.PID])
		kept = append(kept, p)
	}
	return kept
}

// split cuts the output at its markers, and makes sure that every part is there and succeeded.
func split(output string) (map[string]string, error) {
	rest, ok := strings.CutPrefix(output, firstLine+"\n")
	if !ok {
		return nil, fmt.Errorf("the output does not begin with %q", firstLine)
	}
	parts := map[string]string{}
	for _, name := range []string{"ps", "cgroup", "status", "lsns", "tasks"} {
		body, ok := strings.CutPrefix(rest, "=== begin "+name+"\n")
		if !ok {
			return nil, fmt.Errorf("the output is broken off before %s", name)
		}
		body, tail, ok := strings.Cut(body, "\n=== end "+name+" ")
		if !ok {
			return nil, fmt.Errorf("the output is broken off in %s", name)
		}
		end, tail, ok := strings.Cut(tail, "\n")
		if !ok {
			return nil, fmt.Errorf("the output is broken off after %s", name)
		}
		if err := ended(name, end); err != nil {
			return nil, err
		}
		parts[name], rest = body, tail
	}
	if strings.TrimRight(rest, "\n") != lastLine {
		return nil, fmt.Errorf("the output does not end with %q", lastLine)
	}
	return parts, nil
}

func ended(name, end string) error {
	code, message, _ := strings.Cut(end, " ")
	n, err := strconv.Atoi(code)
	if err != nil {
		return fmt.Errorf("%s: no exit code in %q", name, end)
	}
	// grep says 2 when a process ended under its hands, and 1 when it found nothing.
	grep := name == "cgroup" || name == "status"
	if n == 0 || grep && n <= 2 {
		return nil
	}
	return fmt.Errorf("%s ended with exit code %d: %s", name, n, message)
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
}

// readStatuses returns the processes whose whole status could be read: the name stands above the PIDs.
func readStatuses(text string) (map[int]status, error) {
	names, byPID := map[int]string{}, map[int]status{}
	err := readProc(text, "status", func(pid int, value string) error {
		key, value, _ := strings.Cut(value, ":\t")
		switch key {
		case "Name":
			names[pid] = value
			return nil
		case "NSpid":
			pids, err := atois(strings.Fields(value))
			name, named := names[pid] // a process may give itself an empty name
			if err != nil || len(pids) == 0 || !named {
				return fmt.Errorf("process %d has the name %q and the NSpid %q", pid, name, value)
			}
			byPID[pid] = status{name, pids}
			return nil
		}
		return fmt.Errorf("process %d has a line %q", pid, key)
	})
	return byPID, err
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

func readTasks(text string) (map[string]int, error) {
	lines := nonEmpty(text)
	if len(lines) == 0 || strings.Join(strings.Fields(lines[0]), " ") != "TASK PID STATUS" {
		return nil, fmt.Errorf("the header is not %q", "TASK PID STATUS")
	}
	tasks := map[string]int{}
	for _, line := range lines[1:] {
		fields := strings.Fields(line)
		if len(fields) != 3 {
			return nil, fmt.Errorf("row %q has not three columns", line)
		}
		pid, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, fmt.Errorf("row %q: the PID is not a number", line)
		}
		if fields[2] != "STOPPED" {
			tasks[fields[0]] = pid
		}
	}
	return tasks, nil
}

func nonEmpty(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func atois(fields []string) ([]int, error) {
	numbers := make([]int, len(fields))
	for i, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", field)
		}
		numbers[i] = n
	}
	return numbers, nil
}
