package node

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// ParseInside reads what Script's inside printed on the named node for the targets. It is an error if one of them ended
// meanwhile.
func ParseInside(node string, targets []Target, output []byte) (*Inside, error) {
	in, err := parseInside(targets, output)
	if err != nil {
		return nil, fmt.Errorf("look into containers on node %s: %w", node, err)
	}
	return in, nil
}

func parseInside(targets []Target, output []byte) (*Inside, error) {
	names := []string{"config", "hostname", "mounts", "sockets", "open", "ipc", "limits", "status", "cgroup"}
	parts, err := split("inside 1", names, output)
	if err != nil {
		return nil, err
	}
	// First, because the end of a target explains all other errors.
	if err := lived(targets, parts["cgroup"], parts["status"]); err != nil {
		return nil, err
	}
	if err := parts.succeeded("hostname", "ipc"); err != nil {
		return nil, err
	}
	open, err := readOpen(parts["open"].body)
	if err != nil {
		return nil, fmt.Errorf("open files: %w", err)
	}
	in := &Inside{}
	for _, read := range []struct {
		what string
		into func() error
	}{
		{"sockets", func() (err error) { in.Sockets, err = readSockets(parts["sockets"].body, open); return err }},
		{"mounts", func() (err error) { in.Mounts, err = readMounts(parts["mounts"].body, targets); return err }},
		{"IPC objects", func() (err error) { in.IPC, err = readIPC(parts["ipc"].body, targets, open); return err }},
		{"cgroups", func() (err error) { in.Cgroups, err = readLimits(parts["limits"].body); return err }},
		{"credentials", func() (err error) { in.Users, err = readCredentials(parts["status"].body, targets); return err }},
		{"bundles", func() error { return in.readBundles(parts["config"].body, parts["hostname"].body, targets) }},
	} {
		if err := read.into(); err != nil {
			return nil, fmt.Errorf("%s: %w", read.what, err)
		}
	}
	return in, nil
}

// lived makes sure that each target's process still was that container's when all had been read.
func lived(targets []Target, cgroup, status part) error {
	containers, err := readCgroups(cgroup.body)
	if err != nil {
		return fmt.Errorf("cgroups: %w", err)
	}
	states := map[int]string{}
	if err := readProc(status.body, "status", func(pid int, row string) error {
		if state, ok := strings.CutPrefix(row, "State:\t"); ok {
			states[pid] = state
		}
		return nil
	}); err != nil {
		return fmt.Errorf("status files: %w", err)
	}
	for _, t := range targets {
		if _, id := podAndContainer(containers[t.PID]); id != t.ID || states[t.PID] == "" || strings.ContainsAny(states[t.PID][:1], "ZX") {
			return fmt.Errorf("container %.12s: its process %d has ended", t.ID, t.PID)
		}
	}
	return nil
}

// procRow cuts "/proc/1676/net/tcp6:value" in three.
func procRow(line string) (pid int, file, value string, err error) {
	rest, ok := strings.CutPrefix(line, "/proc/")
	number, rest, ok2 := strings.Cut(rest, "/")
	file, value, ok3 := strings.Cut(rest, ":")
	pid, err = strconv.Atoi(number)
	if !ok || !ok2 || !ok3 || err != nil {
		return 0, "", "", fmt.Errorf("row %q does not name a process", line)
	}
	return pid, file, value, nil
}

// opened is what the links below /proc say.
type opened struct {
	net, ipc map[int]uint64   // namespaces by PID, for the targets
	sockets  map[uint64][]int // PIDs by the socket's inode, for all processes of the node
}

func readOpen(text string) (opened, error) {
	found := opened{net: map[int]uint64{}, ipc: map[int]uint64{}, sockets: map[uint64][]int{}}
	for _, line := range nonEmpty(text) {
		pid, file, link, err := procRow(line)
		if err != nil {
			return opened{}, err
		}
		if link == "" && strings.HasPrefix(file, "fd/") {
			continue // find saw a socket there, and it was closed before find could print it
		}
		kind, number, _ := strings.Cut(strings.TrimSuffix(link, "]"), ":[")
		inode, err := strconv.ParseUint(number, 10, 64)
		if err != nil {
			return opened{}, fmt.Errorf("row %q has no inode", line)
		}
		switch {
		case file == "ns/net":
			found.net[pid] = inode
		case file == "ns/ipc":
			found.ipc[pid] = inode
		case kind == "socket":
			found.sockets[inode] = append(found.sockets[inode], pid)
		}
	}
	return found, nil
}

// bundle is what is read of the config.json of a container.
type bundle struct {
	Hostname string
	Process  struct{ Env []string }
	// Annotations of containerd's: the sandbox that a container belongs to.
	Annotations map[string]string
}

// readBundles takes environments and host names from the runtime's own files. A sandbox without a host name has the node's.
func (in *Inside) readBundles(text, nodeHostname string, targets []Target) error {
	bundles, err := decodeBundles(text)
	if err != nil {
		return err
	}
	in.Env, in.Hostname = map[string][]string{}, map[string]string{}
	for _, t := range targets {
		own, ok := bundles[t.ID]
		if !ok {
			return fmt.Errorf("container %.12s has none", t.ID)
		}
		in.Env[t.ID], in.Hostname[t.ID] = own.Process.Env, own.Hostname
		sandbox := own.Annotations["io.kubernetes.cri.sandbox-id"]
		if in.Hostname[t.ID] == "" {
			in.Hostname[t.ID] = bundles[sandbox].Hostname
		}
		if _, known := bundles[sandbox]; in.Hostname[t.ID] == "" && known {
			in.Hostname[t.ID] = strings.TrimSpace(nodeHostname)
		}
	}
	return nil
}

// decodeBundles reads grep's rows, "/run/containerd/…/<container ID>/config.json:{…". A file may have several lines.
func decodeBundles(text string) (map[string]bundle, error) {
	files := map[string]string{}
	for _, line := range nonEmpty(text) {
		file, row, ok := strings.Cut(line, "/config.json:")
		if !ok {
			return nil, fmt.Errorf("row %.80q does not name a file", line)
		}
		files[path.Base(file)] += row + "\n"
	}
	bundles := map[string]bundle{}
	for id, content := range files {
		var b bundle
		if err := json.Unmarshal([]byte(content), &b); err != nil {
			return nil, fmt.Errorf("container %.12s: %w", id, err)
		}
		bundles[id] = b
	}
	return bundles, nil
}
