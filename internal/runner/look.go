package runner

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
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

// lookLimit is how long one check may look. What takes longer is no answer.
const lookLimit = 10 * time.Second

// Bounds of the pause before a second look at something that nothing tells podlab of: what is below the API's watches and
// gave no pass, a silent Docker. The pause doubles from the first to the second.
const (
	relookFirst = 250 * time.Millisecond
	relookLast  = 5 * time.Second
)

// looker looks at checks whenever the cluster changed.
type looker struct {
	world    world
	watch    Watch
	lost     func(ctx context.Context, err error) // called on each look while the watch is not live; may be nil
	back     func()                               // called once the watch is live again; may be nil
	also     func(ctx context.Context, m *moment) // called after each look, at the same moment; may be nil
	waiting  func() bool                          // whether something besides the checks waits for the cluster; may be nil
	again    chan struct{}                        // receives when all results must be told anew
	poke     chan struct{}                        // receives when there is something more to look at
	memories memories
}

func newLooker(w world) *looker {
	return &looker{world: w, watch: w.watch, again: make(chan struct{}, 1), poke: make(chan struct{}, 1)}
}

// glance returns the moment as the check sees it.
func (l *looker) glance(m *moment, c checks.Check) *glance {
	return &glance{moment: m, memory: l.memories.get(c)}
}

func (l *looker) moment() *moment { return newMoment(l.world) }

// glimpse is what one look at all checks came to.
type glimpse struct {
	*moment
	changed bool          // something changed meanwhile: look again
	steady  bool          // a check passed that looked below the watches: it must go on being true
	relook  bool          // a check looked below the watches and did not pass, or cannot tell: look again though nothing changed
	again   time.Duration // when a claim about time wants to be looked at again; 0 is never
	asked   skipped       // the checks that sent a request to the API server
}

func (g *glimpse) add(i int, seen *glance, r checks.Result) {
	g.relook = g.relook || r.Verdict == checks.CannotTell || r.Verdict == checks.NotYet && seen.below
	g.steady = g.steady || r.Verdict == checks.Pass && seen.below && !seen.asked
	if r.Again > 0 && (g.again == 0 || r.Again < g.again) {
		g.again = r.Again
	}
	if seen.asked {
		g.asked[i] = r
	}
}

// ending is what one check came to.
type ending struct {
	i     int
	seen  *glance
	r     checks.Result
	took  time.Duration
	at    time.Time
	after int  // so many changes since the look began
	anew  bool // the check looked again
}

// isDue says whether a claim about time wants to be looked at again by now.
func (e ending) isDue() bool { return e.r.Again > 0 && time.Since(e.at) >= e.r.Again }

// nextDue returns when the first of them is due; it may be never.
func nextDue(done []ending) <-chan time.Time {
	var first time.Duration
	for _, e := range done {
		if rest := e.r.Again - time.Since(e.at); e.r.Again > 0 && (first == 0 || rest < first) {
			first = max(rest, time.Nanosecond)
		}
	}
	if first == 0 {
		return nil
	}
	return time.After(first)
}

// look evaluates every check, but for those whose results are in skip, and returns when each has come to an end. Each
// result is told as soon as it is there, one at a time. A slow check holds no other up: after a change those that are done,
// and did not look below the watches, look again at once, and claims about time whenever they are due.
func (l *looker) look(ctx context.Context, cs []checks.Check, skip skipped, tell func(i int, r checks.Result, took time.Duration)) *glimpse {
	found := &glimpse{moment: l.moment(), asked: skipped{}}
	ended := make(chan ending, len(cs))
	busy, slow, changes, now := 0, 0, 0, found.moment
	start := func(i int, at *moment, anew bool) {
		busy++
		go func(seen *glance, began time.Time, after int) {
			r := judged(ctx, cs[i], seen)
			ended <- ending{i: i, seen: seen, r: r, took: time.Since(began), at: time.Now(), after: after, anew: anew}
		}(l.glance(at, cs[i]), time.Now(), changes)
	}
	for i := range cs {
		if kept, ok := skip[i]; ok {
			found.add(i, &glance{below: true, asked: true}, kept)
			continue
		}
		slow++
		start(i, now, false)
	}
	var done []ending
	again := func(at *moment, which func(ending) bool) {
		done = slices.DeleteFunc(done, func(e ending) bool {
			if !which(e) || ctx.Err() != nil {
				return false
			}
			start(e.i, at, true)
			return true
		})
	}
	for busy > 0 {
		var due <-chan time.Time
		if slow > 0 && ctx.Err() == nil { // as long as a check looks for the first time, and no longer
			due = nextDue(done)
		}
		select {
		case e := <-ended:
			busy--
			if !e.anew {
				slow--
			}
			if ctx.Err() == nil { // what was found while being cancelled is about the cancelling
				found.add(e.i, e.seen, e.r)
				tell(e.i, e.r, e.took)
			}
			done = append(done, e)
		case <-l.watch.Changed():
			found.changed = true
			if changes < mostRenewals {
				changes, now = changes+1, l.moment()
			}
		case <-due:
			again(l.moment(), ending.isDue)
			continue
		}
		again(now, func(e ending) bool { return e.after < changes && !e.seen.below })
	}
	return found
}

