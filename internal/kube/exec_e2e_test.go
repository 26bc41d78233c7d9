//go:build e2e

package kube

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

const execPod = `
apiVersion: v1
kind: Pod
metadata: {name: exec}
spec:
  terminationGracePeriodSeconds: 0
  restartPolicy: Never
  initContainers:
  - {name: early, image: "demo:1.0.0", imagePullPolicy: IfNotPresent, command: ["true"]}
  containers:
  - name: main
    image: demo:1.0.0
    imagePullPolicy: IfNotPresent
    command: [sh, -c, "printf garbage >/tmp/x; printf '#!/no/such\n' >/tmp/y; chmod +x /tmp/x /tmp/y; echo hello >/tmp/index.html; exec php -S 127.0.0.1:8080 -t /tmp"]
  - {name: user, image: "demo:1.0.0", imagePullPolicy: IfNotPresent, command: [sleep, "1000"], securityContext: {runAsUser: 1000}}
  - {name: ended, image: "demo:1.0.0", imagePullPolicy: IfNotPresent, command: ["true"]}
`

// execing makes the pod and waits until two containers run and one has ended.
func execing(ctx context.Context, t *testing.T, c *Client, namespace string) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	w, err := c.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	mustApply(ctx, t, c, namespace, "created", object(t, execPod))
	waitFor(ctx, t, w, "exec", func(p *corev1.Pod, err error) bool {
		states := map[string]corev1.ContainerState{}
		if err == nil {
			for _, s := range p.Status.ContainerStatuses {
				states[s.Name] = s.State
			}
		}
		return states["main"].Running != nil && states["user"].Running != nil && states["ended"].Terminated != nil
	})
	cancel()
	<-w.Done()
}

func TestExec(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	execing(ctx, t, c, namespace)
	const in = "exec in container main of pod exec: "
	const not = in + "the program could not be started in the container: "
	for name, tc := range map[string]struct {
		in     string // pod/container
		argv   []string
		want   Ran
		says   string
		notRun bool
	}{
		"a code, and both streams": {
			argv: []string{"sh", "-c", "echo out; echo err >&2; exit 3"},
			want: Ran{Exit: 3, Stdout: []byte("out\n"), Stderr: []byte("err\n")},
		},
		"a code of its own":         {argv: []string{"sh", "-c", "exit 127"}, want: Ran{Exit: 127}},
		"killed":                    {argv: []string{"sh", "-c", "kill -9 $$"}, want: Ran{Exit: 137}},
		"says what the kernel does": {argv: []string{"sh", "-c", "echo 'exec /x: permission denied' >&2; exit 1"}, want: Ran{Exit: 1, Stderr: []byte("exec /x: permission denied\n")}},
		"not found by the shell": {
			argv: []string{"sh", "-c", "nothere"},
			want: Ran{Exit: 127, Stderr: []byte("sh: 1: nothere: not found\n")},
		},
		"not in the path":   {argv: []string{"nothere"}, says: not + `"nothere": executable file not found in $PATH`, notRun: true},
		"not there":         {argv: []string{"/nothere"}, says: not + `"/nothere": stat /nothere: no such file or directory`, notRun: true},
		"not executable":    {argv: []string{"/etc/passwd"}, says: not + `"/etc/passwd": permission denied`, notRun: true},
		"no program":        {argv: []string{"/tmp/x"}, says: not + "exec /tmp/x: exec format error", notRun: true},
		"no interpreter":    {argv: []string{"/tmp/y"}, says: not + "exec /tmp/y: no such file or directory", notRun: true},
		"ended":             {in: "exec/ended", argv: []string{"true"}, says: "exec in container ended of pod exec: the container is not running"},
		"an init container": {in: "exec/early", argv: []string{"true"}, says: "exec in container early of pod exec: the container is not running"},
		"no such container": {in: "exec/none", argv: []string{"true"}, says: "exec in container none of pod exec: container none is not valid for pod exec"},
		"no such pod":       {in: "none/main", argv: []string{"true"}, says: `exec in container main of pod none: pods "none" not found`},
		"nothing to run":    {argv: nil, says: in + "no program is named"},
	} {
		t.Run(name, func(t *testing.T) {
			pod, container, ok := strings.Cut(tc.in, "/")
			if !ok {
				pod, container = "exec", "main"
			}
			got, err := c.Exec(ctx, namespace, pod, container, tc.argv)
			if tc.says != "" {
				if err == nil || err.Error() != tc.says || errors.Is(err, ErrNotStarted) != tc.notRun {
					t.Errorf("got  %+v, %v\nwant %s", got, err, tc.says)
				}
				return
			}
			if err != nil || got.Exit != tc.want.Exit || !bytes.Equal(got.Stdout, tc.want.Stdout) || !bytes.Equal(got.Stderr, tc.want.Stderr) || got.Cut {
				t.Errorf("got %+v, %v, want %+v", got, err, tc.want)
			}
		})
	}
}

func TestExecIsBounded(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	execing(ctx, t, c, namespace)
	ran, err := c.Exec(ctx, namespace, "exec", "main", []string{"sh", "-c", "head -c 300000 /dev/zero; head -c 65536 /dev/zero >&2; exit 4"})
	if err != nil || len(ran.Stdout) != 65536 || len(ran.Stderr) != 65536 || !ran.Cut || ran.Exit != 4 {
		t.Errorf("%d, %d bytes, cut %v, exit %d, %v", len(ran.Stdout), len(ran.Stderr), ran.Cut, ran.Exit, err)
	}
	start := time.Now()
	_, err = c.Exec(ctx, namespace, "exec", "main", []string{"sleep", "60"})
	if err == nil || !strings.Contains(err.Error(), "sleep did not end within 10s") || time.Since(start) > 12*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
	short, stop := context.WithTimeout(ctx, 200*time.Millisecond)
	defer stop()
	if _, err = c.Exec(short, namespace, "exec", "main", []string{"sleep", "60"}); err == nil {
		t.Error("a program that did not end has an exit code")
	}
}

func TestDial(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	execing(ctx, t, c, namespace)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: c.dialer(namespace, "exec", 8080)}}
	for range 3 { // the first may come before php listens
		start := time.Now()
		response, err := client.Get("http://localhost:8080/index.html")
		if err != nil {
			t.Log(err)
			time.Sleep(time.Second)
			continue
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || string(body) != "hello\n" {
			t.Errorf("%q, %v", body, err)
		}
		t.Logf("answered after %v", time.Since(start))
	}
	for range 5 {
		start := time.Now()
		conn, err := c.Dial(ctx, namespace, "exec", 9)
		if !errors.Is(err, ErrRefused) {
			t.Errorf("a port nobody listens on: %v, %v", conn, err)
		}
		t.Logf("after %v: %v", time.Since(start), err)
	}
	if _, err := c.Dial(ctx, namespace, "none", 80); err == nil || errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), `pods "none" not found`) {
		t.Errorf("no such pod: %v", err)
	}
	conn, err := c.Dial(ctx, namespace, "exec", 8080)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	var timeout interface{ Timeout() bool }
	if _, err := conn.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("a read with nothing to read: %v", err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func (c *Client) dialer(namespace, pod string, port int) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) { return c.Dial(ctx, namespace, pod, port) }
}
