//go:build e2e

package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

const logPod = `
apiVersion: v1
kind: Pod
metadata: {name: logs}
spec:
  terminationGracePeriodSeconds: 0
  restartPolicy: %s
  initContainers:
  - {name: early, image: "demo:1.0.0", imagePullPolicy: IfNotPresent, command: [echo, early]}
  containers:
  - name: main
    image: demo:1.0.0
    imagePullPolicy: IfNotPresent
    command:
    - sh
    - -c
    - |
      echo run; for i in $(seq 300); do echo old $i; done
      until test -e /data/go; do sleep 0.05; done
      for i in $(seq 300); do echo new $i; done; printf unfinished
      until test -e /data/stop; do sleep 0.05; done; rm -f /data/stop; exit 3
    volumeMounts: [{name: data, mountPath: /data}]
  - {name: silent, image: "demo:1.0.0", imagePullPolicy: IfNotPresent, command: [sleep, "1000"]}
  - {name: unmade, image: "nothere:1", imagePullPolicy: Never}
  volumes: [{name: data, emptyDir: {}}]
`

// logged waits until the log of the container is as ok says.
func logged(ctx context.Context, t *testing.T, w *Watch, container string, ok func(Log) bool) Log {
	t.Helper()
	for {
		log, err := w.Logs(ctx, "logs", container)
		if err == nil && ok(log) {
			return log
		}
		select {
		case <-w.Changed():
		case <-ctx.Done():
			p, perr := w.Pod("logs")
			t.Fatalf("log of %s: %s with %d lines to %q, %v; pod %v, %v", container, log.ContainerID, len(log.Lines), log.Lines[max(0, len(log.Lines)-2):], err, p.Status.ContainerStatuses, perr)
		}
	}
}

// written is what the main container writes at first, and after it was told to go on.
func written(goesOn bool) []string {
	lines := []string{"run"}
	for i := range 300 {
		lines = append(lines, fmt.Sprint("old ", i+1))
	}
	for i := range 300 {
		if goesOn {
			lines = append(lines, fmt.Sprint("new ", i+1))
		}
	}
	return lines
}

func TestLogs(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w, err := c.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Logs(ctx, "logs", "main"); !apierrors.IsNotFound(err) {
		t.Errorf("no pod: %v, want NotFound", err)
	}
	mustApply(ctx, t, c, namespace, "created", object(t, fmt.Sprintf(logPod, "Always")))
	waitFor(ctx, t, w, "logs", running("main"))
	waitFor(ctx, t, w, "logs", running("silent"))
	start := time.Now()
	first := logged(ctx, t, w, "main", func(l Log) bool { return slices.Equal(l.Lines, written(false)) })
	t.Logf("read after %v", time.Since(start))
	mustTellLogsApart(ctx, t, w)
	if words, err := w.LastWords(ctx, "logs", "main"); err != nil || len(words) > 0 {
		t.Errorf("last words before the end: %q, %v", words, err)
	}
	touch(ctx, t, c, namespace, "/data/go")
	start = time.Now()
	logged(ctx, t, w, "main", func(l Log) bool { return l.ContainerID == first.ContainerID && slices.Equal(l.Lines, written(true)) })
	t.Logf("followed after %v", time.Since(start))

	touch(ctx, t, c, namespace, "/data/stop")
	again := logged(ctx, t, w, "main", func(l Log) bool { return l.ContainerID != first.ContainerID && slices.Equal(l.Lines, written(true)) })
	words, err := w.LastWords(ctx, "logs", "main")
	if err != nil || len(words) != lastWordLines || words[9] != "unfinished" || words[8] != "new 300" {
		t.Errorf("last words: %q, %v", words, err)
	}
	if err := c.Reset(ctx, namespace); err != nil {
		t.Fatal(err)
	}
	waitFor(ctx, t, w, "logs", func(_ *corev1.Pod, err error) bool { return apierrors.IsNotFound(err) })
	if _, err := w.Logs(ctx, "logs", "main"); !apierrors.IsNotFound(err) {
		t.Errorf("after the end of the pod: %v, want NotFound", err)
	}
	mustLogThePodMadeAgain(ctx, t, c, namespace, w, again.ContainerID)
	cancel()
	<-w.Done()
}

