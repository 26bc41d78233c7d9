//go:build e2e

package cluster

import (
	"errors"
	"testing"
)

// revived pauses, stops and asks for what is not there. Nothing may be made or deleted, not even where Rebuild is set.
func revived(t *testing.T, c *Cluster) {
	other := sibling(c, func(cfg *Config) { cfg.Rebuild = true })
	defer func() { _ = other.Close() }()
	id := docker(t, "inspect", "-f", "{{.Id}}", c.ControlPlane())
	for _, harm := range [][]string{{"pause"}, {"stop", "-t", "5"}, {"version"}} {
		if harm[0] != "version" {
			docker(t, append(harm, c.ControlPlane())...)
		}
		if err := other.Revive(t.Context(), shown(t)); err != nil {
			t.Fatalf("after docker %s: %v", harm[0], err)
		}
		wantState(t, c, Running)
		if now := docker(t, "inspect", "-f", "{{.Id}}", c.ControlPlane()); now != id {
			t.Fatalf("after docker %s the node is another", harm[0])
		}
	}
	none := sibling(c, func(cfg *Config) { cfg.Name = "podlab-t-none" })
	defer func() { _ = none.Close() }()
	if err := none.Revive(t.Context(), shown(t)); !errors.Is(err, ErrAbsent) {
		t.Fatalf("revive of no cluster: %v", err)
	}
	wantState(t, none, Absent)
}

// sibling returns a cluster that is configured like c, but for what change does.
func sibling(c *Cluster, change func(*Config)) *Cluster {
	cfg := c.cfg
	change(&cfg)
	other := New(cfg)
	other.owner, other.limits = c.owner, c.limits
	return other
}
