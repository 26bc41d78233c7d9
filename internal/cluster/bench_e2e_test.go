//go:build e2e

package cluster

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	kind "sigs.k8s.io/kind/pkg/cluster"
	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
)

// BenchmarkAgainstKind compares podlab with kind on the same images: Up with an image against "kind create cluster --wait",
// and putting that image on the node against "kind load docker-image". Below 1 is faster than kind.
func BenchmarkAgainstKind(b *testing.B) {
	chooseNodeImage(b)
	buildLabImage(b, "bench")
	c := newCluster(b.TempDir())
	b.Cleanup(func() {
		if err := c.Clean(context.Background(), true, nil); err != nil {
			b.Error(err)
		}
		_ = c.Close()
	})
	var up, kindUp, load, kindLoad time.Duration
	for b.Loop() {
		up += timed(b, func() error { return c.Up(b.Context(), nil, nil) })
		for range 2 {
			kindLoad += timed(b, func() error { return loadAsKind(b, c) })
			dropImage(b, c)
			load += timed(b, func() error { return c.Up(b.Context(), []string{"demo:1.0.0"}, nil) })
			dropImage(b, c)
		}
		if err := c.Down(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
		kindUp += timed(b, func() error { return createAsKind(b, c) })
		if err := c.Down(b.Context(), nil); err != nil {
			b.Fatal(err)
		}
	}
	n := float64(b.N)
	b.ReportMetric(up.Seconds()/n, "up-s")
	b.ReportMetric(kindUp.Seconds()/n, "kind-up-s")
	b.ReportMetric(up.Seconds()/kindUp.Seconds(), "up/kind")
	b.ReportMetric(load.Seconds()/n/2, "load-s")
	b.ReportMetric(kindLoad.Seconds()/n/2, "kind-load-s")
	b.ReportMetric(load.Seconds()/kindLoad.Seconds(), "load/kind")
}

func timed(b *testing.B, f func() error) time.Duration {
	b.Helper()
	begun := time.Now()
	if err := f(); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

// loadAsKind does what "kind load docker-image" does: an archive in a file, then all of it into the node.
func loadAsKind(b *testing.B, c *Cluster) error {
	b.Helper()
	path := filepath.Join(b.TempDir(), "image.tar")
	if err := exec.Command("docker", "save", "-o", path, testOwner+"/demo:1.0.0").Run(); err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	nodes, err := kind.NewProvider(kind.ProviderWithDocker()).ListNodes(c.Name())
	if err != nil {
		return err
	}
	return nodeutils.LoadImageArchive(nodes[0], file)
}

// dropImage removes the image's content from the node too.
func dropImage(b *testing.B, c *Cluster) {
	b.Helper()
	const script = `for name in $(ctr -n k8s.io images ls -q | grep -e demo -e podlab-t -e ^import); do ctr -n k8s.io images rm --sync "$name"; done`
	docker(b, "exec", c.ControlPlane(), "sh", "-c", script)
}

// createAsKind does what "kind create cluster --wait" does, on a network of podlab's tests.
func createAsKind(b *testing.B, c *Cluster) error {
	b.Helper()
	b.Setenv(networkVariable, testOwner)
	if err := c.ensureNetwork(b.Context()); err != nil {
		return err
	}
	provider := kind.NewProvider(kind.ProviderWithDocker())
	path := filepath.Join(b.TempDir(), "kubeconfig")
	return provider.Create(c.Name(), kind.CreateWithNodeImage(c.cfg.Image), kind.CreateWithKubeconfigPath(path),
		kind.CreateWithWaitForReady(3*time.Minute))
}
