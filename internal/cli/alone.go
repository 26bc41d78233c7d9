package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// alone waits until no other podlab verifies on the cluster: two would reset each other's labs. The system lets go of the
// lock even if podlab is killed.
func (a *app) alone(ctx context.Context, say io.Writer) (release func(), err error) {
	dir, err := a.stateDir()
	if err != nil {
		return nil, err
	}
	lock := flock.New(filepath.Join(dir, a.name+".verify.lock"))
	free, err := lock.TryLock()
	if err == nil && !free {
		fmt.Fprintf(say, "another podlab verifies on cluster %s; waiting for it (Ctrl-C to leave)\n", a.name)
		_, err = lock.TryLockContext(ctx, 200*time.Millisecond)
	}
	if err != nil {
		return nil, fmt.Errorf("wait for the other podlab: %w", err)
	}
	return func() { _ = lock.Unlock() }, nil
}
