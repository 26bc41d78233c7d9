// Package cluster keeps podlab's kind clusters: up, down, images, exec in a node, and the ledger of all that podlab made.
// It is the only package that knows kind and Docker.
package cluster

import (
	"context"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/docker/docker/client"
)

// DefaultName is the name of the cluster when none is asked for.
const DefaultName = "podlab"

// offlineNodeImage is the node image that "make setup" builds where kind's own cannot be had.
const offlineNodeImage = "podlab/node:v1.37.0"

// AnyWorkers says that a cluster with any number of workers will do, and that a new one gets none.
const AnyWorkers = -1

// Config says which cluster is meant.
type Config struct {
	Name     string    // "" means DefaultName
	Workers  int       // nodes beside the control plane, or AnyWorkers
	Image    string    // the nodes' image; "" means any, and for a new cluster kind's own or the offline one
	Rebuild  bool      // Up deletes what is there and makes it anew, until it has succeeded once
	StateDir string    // podlab's own folder
	Log      io.Writer // what kind says beyond phases; nil means nowhere
}

// Phase is one named part of a longer work. It is reported when it starts, whenever its detail changes, and when it ends.
// It has the fields of the runner's Phase, so that one converts to the other.
type Phase struct {
	Name   string
	Detail string
	Done   bool
	Err    error
}

// limits says how long a cluster may take to answer: one that has run for a while, one that was just started, and the
// container runtime of one that is being made.
type limits struct{ running, started, made time.Duration }

// Cluster is one kind cluster that podlab made or may make. Its methods may be called from several goroutines; Close it.
type Cluster struct {
	cfg    Config
	owner  string // the network's name and the prefix of labels and tags; "podlab" but in tests
	limits limits
	ledger ledger

	rebuilt atomic.Bool // an Up succeeded: Config.Rebuild has had its say

	sessions sessions

	mu     sync.Mutex
	client *client.Client // made by docker
}

// New returns the cluster that the config means. It touches nothing.
func New(cfg Config) *Cluster {
	if cfg.Name == "" {
		cfg.Name = DefaultName
	}
	if cfg.Log == nil {
		cfg.Log = io.Discard
	}
	return &Cluster{
		cfg: cfg, owner: "podlab", ledger: ledger{dir: cfg.StateDir},
		limits: limits{running: 30 * time.Second, started: 3 * time.Minute, made: 5 * time.Minute},
	}
}

// Close lets go of the connection to Docker, and ends what podlab runs on the nodes. The cluster stays as it is.
func (c *Cluster) Close() error {
	c.sessions.close()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client == nil {
		return nil
	}
	err := c.client.Close()
	c.client = nil
	return err
}

// Name returns the cluster's name.
func (c *Cluster) Name() string { return c.cfg.Name }

// ControlPlane returns the name of the first node, which is also the name of its container.
func (c *Cluster) ControlPlane() string { return c.cfg.Name + "-control-plane" }

// Kubeconfig returns the path of the cluster's own kubeconfig. The file is there while the cluster is.
func (c *Cluster) Kubeconfig() string { return kubeconfigPath(c.cfg.StateDir, c.cfg.Name) }

func kubeconfigPath(dir, name string) string { return filepath.Join(dir, name+".kubeconfig") }

// Nodes returns the names of the cluster's nodes, the control plane first.
func (c *Cluster) Nodes(ctx context.Context) ([]string, error) {
	found, err := c.nodes(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found))
	for _, n := range found {
		names = append(names, n.Name)
	}
	return names, nil
}
