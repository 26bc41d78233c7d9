package cluster

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/docker/docker/api/types/container"
)

const tryInotify = "sudo sysctl -w fs.inotify.max_user_instances=1024, or delete a cluster that is not needed"

// diagnose looks for the reason of a failed creation in what its nodes printed, before they are deleted. Their last lines
// go to the log.
func (c *Cluster) diagnose(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	nodes, lerr := c.nodes(ctx)
	if lerr != nil {
		return err
	}
	for _, n := range nodes {
		printed := c.printed(ctx, n)
		_, _ = fmt.Fprintf(c.cfg.Log, "%s (%s) printed last:\n%s\n", n.Name, n.State, printed)
		if bytes.Contains(printed, []byte("Too many open files")) {
			return &Error{
				Err: fmt.Errorf("%w (its init says: too many open files, which means too few inotify instances on Docker's host)", err),
				Try: tryInotify,
			}
		}
	}
	return err
}

// printed returns the last lines that a node's init printed.
func (c *Cluster) printed(ctx context.Context, n nodeInfo) []byte {
	cli, err := c.docker(ctx)
	if err != nil {
		return nil
	}
	logs, err := cli.ContainerLogs(ctx, n.ID, container.LogsOptions{ShowStdout: true, ShowStderr: true, Tail: "20"})
	if err != nil {
		return nil
	}
	defer func() { _ = logs.Close() }()
	text, _ := io.ReadAll(io.LimitReader(logs, 64<<10))
	return text
}
