package cluster

import "context"

// Revive brings a cluster that is there back to answering: it wakes and starts its nodes and waits until they are ready. It
// never makes a cluster and never deletes one, whatever Config.Rebuild says, and puts no images on it. What it cannot bring
// back is ErrAbsent, ErrForeign or ErrBroken, and Docker that is away ErrNoDocker, each with its way out.
func (c *Cluster) Revive(ctx context.Context, report func(Phase)) error {
	p := newPhases(report)
	docker := p.start(phaseDocker)
	if err := docker.end(c.ping(ctx)); err != nil {
		return err
	}
	look := p.start(phaseLook)
	unlock, err := lock(ctx, c.cfg.StateDir, "bringing the cluster back", look.say)
	if err != nil {
		return look.end(err)
	}
	defer unlock()
	state, why, nodes, err := c.judge(ctx)
	if err == nil {
		err = c.lost(state, why)
	}
	if look.end(err) != nil {
		return err
	}
	return c.reuse(ctx, p, state, nodes, nil)
}

// lost says why a cluster in that state cannot be brought back, nil if it can.
func (c *Cluster) lost(state State, why string) error {
	switch state {
	case Absent:
		if why == "" {
			why = "none is called " + c.cfg.Name
		}
		return wrong(ErrAbsent, tryUp, "%s", why)
	case Foreign:
		return c.foreign(why)
	case HalfMade:
		return wrong(ErrBroken, tryUp, "%s", why)
	case Broken:
		return wrong(ErrBroken, tryRebuild, "%s", why)
	case Running, Stopped:
	}
	return nil
}

// foreign is the error for a cluster that podlab did not make.
func (c *Cluster) foreign(why string) error {
	return wrong(ErrForeign, tryForeign, "there is a kind cluster %q already: %s", c.cfg.Name, why)
}
