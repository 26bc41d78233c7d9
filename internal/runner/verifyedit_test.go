package runner

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

// editText is the lesson with an edit block in its first step, which begins with the text.
func editText(start string) string {
	fence := "```yaml edit\n" + start + "```\n\n```yaml solution\n"
	return strings.Replace(lessonText, "```yaml apply\n", fence, 1)
}

const (
	otherPod = "apiVersion: v1\nkind: Pod\nmetadata: {name: other}\nspec:\n  containers:\n  - {name: demox, image: \"demo:1.0.0\"}\n"
	samePod  = "apiVersion: v1\nkind: Pod\nmetadata: {name: demoduo}\nspec:\n  containers:\n  - {name: demox, image: \"demo:1.0.0\"}\n"
)

func TestVerifyTriesWhatTheLearnerBeginsWith(t *testing.T) {
	for name, tc := range map[string]struct {
		start   string
		world   func(*fakeWorld)
		verdict checks.Verdict // of the start
		whole   checks.Verdict
		got     string
		why     string
		within  time.Duration
	}{
		"bad YAML":                   {start: "a: [\n", verdict: checks.Pass, whole: checks.Pass, got: "podlab refuses it"},
		"a manifest that is refused": {start: samePod + "  volumeMounts: []\n", verdict: checks.Pass, whole: checks.Pass, got: "podlab refuses it"},
		"one that leaves a check":    {start: otherPod, verdict: checks.Pass, whole: checks.Pass, got: "0 of 1 checks hold", within: startCalm + time.Second},
		"one that leaves nothing":    {start: samePod, verdict: checks.NotYet, whole: checks.NotYet, got: "1 of 1 checks hold", why: "nothing is left"},
		"one that is ready late": {
			start: samePod, verdict: checks.NotYet, whole: checks.NotYet, got: "1 of 1 checks hold",
			world: func(w *fakeWorld) {
				w.ready = false
				time.AfterFunc(50*time.Second, func() { w.set(func() { w.ready = true; w.pods["demoduo"] = w.pod("demoduo") }) })
			},
		},
		"one that crashes": {
			start: samePod, verdict: checks.Pass, whole: checks.NotYet, got: "0 of 1 checks hold", within: time.Minute + startCalm + time.Second,
			world: func(w *fakeWorld) { w.ready, w.ended = false, true },
		},
		"one that the namespace has no room for": {
			start: samePod, verdict: checks.CannotTell, whole: checks.NotYet, why: "quota",
			world: func(w *fakeWorld) {
				w.applyErr = apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "demoduo", errors.New("exceeded quota"))
			},
		},
		"one that the API server refuses": {
			start: samePod, verdict: checks.Pass, whole: checks.NotYet, got: "the API server refuses it",
			world: func(w *fakeWorld) { w.applyErr = apierrors.NewBadRequest("ports[1].name: Required value") },
		},
		"an API that does not answer": {
			start: samePod, verdict: checks.CannotTell, whole: checks.CannotTell, why: "connection refused",
			world: func(w *fakeWorld) { w.applyErr = errors.New("connection refused") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newFakeWorld()
				if tc.world != nil {
					tc.world(w)
				}
				began := time.Now()
				outcome, _, err := verifyIn(t, t.Context(), w, editText(tc.start))
				c := find(outcome, "start")
				if err != nil || c.Verdict != tc.verdict || outcome.Verdict != tc.whole || !strings.Contains(c.Got, tc.got) || !strings.Contains(c.Why, tc.why) {
					t.Errorf("%v, the whole is %s: %+v", err, outcome.Verdict, c)
				}
				if took := time.Since(began); tc.within > 0 && took > tc.within {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// What was seen of the start must not count for the solution.
func TestVerifyForgetsWhatTheStartDid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		once := strings.Replace(editText(samePod), "- ready: {pod: demoduo, containers: 2/2}\n", "- ready: {pod: demoduo, containers: 2/2}\n  once: true\n- ready: {pod: other, containers: 2/2}\n", 1)
		w := newFakeWorld()
		w.onApply = func(applied int) { w.ready = applied == 1 } // the start becomes ready, the solution never
		outcome, _, _ := verifyIn(t, t.Context(), w, once)
		start, ready := find(outcome, "start"), find(outcome, "ready")
		if start.Got != "1 of 2 checks hold" || ready.Verdict != checks.NotYet {
			t.Errorf("%+v\n%+v", start, ready)
		}
	})
}

func TestPodsThatSettle(t *testing.T) {
	w := newFakeWorld()
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	waiting := func(reason string) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}
	}
	for name, tc := range map[string]struct {
		state corev1.ContainerState
		ready bool
		want  bool
	}{
		"runs and is ready":     {running, true, true},
		"runs, is not ready":    {running, false, false},
		"is being made":         {waiting("ContainerCreating"), false, false},
		"has no image":          {waiting("ErrImageNeverPull"), false, true},
		"is started again":      {corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}, false, false},
		"waits for the others":  {waiting("PodInitializing"), false, false},
		"was crashing for long": {waiting("CrashLoopBackOff"), false, true},
	} {
		pod := w.pod("demoduo")
		for i := range pod.Status.ContainerStatuses {
			pod.Status.ContainerStatuses[i].State, pod.Status.ContainerStatuses[i].Ready = tc.state, tc.ready
		}
		w.pods["demoduo"] = pod
		if got := podSettled(w, "demoduo"); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	for policy, want := range map[corev1.RestartPolicy][2]bool{corev1.RestartPolicyNever: {true, true}, corev1.RestartPolicyOnFailure: {true, false}} {
		for code, want := range want {
			pod := w.pod("demoduo")
			pod.Spec.RestartPolicy = policy
			for i := range pod.Status.ContainerStatuses {
				pod.Status.ContainerStatuses[i].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: int32(code)}}
			}
			w.pods["demoduo"] = pod
			if got := podSettled(w, "demoduo"); got != want {
				t.Errorf("%s, exit code %d: %v", policy, code, got)
			}
		}
	}
	held := w.pod("demoduo")
	held.Status.ContainerStatuses = nil
	held.Status.InitContainerStatuses = []corev1.ContainerStatus{{State: waiting("CrashLoopBackOff")}}
	w.pods["demoduo"] = held
	if !podSettled(w, "demoduo") {
		t.Error("a pod that its init container holds up has not settled")
	}
	if podSettled(w, "none") {
		t.Error("a pod that is not there has settled")
	}
}

func TestALearnerAppliesHerOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld()
		ctx, cancel := context.WithCancel(t.Context())
		l := &learner{Runner: New(w.deps(testCourse(t, editText("a: [\n")))), cancel: cancel}
		go l.Run(ctx)
		defer l.stop()
		l.Do(Open{Lab: "duo"})
		l.until(func(s State) bool { return s.Lab == "duo" })
		own := func(names ...string) []*unstructured.Unstructured {
			var objects []*unstructured.Unstructured
			for _, name := range names {
				object, err := lesson.ParseManifest("mine.yaml", []byte(strings.Replace(otherPod, "other", name, 1)))
				if err != nil {
					t.Fatal(err)
				}
				objects = append(objects, object...)
			}
			return objects
		}
		const at = 1 // the edit block
		ended := func(s State) bool { a := s.Steps[0].Applies[at]; return !a.Running && len(a.Objects) > 0 }
		l.Do(ApplyOwn{Step: 0, Block: at, Objects: own("first", "second")})
		if a := l.until(ended).Steps[0].Applies[at]; a.Err != nil || len(a.Left) > 0 || len(a.Objects) != 2 {
			t.Errorf("%+v", a)
		}
		l.Do(ApplyOwn{Step: 0, Block: at, Objects: own("demoduo", "second")})
		l.until(func(s State) bool { return s.Steps[0].Applies[at].Running })
		if a := l.until(ended).Steps[0].Applies[at]; a.Err != nil || !slices.Equal(a.Left, []string{"pod/first"}) {
			t.Errorf("%+v", a)
		}
		l.until(verdict(0, 0, checks.Pass))
		l.Do(ApplyOwn{Step: 1, Block: 0, Objects: own("first")})
		if s := l.until(func(s State) bool { return s.Err != nil }); !strings.Contains(s.Err.Error(), "not lesson.Edit") {
			t.Error(s.Err)
		}
	})
}
