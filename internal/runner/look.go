package runner

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// guarded calls f. A bug in it is no verdict either.
func guarded(f func() checks.Result) (r checks.Result) {
	defer func() {
		if bug := recover(); bug != nil {
			r = checks.Result{
				Verdict: checks.CannotTell, Why: fmt.Sprintf("this is a bug in podlab: %v", bug),
				Try:      "report it, with the evidence that is shown here",
				Evidence: checks.Evidence{Notes: frames(debug.Stack())},
			}
		}
	}()
	return f()
}

// frames returns the places in the code that a stack names, without the addresses, which differ from run to run.
func frames(stack []byte) []string {
	var list []string
	for line := range strings.Lines(string(stack)) {
		if place, _, ok := strings.Cut(strings.TrimSpace(line), " +0x"); ok {
			list = append(list, place)
		}
	}
	return list
}

// Bounds of the pause before a second look at a node that gave no pass. Nothing tells podlab of a change below
// Kubernetes, and nothing tells it that a silent Docker is back: the pause doubles from the first to the second.
const (
	relookFirst = 250 * time.Millisecond
	relookLast  = 5 * time.Second
)

// looker looks at checks whenever the cluster changed.
type looker struct {
	world world
	watch Watch
	lost  func(ctx context.Context, err error) // called on each look while the watch is not live; may be nil
	back  func()                               // called once the watch is live again; may be nil
	also  func(ctx context.Context, m *moment) // called after each look, at the same moment; may be nil
	again chan struct{}                        // receives when all results must be told anew
	poke  chan struct{}                        // receives when there is something more to look at
}

func newLooker(w world) *looker {
	return &looker{world: w, watch: w.watch, again: make(chan struct{}, 1), poke: make(chan struct{}, 1)}
}

// memory returns what the check keeps between looks.
func (l *looker) memory(c checks.Check) *checks.Memory {
	return &checks.Memory{}
}

// glance returns a moment for a question, which keeps nothing.
func (l *looker) glance() *glance { return &glance{moment: l.moment(), memory: &checks.Memory{}} }

func (l *looker) moment() *moment { return newMoment(l.world) }

// look evaluates every check once, at one moment. Each result is told as soon as it is there, one at a time. It returns
// the moment, and whether a check asked for a node and was not satisfied.
func (l *looker) look(ctx context.Context, cs []checks.Check, tell func(i int, r checks.Result, took time.Duration)) (*moment, bool) {
	m, unsatisfied := l.moment(), false
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i, c := range cs {
		wg.Go(func() {
			start := time.Now()
			g := &glance{moment: m, memory: l.memory(c)}
			r := guarded(func() checks.Result { return c.Eval(ctx, g) })
			took := time.Since(start)
			mu.Lock()
			defer mu.Unlock()
			if ctx.Err() == nil { // what was found while being cancelled is about the cancelling
				unsatisfied = unsatisfied || r.Verdict == checks.CannotTell || r.Verdict == checks.NotYet && g.below
				tell(i, r, took)
			}
		})
	}
	wg.Wait()
	return m, unsatisfied
}

// follow looks at the checks now and after every change, tells each result that differs from the last, and returns when
// ctx ends or until says, of the last results, that it is enough.
func (l *looker) follow(ctx context.Context, cs []checks.Check, tell func(int, checks.Result, time.Duration), until func([]checks.Result) bool) {
	last := make([]checks.Result, len(cs))
	pause, live := relookFirst, true
	for ctx.Err() == nil {
		m, unsatisfied := l.look(ctx, cs, func(i int, r checks.Result, took time.Duration) {
			if !reflect.DeepEqual(r, last[i]) {
				last[i] = r
				tell(i, r, took)
			}
		})
		if l.also != nil && ctx.Err() == nil {
			l.also(ctx, m)
		}
		if until != nil && until(last) {
			return
		}
		live = l.tellLoss(ctx, live)
		if changed := l.wait(ctx, unsatisfied || !live, pause, last); changed {
			pause = relookFirst
		} else {
			pause = min(2*pause, relookLast)
		}
	}
}

// tellLoss tells when the watch is lost and when it is back, and returns whether it is live.
func (l *looker) tellLoss(ctx context.Context, was bool) bool {
	err := l.watch.Err()
	switch {
	case err != nil && l.lost != nil && ctx.Err() == nil:
		l.lost(ctx, err)
	case err == nil && !was && l.back != nil:
		l.back()
	}
	return err == nil
}

// wait returns true after a change, false after the pause (if a second look is wanted) or when ctx ends.
func (l *looker) wait(ctx context.Context, relook bool, pause time.Duration, last []checks.Result) bool {
	var tick <-chan time.Time
	if relook {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		tick = timer.C
	}
	select {
	case <-l.watch.Changed():
		return true
	case <-l.again:
		clear(last)
		return true
	case <-l.poke:
		return true
	case <-tick:
	case <-ctx.Done():
	}
	return false
}

// tellAgain makes follow tell every result again.
func (l *looker) tellAgain() { wake(l.again) }

// lookAgain makes follow look now.
func (l *looker) lookAgain() { wake(l.poke) }

// wake fills a channel of size one, unless it is full already.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
