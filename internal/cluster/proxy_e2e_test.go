//go:build e2e

package cluster

import (
	"errors"
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// dockerGone cuts the line to Docker while a command runs on the node, as the end of its daemon would, and mends it.
func dockerGone(t *testing.T, c *Cluster) {
	line := &line{path: filepath.Join(t.TempDir(), "docker.sock")}
	line.mend(t)
	defer line.cut()
	t.Setenv("DOCKER_HOST", "unix://"+line.path)
	other := newCluster(c.cfg.StateDir)
	defer func() { _ = other.Close() }()
	snapshot(t, other) // whose session loses Docker too
	cut := time.AfterFunc(500*time.Millisecond, line.cut)
	defer cut.Stop()
	begun := time.Now()
	_, err := other.Exec(t.Context(), c.ControlPlane(), []string{"sleep", "3"}, nil, nil, nil, nil)
	if !errors.Is(err, ErrNoDocker) || time.Since(begun) > 2*time.Second {
		t.Fatalf("exec: %v after %s", err, time.Since(begun))
	}
	if _, err := other.Snapshot(t.Context(), c.ControlPlane()); !errors.Is(err, ErrNoDocker) {
		t.Fatalf("snapshot: %v", err)
	}
	line.mend(t)
	if _, err := other.Snapshot(t.Context(), c.ControlPlane()); err != nil {
		t.Fatalf("snapshot after the line was mended: %v", err)
	}
}

// line is a socket that leads to Docker's own, and can be cut.
type line struct {
	path string

	mu       sync.Mutex
	listener net.Listener
	open     []net.Conn
	copies   sync.WaitGroup
}

func (l *line) mend(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("unix", l.path)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	l.listener = listener
	l.mu.Unlock()
	l.copies.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			to, err := net.Dial("unix", "/var/run/docker.sock")
			if err != nil {
				_ = from.Close()
				continue
			}
			l.mu.Lock()
			l.open = append(l.open, from, to)
			l.mu.Unlock()
			l.copies.Go(func() { _, _ = io.Copy(to, from); _ = to.Close() })
			l.copies.Go(func() { _, _ = io.Copy(from, to); _ = from.Close() })
		}
	})
}

func (l *line) cut() {
	l.mu.Lock()
	_ = l.listener.Close()
	for _, conn := range l.open {
		_ = conn.Close()
	}
	l.open = nil
	l.mu.Unlock()
	l.copies.Wait()
}
