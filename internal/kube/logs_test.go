package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// lab is an API server with a running pod, a service, and config maps that nobody may see.
type lab struct {
	mu       sync.Mutex
	requests []string
	logs     func(w http.ResponseWriter, r *http.Request)
}

func (l *lab) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, request := range l.requests {
		if strings.Contains(request, part) {
			n++
		}
	}
	return n
}

func (l *lab) handler() http.Handler {
	mux := http.NewServeMux()
	discoveryOf(mux)
	mux.HandleFunc("GET /api/v1/namespaces/lab/pods/duo/log", func(w http.ResponseWriter, r *http.Request) { l.logs(w, r) })
	mux.HandleFunc("GET /api/v1/namespaces/lab/{resource}", func(w http.ResponseWriter, r *http.Request) {
		resource := r.PathValue("resource")
		switch {
		case resource == "configmaps":
			forbid(w, resource)
		case r.URL.Query().Get("watch") != "":
			w.Header().Set("Content-Type", "application/json")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		default:
			answer(w, http.StatusOK, listOf(resource))
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.requests = append(l.requests, r.URL.RequestURI())
		l.mu.Unlock()
		mux.ServeHTTP(w, r)
	})
}

func forbid(w http.ResponseWriter, resource string) {
	status := apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("no such right")).Status()
	status.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
	answer(w, http.StatusForbidden, status)
}

func listOf(resource string) any {
	kind := map[string]string{"pods": "PodList", "events": "EventList", "services": "ServiceList"}[resource]
	list := map[string]any{"kind": kind, "apiVersion": "v1", "metadata": map[string]any{"resourceVersion": "7"}, "items": []any{}}
	switch resource {
	case "pods":
		running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
		list["items"] = []any{corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "duo", UID: "u-1"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c1"}}},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{
				{Name: "c1", ContainerID: "containerd://1", State: running},
			}},
		}}
	case "services":
		list["items"] = []any{
			map[string]any{"metadata": map[string]any{"name": "web", "uid": "s-2"}},
			map[string]any{"metadata": map[string]any{"name": "db", "uid": "s-1"}},
		}
	}
	return list
}

func labWatch(t *testing.T, l *lab) *Watch {
	t.Helper()
	w, end := watching(t, serve(t, newGate(), l.handler()))
	t.Cleanup(end)
	return w
}

func TestAKindIsWatchedOnce(t *testing.T) {
	l := &lab{}
	w := labWatch(t, l)
	for range 5 {
		list, err := w.List(t.Context(), "Service")
		if err != nil || len(list) != 2 || list[0].GetName() != "db" || list[0].GetKind() != "Service" || list[0].GetAPIVersion() != "v1" {
			t.Fatalf("%v, %v", list, err)
		}
		if _, err := w.Object(t.Context(), "Service", "none"); !apierrors.IsNotFound(err) {
			t.Errorf("%v, want NotFound", err)
		}
		if _, err := w.Object(t.Context(), "Nonsense", "x"); err == nil || apierrors.IsNotFound(err) {
			t.Errorf("unknown kind: %v", err)
		}
	}
	waitUntil(t, func() bool { return l.count("services") == 2 })
	if n := l.count("/api/v1?"); n > 2 || l.count("services") != 2 {
		t.Errorf("requests %q", l.requests)
	}
}

func TestARefusedKindLosesNothingElse(t *testing.T) {
	l := &lab{}
	w := labWatch(t, l)
	for range 5 {
		_, err := w.Object(t.Context(), "ConfigMap", "x")
		if err == nil || apierrors.IsNotFound(err) || !strings.Contains(err.Error(), "no such right") {
			t.Errorf("config map: %v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := w.Err(); err != nil {
		t.Errorf("the watch is lost: %v", err)
	}
	if n := l.count("configmaps"); n != 1 {
		t.Errorf("asked %d times for what is refused", n)
	}
}

func waitUntil(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come")
		}
	}
}

// kubeletLog is a container's log as the kubelet serves it: from whole seconds, and broken off in the first streams.
type kubeletLog struct {
	mu      sync.Mutex
	lines   []string // with times
	follows int
}

