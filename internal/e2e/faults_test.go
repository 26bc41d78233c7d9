//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

const duoHead = "---\nformat: 1\nid: duo\ntitle: Faults\nminutes: 1\nimages: [demo:1.0.0]\n---\n\n"

// duoPod is lab duo's own manifest, without its lesson.
const duoPod = "```yaml apply\napiVersion: v1\nkind: Pod\nmetadata: {name: demoduo}\nspec:\n  containers:\n" +
	"  - {name: demox, image: \"demo:1.0.0\", imagePullPolicy: IfNotPresent, command: [php], args: [-S, \"127.0.0.1:9081\"]}\n" +
	"  - {name: demoy, image: \"demo:1.0.0\", imagePullPolicy: IfNotPresent, command: [php], args: [-S, \"127.0.0.1:9082\"]}\n```\n\n"

const (
	duoReady  = "```yaml check\n- ready: {pod: demoduo, containers: 2/2}\n```\n\n"
	duoNprocs = "```yaml check\n- nprocs: {pod: demoduo, net: 3, uts: 3, ipc: 3, mnt: 1, pid: 1}\n```\n"
)

// A process that kubectl exec put into a container must not disturb the counts, and the evidence must say so.
func TestVisitorsAreLeftOut(t *testing.T) {
	lesson := duoHead + "## Start\n\nThe pod.\n\n" + duoPod + duoReady + "## Wait\n\nFor a visitor.\n\n```sh run\nsleep 8\n```\n\n" + duoNprocs
	dir := course(t, "duo", lesson)
	ctx, cancel := context.WithCancel(t.Context())
	var visiting sync.WaitGroup
	visiting.Go(func() {
		for ctx.Err() == nil {
			_ = exec.CommandContext(ctx, "docker", "exec", clusterName+"-control-plane", "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf",
				"-n", "podlab-verify-duo", "exec", "demoduo", "-c", "demox", "--", "sleep", "20").Run()
			time.Sleep(100 * time.Millisecond)
		}
	})
	outcome, r := verify(t, "--course", dir)
	cancel()
	visiting.Wait()
	c := claim(t, outcome, "nprocs")
	if r.code != 0 || c.Verdict != checks.Pass {
		t.Fatalf("exit %d, %+v", r.code, c)
	}
	if notes := strings.Join(c.Evidence.Notes, "\n"); !strings.Contains(notes, "sleep 20") {
		t.Errorf("the evidence does not say that the visitor was left out: %q", notes)
	}
}

// dockerProxy stands between podlab and Docker, so that Docker can go away without touching anybody else's.
type dockerProxy struct {
	path string
	mu   sync.Mutex
	ln   net.Listener
	open map[net.Conn]bool
}

func newDockerProxy(t *testing.T) *dockerProxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "podlab-proxy-") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	p := &dockerProxy{path: filepath.Join(dir, "d.sock"), open: map[net.Conn]bool{}}
	p.start(t)
	t.Cleanup(func() { p.stop(); os.RemoveAll(dir) })
	return p
}

func (p *dockerProxy) start(t *testing.T) {
	t.Helper()
	ln, err := net.Listen("unix", p.path)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.ln = ln
	p.mu.Unlock()
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
}

func (p *dockerProxy) serve(conn net.Conn) {
	up, err := net.Dial("unix", "/var/run/docker.sock")
	if err != nil {
		conn.Close()
		return
	}
	p.mu.Lock()
	p.open[conn], p.open[up] = true, true
	p.mu.Unlock()
	go func() { _, _ = io.Copy(up, conn); _ = up.(*net.UnixConn).CloseWrite() }()
	_, _ = io.Copy(conn, up)
	conn.Close()
	up.Close()
}

// stop ends the listener and every connection, as a daemon that dies does.
func (p *dockerProxy) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.ln.Close()
	for c := range p.open {
		_ = c.Close()
	}
	clear(p.open)
}

// watched is a podlab whose lines are read while it runs.
type watched struct {
	cmd  *exec.Cmd
	out  strings.Builder
	done chan struct{}
}

// start runs podlab and calls on for each of its lines.
func start(t *testing.T, cmd *exec.Cmd, on func(line string)) *watched {
	t.Helper()
	w := &watched{cmd: cmd, done: make(chan struct{})}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(w.done)
		for lines := bufio.NewScanner(pipe); lines.Scan(); {
			w.out.WriteString(lines.Text() + "\n")
			on(lines.Text())
		}
	}()
	return w
}

// end waits for the podlab, at most so long, and returns its exit code.
func (w *watched) end(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-w.done:
	case <-time.After(limit):
		_ = w.cmd.Process.Kill()
		t.Fatalf("podlab hangs:\n%s", w.out.String())
	}
	var exit *exec.ExitError
	if err := w.cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return w.cmd.ProcessState.ExitCode()
}

