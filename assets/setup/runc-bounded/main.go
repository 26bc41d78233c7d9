//go:build unix

// Runc-bounded is runc for a host that withholds capabilities from Docker: it takes from a container's specification
// what is outside its own bounding set, and hands over to runc. A host that withholds nothing gets plain runc.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "runc-bounded:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err
	}
	bounding, err := boundingSet(string(status))
	if err != nil {
		return err
	}
	for _, path := range specs(args) {
		if err := boundFile(path, bounding); err != nil {
			return fmt.Errorf("bound %s: %w", path, err)
		}
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		return err
	}
	return syscall.Exec(runc, append([]string{"runc"}, args...), os.Environ())
}

// specs are the files in which this call of runc names capabilities: a bundle's config.json, or an exec's process.
func specs(args []string) []string {
	var paths []string
	for i, arg := range args {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(args) {
			value = args[i+1]
		}
		switch name {
		case "--bundle", "-b":
			paths = append(paths, filepath.Join(value, "config.json"))
		case "--process", "-p":
			paths = append(paths, value)
		}
	}
	return paths
}

// boundingSet reads the CapBnd line of /proc/PID/status.
func boundingSet(status string) (uint64, error) {
	_, rest, found := strings.Cut(status, "CapBnd:")
	if !found {
		return 0, fmt.Errorf("no CapBnd in /proc/self/status")
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strconv.ParseUint(strings.TrimSpace(line), 16, 64)
}

func boundFile(path string, bounding uint64) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var spec map[string]json.RawMessage
	if err := json.Unmarshal(content, &spec); err != nil {
		return err
	}
	if !boundSpec(spec, bounding) {
		return nil
	}
	if content, err = json.Marshal(spec); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600) // in place: the file keeps its own mode and owner
}

// boundSpec removes capabilities outside the set from a container's specification, or from the process of an exec, and
// reports whether there were any. Nothing else changes its value.
func boundSpec(spec map[string]json.RawMessage, bounding uint64) bool {
	if raw, ok := spec["process"]; ok {
		var process map[string]json.RawMessage
		if json.Unmarshal(raw, &process) != nil || !boundSpec(process, bounding) {
			return false
		}
		spec["process"], _ = json.Marshal(process) // parts of valid JSON marshal
		return true
	}
	var sets map[string][]string
	if json.Unmarshal(spec["capabilities"], &sets) != nil {
		return false
	}
	changed := false
	for kind, names := range sets {
		kept := make([]string, 0, len(names))
		for _, name := range names {
			if number, known := capabilities()[name]; !known || bounding&(1<<number) != 0 {
				kept = append(kept, name)
			}
		}
		changed = changed || len(kept) != len(names)
		sets[kind] = kept
	}
	if changed {
		spec["capabilities"], _ = json.Marshal(sets)
	}
	return changed
}

// capabilities gives each name its number, from linux/capability.h, where they stand in this order.
func capabilities() map[string]uint {
	const names = `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
		NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE
		SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL
		SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
	numbers := map[string]uint{}
	for number, name := range strings.Fields(names) {
		numbers["CAP_"+name] = uint(number)
	}
	return numbers
}
