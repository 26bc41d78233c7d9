package honesty

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

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
		if look.final() || look.is(checks.NotYet) || held == 0 && time.Now().After(deadline) || ctx.Err() != nil {
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

// Odd looks once at each trial while something is odd that must not turn its verdict round. Where the odd thing leaves a
// doubt, a check may say that it cannot tell; else it must say what it said before.
func (h *Harness) Odd(ctx context.Context, name string, trials []*Trial, doubt bool) {
	moment := h.Place.Moment()
	for _, t := range trials {
		look := lookOnce(ctx, t.Case.Check, t.at(moment), h.Limits.Look)
		ok := look.is(t.Case.Want) || doubt && look.is(checks.CannotTell)
		h.Tally.faced(t.Case, ok)
		if !ok {
			h.Tally.wrong(t.Case, "fault: "+name, string(t.Case.Want), look.String())
		}
	}
}

// Right returns the trials that come to their verdict now.
func (h *Harness) Right(ctx context.Context, trials []*Trial) []*Trial {
	return slices.DeleteFunc(slices.Clone(trials), func(t *Trial) bool {
		return !t.Settled || !lookOnce(ctx, t.Case.Check, h.glance(t), h.Limits.Look).is(t.Case.Want)
	})
}
