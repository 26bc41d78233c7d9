package cluster

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestNoDocker(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none.sock"))
	c := New(Config{StateDir: t.TempDir()})
	defer func() { _ = c.Close() }()
	for name, err := range everyCall(t.Context(), c) {
		var e *Error
		// A machine without the docker command is told so first.
		if !errors.Is(err, ErrNoDocker) && !errors.Is(err, ErrNoCLI) || !errors.As(err, &e) || e.Try == "" {
			t.Errorf("%s: %v, want that Docker does not answer, with a way out", name, err)
		}
	}
}

func everyCall(ctx context.Context, c *Cluster) map[string]error {
	errs := map[string]error{"up": c.Up(ctx, nil, nil), "down": c.Down(ctx, nil), "clean": c.Clean(ctx, true, nil)}
	_, errs["status"] = c.Status(ctx)
	_, errs["snapshot"] = c.Snapshot(ctx, c.ControlPlane())
	_, errs["tasks"] = c.Tasks(ctx, c.ControlPlane())
	_, errs["leftovers"] = c.Leftovers(ctx, true)
	_, errs["docker"] = c.Docker(ctx)
	_, errs["nodes"] = c.Nodes(ctx)
	return errs
}

// A Docker that takes connections and never says a word must not hang anything.
func TestSilentDocker(t *testing.T) {
	defer goleak.VerifyNone(t)
	path := filepath.Join(t.TempDir(), "silent.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	t.Setenv("DOCKER_HOST", "unix://"+path)
	c := New(Config{StateDir: t.TempDir()})
	defer func() { _ = c.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, err := c.Exec(ctx, "node", []string{"true"}, nil, nil, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("exec: %v", err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("exec took %s", took)
	}
}
