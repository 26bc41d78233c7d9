//go:build e2e

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/node"
)

// below is a pod with what the looks below Kubernetes are about: a server, an IPC object, limits, and a symbolic link that
// the node would follow to a file of its own.
const below = `apiVersion: v1
kind: Pod
metadata: {name: below}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: web
      image: demo:1.0.0
      imagePullPolicy: Never
      env: [{name: GREETING, value: hello}]
      command: [sh, -c]
      args:
        - |
          mkdir /www && cd /www && echo body >index.html
          ln -s /etc/hostname name && ln -s ../../../../../etc up && ln -s one two && ln -s two one
          head -c 70000 /dev/zero >long && mkfifo fifo
          ipcmk -M 4096
          exec php -S 0.0.0.0:8080
      resources: {requests: {cpu: 10m}, limits: {memory: 64Mi, cpu: 250m}}
    - name: user
      image: demo:1.0.0
      imagePullPolicy: Never
      command: [sleep, "100000"]
      securityContext: {runAsUser: 1000, runAsGroup: 2000}
`

// web makes the pod once, and returns its container "web" and the one named "user".
func web(t *testing.T, c *Cluster) (web, user node.Target) {
	t.Helper()
	if !strings.Contains(kubectl(t, c, "get", "pods", "-o", "name"), "pod/below\n") {
		path := t.TempDir() + "/below.yaml"
		if err := os.WriteFile(path, []byte(below), 0o644); err != nil {
			t.Fatal(err)
		}
		docker(t, "cp", path, c.ControlPlane()+":/root/below.yaml")
		kubectl(t, c, "apply", "-f", "/root/below.yaml")
		kubectl(t, c, "wait", "--for=condition=Ready", "--timeout=60s", "pod/below")
	}
	s, err := c.Snapshot(t.Context(), c.ControlPlane())
	if err != nil {
		t.Fatal(err)
	}
	for id, pid := range s.Tasks {
		switch p, _ := s.Process(pid); {
		case p.Args == "php -S 0.0.0.0:8080" && s.Pod(p.PodUID).Containers[id].PID == pid:
			web = node.Target{ID: id, PID: pid}
		case p.Args == "sleep 100000":
			user = node.Target{ID: id, PID: pid}
		}
	}
	if web.PID == 0 || user.PID == 0 {
		t.Fatalf("no containers of the pod in %v", s.Tasks)
	}
	return web, user
}

func insideContainers(t *testing.T, c *Cluster) {
	web, user := web(t, c)
	begun := time.Now()
	in, err := c.Inside(t.Context(), c.ControlPlane(), []node.Target{web, user})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a look into two containers took %s", time.Since(begun))
	if len(in.Sockets) != 1 || in.Sockets[0].Port != 8080 || !slices.Equal(in.Sockets[0].Owners, []int{web.PID}) {
		t.Errorf("sockets %+v", in.Sockets)
	}
	if l := in.Cgroups[web.ID]; l.Memory != 64<<20 || l.CPUQuota != 25000 || in.Cgroups[user.ID].Memory != -1 {
		t.Errorf("cgroups %+v", in.Cgroups)
	}
	if u := in.Users[user.PID]; u.UID != 1000 || u.GID != 2000 || in.Users[web.PID].UID != 0 {
		t.Errorf("users %+v", in.Users)
	}
	if len(in.IPC[user.ID]) != 1 || in.IPC[user.ID][0].Kind != "shm" || len(in.Mounts[web.ID]) < 5 {
		t.Errorf("IPC %+v, %d mounts", in.IPC, len(in.Mounts[web.ID]))
	}
	if !slices.Contains(in.Env[web.ID], "GREETING=hello") || in.Hostname[user.ID] != "below" {
		t.Errorf("environment %q, host names %q", in.Env[web.ID], in.Hostname)
	}
	for name, wrong := range map[string][]node.Target{
		"ended":     {web, {ID: user.ID, PID: 4194303}},
		"another's": {{ID: web.ID, PID: user.PID}},
	} {
		if _, err := c.Inside(t.Context(), c.ControlPlane(), wrong); err == nil || !strings.Contains(err.Error(), "has ended") {
			t.Errorf("%s: %v, want that it has ended", name, err)
		}
	}
}

