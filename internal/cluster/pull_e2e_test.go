//go:build e2e

package cluster

import (
	"errors"
	"testing"
	"time"
)

// An image that cannot be had ends within seconds, with a way out, and leaves nothing. It is so with and without a registry.
func TestNodeImageThatCannotBeHad(t *testing.T) {
	cfg := newCluster(t.TempDir()).cfg
	cfg.Image = "podlab-t/no-such-node:v0"
	c := New(cfg)
	c.owner = testOwner
	defer func() { _ = c.Close() }()
	begun := time.Now()
	err := c.Up(t.Context(), nil, shown(t))
	var e *Error
	if !errors.Is(err, ErrNoImage) || !errors.As(err, &e) || e.Try != tryLab {
		t.Errorf("up: %v", err)
	}
	if took := time.Since(begun); took > limitFirstWord+2*time.Second {
		t.Errorf("it took %s", took)
	}
	wantNothing(t, c)
}
