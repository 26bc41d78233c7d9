//go:build e2e

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/node"
)

// marked returns the PIDs of what podlabs run on the node. Another podlab's are among them.
func marked(t *testing.T, c *Cluster) []string {
	t.Helper()
	return strings.Fields(docker(t, "exec", c.ControlPlane(), "sh", "-c", "grep -lz '^"+execMark+"=' /proc/[0-9]*/environ 2>/dev/null; true"))
}

// wantMarked waits until nothing of podlab's runs on the node but what did before.
func wantMarked(t *testing.T, c *Cluster, before []string) {
	t.Helper()
	for begun := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		left := slices.DeleteFunc(marked(t, c), func(p string) bool { return slices.Contains(before, p) })
		if len(left) == 0 {
			return
		}
		if time.Since(begun) > 2*time.Second {
			t.Fatalf("left on the node: %s", docker(t, "exec", c.ControlPlane(), "ps", "-ef"))
		}
	}
}

func sessionsOnNode(t *testing.T, c *Cluster) {
	before := marked(t, c)
	other := sibling(c, func(*Config) {})
	var looks sync.WaitGroup
	for range 8 {
		looks.Go(func() { snapshot(t, other) })
	}
	looks.Wait()
	now := slices.DeleteFunc(marked(t, c), func(p string) bool { return slices.Contains(before, p) })
	if len(now) == 0 || len(now) > limitSessions {
		t.Errorf("%d sessions after 8 looks at once, want 1 to %d", len(now), limitSessions)
	}
	took := make([]time.Duration, 21)
	for i := range took {
		begun := time.Now()
		if _, err := other.Snapshot(t.Context(), c.ControlPlane()); err != nil {
			t.Fatal(err)
		}
		took[i] = time.Since(begun)
	}
	slices.Sort(took)
	t.Logf("a snapshot through a session takes %s (median of %d), %s at most", took[len(took)/2], len(took), took[len(took)-1])
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if left := slices.DeleteFunc(marked(t, c), func(p string) bool { return slices.Contains(before, p) }); len(left) > 0 {
		t.Fatalf("left after Close: %q", left)
	}
	snapshot(t, other) // opens a new one
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	wantMarked(t, c, before)
}

// sessionKilled kills what podlab runs on the node: the next look must not fail for it.
func sessionKilled(t *testing.T, c *Cluster) {
	snapshot(t, c)
	docker(t, "exec", c.ControlPlane(), "sh", "-c", "for e in $(grep -lz '^"+execMark+"=' /proc/[0-9]*/environ); do p=${e#/proc/}; kill -9 ${p%/environ}; done")
	if left := marked(t, c); len(left) > 0 {
		t.Fatalf("not killed: %q", left)
	}
	snapshot(t, c)
}

func looker(name string) int {
	c := New(Config{Name: strings.TrimSuffix(name, "-control-plane")})
	if _, err := c.Snapshot(context.Background(), name); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("looked")
	select {}
}

// podlabKilled kills a podlab that has a session: the session ends too.
func podlabKilled(t *testing.T, c *Cluster) {
	before := marked(t, c)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), lookVariable+"="+c.ControlPlane())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 6)
	n, _ := out.Read(said)
	now := marked(t, c)
	_ = cmd.Process.Kill()
	if err := cmd.Wait(); err == nil || string(said[:n]) != "looked" || len(now) <= len(before) {
		t.Fatalf("%v, said %q, %q on the node, %q before", err, said[:n], now, before)
	}
	wantMarked(t, c, before)
}

func lookCancelled(t *testing.T, c *Cluster) {
	before := marked(t, c)
	other := sibling(c, func(*Config) {})
	defer func() { _ = other.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, cancel)
	begun := time.Now()
	if _, err := other.lookAt(ctx, c.ControlPlane(), "sleep 4323"); !errors.Is(err, context.Canceled) || time.Since(begun) > 2*time.Second {
		t.Fatalf("a cancelled look: %v after %s", err, time.Since(begun))
	}
	wantMarked(t, c, before)
	snapshot(t, other)
	_, err := other.lookAt(t.Context(), c.ControlPlane(), "echo oh >&2; exit 7")
	if err == nil || !strings.HasSuffix(err.Error(), ": exit 7: oh") {
		t.Fatalf("a look that fails: %v", err)
	}
	_, err = other.lookAt(t.Context(), c.ControlPlane(), "head -c 20000000 /dev/zero")
	if !errors.Is(err, errAnswerSize) {
		t.Fatalf("a look that says too much: %v", err)
	}
	snapshot(t, other)
}

// nodePaused freezes the node: a look must neither hang nor give an old answer.
func nodePaused(t *testing.T, c *Cluster) {
	before := marked(t, c)
	other := sibling(c, func(*Config) {})
	defer func() { _ = other.Close() }()
	snapshot(t, other)
	docker(t, "pause", c.ControlPlane())
	begun := time.Now()
	s, err := other.Snapshot(t.Context(), c.ControlPlane())
	took := time.Since(begun)
	// The session is gone now: Docker itself refuses the next one.
	_, again := other.Snapshot(t.Context(), c.ControlPlane())
	docker(t, "unpause", c.ControlPlane())
	if s != nil || err == nil || !strings.HasSuffix(err.Error(), "no answer within 5s") || took > limitLook+4*time.Second {
		t.Fatalf("snapshot of a paused node: %v after %s", err, took)
	}
	if !errors.Is(again, ErrBroken) {
		t.Fatalf("a second snapshot: %v", again)
	}
	docker(t, "exec", "-d", c.ControlPlane(), "sleep", "4324")
	now, err := other.Snapshot(t.Context(), c.ControlPlane())
	if err != nil || !slices.ContainsFunc(now.Processes, func(p node.Process) bool { return p.Args == "sleep 4324" }) {
		t.Fatalf("snapshot after that: %v, want one with what was started since", err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	wantMarked(t, c, before)
}