func fileInContainer(t *testing.T, c *Cluster) {
	web, _ := web(t, c)
	at := func(path string) node.File {
		t.Helper()
		f, err := c.File(t.Context(), c.ControlPlane(), web.PID, path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		return f
	}
	begun := time.Now()
	if f := at("/www/index.html"); string(f.Body) != "body\n" || f.Kind != "file" || f.Mode != "644" {
		t.Errorf("a file: %+v", f)
	}
	t.Logf("a look at a file took %s", time.Since(begun))
	// The node would follow these links to its own /etc/hostname.
	for _, path := range []string{"/www/name", "/www/up/hostname", "/www/../../../etc/hostname"} {
		if f := at(path); string(f.Body) != "below\n" {
			t.Errorf("%s: %q, want the container's host name", path, f.Body)
		}
	}
	for _, path := range []string{"/www/one", "/www/none", "/www/index.html/x", "/www/index.html/"} {
		if f := at(path); f.Exists {
			t.Errorf("%s: %+v, want nothing", path, f)
		}
	}
	if f := at("/www/long"); f.Size != 70000 || !f.Cut || len(f.Body) != 64<<10 || len(f.SHA256) != 64 {
		t.Errorf("a long file: size %d, body %d, cut %t, hash %s", f.Size, len(f.Body), f.Cut, f.SHA256)
	}
	if fifo, dir := at("/www/fifo"), at("/www"); fifo.Kind != "fifo" || dir.Kind != "directory" {
		t.Errorf("%+v, %+v", fifo, dir)
	}
	if _, err := c.File(t.Context(), c.ControlPlane(), 4194303, "/etc/hostname"); err == nil || !strings.Contains(err.Error(), "the process has ended") {
		t.Errorf("a process that is not there: %v", err)
	}
}

func createdContainers(t *testing.T, c *Cluster) {
	web, user := web(t, c)
	created, err := c.Created(t.Context(), c.ControlPlane(), []string{web.ID, strings.Repeat("0", 64), user.ID})
	if err != nil || len(created.At) != 2 || !created.At[web.ID].Before(created.At[user.ID]) || !created.Boot.Before(created.At[web.ID]) {
		t.Fatalf("created %v, %v", created, err)
	}
}

// endedContainer looks at a pod whose container ended: it must not be among those that run.
func endedContainer(t *testing.T, c *Cluster) {
	kubectl(t, c, "run", "ended", "--image=demo:1.0.0", "--image-pull-policy=Never", "--restart=Never", "--command", "--", "true")
	kubectl(t, c, "wait", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s", "pod/ended")
	id := strings.TrimPrefix(kubectl(t, c, "get", "pod", "ended", "-o", "jsonpath={.status.containerStatuses[0].containerID}"), "containerd://")
	s, err := c.Snapshot(t.Context(), c.ControlPlane())
	if err != nil || s.Tasks[id] != 0 {
		t.Fatalf("the container runs as process %d, %v", s.Tasks[id], err)
	}
	if created, err := c.Created(t.Context(), c.ControlPlane(), []string{id}); err != nil || created.At[id].IsZero() {
		t.Fatalf("created %v, %v", created, err)
	}
	kubectl(t, c, "delete", "pod", "ended", "--now")
}

func dialFromNode(t *testing.T, c *Cluster) {
	web, _ := web(t, c)
	ip := kubectl(t, c, "get", "pod", "below", "-o", "jsonpath={.status.podIP}")
	before := marked(t, c)
	for _, to := range []struct {
		pid  int
		host string
	}{{web.PID, "127.0.0.1"}, {0, ip}} {
		begun := time.Now()
		client := &http.Client{Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return c.Dial(ctx, c.ControlPlane(), to.pid, to.host, 8080)
			},
		}}
		answer, err := client.Get("http://below/long")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || len(body) != 70000 {
			t.Errorf("from %d to %s: %d bytes, %v", to.pid, to.host, len(body), err)
		}
		t.Logf("70 kB from %s in %s", to.host, time.Since(begun))
	}
	wantMarked(t, c, before)
	if _, err := c.Dial(t.Context(), c.ControlPlane(), web.PID, "127.0.0.1", 8081); !errors.Is(err, ErrRefused) {
		t.Errorf("a port that nobody listens on: %v", err)
	}
	for name, wrong := range map[string]func() (net.Conn, error){
		"no process": func() (net.Conn, error) { return c.Dial(t.Context(), c.ControlPlane(), 4194303, "127.0.0.1", 8080) },
		"no node":    func() (net.Conn, error) { return c.Dial(t.Context(), "podlab-t-none", 0, "127.0.0.1", 8080) },
		"a shell":    func() (net.Conn, error) { return c.Dial(t.Context(), c.ControlPlane(), 0, "$(touch /x)", 8080) },
	} {
		if conn, err := wrong(); err == nil || errors.Is(err, ErrRefused) || conn != nil {
			t.Errorf("%s: %v, %v", name, conn, err)
		}
	}
	openConnection(t, c, web.PID)
	wantMarked(t, c, before)
}

// openConnection talks piece by piece, waits in vain, and closes while the other side waits.
func openConnection(t *testing.T, c *Cluster, pid int) {
	t.Helper()
	conn, err := c.Dial(t.Context(), c.ControlPlane(), pid, "127.0.0.1", 8080)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read without an answer: %v", err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	for _, piece := range []string{"GET / HT", "TP/1.0\r\n", "Host: x\r\n\r\n"} {
		if _, err := fmt.Fprint(conn, piece); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := io.ReadAll(conn); err != nil || !strings.HasSuffix(string(got), "\r\n\r\nbody\n") {
		t.Errorf("answer %q, %v", got, err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	idle, err := c.Dial(t.Context(), c.ControlPlane(), pid, "127.0.0.1", 8080)
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if err := idle.Close(); err != nil || time.Since(begun) > time.Second {
		t.Errorf("close: %v after %s", err, time.Since(begun))
	}
	if _, err := idle.Write([]byte("x")); err == nil {
		t.Error("a write after close")
	}
}
