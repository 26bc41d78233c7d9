package node

import (
	"fmt"
	"strings"
	"time"
)

// Task is the first process of a container that runs.
type Task struct {
	PID    int
	PodUID string // from the cgroup path
	// Age is how long it has lived, and up to the length of the look less: the time was taken first.
	Age time.Duration
}

// Firsts returns the first processes of the containers in a pod that run, by container ID: what ParseTasks returns of the
// same moment.
func (s *Snapshot) Firsts() map[string]Task {
	firsts := map[string]Task{}
	for id, pid := range s.Tasks {
		if p, ok := s.Process(pid); ok && p.PodUID != "" && p.ContainerID == id && !p.Zombie() {
			firsts[id] = Task{pid, p.PodUID, age(s.Uptime, p.Start)}
		}
	}
	return firsts
}

// ParseTasks reads what Script's tasks printed on the named node: the first processes of the containers in pods that run, by
// container ID. As in a snapshot, a PID counts only while a process of that very container has it, and a zombie does not.
func ParseTasks(node string, output []byte) (map[string]Task, error) {
	firsts, err := parseTasks(output)
	if err != nil {
		return nil, fmt.Errorf("look at the containers of node %s: %w", node, err)
	}
	return firsts, nil
}

func parseTasks(output []byte) (map[string]Task, error) {
	parts, err := split("tasks 2", []string{"uptime", "tasks", "stat", "cgroup"}, output)
	if err != nil {
		return nil, err
	}
	if err := parts.succeeded("uptime"); err != nil {
		return nil, err
	}
	uptime, err := readUptime(parts["uptime"].body)
	if err != nil {
		return nil, err
	}
	tasks, err := readTasks(parts["tasks"].body)
	if err != nil {
		return nil, fmt.Errorf("init.pid files: %w", err)
	}
	stats, err := readStats(parts["stat"].body)
	if err != nil {
		return nil, fmt.Errorf("stat files: %w", err)
	}
	cgroups, err := readCgroups(parts["cgroup"].body)
	if err != nil {
		return nil, fmt.Errorf("cgroups: %w", err)
	}
	firsts := map[string]Task{}
	for id, pid := range tasks {
		uid, owner := podAndContainer(cgroups[pid])
		stat, ok := stats[pid]
		if !ok || uid == "" || owner != id || stat[stateField] == "Z" {
			continue
		}
		start, err := readStart(pid, stat)
		if err != nil {
			return nil, fmt.Errorf("stat files: %w", err)
		}
		firsts[id] = Task{pid, uid, age(uptime, start)}
	}
	return firsts, nil
}

// age returns how long a process has lived that started so many hundredths of a second after the kernel booted. One that
// began after the time was taken has no age yet.
func age(uptime time.Duration, start uint64) time.Duration {
	return max(uptime-sinceBoot(start), 0)
}

// readUptime reads /proc/uptime: the seconds since the kernel booted come first.
func readUptime(text string) (time.Duration, error) {
	first, _, _ := strings.Cut(text, " ")
	uptime, err := time.ParseDuration(first + "s")
	if err != nil || uptime <= 0 {
		return 0, fmt.Errorf("uptime: %q is not a number of seconds", first)
	}
	return uptime, nil
}
