package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// lock makes this podlab the only one that changes clusters from dir, and returns how to let go. While another has the
// lock, say is told so; the wait ends with ctx.
func lock(ctx context.Context, dir, doing string, say func(format string, args ...any)) (func(), error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make podlab's folder: %w", err)
	}
	l := flock.New(filepath.Join(dir, "lock"))
	for {
		got, err := l.TryLock()
		if err != nil {
			return nil, fmt.Errorf("lock %s: %w", l.Path(), err)
		}
		if got {
			break
		}
		say("%s; waiting", holder(dir))
		select {
		case <-ctx.Done():
			_ = l.Close()
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	// Beside the lock, not in it: Windows lets nobody read a locked file.
	name := filepath.Join(dir, "lock.holder")
	_ = os.WriteFile(name, []byte(strconv.Itoa(os.Getpid())+" "+doing), 0o644)
	return func() {
		_ = os.Remove(name)
		_ = l.Close()
	}, nil
}

// holder says who has the lock and why, as far as it can be known.
func holder(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, "lock.holder"))
	pid, doing, ok := strings.Cut(string(data), " ")
	if err != nil || !ok {
		return "another podlab is at work"
	}
	return fmt.Sprintf("another podlab (PID %s) is %s", pid, doing)
}
