package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"
	"golang.org/x/sync/errgroup"
)

const (
	tryRebuild = "podlab up --rebuild"
	tryForeign = "podlab up --name another-name"
	tryUp      = "podlab up"
	tryLab     = "make setup"
)

// Up makes the cluster answer, with the images on its nodes under the names that manifests use, and reports each phase.
// A cluster that is there is used, a stopped one is started, a half-made one of podlab's is made anew; a broken one is an
// error unless Config.Rebuild says otherwise, which it does until the first Up that succeeds. When making it fails or ctx
// ends meanwhile, what was made is deleted again. Up returns only when nothing that it started still runs.
func (c *Cluster) Up(ctx context.Context, images []string, report func(Phase)) error {
	p := newPhases(report)
	docker := p.start(phaseDocker)
	if err := docker.end(c.ping(ctx)); err != nil {
		return err
	}
	look := p.start(phaseLook)
	unlock, err := lock(ctx, c.cfg.StateDir, "bringing the cluster up", look.say)
	if err != nil {
		return look.end(err)
	}
	defer unlock()
	state, nodes, err := c.look(ctx, look)
	if err != nil {
		return look.end(err)
	}
	sources, err := c.findImages(ctx, images)
	if look.end(err) != nil {
		return err
	}
	if state == Running || state == Stopped {
		err = c.reuse(ctx, p, state, nodes, sources)
	} else {
		err = c.remake(ctx, p, nodes, sources)
	}
	if err == nil {
		c.rebuilt.Store(true)
	}
	return err
}

// look finds out how the cluster stands, and refuses what podlab must not or need not touch.
func (c *Cluster) look(ctx context.Context, ph *phase) (State, []nodeInfo, error) {
	state, why, nodes, err := c.judge(ctx)
	if err != nil {
		return "", nil, err
	}
	if why != "" {
		ph.say("%s", why)
	}
	switch {
	case state == Foreign:
		return "", nil, c.foreign(why)
	case c.cfg.Rebuild && !c.rebuilt.Load() && len(nodes) > 0:
		return Broken, nodes, nil
	case state == Broken:
		return "", nil, wrong(ErrBroken, tryRebuild, "%s", why)
	}
	return state, nodes, nil
}

// judge looks at Docker and the ledger.
func (c *Cluster) judge(ctx context.Context) (State, string, []nodeInfo, error) {
	nodes, err := c.nodes(ctx)
	if err != nil {
		return "", "", nil, err
	}
	rec, err := c.ledger.read()
	if err != nil {
		return "", "", nil, err
	}
	entry, known := rec.Clusters[c.cfg.Name]
	w := want{network: c.owner, workers: c.cfg.Workers, image: c.cfg.Image}
	state, why := judge(w, nodes, entry, known)
	return state, why, nodes, nil
}

// reuse brings up a cluster that is there: it starts its nodes if need be, and looks whether it answers while the images
// are put on it.
func (c *Cluster) reuse(ctx context.Context, p *phases, state State, nodes []nodeInfo, sources []source) error {
	if state == Stopped {
		if err := c.start(ctx, p, nodes); err != nil {
			return err
		}
	}
	err := c.check(ctx, p, nodeNames(nodes), sources)
	if state == Running && errors.Is(err, errStopped) && ctx.Err() == nil {
		// A node died while it was looked at. Docker needs a moment to notice.
		if nodes, err = c.nodes(ctx); err == nil {
			return c.reuse(ctx, p, Stopped, nodes, sources)
		}
	}
	if err != nil {
		return firstOf(ctx, err)
	}
	return c.adopt(nodes)
}

// check waits until the nodes are ready, with the images on them and a kubeconfig beside.
func (c *Cluster) check(ctx context.Context, p *phases, names []string, sources []source) error {
	since, err := c.startedAt(ctx, names)
	if err != nil {
		return err
	}
	limit := c.limits.running
	if time.Since(since) < c.limits.started {
		limit = c.limits.started
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		ph := p.start(phaseReady)
		if err := ph.end(c.waitReady(gctx, names, limit, ph)); err != nil {
			return err
		}
		return c.ensureKubeconfig(gctx) // a node that is about to die could not be asked for it
	})
	g.Go(func() error { return c.putImages(gctx, p, names, sources, limit) })
	return g.Wait()
}

