package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"
)

// helperLabel marks a container that is not a node; its value is the owner.
const helperLabel = "podlab.helper"

// thawScript wakes what is frozen in the container $1. With cgroup v1, runc freezes a pod's container for a moment while it
// sets it up; when the node dies in that moment, nobody wakes it, no signal reaches it, and the node can never end.
const thawScript = `find /freezer -path "*$1*" -name freezer.state | while read -r f; do
	read -r state <"$f"
	[ "$state" = THAWED ] || echo THAWED >"$f"
done`

// thaw lets a node end that cannot because of a frozen process in it. Only root on Docker's host can do that, so a short-lived
// container does. It has nobody to complain to: where it cannot help, the node's removal says what is wrong.
func (c *Cluster) thaw(ctx context.Context, cli *client.Client, n nodeInfo) {
	if info, err := cli.Info(ctx); err != nil || info.CgroupVersion != "1" {
		return
	}
	made, err := cli.ContainerCreate(ctx, &container.Config{
		Image: n.Image, Entrypoint: []string{"sh", "-c", thawScript, "sh", n.ID}, Labels: map[string]string{c.madeLabel(): "true", helperLabel: c.owner},
	}, &container.HostConfig{
		AutoRemove: true, Privileged: true, NetworkMode: "none", Binds: []string{"/sys/fs/cgroup/freezer:/freezer"},
	}, nil, nil, "")
	if err != nil {
		return
	}
	bounded, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	gone, failed := cli.ContainerWait(bounded, made.ID, container.WaitConditionRemoved)
	if err := cli.ContainerStart(bounded, made.ID, container.StartOptions{}); err != nil {
		_ = cli.ContainerRemove(ctx, made.ID, container.RemoveOptions{Force: true})
		return
	}
	select {
	case <-gone:
	case err := <-failed:
		_, _ = fmt.Fprintf(c.cfg.Log, "thaw: %v\n", err)
	}
}