func (k *kubeletLog) serve(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	defer k.mu.Unlock()
	since := r.URL.Query().Get("sinceTime")
	follow := r.URL.Query().Get("follow") != ""
	if follow {
		k.follows++
		// The container writes while the stream opens: the same line, in the same nanosecond, and one that came late.
		at := fmt.Sprintf("2026-11-21T04:00:0%d.", k.follows)
		k.lines = append(k.lines, at+"500000000Z same", at+"500000000Z same", at+"100000000Z late", at+"900000000Z ")
	}
	for _, line := range k.lines {
		if line >= strings.TrimSuffix(since, "Z") {
			fmt.Fprintln(w, line)
		}
	}
	if !follow {
		return
	}
	w.(http.Flusher).Flush()
	if k.follows < 3 {
		io.WriteString(w, "2026-11-21T04:00:09.000000000Z half a li") //nolint:errcheck // the client is there
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	k.mu.Unlock()
	<-r.Context().Done()
	k.mu.Lock()
}

func TestABrokenLogLosesAndDoublesNothing(t *testing.T) {
	k := &kubeletLog{lines: []string{"2026-11-21T04:00:00.000000001Z first"}}
	w := labWatch(t, &lab{logs: k.serve})
	want := []string{"first"}
	for range 3 {
		want = append(want, "same", "same", "late", "")
	}
	var got Log
	waitUntil(t, func() bool {
		var err error
		got, err = w.Logs(t.Context(), "duo", "c1")
		return err == nil && len(got.Lines) >= len(want)
	})
	if diff := cmp.Diff(Log{ContainerID: "containerd://1", Lines: want}, got); diff != "" {
		t.Error(diff)
	}
}

// Where the kubelet has no inotify instance left, it serves what is there and then these words. They are no line of the log,
// and no reason to know nothing of it.
func TestALogThatTheKubeletCannotFollow(t *testing.T) {
	var mu sync.Mutex
	follows := 0
	l := &lab{logs: func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		for i := range follows + 1 {
			fmt.Fprintf(w, "2026-11-21T04:00:0%d.000000001Z line %d\n", i, i)
		}
		if follows == 1 {
			io.WriteString(w, "2026-11-21T04:00:02.000000000Z half a li") //nolint:errcheck // the client is there
		}
		if r.URL.Query().Get("follow") != "" {
			follows++
			io.WriteString(w, "failed to create fsnotify watcher: couldn't initialize inotify: too many open files") //nolint:errcheck // the client is there
		}
	}}
	w := labWatch(t, l)
	waitUntil(t, func() bool {
		got, err := w.Logs(t.Context(), "duo", "c1")
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range got.Lines {
			if strings.Contains(line, "fsnotify") {
				t.Fatalf("%q", got.Lines)
			}
		}
		return len(got.Lines) >= 3 && cmp.Equal(got.Lines[:3], []string{"line 0", "line 1", "line 2"})
	})
}

func TestALogThatIsRefused(t *testing.T) {
	l := &lab{logs: func(w http.ResponseWriter, _ *http.Request) { forbid(w, "pods/log") }}
	w := labWatch(t, l)
	for range 5 {
		if _, err := w.Logs(t.Context(), "duo", "c1"); err == nil || !strings.Contains(err.Error(), "no such right") {
			t.Errorf("%v", err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	if n := l.count("/log"); n != 1 || w.Err() != nil {
		t.Errorf("asked %d times; the watch: %v", n, w.Err())
	}
}

// A log that does not come is an error, and not an empty log.
func TestALogThatDoesNotCome(t *testing.T) {
	w := labWatch(t, &lab{logs: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if log, err := w.Logs(ctx, "duo", "c1"); err == nil {
		t.Errorf("a log: %+v", log)
	}
}

func TestReadLines(t *testing.T) {
	const at = "2026-11-21T04:00:00.123456789Z "
	for name, tc := range map[string]struct {
		text string
		end  ending
		want []string
		fail string
	}{
		"two":                     {text: at + "a\n" + at + "\n", want: []string{"a", ""}},
		"half a line":             {text: at + "a\n" + at + "b", end: mayBeHalf, want: []string{"a"}},
		"half a line, the last":   {text: at + "a\n" + at + "b", want: []string{"a", "b"}},
		"spaces and a return":     {text: at + "  a b \r\n", want: []string{"  a b \r"}},
		"what the kubelet says":   {text: at + "a\nfailed to create fsnotify watcher: too many open files\n", want: []string{"a"}, fail: "failed to create fsnotify watcher: too many open files"},
		"the kubelet, unfinished": {text: "failed to open log file", fail: "failed to open log file"},
		"nothing":                 {},
		"nobody can follow":       {text: at + "a\n" + noWatcher + "x", end: mayBeKubelets, want: []string{"a"}, fail: errUnfollowed.Error()},
		"nor after half a line":   {text: at + "a\n" + at + "b" + noWatcher + "x", end: mayBeKubelets, want: []string{"a"}, fail: errUnfollowed.Error()},
		"a program's own words":   {text: at + noWatcher + "x\n", end: mayBeKubelets, want: []string{noWatcher + "x"}},
		"and its last ones":       {text: at + noWatcher + "x", want: []string{noWatcher + "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			err := readLines(strings.NewReader(tc.text), tc.end, func(_ time.Time, _, text string) { got = append(got, text) })
			if !slices.Equal(got, tc.want) || (err == nil) != (tc.fail == "") || (err != nil && err.Error() != tc.fail) {
				t.Errorf("%q, %v, want %q, %q", got, err, tc.want, tc.fail)
			}
		})
	}
}
