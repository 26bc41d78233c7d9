package honesty

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

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

// Settle lets every case that does nothing come to its verdict, all at the same time.
func (h *Harness) Settle(ctx context.Context, trials []*Trial) {
	each(len(trials), 6, func(i int) {
		h.begin(ctx, trials[i])
		h.settle(ctx, trials[i])
	})
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
		h.Repeat(ctx, []*Trial{t}, n, 1)
	}
}

// begin lets the check note how things stand before anything is done.
func (h *Harness) begin(ctx context.Context, t *Trial) {
	b, ok := t.Case.Check.(checks.Beginner)
	if !ok {
		return
	}
	for deadline := time.Now().Add(h.Limits.Begin); time.Now().Before(deadline) && ctx.Err() == nil; {
		if b.Begin(ctx, h.glance(t)) {
			return
		}
		h.wait(ctx)
	}
}

// settle looks until the verdict is the right one, or the time is up.
func (h *Harness) settle(ctx context.Context, t *Trial) {
	var look Look
	for deadline := time.Now().Add(h.Limits.Settle); ; h.wait(ctx) {
		look = lookOnce(ctx, t.Case.Check, h.glance(t), h.Limits.Look)
		t.Settled = t.Case.right(look)
		if t.Settled || look.Hung || look.Bug != "" || time.Now().After(deadline) || ctx.Err() != nil {
			break
		}
	}
	h.Tally.settled(t.Case, t.Settled)
	if !t.Settled {
		h.Tally.wrong(t.Case, "settle", t.Case.wanted(), look.String())
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
func (h *Harness) Repeat(ctx context.Context, trials []*Trial, n, lanes int) {
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

// Fault looks at trials that passed, while something is broken: those that it blinds must come to cannot-tell, the others
// must pass. While the fault is being noticed a check may still say what it said before; it must never say not-yet.
func (h *Harness) Fault(ctx context.Context, name string, trials []*Trial, lanes int, blinds func(*Trial) bool) {
	each(len(trials), lanes, func(i int) {
		t, want := trials[i], checks.Pass
		if blinds(t) {
			want = checks.CannotTell
		}
		look, ok := h.hold(ctx, t, want)
		h.Tally.faced(t.Case, ok)
		if !ok {
			h.Tally.wrong(t.Case, "fault: "+name, string(want), look.String())
		}
	})
}

// A verdict holds when it came so many times in a row, or for so long: a check that waits for an answer takes its time.
const (
	holdsAfter = 3
	holdsFor   = 3 * time.Second
)

// hold looks until the verdict holds. It ends early with a lie.
func (h *Harness) hold(ctx context.Context, t *Trial, want checks.Verdict) (look Look, ok bool) {
	deadline, held := time.Now().Add(h.Limits.Notice), 0
	var since time.Time
	for {
		begun := time.Now()
		look = lookOnce(ctx, t.Case.Check, h.glance(t), h.Limits.Look)
		switch {
		case !look.is(want):
			held = 0
		case held == 0:
			held, since = 1, begun
		default:
			held++
		}
		if held == holdsAfter || held > 0 && time.Since(since) > holdsFor {
			return look, true
		}
		if look.Hung || look.Bug != "" || look.is(checks.NotYet) || held == 0 && time.Now().After(deadline) || ctx.Err() != nil {
			return look, false
		}
		h.wait(ctx)
	}
}

// Declared compares what a case file says of its trial's senses with those that the check has used.
func (h *Harness) Declared(trials []*Trial) {
	for _, t := range trials {
		said := slices.Sorted(slices.Values(t.Case.Looks))
		if used := t.Senses(); !slices.Equal(said, used) {
			h.Tally.wrong(t.Case, "looks", fmt.Sprint(said), fmt.Sprint(used))
		}
	}
}

// Recover waits until every trial passes again, and notes those that do not.
func (h *Harness) Recover(ctx context.Context, name string, trials []*Trial) {
	each(len(trials), 4, func(i int) {
		t := trials[i]
		var look Look
		for deadline := time.Now().Add(h.Limits.Settle); ; h.wait(ctx) {
			look = lookOnce(ctx, t.Case.Check, h.glance(t), h.Limits.Look)
			if look.is(checks.Pass) {
				return
			}
			if time.Now().After(deadline) || ctx.Err() != nil {
				break
			}
		}
		h.Tally.wrong(t.Case, fmt.Sprintf("after fault %q", name), string(checks.Pass), look.String())
	})
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