// firstOf returns ctx's error if it ended, whatever else went wrong because of that.
func firstOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// start starts the nodes that do not run, the control plane first.
func (c *Cluster) start(ctx context.Context, p *phases, nodes []nodeInfo) error {
	ph := p.start(phaseStart)
	cli, err := c.docker(ctx)
	if err != nil {
		return ph.end(err)
	}
	for _, n := range nodes {
		switch n.State {
		case "running":
			continue
		case "paused":
			err = cli.ContainerUnpause(ctx, n.ID)
		default:
			ph.say("%s was %s", n.Name, n.State)
			err = cli.ContainerStart(ctx, n.ID, container.StartOptions{})
		}
		if err != nil && ctx.Err() == nil {
			err = wrong(ErrBroken, tryRebuild, "start %s: %v", n.Name, err)
		}
		if err != nil {
			return ph.end(err)
		}
	}
	return ph.end(nil)
}

// startedAt returns when the last of the nodes was started, by Docker's clock, which is also the nodes'.
func (c *Cluster) startedAt(ctx context.Context, names []string) (time.Time, error) {
	var last time.Time
	cli, err := c.docker(ctx)
	if err != nil {
		return last, err
	}
	for _, name := range names {
		info, err := cli.ContainerInspect(ctx, name)
		if err != nil {
			return last, fmt.Errorf("inspect %s: %w", name, dockerErr(ctx, err))
		}
		at, err := time.Parse(time.RFC3339Nano, info.State.StartedAt)
		if err != nil {
			return last, fmt.Errorf("inspect %s: %w", name, err)
		}
		if at.After(last) {
			last = at
		}
	}
	return last, nil
}

// adopt writes a cluster that works and that the ledger does not know into it. That happens after a ledger was lost.
func (c *Cluster) adopt(nodes []nodeInfo) error {
	rec, err := c.ledger.read()
	if err != nil {
		return err
	}
	if _, known := rec.Clusters[c.cfg.Name]; known {
		return nil
	}
	return c.ledger.setCluster(c.cfg.Name, clusterRecord{
		Image: nodes[0].Image, Nodes: nodeNames(nodes), Kubeconfig: c.Kubeconfig(), Begun: time.Now().UTC(), Complete: true,
	})
}

func nodeNames(nodes []nodeInfo) []string {
	names := make([]string, 0, len(nodes))
	for _, n := range nodes {
		names = append(names, n.Name)
	}
	return names
}

// remake deletes what is left of the cluster, if anything, and makes it.
func (c *Cluster) remake(ctx context.Context, p *phases, old []nodeInfo, sources []source) error {
	if len(old) > 0 {
		ph := p.start(phaseDelete)
		if err := ph.end(c.remove(ctx, c.cfg.Name)); err != nil {
			return err
		}
	}
	image, err := c.nodeImage(ctx, p)
	if err != nil {
		return err
	}
	err = c.create(ctx, p, image, sources)
	if err == nil {
		return nil
	}
	ph := p.start(phaseDelete)
	ph.say("taking back what was made")
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if cerr := ph.end(c.remove(clean, c.cfg.Name)); cerr != nil {
		return fmt.Errorf("%w (and then: %w)", firstOf(ctx, err), cerr)
	}
	return firstOf(ctx, err)
}

// nodesToBe returns the names that kind gives to the nodes.
func (c *Cluster) nodesToBe() []string {
	names := []string{c.ControlPlane()}
	for i := range max(c.cfg.Workers, 0) {
		name := c.cfg.Name + "-worker"
		if i > 0 {
			name += fmt.Sprint(i + 1)
		}
		names = append(names, name)
	}
	return slices.Clip(names)
}
