package runner

import "context"

// beginLook looks how the cluster stands, beside the requests. Once a lab is open its watch knows better.
func (r *Runner) beginLook(ctx context.Context) {
	r.endLook()
	if r.open != nil {
		return
	}
	looking, cancel := context.WithCancel(ctx)
	r.look = cancel
	r.looks.Go(func() {
		standing, err := r.deps.Cluster.Standing(looking)
		if err == nil && looking.Err() == nil { // what cannot be told is not told: opening a lab says why
			r.emit(ClusterSeen{Standing: standing})
		}
	})
}

// endLook ends the look, and returns when it tells nothing more.
func (r *Runner) endLook() {
	if r.look == nil {
		return
	}
	r.look()
	r.looks.Wait()
	r.look = nil
}