// judged lets the check look, for at most lookLimit.
func judged(ctx context.Context, c checks.Check, g *glance) checks.Result {
	limited, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	return guarded(func() checks.Result { return c.Eval(limited, g) })
}

// follow looks at the checks now and after every change, tells each result that differs from the last, and returns when
// ctx ends or until says, of the last results, that it is enough.
func (l *looker) follow(ctx context.Context, cs []checks.Check, tell func(int, checks.Result, time.Duration), until func([]checks.Result) bool) {
	last := make([]checks.Result, len(cs))
	pause, live := relookFirst, true
	var idle idleness
	var skip skipped
	var rush storm
	for ctx.Err() == nil {
		found := l.look(ctx, cs, skip, func(i int, r checks.Result, took time.Duration) {
			if !reflect.DeepEqual(r, last[i]) {
				last[i] = r
				tell(i, r, took)
			}
		})
		if l.also != nil && ctx.Err() == nil {
			l.also(ctx, found.moment)
		}
		found.relook = found.relook || l.waiting != nil && l.waiting()
		if until != nil && until(last) {
			return
		}
		live = l.tellLoss(ctx, live)
		if found.changed {
			pause, skip = relookFirst, nil
			rush.breathe(ctx)
			continue
		}
		if skip == nil {
			idle.settle(ctx, l, found, pause)
		}
		skip = nil
		if l.wait(ctx, found.pause(pause, live), last) {
			pause = relookFirst
			rush.breathe(ctx)
			continue
		}
		pause = min(2*pause, relookLast)
		skip = idle.skip(ctx, l)
	}
}

// Bounds of what changes that come without end may cost: a log that is flooded is no reason to look all the time.
const (
	mostRenewals = 20                     // of the cheap checks, while others still look
	stormFrom    = 40                     // looks in a row, each right after the one before; the start of one pod took up to 31
	stormPause   = 200 * time.Millisecond // between the looks from then on
	stormGap     = 100 * time.Millisecond // looks that are further apart are no storm
)

// storm counts looks that follow each other at once.
type storm struct {
	last time.Time
	n    int
}

// breathe waits a little if there were many.
func (s *storm) breathe(ctx context.Context) {
	if time.Since(s.last) > stormGap {
		s.n = 0
	}
	if s.n++; s.n >= stormFrom {
		rest(ctx, stormPause)
	}
	s.last = time.Now()
}

// rest waits, or until ctx ends.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// pause returns how long to wait for a change before the next look; 0 is for ever.
func (g *glimpse) pause(relook time.Duration, live bool) time.Duration {
	switch {
	case !g.relook && live && g.steady && (g.again == 0 || g.again > relookLast):
		return relookLast
	case !g.relook && live || g.again > 0 && g.again < relook:
		return g.again
	}
	return relook
}

// insist does something once, and again only while nobody can tell what became of it: after a change, and after a pause that
// doubles. It returns the last result that does not speak of ctx's own end, which at first is otherwise.
func (l *looker) insist(ctx context.Context, do func(ctx context.Context) checks.Result, otherwise checks.Result) checks.Result {
	live := true
	for pause := relookFirst; ; pause = min(2*pause, relookLast) {
		r := guarded(func() checks.Result { return do(ctx) })
		if r.Verdict != checks.CannotTell {
			return r
		}
		if ctx.Err() == nil {
			otherwise = r
			live = l.tellLoss(ctx, live)
		}
		if l.wait(ctx, pause, nil) {
			pause = relookFirst
			rest(ctx, relookFirst) // what changes without end is no reason to do it without end
		}
		if ctx.Err() != nil {
			return otherwise
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

// wait returns true after a change, false after the pause (0 is no pause: only a change ends the wait) or when ctx ends.
func (l *looker) wait(ctx context.Context, pause time.Duration, last []checks.Result) bool {
	var tick <-chan time.Time
	if pause > 0 {
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
