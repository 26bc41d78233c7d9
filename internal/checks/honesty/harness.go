package honesty

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// lanes is how many moments are looked at the same time: more than the processors of a small machine, so that they meet.
const lanes = 3

// Place is where checks are tried.
type Place interface {
	// Moment returns what a check sees now. Checks of one moment share its looks; each has a memory of its own.
	Moment() func(*checks.Memory) checks.Cluster
	// Changed is closed at the next change that the API server reports.
	Changed() <-chan struct{}
	// Do runs a script on the node.
	Do(ctx context.Context, script string) error
}

// Limits bounds what the harness waits for.
type Limits struct {
	Look   time.Duration // for one evaluation: a longer one hangs
	Settle time.Duration // for the world to become what the manifests say
	Begin  time.Duration // for a check to note how things stood; it may have nothing to note
	Notice time.Duration // for a fault to be noticed
	Pause  time.Duration // between looks that no change asked for
}

// Usual returns the limits for a real cluster.
func Usual() Limits {
	return Limits{
		Look: 15 * time.Second, Settle: 90 * time.Second, Begin: 10 * time.Second,
		Notice: 20 * time.Second, Pause: 250 * time.Millisecond,
	}
}

// Harness tries cases at a place and notes what comes of it.
type Harness struct {
	Place  Place
	Limits Limits
	Tally  *Tally
}

// Settle lets every case that does nothing come to its verdict. They share the time that there is for it.
func (h *Harness) Settle(ctx context.Context, trials []*Trial) {
	each(len(trials), lanes, func(i int) { h.begin(ctx, trials[i]) })
	last := make([]Look, len(trials))
	open := make([]int, len(trials)) // the trials that have not settled
	for i := range open {
		open[i] = i
	}
	for deadline := time.Now().Add(h.Limits.Settle); ; h.wait(ctx) {
		rest := len(open)/lanes + 1
		each(lanes, lanes, func(lane int) {
			moment := h.Place.Moment()
			for _, i := range open[min(lane*rest, len(open)):min((lane+1)*rest, len(open))] {
				last[i] = h.try(ctx, trials[i], moment)
			}
		})
		open = slices.DeleteFunc(open, func(i int) bool { return trials[i].Settled || last[i].final() })
		if len(open) == 0 || time.Now().After(deadline) || ctx.Err() != nil {
			break
		}
	}
	for i, t := range trials {
		h.judge(t, last[i])
	}
}

// try looks once, and notes whether the trial came to its verdict.
func (h *Harness) try(ctx context.Context, t *Trial, moment func(*checks.Memory) checks.Cluster) Look {
	look := lookOnce(ctx, t.Case.Check, t.at(moment), h.Limits.Look)
	t.Settled = t.Case.right(look)
	return look
}

func (h *Harness) judge(t *Trial, last Look) {
	h.Tally.settled(t.Case, t.Settled)
	if !t.Settled {
		h.Tally.wrong(t.Case, "settle", t.Case.wanted(), last.String())
	}
}

// Act does what each case does, one after the other, and looks n times once it has settled: what is done for the next case
// may change what this one is about.
func (h *Harness) Act(ctx context.Context, trials []*Trial, n int) {
	for _, t := range trials {
		h.begin(ctx, t)
		if err := h.Place.Do(ctx, t.Case.Do); err != nil {
			h.Tally.wrong(t.Case, "do", "its script to succeed", err.Error())
			h.Tally.settled(t.Case, false)
			continue
		}
		h.settle(ctx, t)
		h.Repeat(ctx, []*Trial{t}, n)
	}
}

// begin lets the check note how things stand before anything is done.
func (h *Harness) begin(ctx context.Context, t *Trial) {
	b, ok := t.Case.Check.(checks.Beginner)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, h.Limits.Begin)
	defer cancel()
	for ctx.Err() == nil {
		if b.Begin(ctx, h.glance(t)) {
			return
		}
		h.wait(ctx)
	}
}

// settle looks until the verdict is the right one, or the time is up.
func (h *Harness) settle(ctx context.Context, t *Trial) {
	for deadline := time.Now().Add(h.Limits.Settle); ; h.wait(ctx) {
		look := h.try(ctx, t, h.Place.Moment())
		if t.Settled || look.final() || time.Now().After(deadline) || ctx.Err() != nil {
			h.judge(t, look)
			return
		}
	}
}

// wait returns at the next change, or after the pause.
func (h *Harness) wait(ctx context.Context) {
	timer := time.NewTimer(h.Limits.Pause)
	defer timer.Stop()
	select {
	case <-h.Place.Changed():
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (h *Harness) glance(t *Trial) checks.Cluster { return t.at(h.Place.Moment()) }

// Repeat looks at each settled trial n times, each time at a new moment, several moments at a time. A check that
// remembers is looked at by one of them only, for it must see its moments in their order.
func (h *Harness) Repeat(ctx context.Context, trials []*Trial, n int) {
	var free, ordered []*Trial
	for _, t := range trials {
		switch {
		case !t.Settled: // it is wrong already
		case t.Timed():
			ordered = append(ordered, t)
		default:
			free = append(free, t)
		}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range n {
			h.round(ctx, ordered, i)
		}
	})
	each(n, lanes, func(i int) { h.round(ctx, free, i) })
	wg.Wait()
}

// round looks at each trial once, at one moment. Each round begins with another one.
func (h *Harness) round(ctx context.Context, trials []*Trial, from int) {
	if len(trials) == 0 {
		return
	}
	moment := h.Place.Moment()
	from %= len(trials)
	for _, t := range slices.Concat(trials[from:], trials[:from]) {
		if ctx.Err() != nil {
			return
		}
		look := lookOnce(ctx, t.Case.Check, t.at(moment), h.Limits.Look)
		same := look.is(t.Case.Want)
		h.Tally.looked(t.Case, same)
		if !same {
			h.Tally.wrong(t.Case, "look", t.Case.wanted(), look.String())
		}
	}
}

// each calls f for each number below n, so many at a time.
func each(n, lanes int, f func(i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(n, lanes) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
