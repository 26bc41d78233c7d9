//go:build e2e

package cluster

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// testOwner keeps the tests' clusters, network and images apart from those of a podlab in use.
const testOwner = "podlab-t"

// helperVariable makes the test binary bring a cluster up, in the state folder that it names, instead of testing.
const helperVariable = "PODLAB_TEST_UP"

// lookVariable makes the test binary look at the node that it names, and then wait for its end.
const lookVariable = "PODLAB_TEST_LOOK"

func TestMain(m *testing.M) {
	if name := os.Getenv(lookVariable); name != "" {
		os.Exit(looker(name))
	}
	if dir := os.Getenv(helperVariable); dir != "" {
		os.Exit(helper(dir))
	}
	goleak.VerifyTestMain(m)
}

func helper(dir string) int {
	c := newCluster(dir)
	err := c.Up(context.Background(), []string{"demo:1.0.0"}, func(p Phase) { fmt.Printf("%s: %s\n", p.Name, p.Detail) })
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	return 0
}

func newCluster(dir string) *Cluster {
	// Beside the state folder, so that what kind said of a failure can be read after the test.
	log, err := os.OpenFile(filepath.Join(os.TempDir(), "podlab-test-kind.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		panic(err)
	}
	c := New(Config{
		Log:  log,
		Name: "podlab-t-life", Image: os.Getenv("PODLAB_TEST_NODE_IMAGE"), Workers: AnyWorkers, StateDir: dir,
	})
	c.owner = testOwner
	c.limits.running = 8 * time.Second
	return c
}

// chooseNodeImage sets the node image for this process and the helpers: the variable's, or the first that Docker has.
func chooseNodeImage(t testing.TB) {
	t.Helper()
	if os.Getenv("PODLAB_TEST_NODE_IMAGE") == "" {
		t.Setenv("PODLAB_TEST_NODE_IMAGE", firstImage(offlineNodeImage, "podlab-dev/node:v1.37.0"))
	}
}

// firstImage returns the first of the named images that Docker has, "" if none.
func firstImage(refs ...string) string {
	i := slices.IndexFunc(refs, func(ref string) bool { return exec.Command("docker", "image", "inspect", ref).Run() == nil })
	if i < 0 {
		return ""
	}
	return refs[i]
}

// docker runs the docker command and returns what it printed.
func docker(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// buildLabImage makes testOwner/demo:1.0.0 of the labs' image, with the tests' own label and the given word in it.
func buildLabImage(t testing.TB, word string) {
	t.Helper()
	base := firstImage("podlab/demo:1.0.0", "podlab-dev/demo:1.0.0")
	if base == "" {
		t.Fatal("no lab image in Docker: make setup builds it")
	}
	cmd := exec.Command("docker", "build", "-q", "-t", testOwner+"/demo:1.0.0", "-")
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	cmd.Stdin = strings.NewReader("FROM " + base + "\nLABEL podlab.made=\"\" word=" + word + "\n" +
		"LABEL " + testOwner + ".made=true " + testOwner + ".inputs=" + word + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker build: %v\n%s", err, out)
	}
}

// shown logs phases with the time since the call, and calls each of the others too.
func shown(t *testing.T, others ...func(Phase)) func(Phase) {
	begun := time.Now()
	return func(p Phase) {
		t.Logf("%6.2fs %s: %s done=%v err=%v", time.Since(begun).Seconds(), p.Name, p.Detail, p.Done, p.Err)
		for _, f := range others {
			f(p)
		}
	}
}

// mustUp brings the cluster up and returns how long that took.
func mustUp(t *testing.T, c *Cluster) time.Duration {
	t.Helper()
	begun := time.Now()
	if err := c.Up(t.Context(), []string{"demo:1.0.0"}, shown(t)); err != nil {
		t.Fatalf("up: %v", err)
	}
	return time.Since(begun)
}

// wantState fails unless the cluster's status has that state.
func wantState(t *testing.T, c *Cluster, want State) {
	t.Helper()
	s, err := c.Status(t.Context())
	if err != nil || s.State != want {
		t.Fatalf("status: %+v, %v, want %s", s, err, want)
	}
}

// wantNothing fails unless podlab finds nothing of its own, nor Docker anything on podlab's network. Images may stay.
func wantNothing(t *testing.T, c *Cluster) {
	t.Helper()
	left, err := c.Leftovers(t.Context(), false)
	left = slices.DeleteFunc(left, func(s string) bool { return strings.HasPrefix(s, "image ") })
	if err != nil || len(left) > 0 {
		t.Fatalf("leftovers: %q, %v", left, err)
	}
	if out := docker(t, "ps", "-aq", "--filter", "label="+labelCluster+"="+c.Name()); out != "" {
		t.Fatalf("containers left: %s", out)
	}
	if out := docker(t, "network", "ls", "-q", "--filter", "name=^"+testOwner+"$"); out != "" {
		t.Fatalf("network left: %s", out)
	}
	rec, err := c.ledger.read()
	if err != nil || len(rec.Clusters) > 0 {
		t.Fatalf("ledger: %+v, %v", rec, err)
	}
}

// killedAt runs another podlab that brings the cluster up, and kills it when it reports a phase with that beginning.
func killedAt(t *testing.T, dir, phase string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		t.Logf("helper: %s", lines.Text())
		if !seen && strings.HasPrefix(lines.Text(), phase) {
			seen = true
			_ = cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err == nil || !seen {
		t.Fatalf("the helper was not killed at %q: %v", phase, err)
	}
}

// cancelledAt brings the cluster up and cancels that when a phase with that beginning is reported. It returns how long
// Up took to return after that.
func cancelledAt(t *testing.T, c *Cluster, phase string) time.Duration {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var at time.Time
	err := c.Up(ctx, []string{"demo:1.0.0"}, shown(t, func(p Phase) {
		if at.IsZero() && strings.HasPrefix(p.Name+": "+p.Detail, phase) {
			at = time.Now()
			cancel()
		}
	}))
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("up, cancelled at %q: %v", phase, err)
	}
	return time.Since(at)
}
