package runner

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// broken is a check with a bug.
type broken struct{}

func (broken) Kind() string                                       { return "broken" }
func (broken) Title() string                                      { return "broken" }
func (broken) Eval(context.Context, checks.Cluster) checks.Result { panic("index out of range") }

func TestABugInACheckIsNoVerdict(t *testing.T) {
	l := newLooker(world{"podlab-duo", newFakeWorld(), newFakeWorld(), fakeNodes{newFakeWorld()}})
	var got checks.Result
	l.look(t.Context(), []checks.Check{broken{}}, nil, func(_ int, r checks.Result, _ time.Duration) { got = r })
	if got.Verdict != checks.CannotTell || !strings.Contains(got.Why, "bug in podlab: index out of range") {
		t.Errorf("%+v", got)
	}
}

func TestWhatHeldInTheEmptyNamespaceIsRemembered(t *testing.T) {
	pass, notYet := checks.Result{Verdict: checks.Pass}, checks.Result{Verdict: checks.NotYet}
	joined := earlier([]checks.Result{pass, notYet}, []checks.Result{notYet, pass})
	if joined[0].Verdict != checks.Pass || joined[1].Verdict != checks.Pass {
		t.Errorf("%+v", joined)
	}
}

// asking is a check that asks the API server, and does not hold.
type asking struct{ asked *int }

func (asking) Kind() string  { return "asking" }
func (asking) Title() string { return "asking" }
func (a asking) Eval(ctx context.Context, c checks.Cluster) checks.Result {
	if _, err := c.Pod(ctx, "demoduo"); err != nil {
		return checks.Result{Verdict: checks.CannotTell, Why: err.Error()}
	}
	_, err := c.Exec(ctx, "demoduo", "demox", []string{"true"})
	*a.asked++
	return checks.Result{Verdict: checks.NotYet, Why: fmt.Sprint(err)}
}

// A check that asks the API server is asked again while something happens, and no more when nothing in the pods runs.
func TestNothingIsAskedWhileNothingRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.pods["demoduo"] = w.pod("demoduo")
		w.usage = time.Second
		asked := 0
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go newLooker(world{"podlab-duo", w, w, fakeNodes{w}}).follow(ctx, []checks.Check{asking{&asked}}, func(int, checks.Result, time.Duration) {}, nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		busy := asked
		time.Sleep(time.Hour)
		synctest.Wait()
		if busy < 5 || asked != busy {
			t.Errorf("asked %d times in the first minute, want 5 or more; %d times in the idle hour after it", busy, asked-busy)
		}
		w.mu.Lock() // and not w.set: something ran in the pod, which no watch tells
		w.usage = 2 * time.Second
		w.mu.Unlock()
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if asked == busy {
			t.Error("a process of the pod ran, and the check was not looked at again")
		}
	})
}

// slow is a check that never comes to an end by itself.
type slow struct{}

func (slow) Kind() string  { return "slow" }
func (slow) Title() string { return "slow" }
func (slow) Eval(ctx context.Context, _ checks.Cluster) checks.Result {
	<-ctx.Done()
	return checks.Result{Verdict: checks.CannotTell, Why: ctx.Err().Error()}
}

func TestALookIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var got checks.Result
		w := newFakeWorld()
		newLooker(world{"podlab-duo", w, w, fakeNodes{w}}).look(t.Context(), []checks.Check{slow{}}, nil, func(_ int, r checks.Result, _ time.Duration) { got = r })
		if took := time.Since(start); took != lookLimit || got.Verdict != checks.CannotTell {
			t.Errorf("after %s: %+v", took, got)
		}
	})
}

// lasting is a check of the node that holds once it has been looked at for three seconds.
type lasting struct{ since time.Time }

func (lasting) Kind() string  { return "lasting" }
func (lasting) Title() string { return "lasting" }
func (l lasting) Eval(ctx context.Context, c checks.Cluster) checks.Result {
	if _, err := c.Node(ctx, "podlab-control-plane"); err != nil {
		return checks.Result{Verdict: checks.CannotTell}
	}
	if time.Since(l.since) < 3*time.Second {
		return checks.Result{Verdict: checks.NotYet, Again: 500 * time.Millisecond}
	}
	return checks.Result{Verdict: checks.Pass}
}

