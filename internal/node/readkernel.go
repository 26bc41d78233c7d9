package node

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
)

// What the kernel calls a socket that listens: one of TCP in LISTEN, one of UDP that is not connected.
const (
	tcpListen = "0A"
	udpOpen   = "07"
)

// readSockets reads rows of /proc/PID/net/tcp, tcp6, udp and udp6.
func readSockets(text string, open opened) ([]Socket, error) {
	var sockets []Socket
	for _, line := range nonEmpty(text) {
		pid, file, row, err := procRow(line)
		if err != nil {
			return nil, err
		}
		protocol := strings.TrimSuffix(path.Base(file), "6")
		fields := strings.Fields(row)
		if len(fields) < 10 {
			return nil, fmt.Errorf("row %q is too short", line)
		}
		if fields[3] != map[string]string{"tcp": tcpListen, "udp": udpOpen}[protocol] {
			continue
		}
		s, err := readSocket(fields, open)
		if err != nil {
			return nil, fmt.Errorf("row %q: %w", line, err)
		}
		s.Net, s.Protocol = open.net[pid], protocol
		sockets = append(sockets, s)
	}
	return sockets, nil
}

func readSocket(fields []string, open opened) (Socket, error) {
	address, port, _ := strings.Cut(fields[1], ":")
	ip, err := readIP(address)
	if err != nil {
		return Socket{}, err
	}
	number, err := strconv.ParseUint(port, 16, 16)
	if err != nil {
		return Socket{}, fmt.Errorf("%q is no port", port)
	}
	inode, err := strconv.ParseUint(fields[9], 10, 64)
	if err != nil {
		return Socket{}, fmt.Errorf("%q is no inode", fields[9])
	}
	owners := slices.Clone(open.sockets[inode])
	slices.Sort(owners)
	return Socket{Address: ip.String(), Port: int(number), Owners: slices.Compact(owners)}, nil
}

// readIP reads an address as the kernel prints it: words of four bytes, each in the byte order of the machine. All that
// Kubernetes runs on with kind is little-endian.
func readIP(text string) (netip.Addr, error) {
	bytes, err := hex.DecodeString(text)
	if err != nil || len(bytes) != 4 && len(bytes) != 16 {
		return netip.Addr{}, fmt.Errorf("%q is no address", text)
	}
	for word := range slices.Chunk(bytes, 4) {
		binary.LittleEndian.PutUint32(word, binary.BigEndian.Uint32(word))
	}
	ip, _ := netip.AddrFromSlice(bytes)
	return ip.Unmap(), nil
}

// readMounts reads rows of /proc/PID/mountinfo: "713 697 254:0 /root /path rw,relatime master:1 - ext4 /dev/vda rw".
func readMounts(text string, targets []Target) (map[string][]Mount, error) {
	byPID := map[int][]Mount{}
	err := readProc(text, "mountinfo", func(pid int, row string) error {
		front, back, ok := strings.Cut(row, " - ")
		fields, more := strings.Split(front, " "), strings.Split(back, " ")
		if !ok || len(fields) < 6 || len(more) < 2 {
			return fmt.Errorf("row %q is no mount", row)
		}
		byPID[pid] = append(byPID[pid], Mount{
			Device: fields[2], Root: unescape(fields[3]), Path: unescape(fields[4]), Options: fields[5],
			Type: more[0], Source: unescape(more[1]),
		})
		return nil
	})
	if err != nil {
		return nil, err
	}
	mounts := map[string][]Mount{}
	for _, t := range targets {
		if len(byPID[t.PID]) == 0 {
			return nil, fmt.Errorf("container %.12s has none", t.ID)
		}
		mounts[t.ID] = byPID[t.PID]
	}
	return mounts, nil
}

