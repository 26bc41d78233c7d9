//go:build e2e

package cluster

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// firstImage returns the first of the named images that Docker has, "" if none.
func firstImage(t *testing.T, refs ...string) string {
	t.Helper()
	for _, ref := range refs {
		if exec.Command("docker", "image", "inspect", ref).Run() == nil {
			return ref
		}
	}
	return ""
}

// nodeImageForTests is the image that the tests' nodes are made of; "" leaves the choice to the package.
func nodeImageForTests(t *testing.T) string {
	t.Helper()
	if image := os.Getenv("PODLAB_TEST_NODE_IMAGE"); image != "" {
		return image
	}
	return firstImage(t, "podlab/node:v1.37.0", "podlab-dev/node:v1.37.0")
}

// buildLabImage makes testOwner/demo:1.0.0 of the labs' image, with the tests' own label and the given word in it.
func buildLabImage(t *testing.T, word string) {
	t.Helper()
	base := firstImage(t, "podlab/demo:1.0.0", "podlab-dev/demo:1.0.0")
	if base == "" {
		t.Fatal("no lab image in Docker: make setup builds it")
	}
	cmd := exec.Command("docker", "build", "-q", "-t", testOwner+"/demo:1.0.0", "-")
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	cmd.Stdin = strings.NewReader("FROM " + base + "\nLABEL podlab.made=\"\" " + testOwner + ".made=true word=" + word + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker build: %v\n%s", err, out)
	}
}

// testOwner keeps the tests' clusters apart from those of a podlab in use.
const testOwner = "podlab-t"

func newTestCluster(t *testing.T, name string) *Cluster {
	t.Helper()
	c := New(Config{Name: "podlab-t-" + name, Image: nodeImageForTests(t), Workers: AnyWorkers, StateDir: t.TempDir(), Log: testLog{t}})
	c.owner = testOwner
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := c.Clean(ctx, false, nil); err != nil {
			t.Errorf("clean: %v", err)
		}
		_ = c.Close()
	})
	return c
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	l.t.Helper()
	l.t.Logf("%s", p)
	return len(p), nil
}

// shown logs phases with the time since the call.
func shown(t *testing.T) func(Phase) {
	begun := time.Now()
	return func(p Phase) {
		t.Logf("%6.2fs %s: %s done=%v err=%v", time.Since(begun).Seconds(), p.Name, p.Detail, p.Done, p.Err)
	}
}

func TestLife(t *testing.T) {
	c := newTestCluster(t, "life")
	buildLabImage(t, "one")
	ctx := t.Context()
	for range 2 {
		if err := c.Up(ctx, []string{"demo:1.0.0"}, shown(t)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Down(ctx, shown(t)); err != nil {
		t.Fatal(err)
	}
}
