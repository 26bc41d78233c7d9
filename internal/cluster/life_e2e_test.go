//go:build e2e

package cluster

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestLife walks one cluster through everything that can happen to it. A cluster costs 20 s, so the parts share it, in
// this order.
func TestLife(t *testing.T) {
	chooseNodeImage(t)
	dir := t.TempDir()
	c := newCluster(dir)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := c.Clean(ctx, true, nil); err != nil {
			t.Errorf("clean: %v", err)
		}
		_ = c.Close()
	})
	buildLabImage(t, "one")
	parts := []struct {
		name string
		run  func(*testing.T, *Cluster)
	}{
		{"missing image", missingImage},
		{"cancelled while it is made", cancelledCreation},
		{"killed while it is made", killedCreation},
		{"made after all", madeAfterAll},
		{"reused", reused},
		{"exec", execOnNode},
		{"snapshot", snapshot},
		{"sessions", sessionsOnNode},
		{"session killed", sessionKilled},
		{"podlab killed", podlabKilled},
		{"look cancelled", lookCancelled},
		{"inside", insideContainers},
		{"file", fileInContainer},
		{"created", createdContainers},
		{"ended", endedContainer},
		{"dial", dialFromNode},
		{"node paused", nodePaused},
		{"docker gone for a while", dockerGone},
		{"image rebuilt", imageRebuilt},
		{"images together", imagesTogether},
		{"two podlabs", twoPodlabs},
		{"ledger and kubeconfig lost", lostFiles},
		{"node killed", nodeKilled},
		{"stopped", stopped},
		{"revived", revived},
		{"other than asked", otherThanAsked},
		{"foreign", foreign},
		{"broken and rebuilt", brokenAndRebuilt},
		{"cleaned", cleaned},
	}
	for _, p := range parts {
		if !t.Run(p.name, func(t *testing.T) { p.run(t, c) }) {
			t.Fatalf("%q failed, and what comes after it needs its cluster", p.name)
		}
	}
}

func missingImage(t *testing.T, c *Cluster) {
	err := c.Up(t.Context(), []string{"no-such:1"}, shown(t))
	var e *Error
	if !errors.Is(err, ErrNoImage) || !errors.As(err, &e) || e.Try != "docker pull no-such:1" {
		t.Fatalf("up: %v, want a missing image with a way out", err)
	}
	wantNothing(t, c)
}

func cancelledCreation(t *testing.T, c *Cluster) {
	for _, phase := range []string{
		phaseCreate + ": Ensuring node image", phaseCreate + ": Preparing nodes", phaseCreate + ": Starting control-plane", phaseReady,
	} {
		took := cancelledAt(t, c, phase)
		t.Logf("cancelled at %q: nothing was left after %s", phase, took)
		if took > 30*time.Second {
			t.Errorf("it took %s", took)
		}
		wantNothing(t, c)
	}
}

func killedCreation(t *testing.T, c *Cluster) {
	for _, phase := range []string{phaseCreate + ": Preparing nodes", phaseCreate + ": Starting control-plane"} {
		killedAt(t, c.cfg.StateDir, phase)
		wantState(t, c, HalfMade)
		if left, err := c.Leftovers(t.Context(), false); err != nil || !slices.Contains(left, "cluster "+c.Name()) {
			t.Fatalf("leftovers: %q, %v", left, err)
		}
	}
}

func madeAfterAll(t *testing.T, c *Cluster) {
	mustUp(t, c)
	s, err := c.Status(t.Context())
	if err != nil || s.State != Running || s.Kubernetes == "" || len(s.Nodes) != 1 || s.Nodes[0].Memory < 50e6 {
		t.Fatalf("status: %+v, %v", s, err)
	}
	// The image must be there for pods, under the name that manifests use.
	kubectl(t, c, "wait", "--for=create", "--timeout=20s", "serviceaccount/default")
	kubectl(t, c, "run", "probe", "--image=demo:1.0.0", "--image-pull-policy=Never", "--restart=Never", "--command", "--", "sleep", "600")
	kubectl(t, c, "wait", "--for=condition=Ready", "--timeout=30s", "pod/probe")
}

