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
