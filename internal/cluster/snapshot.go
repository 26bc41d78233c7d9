package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/podlab/podlab/internal/node"
)

// limitSnapshot bounds one look at a node. It takes about 0.15 s on a node that has nothing else to do.
const limitSnapshot = 5 * time.Second

// Snapshot looks once at the named node: its processes, their namespaces and containers. It gives up after 5 seconds, and
// then takes up to 3 more to end what it started there.
func (c *Cluster) Snapshot(ctx context.Context, nodeName string) (*node.Snapshot, error) {
	bounded, cancel := context.WithTimeout(ctx, limitSnapshot)
	defer cancel()
	var out, complaint bytes.Buffer
	code, err := c.Exec(bounded, nodeName, []string{"sh", "-c", node.Script}, nil, nil, &out, &complaint)
	switch {
	case err != nil && errors.Is(bounded.Err(), context.DeadlineExceeded) && ctx.Err() == nil:
		return nil, fmt.Errorf("look at node %s: no answer within %s", nodeName, limitSnapshot)
	case err != nil:
		return nil, fmt.Errorf("look at node %s: %w", nodeName, err)
	case code != 0:
		return nil, fmt.Errorf("look at node %s: exit %d: %s", nodeName, code, lastLine(complaint.Bytes()))
	}
	return node.Parse(nodeName, out.Bytes())
}