// unescape puts back the characters that the kernel writes as a backslash and three octal digits.
func unescape(text string) string {
	var out strings.Builder
	for {
		before, after, ok := strings.Cut(text, `\`)
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		text = after
		char, err := strconv.ParseUint(after[:min(3, len(after))], 8, 8)
		if err != nil || len(after) < 3 {
			out.WriteByte('\\')
			continue
		}
		out.WriteByte(byte(char))
		text = after[3:]
	}
}

// readIPC reads what /proc/sysvipc shows in each IPC namespace, under a row "process PID" for a process in it.
func readIPC(text string, targets []Target, open opened) (map[string][]IPCObject, error) {
	byNamespace := map[uint64][]IPCObject{}
	inode := uint64(0)
	for _, line := range nonEmpty(text) {
		if pid, ok := strings.CutPrefix(line, "process "); ok {
			n, _ := strconv.Atoi(pid)
			inode = open.ipc[n]
			byNamespace[inode] = nil
			continue
		}
		file, row, ok := strings.Cut(strings.TrimPrefix(line, "/proc/sysvipc/"), ":")
		fields := strings.Fields(row)
		if !ok || len(fields) == 0 || ipcColumns(file) == 0 {
			return nil, fmt.Errorf("row %q is of no file that was asked for", line)
		}
		if fields[0] == "key" {
			continue
		}
		object, err := readIPCObject(file, fields)
		if err != nil {
			return nil, fmt.Errorf("row %q: %w", line, err)
		}
		byNamespace[inode] = append(byNamespace[inode], object)
	}
	objects := map[string][]IPCObject{}
	for _, t := range targets {
		seen, ok := byNamespace[open.ipc[t.PID]]
		if !ok {
			return nil, fmt.Errorf("container %.12s: its namespace was not read", t.ID)
		}
		objects[t.ID] = seen
	}
	return objects, nil
}

// ipcColumns is the number of columns that each file has at least.
func ipcColumns(file string) int { return map[string]int{"msg": 14, "sem": 10, "shm": 14}[file] }

// readIPCObject reads one row. Columns are key, ID, permissions and then
//
//	msg: bytes, messages, last sender, last receiver, owner, …
//	sem: semaphores, owner, …
//	shm: bytes, creator, last user, attached, owner, …
func readIPCObject(file string, fields []string) (IPCObject, error) {
	columns := ipcColumns(file)
	if len(fields) < columns {
		return IPCObject{}, fmt.Errorf("%d columns in %s", len(fields), file)
	}
	numbers, err := atois(fields[:columns])
	if err != nil {
		return IPCObject{}, err
	}
	perms, err := strconv.ParseUint(fields[2], 8, 32)
	if err != nil {
		return IPCObject{}, fmt.Errorf("%q is not octal", fields[2])
	}
	object := IPCObject{Key: fmt.Sprintf("0x%08x", uint32(numbers[0])), ID: numbers[1], Perms: fmt.Sprintf("%o", perms&0o777)} //nolint:gosec // the kernel prints its 32 bits with a sign
	n := numbers[3:]
	switch file {
	case "msg":
		object.Kind, object.Size, object.Count, object.PIDs, object.UID = "queue", n[0], n[1], nonZero(n[2], n[3]), n[4]
	case "sem":
		object.Kind, object.Count, object.UID = "semaphore", n[0], n[1]
	case "shm":
		object.Kind, object.Size, object.PIDs, object.Count, object.UID = "shm", n[0], nonZero(n[1], n[2]), n[3], n[4]
	}
	return object, nil
}

func nonZero(numbers ...int) []int {
	return slices.DeleteFunc(numbers, func(n int) bool { return n == 0 })
}

// readCredentials reads rows of /proc/PID/status.
func readCredentials(text string, targets []Target) (map[int]Credentials, error) {
	rows := map[int]map[string]string{}
	err := readProc(text, "status", func(pid int, row string) error {
		key, value, _ := strings.Cut(row, ":\t")
		if rows[pid] == nil {
			rows[pid] = map[string]string{}
		}
		rows[pid][key] = value
		return nil
	})
	if err != nil {
		return nil, err
	}
	users := map[int]Credentials{}
	for _, t := range targets {
		if users[t.PID], err = credentials(rows[t.PID]); err != nil {
			return nil, fmt.Errorf("process %d: %w", t.PID, err)
		}
	}
	return users, nil
}

// effective is the column of the effective user and group, behind the real ones.
const effective = 1

func credentials(row map[string]string) (Credentials, error) {
	uids, err := atois(strings.Fields(row["Uid"]))
	gids, err2 := atois(strings.Fields(row["Gid"]))
	groups, err3 := atois(strings.Fields(row["Groups"]))
	if err != nil || err2 != nil || err3 != nil || len(uids) != 4 || len(gids) != 4 {
		return Credentials{}, fmt.Errorf("user %q, group %q, groups %q", row["Uid"], row["Gid"], row["Groups"])
	}
	caps, err := strconv.ParseUint(row["CapEff"], 16, 64)
	if err != nil {
		return Credentials{}, fmt.Errorf("capabilities %q", row["CapEff"])
	}
	seccomp := 0
	if row["Seccomp"] != "" { // a kernel without it has no such row
		if seccomp, err = strconv.Atoi(row["Seccomp"]); err != nil {
			return Credentials{}, fmt.Errorf("seccomp %q", row["Seccomp"])
		}
	}
	return Credentials{
		UID: uids[effective], GID: gids[effective], Groups: groups,
		CapEff: caps, NoNewPrivs: row["NoNewPrivs"] == "1", Seccomp: seccomp,
	}, nil
}

// readLimits reads rows of the files of cgroups, "/sys/fs/cgroup/memory/…/cri-containerd-<id>.scope/memory.limit_in_bytes:…".
// A container some of whose files are not there is left out.
func readLimits(text string) (map[string]Limits, error) {
	values := map[string]map[string]string{}
	paths := map[string]string{}
	for _, line := range nonEmpty(text) {
		at := strings.LastIndexByte(line, ':')
		file, value := line[:max(at, 0)], line[at+1:]
		_, id := podAndContainer(path.Dir(file))
		if at < 0 || id == "" {
			return nil, fmt.Errorf("row %q does not name a container", line)
		}
		if values[id] == nil {
			values[id] = map[string]string{}
		}
		name := path.Base(file)
		if key, number, ok := strings.Cut(value, " "); ok && name != "cpu.max" {
			name, value = name+" "+key, number
		}
		values[id][name] = value
		if strings.HasPrefix(name, "memory.") {
			paths[id] = strings.TrimPrefix(strings.TrimPrefix(path.Dir(file), "/sys/fs/cgroup"), "/memory/")
		}
	}
	limits := map[string]Limits{}
	for id, found := range values {
		l, ok, err := limitsOf(found)
		if err != nil {
			return nil, fmt.Errorf("container %.12s: %w", id, err)
		}
		l.Path = "/" + strings.TrimPrefix(paths[id], "/")
		if ok {
			limits[id] = l
		}
	}
	return limits, nil
}

// limitsOf reads the values of one container's cgroup, and says whether they all are there.
func limitsOf(values map[string]string) (Limits, bool, error) {
	l, names := Limits{Version: 2}, []string{"memory.max", "quota", "period", "cpu.weight", "pids.max", "memory.events oom_kill"}
	values["quota"], values["period"], _ = strings.Cut(values["cpu.max"], " ")
	if _, ok := values["memory.limit_in_bytes"]; ok {
		l.Version = 1
		names = []string{
			"memory.limit_in_bytes", "cpu.cfs_quota_us", "cpu.cfs_period_us", "cpu.shares", "pids.max", "memory.oom_control oom_kill",
		}
	}
	into := []*int64{&l.Memory, &l.CPUQuota, &l.CPUPeriod, &l.CPUWeight, &l.PIDs, &l.OOMKills}
	for i, name := range names {
		n, err := limit(values[name])
		if err != nil && values[name] != "" {
			return Limits{}, false, fmt.Errorf("%s %q is not a number", name, values[name])
		}
		if err != nil {
			return Limits{}, false, nil
		}
		*into[i] = n
	}
	return l, true, nil
}

// limit reads a number of a cgroup's. Version 1 says "no limit" of memory with the last page below 2^63.
func limit(text string) (int64, error) {
	if text == "max" {
		return -1, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if n > math.MaxInt64-1<<16 {
		n = -1
	}
	return n, err
}
