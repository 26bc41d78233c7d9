package runner

import (
	"context"
	"sync"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// begin lets the checks note what they must remember of the moment when their step begins, and returns whether all did.
func (l *looker) begin(ctx context.Context, cs []checks.Check) bool {
	limited, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	m, noted := l.moment(), true
	for _, c := range cs {
		if b, ok := c.(checks.Beginner); ok {
			noted = b.Begin(limited, l.glance(m, c)) && noted
		}
	}
	return noted
}

// beginLimit is how long the first command of a step waits until the checks have noted what was before it.
const beginLimit = 5 * time.Second

// awaitBegin lets the checks note what they must remember, again and again while they cannot, for at most beginLimit.
func (l *looker) awaitBegin(ctx context.Context, cs []checks.Check) {
	limited, cancel := context.WithTimeout(ctx, beginLimit)
	defer cancel()
	for pause := relookFirst; !l.begin(limited, cs); pause = min(2*pause, time.Second) {
		select {
		case <-limited.Done():
			return
		case <-time.After(pause):
		}
	}
}

// beginnings knows which steps of an open lab have begun. A step begins when all before it has held once, or with its own
// first command or manifest, whichever comes first: a learner may as well do it in a terminal of her own.
type beginnings struct {
	mu    sync.Mutex
	held  map[place]bool
	begun map[int]bool
	done  map[int]bool // steps of which something was done
}

// note remembers that a check held.
func (b *beginnings) note(at place, v checks.Verdict) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held == nil {
		b.held = map[place]bool{}
	}
	b.held[at] = b.held[at] || v == checks.Pass
}

// due returns the steps that may begin and have not.
func (b *beginnings) due(p plan) []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	var steps []int
	for step, cs := range p.checks {
		if !b.begun[step] {
			steps = append(steps, step)
		}
		for i := range cs {
			if !b.held[place{step, i}] {
				return steps
			}
		}
		if len(cs) == 0 && p.acts(step) && !b.done[step] {
			return steps
		}
	}
	return steps
}

// has says whether the step has begun.
func (b *beginnings) has(step int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.begun[step]
}

// start says that the step has begun.
func (b *beginnings) start(step int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.begun == nil {
		b.begun = map[int]bool{}
	}
	b.begun[step] = true
}

func (b *beginnings) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.held)
	clear(b.begun)
	clear(b.done)
}

// did notes that something of the step was done, and looks at what came of it: not everything tells of itself.
func (l *openLab) did(step int) {
	l.begins.did(step)
	l.looker.lookAgain()
}

func (b *beginnings) did(step int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.done == nil {
		b.done = map[int]bool{}
	}
	b.done[step] = true
}

// beginDue begins the steps whose turn it is.
func (l *openLab) beginDue(ctx context.Context) {
	l.beginning.Lock()
	defer l.beginning.Unlock()
	for _, step := range l.begins.due(l.plan) {
		if l.looker.begin(ctx, l.plan.noting(step)) {
			l.begins.start(step)
		}
	}
}

// beginStep begins the step, if it has not yet, before something of it is done. One that was interrupted has not begun.
func (l *openLab) beginStep(ctx context.Context, step int) {
	if step < 0 || step >= len(l.plan.checks) {
		return
	}
	l.beginning.Lock()
	defer l.beginning.Unlock()
	if l.begins.has(step) {
		return
	}
	l.looker.awaitBegin(ctx, l.plan.noting(step))
	if ctx.Err() == nil {
		l.begins.start(step)
	}
}

// forget makes all begin anew: after a reset nothing of before is true. What begins just now comes to its end first, so that
// no note of before outlives this.
func (l *openLab) forget() {
	l.beginning.Lock()
	defer l.beginning.Unlock()
	l.looker.memories.forget()
	l.begins.forget()
}