// A claim about time that is seen only every ten seconds could never hold.
func TestASlowCheckKeepsNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var passed time.Duration
		w := newFakeWorld()
		both := []checks.Check{slow{}, lasting{start}}
		newLooker(world{"podlab-duo", w, w, fakeNodes{w}}).look(t.Context(), both, nil, func(_ int, r checks.Result, _ time.Duration) {
			if r.Verdict == checks.Pass && passed == 0 {
				passed = time.Since(start)
			}
		})
		if passed != 3*time.Second {
			t.Errorf("it passed after %s", passed)
		}
	})
}

// recurring is a check that is never done with looking again.
type recurring struct{}

func (recurring) Kind() string  { return "recurring" }
func (recurring) Title() string { return "recurring" }
func (recurring) Eval(ctx context.Context, c checks.Cluster) checks.Result {
	_, err := c.Node(ctx, "podlab-control-plane")
	time.Sleep(80 * time.Millisecond)
	return checks.Result{Verdict: checks.NotYet, Got: fmt.Sprint(err), Again: 500 * time.Millisecond}
}

func TestALookThatLooksAgainIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := newFakeWorld()
		both := []checks.Check{slow{}, recurring{}, slow{}}
		newLooker(world{"podlab-duo", w, w, fakeNodes{w}}).look(t.Context(), both, nil, func(int, checks.Result, time.Duration) {})
		if took := time.Since(start); took < lookLimit || took > lookLimit+time.Second {
			t.Errorf("the look took %s", took)
		}
	})
}

// deep is a check that looks at the node for a long while.
type deep struct{ looks *int }

func (deep) Kind() string  { return "deep" }
func (deep) Title() string { return "deep" }
func (d deep) Eval(ctx context.Context, c checks.Cluster) checks.Result {
	_, err := c.Node(ctx, "podlab-control-plane")
	*d.looks++
	time.Sleep(5 * time.Second)
	return checks.Result{Verdict: checks.Pass, Got: fmt.Sprint(err)}
}

// there is a check that holds once the API shows the pod.
type there struct{}

func (there) Kind() string  { return "there" }
func (there) Title() string { return "there" }
func (there) Eval(ctx context.Context, c checks.Cluster) checks.Result {
	if _, err := c.Pod(ctx, "demoduo"); err != nil {
		return checks.Result{Verdict: checks.NotYet}
	}
	return checks.Result{Verdict: checks.Pass}
}

// A check that the API answers holds as soon as the API says so, however long another looks at the node. That one looks
// again afterwards: what it saw is from before the change.
func TestALookAtTheNodeHoldsNoOtherCheckUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		start, looks, held := time.Now(), 0, time.Duration(0)
		l := newLooker(world{"podlab-duo", w, w, fakeNodes{w}})
		go l.follow(ctx, []checks.Check{deep{&looks}, there{}}, func(i int, r checks.Result, _ time.Duration) {
			if i == 1 && r.Verdict == checks.Pass {
				held = time.Since(start)
			}
		}, nil)
		time.Sleep(time.Second)
		w.set(func() { w.pods["demoduo"] = w.pod("demoduo") })
		time.Sleep(12 * time.Second) // before it is time to see whether it still holds
		synctest.Wait()
		if held != time.Second || looks != 2 {
			t.Errorf("the pod that came after 1s was seen after %s; %d looks at the node, want one before and one after the change", held, looks)
		}
	})
}

// A deed is done once, however much changes meanwhile, for as long as it needs: a command that kills something must not
// kill twice.
func TestADeedIsDoneOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		l := newLooker(world{"podlab-duo", w, w, fakeNodes{w}})
		times := 0
		r := l.insist(t.Context(), func(context.Context) checks.Result {
			times++
			w.set(func() {})
			time.Sleep(3 * lookLimit)
			w.set(func() {})
			return checks.Result{Verdict: checks.Pass}
		}, checks.Result{})
		if times != 1 || r.Verdict != checks.Pass {
			t.Errorf("done %d times: %+v", times, r)
		}
	})
}

