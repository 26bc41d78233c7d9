package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Status is how a cluster stands.
type Status struct {
	Name       string       `json:"name"`
	State      State        `json:"state"`
	Why        string       `json:"why,omitempty"` // what makes the state what it is, one line
	Try        string       `json:"try,omitempty"` // the way to a running cluster, if it is not one
	Image      string       `json:"image,omitempty"`
	Kubernetes string       `json:"kubernetes,omitempty"` // "v1.37.0"; only while it runs
	Kubeconfig string       `json:"kubeconfig,omitempty"`
	Nodes      []NodeStatus `json:"nodes,omitempty"`
}

// NodeStatus is how one node stands.
type NodeStatus struct {
	Name   string `json:"name"`  // also its container's
	Role   string `json:"role"`  // "control-plane" or "worker"
	State  string `json:"state"` // its container's: "running", "exited", ...
	Memory int64  `json:"memoryBytes,omitempty"`
}

// Status looks at the cluster and changes nothing. It waits at most 5 seconds for the cluster's API.
func (c *Cluster) Status(ctx context.Context) (Status, error) {
	s := Status{Name: c.cfg.Name}
	if err := c.ping(ctx); err != nil {
		return s, err
	}
	state, why, nodes, err := c.judge(ctx)
	if err != nil {
		return s, err
	}
	s.State, s.Why = state, why
	if len(nodes) > 0 {
		s.Image = nodes[0].Image
	}
	for _, n := range nodes {
		s.Nodes = append(s.Nodes, NodeStatus{Name: n.Name, Role: n.Role, State: n.State, Memory: c.memory(ctx, n)})
	}
	if state == Running {
		c.askAPI(ctx, &s)
	}
	s.Try = s.wayOut()
	return s, ctx.Err()
}

// askAPI completes the status of a cluster whose containers run with what its API says, and with that it does not answer.
func (c *Cluster) askAPI(ctx context.Context, s *Status) {
	bounded, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	names := make([]string, 0, len(s.Nodes))
	for _, n := range s.Nodes {
		names = append(names, n.Name)
	}
	r, err := c.ready(bounded)
	if err != nil {
		s.State, s.Why = Broken, fmt.Sprintf("its API does not answer: %v", err)
		return
	}
	s.Kubernetes, s.Kubeconfig = r.version, c.Kubeconfig()
	if why := r.missing(names, time.Time{}); why != "" {
		s.State, s.Why = Broken, why
	}
}

func (s Status) wayOut() string {
	switch s.State {
	case Absent, Stopped, HalfMade:
		return tryUp
	case Broken:
		return tryRebuild
	case Foreign:
		return tryForeign
	}
	return ""
}

// memory returns how many bytes a running node uses, 0 if that cannot be known.
func (c *Cluster) memory(ctx context.Context, n nodeInfo) int64 {
	cli, err := c.docker(ctx)
	if err != nil || n.State != "running" {
		return 0
	}
	stats, err := cli.ContainerStatsOneShot(ctx, n.ID)
	if err != nil {
		return 0
	}
	defer func() { _ = stats.Body.Close() }()
	var s struct {
		Memory struct {
			Usage int64
			Stats struct {
				InactiveFile  int64 `json:"inactive_file"`       // cgroup v2
				InactiveFile1 int64 `json:"total_inactive_file"` // cgroup v1
			}
		} `json:"memory_stats"`
	}
	if err := json.NewDecoder(stats.Body).Decode(&s); err != nil {
		return 0
	}
	// What the kernel would give back at once does not count: the docker command says the same.
	return s.Memory.Usage - max(s.Memory.Stats.InactiveFile, s.Memory.Stats.InactiveFile1)
}
