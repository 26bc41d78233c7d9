package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
)

// Clean removes everything that podlab made on this machine: all its clusters, its network, kubeconfigs, the labs' images
// and the ledger; with all, also what it keeps to be quicker the next time. It goes on after an error and returns them all.
func (c *Cluster) Clean(ctx context.Context, all bool, report func(Phase)) error {
	p := newPhases(report)
	docker := p.start(phaseDocker)
	if err := docker.end(c.ping(ctx)); err != nil {
		return err
	}
	ph := p.start(phaseClean)
	unlock, err := lock(ctx, c.cfg.StateDir, "cleaning up", ph.say)
	if err != nil {
		return ph.end(err)
	}
	defer unlock()
	found, err := c.find(ctx, all)
	if err != nil {
		return ph.end(err)
	}
	for _, name := range found.clusters {
		ph.say("cluster %s", name)
		err = errors.Join(err, c.remove(ctx, name))
	}
	for _, id := range found.containers {
		err = errors.Join(err, c.removeContainer(ctx, id))
	}
	for _, ref := range found.images {
		ph.say("image %s", ref)
		err = errors.Join(err, c.removeImage(ctx, ref))
	}
	err = errors.Join(err, removeFiles(found.files...), c.removeNetwork(ctx), c.forgetImages(ctx))
	if err == nil && !c.LedgerNeeded() {
		err = removeFiles(c.ledger.path(), c.ledger.path()+".lock")
	}
	return ph.end(err)
}

// LedgerNeeded says whether the file LedgerFile in podlab's folder must outlive a clean: it names the images that podlab
// fetched, which only a clean of everything takes. A ledger that cannot be read is needed too.
func (c *Cluster) LedgerNeeded() bool {
	rec, err := c.ledger.read()
	return err != nil || !rec.empty()
}

// Leftovers lists what Clean would remove, one line each. An error means that it could not look.
func (c *Cluster) Leftovers(ctx context.Context, all bool) ([]string, error) {
	found, err := c.find(ctx, all)
	if err != nil {
		return nil, err
	}
	var list []string
	for kind, names := range map[string][]string{
		"cluster": found.clusters, "container": found.containers, "image": found.images, "file": found.files, "network": found.networks,
	} {
		for _, name := range names {
			list = append(list, kind+" "+name)
		}
	}
	slices.Sort(list)
	return list, nil
}

// made is what podlab made, as far as it is still there.
type made struct {
	clusters, containers, images, files, networks []string
}

func (c *Cluster) find(ctx context.Context, all bool) (made, error) {
	var m made
	rec, err := c.ledger.read()
	if err != nil {
		return m, err
	}
	names := map[string]bool{}
	for name := range rec.Clusters {
		names[name] = true
	}
	nodes, err := c.ourNodes(ctx)
	if err != nil {
		return m, err
	}
	for _, n := range nodes {
		names[n.Cluster] = true
	}
	m.clusters = slices.Sorted(maps.Keys(names))
	m.images, err = c.findMade(ctx, rec, all)
	if err != nil {
		return m, err
	}
	m.networks, m.containers, err = c.findLabelled(ctx)
	if err != nil {
		return m, err
	}
	m.files, err = c.findFiles()
	return m, err
}

func (c *Cluster) removeContainer(ctx context.Context, id string) error {
	cli, err := c.docker(ctx)
	if err != nil {
		return err
	}
	if err := cli.ContainerRemove(ctx, id, container.RemoveOptions{Force: true}); err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("delete container %s: %w", id, dockerErr(ctx, err))
	}
	return nil
}

// findLabelled returns the networks and the containers that podlab made, beside the nodes. A container is only there while
// thaw is at work, or was killed.
func (c *Cluster) findLabelled(ctx context.Context) (networks, containers []string, err error) {
	cli, err := c.docker(ctx)
	if err != nil {
		return nil, nil, err
	}
	label := filters.NewArgs(filters.Arg("label", c.madeLabel()+"=true"))
	nets, err := cli.NetworkList(ctx, network.ListOptions{Filters: label})
	if err != nil {
		return nil, nil, fmt.Errorf("list podlab's networks: %w", dockerErr(ctx, err))
	}
	for _, n := range nets {
		networks = append(networks, n.Name)
	}
	list, err := cli.ContainerList(ctx, container.ListOptions{All: true, Filters: label})
	if err != nil {
		return nil, nil, fmt.Errorf("list podlab's containers: %w", dockerErr(ctx, err))
	}
	for _, s := range list {
		// Containers inherit the labels of their image: one of the user's, of a lab's image, is not podlab's.
		if s.Labels[helperLabel] == c.owner {
			containers = append(containers, s.ID)
		}
	}
	return networks, containers, nil
}

// findFiles returns the kubeconfigs in podlab's folder, and the locks that kind leaves beside them when it is killed.
func (c *Cluster) findFiles() ([]string, error) {
	entries, err := os.ReadDir(c.cfg.StateDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look into podlab's folder: %w", err)
	}
	var files []string
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".lock")
		if cluster, ok := strings.CutSuffix(name, ".kubeconfig"); ok {
			files = append(files, kubeconfigPath(c.cfg.StateDir, cluster)+strings.TrimPrefix(e.Name(), name))
		}
	}
	return files, nil
}
