package cluster

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestLost(t *testing.T) {
	c := New(Config{StateDir: t.TempDir()})
	for _, want := range []struct {
		state State
		err   error
		try   string
	}{
		{Running, nil, ""},
		{Stopped, nil, ""},
		{Absent, ErrAbsent, "podlab up"},
		{HalfMade, ErrBroken, "podlab up"},
		{Broken, ErrBroken, "podlab up --rebuild"},
		{Foreign, ErrForeign, "podlab up --name another-name"},
	} {
		err := c.lost(want.state, "for a reason")
		if !errors.Is(err, want.err) {
			t.Errorf("%s: %v, want %v", want.state, err, want.err)
		}
		if e := new(Error); want.err != nil && (!errors.As(err, &e) || e.Try != want.try) {
			t.Errorf("%s: %v, want the way out %q", want.state, err, want.try)
		}
	}
	if err := c.lost(Absent, ""); err.Error() != "there is no cluster: none is called podlab" {
		t.Errorf("absent for no reason that is known: %v", err)
	}
}

// A Docker that is away ends it at once, and one that is silent in a few seconds. Nothing is written then.
func TestReviveWithoutDocker(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	if err := os.WriteFile(filepath.Join(dir, "docker"), []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("unix", filepath.Join(dir, "silent.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	for socket, limit := range map[string]time.Duration{"away.sock": time.Second, "silent.sock": 7 * time.Second} {
		t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(dir, socket))
		c := New(Config{StateDir: filepath.Join(dir, "state"), Rebuild: true})
		begun := time.Now()
		if err := c.Revive(t.Context(), nil); !errors.Is(err, ErrNoDocker) || time.Since(begun) > limit {
			t.Errorf("%s: %v after %s", socket, err, time.Since(begun))
		}
		_ = c.Close()
	}
	if _, err := os.Stat(filepath.Join(dir, "state")); !os.IsNotExist(err) {
		t.Errorf("podlab's folder: %v", err)
	}
}
