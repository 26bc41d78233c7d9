package runner

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// nearMissIn tries a near-miss of the lesson in the world, and nothing else of it.
func nearMissIn(t *testing.T, w *fakeWorld, says, verdict string) LabOutcome {
	t.Helper()
	return nearMissOf(t, w, lessonText, says, verdict)
}

// nearMissOf is nearMissIn for a lesson of one's own.
func nearMissOf(t *testing.T, w *fakeWorld, text, says, verdict string) LabOutcome {
	t.Helper()
	course := testCourse(t, text)
	r := New(w.deps(course))
	go func() {
		for range r.Events() {
		}
	}()
	pod := &unstructured.Unstructured{Object: map[string]any{"kind": "Pod", "metadata": map[string]any{"name": "demoduo"}}}
	miss := lesson.NearMiss{
		Lab: "duo", ID: "broken", Step: "create-the-pod", Checks: []string{"ready"}, Says: says, Verdict: verdict,
		Objects: []*unstructured.Unstructured{pod},
	}
	outcome, err := r.Verify(t.Context(), course.Labs, VerifyOptions{Timeout: 10 * time.Second, NearMisses: []lesson.NearMiss{miss}, NearMissesOnly: true})
	if err != nil || len(outcome.Labs) != 1 || len(outcome.Labs[0].Steps) != 0 || len(outcome.Labs[0].NearMisses) != 1 {
		t.Fatalf("%v %+v", err, outcome)
	}
	var verdicts []checks.Verdict
	for _, c := range outcome.Labs[0].NearMisses[0].Checks {
		verdicts = append(verdicts, c.Verdict)
	}
	if got := outcome.Labs[0].Verdict; got != worst(verdicts) {
		t.Errorf("the lab is %s", got)
	}
	return outcome.Labs[0]
}

func TestNearMisses(t *testing.T) {
	after := func(d time.Duration, w *fakeWorld, f func()) { time.AfterFunc(d, func() { w.set(f) }) }
	for name, tc := range map[string]struct {
		world         func(*fakeWorld)
		says, verdict string
		want          checks.Verdict
		got, why      string
	}{
		"refused for its reason": {
			world: func(w *fakeWorld) { w.ready = false },
			says:  "0/2", want: checks.Pass, got: "not yet: 0/2 containers ready",
		},
		"refused for another reason": {
			world: func(w *fakeWorld) { w.ready = false },
			says:  "in use", want: checks.NotYet, got: "not yet: want 2/2", why: "it said nothing like that within 10s",
		},
		"taken for the real thing": {says: "0/2", want: checks.NotYet, got: "pass: 2/2", why: "took the near-miss"},
		"taken a moment later": {
			world: func(w *fakeWorld) {
				w.ready = false
				after(1500*time.Millisecond, w, func() { w.ready = true; w.pods["demoduo"] = w.pod("demoduo") })
			},
			says: "0/2", want: checks.NotYet, got: "pass: 2/2", why: "took the near-miss",
		},
		"taken for a moment only": {
			world: func(w *fakeWorld) {
				after(time.Second, w, func() { w.ready = false; w.pods["demoduo"] = w.pod("demoduo") })
			},
			says: "0/2", want: checks.NotYet, got: "pass: 2/2", why: "took the near-miss",
		},
		"refused for a while only": {
			world: func(w *fakeWorld) {
				w.ready = false
				after(time.Second, w, func() { clear(w.pods) })
			},
			says: "0/2", want: checks.NotYet, got: "not yet: want 2/2 containers ready, got no pod demoduo", why: "it said so for a while only",
		},
		"refused again and again": {
			world: func(w *fakeWorld) {
				w.ready = false
				after(time.Second, w, func() { clear(w.pods) })
				after(time.Minute/6, w, func() { w.pods["demoduo"] = w.pod("demoduo") })
			},
			says: "0/2", want: checks.Pass, got: "not yet: 0/2",
		},
		"nobody can tell at the end": {
			world: func(w *fakeWorld) {
				w.ready = false
				after(time.Second, w, func() { w.lost = errors.New("connection refused") })
			},
			says: "0/2", want: checks.CannotTell, why: "connection refused",
		},
		"nobody can tell of the empty namespace": {
			world: func(w *fakeWorld) {
				w.ready, w.lost = false, errors.New("connection refused")
				w.onApply = func(int) { w.lost = nil }
			},
			says: "0/2", want: checks.CannotTell, why: "what it says of the empty namespace: connection refused",
		},
		"a text that says nothing": {says: "no pod", want: checks.NotYet},
		"what the check wants is no reason": {
			world: func(w *fakeWorld) { w.ready = false },
			says:  "2/2 containers ready", want: checks.NotYet, why: "it said nothing like that",
		},
		"nor is it in a mismatch": {
			world: func(w *fakeWorld) { w.ready = false },
			says:  "want 2/2", want: checks.NotYet, why: "it said nothing like that",
		},
		"a cluster that cannot be asked": {
			world: func(w *fakeWorld) {
				w.ready = false
				after(time.Second, w, func() { w.lost = errors.New("connection refused") })
			},
			says: "in use", want: checks.CannotTell, why: "connection refused",
		},
		"a reason not to know": {
			world: func(w *fakeWorld) {
				w.ready = false
				after(time.Second, w, func() { w.lost = errors.New("connection refused") })
			},
			says: "refused", verdict: "cannot-tell", want: checks.Pass, got: "cannot tell: connection refused",
		},
		"a manifest that is not applied": {
			world: func(w *fakeWorld) { w.applyErr = wayOutError{} },
			says:  "0/2", want: checks.CannotTell, why: "the manifest was not applied: docker does not answer",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				if tc.world != nil {
					tc.world(w)
				}
				verdict := tc.verdict
				if verdict == "" {
					verdict = "not-yet"
				}
				c := nearMissIn(t, w, tc.says, verdict).NearMisses[0].Checks[1]
				if c.ID != "ready" || c.Kind != "near-miss" || c.Verdict != tc.want || !strings.HasPrefix(c.Got, tc.got) || !strings.Contains(c.Why, tc.why) {
					t.Errorf("%+v", c)
				}
			})
		})
	}
}

