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
	course := testCourse(t, lessonText)
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
	if got := outcome.Labs[0].Verdict; got != worst([]checks.Verdict{outcome.Labs[0].NearMisses[0].Checks[0].Verdict, outcome.Labs[0].NearMisses[0].Checks[1].Verdict}) {
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
		"a text that says nothing": {says: "no pod", want: checks.NotYet},
		"what the check wants is no reason": {
			world: func(w *fakeWorld) { w.ready = false },
			says:  "2/2 containers ready", want: checks.NotYet, why: "it said nothing like that",
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

// With the near-misses the lab itself is walked, unless they are all that is asked for.
func TestNearMissesComeAfterTheWalk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		course := testCourse(t, lessonText)
		r := New(w.deps(course))
		go func() {
			for range r.Events() {
			}
		}()
		miss := lesson.NearMiss{Lab: "other"}
		outcome, err := r.Verify(context.WithoutCancel(t.Context()), course.Labs, VerifyOptions{Timeout: time.Minute, NearMisses: []lesson.NearMiss{miss}})
		if err != nil || outcome.Verdict != checks.Pass || len(outcome.Labs[0].Steps) != 2 || len(outcome.Labs[0].NearMisses) != 0 {
			t.Errorf("%v %+v", err, outcome)
		}
	})
}

// The near-misses of several labs are tried beside each other, and told lab after lab.
func TestNearMissesOfSeveralLabsAreToldInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		files, ids := fstest.MapFS{}, []string{"aa", "bb", "cc", "dd", "ee"}
		var misses []lesson.NearMiss
		for _, id := range ids {
			files[id+"/lesson.md"] = &fstest.MapFile{Data: []byte(strings.Replace(lessonText, "id: duo", "id: "+id, 1))}
			miss := lesson.NearMiss{Lab: id, ID: "m", Step: "create-the-pod", Checks: []string{"ready"}, Says: "in use", Verdict: "not-yet"}
			misses = append(misses, miss)
		}
		course, err := lesson.Load(files, "labs")
		if err != nil {
			t.Fatal(err)
		}
		r := New(w.deps(course))
		var told []string
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e := range r.Events() {
				switch e := e.(type) {
				case LabStarted:
					told = append(told, e.Lab)
				case ClaimDecided:
					told = append(told, e.Claim.ID)
				}
			}
		}()
		start := time.Now()
		outcome, err := r.Verify(t.Context(), course.Labs, VerifyOptions{Timeout: 10 * time.Second, NearMisses: misses, NearMissesOnly: true})
		<-done
		want := "aa apply ready bb apply ready cc apply ready dd apply ready ee apply ready"
		if got := strings.Join(told, " "); err != nil || got != want || len(outcome.Labs) != 5 || outcome.Verdict != checks.NotYet {
			t.Errorf("%v %s: told %s, want %s", err, outcome.Verdict, got, want)
		}
		if took := time.Since(start); took != 2*(10*time.Second+fairWatch) {
			t.Errorf("five labs that each take 12s took %v, three beside each other", took)
		}
	})
}
