package cluster

import (
	"context"

	"github.com/podlab/podlab/internal/node"
)

// Snapshot looks once at the named node: its processes, their namespaces and containers. It gives up after 5 seconds, and
// then takes up to 3 more to end what it started there.
func (c *Cluster) Snapshot(ctx context.Context, nodeName string) (*node.Snapshot, error) {
	out, err := c.lookAt(ctx, nodeName, node.SnapshotRequest)
	if err != nil {
		return nil, err
	}
	return node.Parse(nodeName, out)
}

// Tasks returns the first processes of the containers that run on the named node, by container ID. It takes a fraction of the
// time of a snapshot.
func (c *Cluster) Tasks(ctx context.Context, nodeName string) (map[string]node.Task, error) {
	out, err := c.lookAt(ctx, nodeName, node.TasksRequest)
	if err != nil {
		return nil, err
	}
	return node.ParseTasks(nodeName, out)
}