func kubectl(t *testing.T, c *Cluster, args ...string) string {
	t.Helper()
	return docker(t, append([]string{"exec", c.ControlPlane(), "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"}, args...)...)
}

func reused(t *testing.T, c *Cluster) {
	took := mustUp(t, c)
	t.Logf("a healthy cluster was reused in %s", took)
	if took > 3*time.Second {
		t.Errorf("that is too long")
	}
}

func execOnNode(t *testing.T, c *Cluster) {
	var out, complaint bytes.Buffer
	code, err := c.Exec(t.Context(), c.ControlPlane(), []string{"sh", "-c", "cat; echo $A; echo oh >&2; exit 7"}, []string{"A=b"},
		strings.NewReader("in\n"), &out, &complaint)
	if err != nil || code != 7 || out.String() != "in\nb\n" || complaint.String() != "oh\n" {
		t.Fatalf("exec: %d, %v, %q, %q", code, err, out.String(), complaint.String())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err = c.Exec(ctx, c.ControlPlane(), []string{"sh", "-c", "sleep 4321 & sleep 4322; true"}, nil, nil, &out, nil)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) > 3*time.Second {
		t.Fatalf("exec: %v after %s", err, time.Since(begun))
	}
	if left := docker(t, "exec", c.ControlPlane(), "sh", "-c", "pgrep -f 'sleep 432[12]$' || true"); left != "" {
		t.Fatalf("left on the node: %s", left)
	}
	if _, err := c.Exec(t.Context(), "podlab-t-none", []string{"true"}, nil, nil, nil, nil); !errors.Is(err, ErrAbsent) {
		t.Fatalf("exec on no node: %v", err)
	}
}

func snapshot(t *testing.T, c *Cluster) {
	begun := time.Now()
	s, err := c.Snapshot(t.Context(), c.ControlPlane())
	if err != nil || s.Node != c.ControlPlane() || len(s.Processes) < 20 || len(s.Tasks) < 2 {
		t.Fatalf("snapshot: %v, or too little of %s", err, c.ControlPlane())
	}
	t.Logf("%d processes in %s", len(s.Processes), time.Since(begun))
}

func imageRebuilt(t *testing.T, c *Cluster) {
	buildLabImage(t, "two")
	mustUp(t, c)
	id := docker(t, "image", "inspect", "-f", "{{.Id}}", testOwner+"/demo:1.0.0")
	list := docker(t, "exec", c.ControlPlane(), "ctr", "-n", "k8s.io", "images", "ls")
	if have := parseImages(list); have["docker.io/library/demo:1.0.0"] != id {
		t.Fatalf("the node has %q, Docker %q", have["docker.io/library/demo:1.0.0"], id)
	}
	if strings.Contains(list, testOwner) {
		t.Fatalf("the archive's name is left:\n%s", list)
	}
}

// imagesTogether puts two images on the node at once: one goes by another name there, the other keeps its own.
func imagesTogether(t *testing.T, c *Cluster) {
	const other = "podlab/busybox:1.35"
	docker(t, "exec", c.ControlPlane(), "ctr", "-n", "k8s.io", "images", "rm", "--sync", "docker.io/library/demo:1.0.0")
	if err := c.Up(t.Context(), []string{"demo:1.0.0", other}, shown(t)); err != nil {
		t.Fatalf("up: %v", err)
	}
	have := parseImages(docker(t, "exec", c.ControlPlane(), "ctr", "-n", "k8s.io", "images", "ls"))
	for ref, from := range map[string]string{"docker.io/library/demo:1.0.0": c.owner + "/demo:1.0.0", "docker.io/" + other: other} {
		if id := docker(t, "image", "inspect", "-f", "{{.Id}}", from); have[ref] != id {
			t.Errorf("the node has %q as %s, Docker %q", have[ref], ref, id)
		}
	}
	if _, left := have["docker.io/"+c.owner+"/demo:1.0.0"]; left {
		t.Error("the archive's name is left")
	}
}