// A check that must hold for a while needs that while, and a fair time, to take a near-miss for the real thing.
func TestAFairWatchLastsAsLongAsTheCheckAsksFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.ready = false
		time.AfterFunc(settleLimit+fairWatch/2, func() { w.set(func() { w.ready = true; w.pods["demoduo"] = w.pod("demoduo") }) })
		text := strings.Replace(lessonText, "containers: 2/2}\n", "containers: 2/2}\n  for: 6s\n", 1)
		c := nearMissOf(t, w, text, "0/2", "not-yet").NearMisses[0].Checks[1]
		if c.Verdict != checks.NotYet || !strings.HasPrefix(c.Got, "pass: ") {
			t.Errorf("%+v", c)
		}
	})
}

// duoOf returns a course of labs that are all like duo, and a near-miss for each that is refused for another reason.
func duoOf(t *testing.T, ids ...string) (lesson.Course, []lesson.NearMiss) {
	t.Helper()
	files := fstest.MapFS{}
	var misses []lesson.NearMiss
	for _, id := range ids {
		files[id+"/lesson.md"] = &fstest.MapFile{Data: []byte(strings.Replace(lessonText, "id: duo", "id: "+id, 1))}
		misses = append(misses, lesson.NearMiss{Lab: id, ID: "m", Step: "create-the-pod", Checks: []string{"ready"}, Says: "in use", Verdict: "not-yet"})
	}
	course, err := lesson.Load(files, "labs")
	if err != nil {
		t.Fatal(err)
	}
	return course, misses
}

// telling collects in short what verify tells. Told returns it, once verify has come to its end.
func telling(r *Runner) (told func() string) {
	var all []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for e := range r.Events() {
			switch e := e.(type) {
			case LabStarted:
				all = append(all, e.Lab)
			case ClaimDecided:
				all = append(all, e.Claim.ID)
			}
		}
	}()
	return func() string { <-done; return strings.Join(all, " ") }
}

// With the near-misses the labs themselves are walked, all before the first near-miss, and each outcome stands with its lab.
func TestNearMissesComeAfterTheWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		course, misses := duoOf(t, "aa", "bb", "cc")
		r := New(w.deps(course))
		told := telling(r)
		outcome, err := r.Verify(t.Context(), course.Labs, VerifyOptions{Timeout: time.Minute, NearMisses: misses[1:2]})
		const walked = " apply ready ask run reset "
		if got, want := told(), "aa"+walked+"bb"+walked+"cc"+walked+"bb apply ready"; err != nil || got != want {
			t.Errorf("%v: told %s, want %s", err, got, want)
		}
		tried := []int{0, 1, 0}
		verdicts := []checks.Verdict{checks.Pass, checks.NotYet, checks.Pass}
		for i, lab := range outcome.Labs {
			if len(lab.NearMisses) != tried[i] || len(lab.Steps) != 2 || lab.Verdict != verdicts[i] {
				t.Errorf("%+v", lab)
			}
		}
		if outcome.Verdict != checks.NotYet {
			t.Errorf("the whole is %s", outcome.Verdict)
		}
	})
}

// The near-misses of several labs are tried beside each other, and told lab after lab.
func TestNearMissesOfSeveralLabsAreToldInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		course, misses := duoOf(t, "aa", "bb", "cc", "dd", "ee")
		r := New(w.deps(course))
		told := telling(r)
		start := time.Now()
		outcome, err := r.Verify(t.Context(), course.Labs, VerifyOptions{Timeout: 10 * time.Second, NearMisses: misses, NearMissesOnly: true})
		want := "aa apply ready bb apply ready cc apply ready dd apply ready ee apply ready"
		if got := told(); err != nil || got != want || len(outcome.Labs) != 5 || outcome.Verdict != checks.NotYet {
			t.Errorf("%v %s: told %s, want %s", err, outcome.Verdict, got, want)
		}
		if took := time.Since(start); took != 2*10*time.Second {
			t.Errorf("five labs that each take 10s took %v, three beside each other", took)
		}
	})
}

