package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"
	"golang.org/x/sync/errgroup"
)

// mtuOption is the option of a Docker network that limits the size of its packets.
const mtuOption = "com.docker.network.driver.mtu"

// Down deletes the cluster and all that belongs to it. That there is none is no error.
func (c *Cluster) Down(ctx context.Context, report func(Phase)) error {
	p := newPhases(report)
	docker := p.start(phaseDocker)
	if err := docker.end(c.ping(ctx)); err != nil {
		return err
	}
	ph := p.start(phaseDelete)
	unlock, err := lock(ctx, c.cfg.StateDir, "deleting a cluster", ph.say)
	if err != nil {
		return ph.end(err)
	}
	defer unlock()
	state, why, _, err := c.judge(ctx)
	if err != nil {
		return ph.end(err)
	}
	if state == Foreign {
		return ph.end(wrong(ErrForeign, "kind delete cluster --name "+c.cfg.Name, "cluster %q stays: %s", c.cfg.Name, why))
	}
	return ph.end(c.remove(ctx, c.cfg.Name))
}

// remove deletes a cluster of podlab's: nodes, kubeconfig, the network if nobody else is on it, and, last, its place in
// the ledger.
func (c *Cluster) remove(ctx context.Context, name string) error {
	if err := c.removeNodes(ctx, name); err != nil {
		return err
	}
	path := kubeconfigPath(c.cfg.StateDir, name)
	if err := removeFiles(path, path+".lock"); err != nil {
		return err
	}
	if err := c.removeNetwork(ctx); err != nil {
		return err
	}
	return c.ledger.dropCluster(name)
}

// removeNodes deletes the containers of a cluster's nodes with their volumes, if they are on podlab's network.
func (c *Cluster) removeNodes(ctx context.Context, name string) error {
	nodes, err := c.listNodes(ctx, filters.Arg("label", labelCluster+"="+name))
	if err != nil {
		return err
	}
	cli, err := c.docker(ctx)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, n := range nodes {
		if n.Network == c.owner {
			g.Go(func() error { return c.removeNode(ctx, cli, n) })
		}
	}
	return g.Wait()
}

// removeNode deletes one node's container and returns when it is gone.
func (c *Cluster) removeNode(ctx context.Context, cli *client.Client, n nodeInfo) error {
	try := func() error {
		return cli.ContainerRemove(ctx, n.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
	}
	first := make(chan error, 1)
	go func() { first <- try() }()
	var err error
	select {
	case err = <-first:
	case <-time.After(4 * time.Second):
		c.thaw(ctx, cli, n)
		if err = <-first; err != nil {
			err = try()
		}
	}
	for errdefs.IsConflict(err) && ctx.Err() == nil { // somebody else is deleting it
		time.Sleep(100 * time.Millisecond)
		_, err = cli.ContainerInspect(ctx, n.ID)
		if err == nil {
			err = try()
		}
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("delete %s: %w", n.Name, dockerErr(ctx, err))
	}
	return nil
}

func removeFiles(paths ...string) error {
	for _, path := range paths {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("delete a file of the cluster's: %w", err)
		}
	}
	return nil
}

// ensureNetwork makes podlab's own network in Docker. kind would make it too, but without a mark that says whose it is.
func (c *Cluster) ensureNetwork(ctx context.Context) error {
	cli, err := c.docker(ctx)
	if err != nil {
		return err
	}
	have, err := cli.NetworkInspect(ctx, c.owner, network.InspectOptions{})
	if err == nil {
		if have.Labels[c.madeLabel()] != "true" {
			return wrong(ErrForeign, "docker network rm "+c.owner, "Docker has a network %q", c.owner)
		}
		return nil
	}
	if !errdefs.IsNotFound(err) {
		return fmt.Errorf("look for podlab's network: %w", dockerErr(ctx, err))
	}
	if err := c.ledger.addNetwork(c.owner); err != nil {
		return err
	}
	options := map[string]string{"com.docker.network.bridge.enable_ip_masquerade": "true"}
	// Behind a VPN the default network's packets are smaller, and podlab's must be too.
	if bridge, err := cli.NetworkInspect(ctx, "bridge", network.InspectOptions{}); err == nil && bridge.Options[mtuOption] != "" {
		options[mtuOption] = bridge.Options[mtuOption]
	}
	_, err = cli.NetworkCreate(ctx, c.owner, network.CreateOptions{
		Driver: "bridge", Options: options, Labels: map[string]string{c.madeLabel(): "true"},
	})
	if err != nil {
		return fmt.Errorf("make podlab's network: %w", dockerErr(ctx, err))
	}
	return nil
}

// removeNetwork deletes podlab's network unless a container, running or not, is on it.
func (c *Cluster) removeNetwork(ctx context.Context) error {
	cli, err := c.docker(ctx)
	if err != nil {
		return err
	}
	have, err := cli.NetworkInspect(ctx, c.owner, network.InspectOptions{})
	if errdefs.IsNotFound(err) {
		return c.ledger.dropNetwork(c.owner)
	}
	if err != nil {
		return fmt.Errorf("look for podlab's network: %w", dockerErr(ctx, err))
	}
	if have.Labels[c.madeLabel()] != "true" {
		return nil
	}
	users, err := cli.ContainerList(ctx, container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("network", have.ID))})
	if err != nil {
		return fmt.Errorf("list the containers on podlab's network: %w", dockerErr(ctx, err))
	}
	if len(users) > 0 {
		return nil
	}
	if err := cli.NetworkRemove(ctx, have.ID); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("delete podlab's network: %w", dockerErr(ctx, err))
	}
	return c.ledger.dropNetwork(c.owner)
}

// madeLabel marks what podlab makes and a clean removes, but for what baseLabel marks beside it: that is kept for the next
// time, unless all must go. inputsLabel holds the hash of what the set-up built an image from.
func (c *Cluster) madeLabel() string   { return c.owner + ".made" }
func (c *Cluster) baseLabel() string   { return c.owner + ".base" }
func (c *Cluster) inputsLabel() string { return c.owner + ".inputs" }