func twoPodlabs(t *testing.T, c *Cluster) {
	var said []string
	unlock, err := lock(t.Context(), c.cfg.StateDir, "bringing the cluster up", t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	other := newCluster(c.cfg.StateDir)
	defer func() { _ = other.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err = other.Up(ctx, nil, func(p Phase) { said = append(said, p.Detail) })
	if !errors.Is(err, context.DeadlineExceeded) || !slices.ContainsFunc(said, func(s string) bool {
		return strings.Contains(s, "is bringing the cluster up; waiting")
	}) {
		t.Fatalf("up: %v, said %q", err, said)
	}
	time.AfterFunc(300*time.Millisecond, unlock)
	mustUp(t, other)
}

func lostFiles(t *testing.T, c *Cluster) {
	if err := errors.Join(os.Remove(c.Kubeconfig()), os.WriteFile(c.ledger.path(), []byte("{"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := c.Up(t.Context(), nil, shown(t)); !errors.Is(err, ErrLedger) {
		t.Fatalf("up with a damaged ledger: %v", err)
	}
	mustUp(t, c)
	rec, err := c.ledger.read()
	if err != nil || !rec.Clusters[c.Name()].Complete {
		t.Fatalf("ledger: %+v, %v", rec, err)
	}
	data, err := os.ReadFile(c.Kubeconfig())
	if err != nil || !bytes.Contains(data, []byte("server: https://127.0.0.1:")) {
		t.Fatalf("kubeconfig: %v\n%s", err, data)
	}
	stale := bytes.Replace(data, []byte("certificate-authority-data: "), []byte("certificate-authority-data: AAAA"), 1)
	for _, wrong := range [][]byte{nil, data[:len(data)/2], stale} {
		if err := os.WriteFile(c.Kubeconfig(), wrong, 0o600); err != nil {
			t.Fatal(err)
		}
		mustUp(t, c)
		if now, err := os.ReadFile(c.Kubeconfig()); err != nil || !bytes.Equal(now, data) {
			t.Fatalf("kubeconfig: %v\n%s", err, now)
		}
	}
}

func stopped(t *testing.T, c *Cluster) {
	docker(t, "stop", "-t", "5", c.ControlPlane())
	wantState(t, c, Stopped)
	if _, err := c.Exec(t.Context(), c.ControlPlane(), []string{"true"}, nil, nil, nil, nil); !errors.Is(err, ErrBroken) {
		t.Fatalf("exec on a stopped node: %v", err)
	}
	t.Logf("a stopped cluster was back in %s", mustUp(t, c))
	wantState(t, c, Running)
}

func nodeKilled(t *testing.T, c *Cluster) {
	begun := time.Now()
	time.AfterFunc(time.Second, func() { _ = exec.Command("docker", "kill", c.ControlPlane()).Run() })
	code, err := c.Exec(t.Context(), c.ControlPlane(), []string{"sleep", "600"}, nil, nil, nil, nil)
	t.Logf("exec on a node that was killed: %d, %v after %s", code, err, time.Since(begun))
	if time.Since(begun) > 10*time.Second || err == nil && code == 0 {
		t.Fatal("the command must not seem to have ended well, nor hang")
	}
	t.Logf("a killed node was back in %s", mustUp(t, c))
	// Its session died with the node, and the pods may not be back yet.
	if s, err := c.Snapshot(t.Context(), c.ControlPlane()); err != nil || len(s.Processes) == 0 {
		t.Fatalf("snapshot of the node that is back: %v", err)
	}
}

func otherThanAsked(t *testing.T, c *Cluster) {
	other := sibling(c, func(cfg *Config) { cfg.Workers = 2 })
	defer func() { _ = other.Close() }()
	err := other.Up(t.Context(), nil, shown(t))
	var e *Error
	if !errors.Is(err, ErrBroken) || !errors.As(err, &e) || e.Try != tryRebuild {
		t.Fatalf("up with other workers: %v", err)
	}
	wantState(t, c, Running)
}

func foreign(t *testing.T, c *Cluster) {
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "-f", "podlab-t-foreign-control-plane").Run() })
	id := docker(t, "run", "-d", "--network", "none", "--name", "podlab-t-foreign-control-plane", "--label", labelCluster+"=podlab-t-foreign",
		"--label", labelRole+"=control-plane", testOwner+"/demo:1.0.0", "sleep", "600")
	other := sibling(c, func(cfg *Config) { cfg.Name, cfg.Rebuild = "podlab-t-foreign", true })
	defer func() { _ = other.Close() }()
	if err := other.Up(t.Context(), nil, shown(t)); !errors.Is(err, ErrForeign) {
		t.Fatalf("up: %v", err)
	}
	if err := other.Down(t.Context(), shown(t)); !errors.Is(err, ErrForeign) {
		t.Fatalf("down: %v", err)
	}
	if state := docker(t, "inspect", "-f", "{{.State.Status}}", id); state != "running" {
		t.Fatalf("the foreign container is %s", state)
	}
}

func brokenAndRebuilt(t *testing.T, c *Cluster) {
	docker(t, "exec", c.ControlPlane(), "sh", "-c", "mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/ && pkill -9 kube-apiserver")
	c.limits.started = c.limits.running // the node was started a moment ago
	err := c.Up(t.Context(), nil, shown(t))
	if rerr := c.Revive(t.Context(), shown(t)); !errors.Is(rerr, ErrBroken) {
		t.Fatalf("revive of a broken cluster: %v", rerr)
	}
	c.limits.started = time.Minute
	var e *Error
	if !errors.Is(err, ErrBroken) || !errors.As(err, &e) || e.Try != tryRebuild {
		t.Fatalf("up of a broken cluster: %v", err)
	}
	wantState(t, c, Broken)
	other := sibling(c, func(cfg *Config) { cfg.Rebuild = true })
	defer func() { _ = other.Close() }()
	t.Logf("a broken cluster was rebuilt in %s", mustUp(t, other))
	id := docker(t, "inspect", "-f", "{{.Id}}", c.ControlPlane())
	mustUp(t, other)
	if again := docker(t, "inspect", "-f", "{{.Id}}", c.ControlPlane()); again != id {
		t.Fatal("a second Up rebuilt it again")
	}
	wantState(t, c, Running)
}

func cleaned(t *testing.T, c *Cluster) {
	left, err := c.Leftovers(t.Context(), false)
	var kinds []string
	for _, line := range left {
		kinds = append(kinds, strings.Fields(line)[0])
	}
	// An image that was built anew leaves the old one, without a name.
	if kinds = slices.Compact(kinds); err != nil || strings.Join(kinds, " ") != "cluster file image network" {
		t.Fatalf("leftovers: %q, %v", left, err)
	}
	if err := c.Clean(t.Context(), false, shown(t)); err != nil {
		t.Fatalf("clean: %v", err)
	}
	left, err = c.Leftovers(t.Context(), true)
	if err != nil || len(left) > 0 {
		t.Fatalf("leftovers: %q, %v", left, err)
	}
	wantNothing(t, c)
	entries, err := os.ReadDir(c.cfg.StateDir)
	for _, e := range entries {
		if name := e.Name(); name != "lock" && !strings.HasPrefix(name, "ledger.json.corrupt-") {
			t.Errorf("file left: %s", name)
		}
	}
	if err != nil {
		t.Error(err)
	}
}