func TestDockerGoesAwayWhileChecksRun(t *testing.T) {
	run(t, "up")
	dir := course(t, "duo", duoHead+"## Start\n\nThe pod.\n\n"+duoPod+duoNprocs)
	for _, tc := range []struct {
		name string
		back bool
		code int
		says string
	}{
		{"and comes back", true, 0, "✓ nprocs"},
		{"for good", false, 3, "cannot tell"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			proxy := newDockerProxy(t)
			cmd := podlab(t.Context(), "verify", "--course", dir, "--timeout", "25s")
			cmd.Env = append(cmd.Env, "DOCKER_HOST=unix://"+proxy.path)
			w := start(t, cmd, func(line string) {
				if !strings.Contains(line, "✓ apply") {
					return
				}
				proxy.stop()
				if tc.back {
					time.AfterFunc(6*time.Second, func() { proxy.start(t) })
				}
			})
			if code := w.end(t, 90*time.Second); code != tc.code || !strings.Contains(w.out.String(), tc.says) {
				t.Errorf("exit %d\n%s", code, w.out.String())
			}
		})
	}
}

// The node stops answering in two ways: killed, and frozen. podlab must say that it cannot tell, and bring it back.
func TestTheNodeGoesAwayWhileChecksRun(t *testing.T) {
	run(t, "up")
	dir := course(t, "duo", duoHead+"## Start\n\nThe pod.\n\n"+duoPod+duoReady+"## Wait\n\nA little.\n\n```yaml ask\nprompt: READY?\nanswer: {ready: {pod: demoduo}}\n```\n\n"+duoNprocs)
	for _, how := range []string{"kill", "pause"} {
		t.Run(how, func(t *testing.T) {
			w := start(t, podlab(t.Context(), "verify", "--course", dir, "--timeout", "100s"), func(line string) {
				if strings.Contains(line, "✓ apply") {
					docker(t, how, clusterName+"-control-plane")
				}
			})
			if code := w.end(t, 3*time.Minute); code != 0 || !strings.Contains(w.out.String(), "✓ nprocs") {
				t.Errorf("exit %d\n%s", code, w.out.String())
			}
		})
	}
}

func TestInterruptWhileTheClusterComesUp(t *testing.T) {
	for _, after := range []time.Duration{300 * time.Millisecond, 6 * time.Second, 14 * time.Second} {
		t.Run(after.String(), func(t *testing.T) {
			name := "podlab-e2e-int"
			cmd := podlab(t.Context(), "--name", name, "verify", "solo")
			w := start(t, cmd, func(string) {})
			time.Sleep(after)
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			if code := w.end(t, time.Minute); code != 130 || !strings.Contains(w.out.String(), "interrupted") {
				t.Errorf("exit %d\n%s", code, w.out.String())
			}
			if left := docker(t, "ps", "-aq", "--filter", "label=io.x-k8s.kind.cluster="+name); left != "" {
				t.Errorf("left behind: %s\n%s", left, w.out.String())
			}
			if _, err := os.Stat(filepath.Join(stateHome, "podlab", name+".kubeconfig")); err == nil {
				t.Error("the kubeconfig is left behind")
			}
		})
	}
}

func TestKilledPodlabIsRecognisedAndMended(t *testing.T) {
	const name = "podlab-e2e-kill"
	cmd := podlab(t.Context(), "--name", name, "up")
	w := start(t, cmd, func(string) {})
	eventually(t, time.Minute, "a half-made node", func() bool {
		return docker(t, "ps", "-q", "--filter", "label=io.x-k8s.kind.cluster="+name) != ""
	})
	time.Sleep(2 * time.Second)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-w.done
	_ = cmd.Wait()
	if r := run(t, "--name", name, "status"); !strings.Contains(r.out, "half-made") || !strings.Contains(r.out, "podlab up") {
		t.Errorf("status after a kill:\n%s%s", r.out, r.err)
	}
	if r := run(t, "--name", name, "up"); r.code != 0 {
		t.Errorf("up after a kill: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := run(t, "--name", name, "down"); r.code != 0 {
		t.Errorf("down: exit %d\n%s%s", r.code, r.out, r.err)
	}
}

func TestTwoPodlabsAtTheSameTime(t *testing.T) {
	run(t, "down")
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if r := runCmd(t, podlab(t.Context(), "verify", "solo")); r.code != 0 {
				t.Errorf("exit %d\n%s%s", r.code, r.out, r.err)
			}
		})
	}
	wg.Wait()
}