// What was not watched to its end is not known, no lab begins any more, and nothing is left behind.
func TestNearMissesThatAreInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.ready = false
		course, misses := duoOf(t, "aa", "bb", "cc", "dd", "ee")
		for i := range misses {
			misses[i].Says = "0/2"
			misses[i].Objects = []*unstructured.Unstructured{{Object: map[string]any{"kind": "Pod", "metadata": map[string]any{"name": "demoduo"}}}}
		}
		ctx, cancel := context.WithCancel(t.Context())
		r := New(w.deps(course))
		told := telling(r)
		time.AfterFunc(time.Second, cancel)
		outcome, err := r.Verify(ctx, course.Labs, VerifyOptions{Timeout: time.Minute, NearMisses: misses, NearMissesOnly: true})
		if got, want := told(), "aa apply ready bb apply ready cc apply ready"; err == nil || got != want {
			t.Errorf("%v: told %s, want %s", err, got, want)
		}
		for i, lab := range outcome.Labs {
			if lab.Verdict != checks.CannotTell || i < 3 && (lab.NearMisses[0].Checks[1].Verdict != checks.CannotTell || lab.NearMisses[0].Checks[1].Why != "interrupted") {
				t.Errorf("%+v", lab)
			}
		}
		if len(outcome.Labs) != 5 || outcome.Verdict != checks.CannotTell || len(w.pods) != 0 {
			t.Errorf("%d labs, %s, %d pods left", len(outcome.Labs), outcome.Verdict, len(w.pods))
		}
	})
}

func TestANamespaceThatCannotBeLeftEmptyIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		w.ready, w.resetErr = false, errors.New("pod demoduo is held")
		lab := nearMissIn(t, w, "0/2", "not-yet")
		claims := lab.NearMisses[0].Checks
		if last := claims[len(claims)-1]; claims[1].Verdict != checks.Pass || last.ID != "reset" || last.Verdict != checks.CannotTell || last.Why != "pod demoduo is held" {
			t.Errorf("%+v", claims)
		}
	})
}

// brokenAPI has a bug.
type brokenAPI struct{ API }

func (brokenAPI) EnsureNamespace(context.Context, string) error { panic("an index out of range") }

// A bug comes to the caller, who reports it, and not to a goroutine that nobody watches.
func TestABugInANearMissReachesTheCaller(t *testing.T) {
	w := newFakeWorld()
	course, misses := duoOf(t, "aa", "bb")
	deps := w.deps(course)
	deps.Connect = func(context.Context) (API, error) { return brokenAPI{w}, nil }
	r := New(deps)
	told := telling(r)
	defer func() {
		if bug, _ := recover().(string); !strings.Contains(bug, "an index out of range") || !strings.Contains(bug, "EnsureNamespace") {
			t.Errorf("the bug is %q", bug)
		}
		told()
	}()
	outcome, err := r.Verify(t.Context(), course.Labs, VerifyOptions{Timeout: time.Minute, NearMisses: misses, NearMissesOnly: true})
	t.Errorf("%v %+v", err, outcome)
}

// Whose turn to be told has not come goes on all the same.
func TestEventsThatNobodyTakesHoldNobodyUp(t *testing.T) {
	const many = 5000
	in := make(chan Event)
	out := queued(in)
	for i := range many {
		in <- ApplyStarted{Step: i}
	}
	close(in)
	n := 0
	for e := range out {
		if e != (ApplyStarted{Step: n}) {
			t.Fatalf("%v came in place of %d", e, n)
		}
		n++
	}
	if n != many {
		t.Errorf("%d came", n)
	}
}

func TestWhatHeldEarlier(t *testing.T) {
	for name, tc := range map[string]struct{ empty, now, want checks.Verdict }{
		"in neither":              {checks.NotYet, checks.NotYet, checks.NotYet},
		"of nothing":              {checks.Pass, checks.NotYet, checks.Pass},
		"before the step":         {checks.NotYet, checks.Pass, checks.Pass},
		"nobody knows of nothing": {checks.CannotTell, checks.NotYet, checks.CannotTell},
		"nobody knows, but later": {checks.CannotTell, checks.Pass, checks.Pass},
		"nobody knows of later":   {checks.NotYet, checks.CannotTell, checks.CannotTell},
	} {
		if got := earlier([]checks.Result{{Verdict: tc.empty}}, []checks.Result{{Verdict: tc.now}})[0].Verdict; got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
