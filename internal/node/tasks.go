package node

import "fmt"

// Task is the first process of a container that runs.
type Task struct {
	PID    int
	PodUID string // from the cgroup path
}

// Firsts returns the first processes of the containers in a pod that run, by container ID: what ParseTasks returns of the
// same moment.
func (s *Snapshot) Firsts() map[string]Task {
	firsts := map[string]Task{}
	for id, pid := range s.Tasks {
		if p, ok := s.Process(pid); ok && p.PodUID != "" && p.ContainerID == id && !p.Zombie() {
			firsts[id] = Task{pid, p.PodUID}
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
	parts, err := split("tasks 1", []string{"tasks", "stat", "cgroup"}, output)
	if err != nil {
		return nil, err
	}
	if err := parts.succeeded(); err != nil {
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
		if stat, ok := stats[pid]; ok && uid != "" && owner == id && stat[stateField] != "Z" {
			firsts[id] = Task{pid, uid}
		}
	}
	return firsts, nil
}