// mustTellLogsApart looks at the containers beside the main one.
func mustTellLogsApart(ctx context.Context, t *testing.T, w *Watch) {
	t.Helper()
	if early := logged(ctx, t, w, "early", func(Log) bool { return true }); !slices.Equal(early.Lines, []string{"early"}) {
		t.Errorf("init container: %+v", early)
	}
	if silent, err := w.Logs(ctx, "logs", "silent"); err != nil || len(silent.Lines) > 0 || silent.ContainerID == "" {
		t.Errorf("silent: %+v, %v", silent, err)
	}
	if unmade, err := w.Logs(ctx, "logs", "unmade"); err != nil || len(unmade.Lines) > 0 || unmade.ContainerID != "" {
		t.Errorf("a container that never ran: %+v, %v", unmade, err)
	}
	if _, err := w.Logs(ctx, "logs", "none"); err == nil || apierrors.IsNotFound(err) {
		t.Errorf("no such container: %v", err)
	}
}

// mustLogThePodMadeAgain makes a pod of the same name, whose container is not started again.
func mustLogThePodMadeAgain(ctx context.Context, t *testing.T, c *Client, namespace string, w *Watch, before string) {
	t.Helper()
	mustApply(ctx, t, c, namespace, "created", object(t, fmt.Sprintf(logPod, "Never")))
	waitFor(ctx, t, w, "logs", running("main"))
	anew := logged(ctx, t, w, "main", func(l Log) bool { return slices.Equal(l.Lines, written(false)) })
	if anew.ContainerID == before {
		t.Error("the log is the earlier pod's")
	}
	touch(ctx, t, c, namespace, "/data/go")
	touch(ctx, t, c, namespace, "/data/stop")
	logged(ctx, t, w, "main", func(l Log) bool { return slices.Equal(l.Lines, append(written(true), "unfinished")) })
	waitFor(ctx, t, w, "logs", func(p *corev1.Pod, err error) bool { return err == nil && stateOf(p, "main").Terminated != nil })
	if words, err := w.LastWords(ctx, "logs", "main"); err != nil || len(words) != lastWordLines || words[9] != "unfinished" {
		t.Errorf("last words of a container that is not started again: %q, %v", words, err)
	}
}

func touch(ctx context.Context, t *testing.T, c *Client, namespace, path string) {
	t.Helper()
	if ran, err := c.Exec(ctx, namespace, "logs", "main", []string{"touch", path}); err != nil || ran.Exit != 0 {
		t.Fatalf("touch %s: %+v, %v", path, ran, err)
	}
}

func stateOf(p *corev1.Pod, container string) corev1.ContainerState {
	for _, s := range slices.Concat(p.Status.ContainerStatuses, p.Status.InitContainerStatuses) {
		if s.Name == container {
			return s.State
		}
	}
	return corev1.ContainerState{}
}

func running(container string) func(*corev1.Pod, error) bool {
	return func(p *corev1.Pod, err error) bool { return err == nil && stateOf(p, container).Running != nil }
}

// A log of more than is kept, from a container that had ended before anybody looked.
func TestLogsKeepTheLastLines(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w, err := c.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	mustApply(ctx, t, c, namespace, "created", object(t, `
apiVersion: v1
kind: Pod
metadata: {name: logs}
spec:
  restartPolicy: Never
  containers:
  - {name: lines, image: "demo:1.0.0", imagePullPolicy: IfNotPresent, command: [seq, "10005"]}
  - {name: bytes, image: "demo:1.0.0", imagePullPolicy: IfNotPresent, command: [sh, -c, "yes $(head -c 19999 /dev/zero | tr '\\0' x) | head -n 100; echo last"]}
`))
	waitFor(ctx, t, w, "logs", func(p *corev1.Pod, err error) bool { return err == nil && p.Status.Phase == corev1.PodSucceeded })
	lines := logged(ctx, t, w, "lines", func(Log) bool { return true })
	if len(lines.Lines) != logLines || !lines.Cut || lines.Lines[0] != "6" || lines.Lines[logLines-1] != "10005" {
		t.Errorf("%d lines from %s, cut %v", len(lines.Lines), lines.Lines[0], lines.Cut)
	}
	big := logged(ctx, t, w, "bytes", func(Log) bool { return true })
	size := len(strings.Join(big.Lines, ""))
	if size > logBytes || size < logBytes-20_000 || !big.Cut || big.Lines[len(big.Lines)-1] != "last" || len(big.Lines[0]) != 19_999 {
		t.Errorf("%d bytes in %d lines, cut %v", size, len(big.Lines), big.Cut)
	}
	cancel()
	<-w.Done()
}