// While nobody can tell it is done again, and what was found last stands when the time is up.
func TestADeedIsDoneAnewWhileNobodyCanTell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		l := newLooker(world{"podlab-duo", w, w, fakeNodes{w}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		times := 0
		r := l.insist(ctx, func(context.Context) checks.Result {
			times++
			return checks.Result{Verdict: checks.CannotTell, Why: fmt.Sprint(times)}
		}, checks.Result{})
		if times < 5 || r.Why != fmt.Sprint(times) {
			t.Errorf("done %d times: %+v", times, r)
		}
	})
}

func TestEachCheckHasItsOwnTimeLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.ready = false
		r := New(w.deps(lesson.Course{}))
		walk := &walk{r: r, api: w, timeout: 10 * time.Second, looker: newLooker(world{"podlab-duo", w, w, fakeNodes{w}})}
		go func() {
			for range r.events {
			}
		}()
		defer close(r.events)
		late := &lateCheck{start: time.Now()}
		specs := []lesson.CheckSpec{{ID: "short", Within: 2 * time.Second}, {ID: "long"}}
		before := slices.Repeat([]checks.Result{{Verdict: checks.NotYet}}, 2)
		claims := walk.await(t.Context(), []checks.Check{late, &lateCheck{start: late.start}}, specs, before)
		if c := claims[0]; c.Verdict != checks.NotYet || c.Got != "not before 5s" || c.Seconds != 2 {
			t.Errorf("its time was up after 2 s, and the last mismatch must stand: %+v", c)
		}
		if claims[1].Verdict != checks.Pass {
			t.Errorf("%+v", claims[1])
		}
	})
}

// lateCheck holds from five seconds after the start on.
type lateCheck struct{ start time.Time }

func (*lateCheck) Kind() string  { return "late" }
func (*lateCheck) Title() string { return "late" }
func (l *lateCheck) Eval(_ context.Context, c checks.Cluster) checks.Result {
	if c.Now().Sub(l.start) < 5*time.Second {
		return checks.Result{Verdict: checks.NotYet, Got: "not before 5s", Again: 500 * time.Millisecond}
	}
	return checks.Result{Verdict: checks.Pass}
}

// Changes without end do not make podlab look without end; a few in a row are looked at at once.
func TestAStormOfChangesIsBreathedThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, looks := newFakeWorld(), 0
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		l := newLooker(world{"podlab-duo", w, w, fakeNodes{w}})
		go l.follow(ctx, []checks.Check{counting{&looks}}, func(int, checks.Result, time.Duration) {}, nil)
		for range 10_000 {
			time.Sleep(time.Millisecond)
			w.set(func() {})
		}
		synctest.Wait()
		if looks < 20 || looks > 150 {
			t.Errorf("%d looks in ten seconds of a change each millisecond", looks)
		}
	})
}

// counting counts how often it is looked at.
type counting struct{ looks *int }

func (counting) Kind() string  { return "counting" }
func (counting) Title() string { return "counting" }
func (c counting) Eval(context.Context, checks.Cluster) checks.Result {
	*c.looks++
	return checks.Result{Verdict: checks.Pass}
}

// A deed of which nobody can tell is not repeated as fast as changes come.
func TestADeedIsNotRepeatedInAStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, times := newFakeWorld(), 0
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var storm sync.WaitGroup
		defer storm.Wait()
		storm.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(time.Millisecond)
				w.set(func() {})
			}
		})
		newLooker(world{"podlab-duo", w, w, fakeNodes{w}}).insist(ctx, func(context.Context) checks.Result {
			times++
			return checks.Result{Verdict: checks.CannotTell}
		}, checks.Result{})
		if times > 50 {
			t.Errorf("done %d times in ten seconds", times)
		}
	})
}

// A pod's start is no storm: its verdicts would come late.
func TestAPodsStartIsNoStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s storm
		start := time.Now()
		for range 31 {
			time.Sleep(10 * time.Millisecond)
			s.breathe(t.Context())
		}
		if took := time.Since(start); took != 310*time.Millisecond {
			t.Errorf("31 looks were held up: %s", took)
		}
		for range 20 {
			s.breathe(t.Context())
		}
		if took := time.Since(start); took < 2*time.Second {
			t.Errorf("51 looks took no longer than %s", took)
		}
	})
}
