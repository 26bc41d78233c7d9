//go:build bench

package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// How often each thing is measured.
const (
	clusterRounds = 3
	imageRounds   = 3
	verdictRounds = 50
)

const benchCluster = "podlab-bench"

// bench is a folder with the programs that are compared, and podlab's state.
type bench struct {
	t    *testing.T
	dir  string
	kind string // kind's own command, of the version that podlab is built on
	lab  string // podlab
}

// TestBench prints podlab's figures beside kind's, measured in turns in one run. "make bench" runs it.
func TestBench(t *testing.T) {
	b := &bench{t: t, dir: t.TempDir()}
	b.kind, b.lab = b.build("sigs.k8s.io/kind"), b.build("github.com/podlab/podlab/cmd/podlab")
	t.Setenv("XDG_STATE_HOME", filepath.Join(b.dir, "state"))
	defer b.podlab("clean-up", "down")
	t.Run("clusters", func(*testing.T) { b.printClusters() })
	t.Run("images", func(*testing.T) { b.printImages() })
	t.Run("verdicts", func(*testing.T) { b.printVerdicts() })
	t.Run("course", func(*testing.T) { b.printCourse() })
}

func (b *bench) printClusters() {
	image := b.nodeImage()
	up, create := b.clusters(image)
	fmt.Printf("bring a cluster up (image %s, median of %d)\n", image, clusterRounds)
	fmt.Printf("  podlab up, with the lab image on the node  %6.1f s\n", up.Seconds())
	fmt.Printf("  kind create cluster --wait                 %6.1f s\n", create.Seconds())
	fmt.Printf("  ratio                                      %6.2f\n", up.Seconds()/create.Seconds())
}

func (b *bench) printImages() {
	load, kindLoad := b.images()
	fmt.Printf("put the lab image on a node that lacks it (median of %d)\n", imageRounds)
	fmt.Printf("  podlab up, all else being there            %6.2f s\n", load.Seconds())
	fmt.Printf("  kind load docker-image                     %6.2f s\n", kindLoad.Seconds())
	fmt.Printf("  ratio                                      %6.2f\n", load.Seconds()/kindLoad.Seconds())
}

func (b *bench) build(pkg string) string {
	path := filepath.Join(b.dir, filepath.Base(pkg))
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, pkg).CombinedOutput(); err != nil {
		b.t.Fatalf("build %s: %v\n%s", pkg, err, out)
	}
	return path
}

// run times a command.
func (b *bench) run(name string, args ...string) time.Duration {
	b.t.Helper()
	start := time.Now()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		b.t.Fatalf("%s %s: %v\n%s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return time.Since(start)
}

func (b *bench) podlab(what string, args ...string) time.Duration {
	b.t.Helper()
	fmt.Fprintf(os.Stderr, "… %s: podlab %s\n", what, strings.Join(args, " "))
	return b.run(b.lab, append([]string{"--name", benchCluster}, args...)...)
}

// nodeImage is the image that podlab takes by itself: kind gets the same.
func (b *bench) nodeImage() string {
	b.podlab("warm-up", "up")
	out, err := exec.Command("docker", "inspect", "--format", "{{.Config.Image}}", benchCluster+"-control-plane").Output()
	if err != nil {
		b.t.Fatal(err)
	}
	b.podlab("warm-up", "down")
	return strings.TrimSpace(string(out))
}

// clusters brings both clusters up in turns.
func (b *bench) clusters(image string) (up, create time.Duration) {
	b.t.Setenv("KIND_EXPERIMENTAL_DOCKER_NETWORK", "podlab-bench-kind")
	defer func() { _ = exec.Command("docker", "network", "rm", "podlab-bench-kind").Run() }()
	kubeconfig := filepath.Join(b.dir, "kind.kubeconfig")
	var ups, creates []time.Duration
	for range clusterRounds {
		creates = append(creates, b.run(b.kind, "create", "cluster", "--name", "podlab-bench-kind", "--image", image, "--wait", "5m", "--kubeconfig", kubeconfig))
		b.run(b.kind, "delete", "cluster", "--name", "podlab-bench-kind", "--kubeconfig", kubeconfig)
		ups = append(ups, b.podlab("cluster", "up"))
		b.podlab("cluster", "down")
	}
	return at(ups, 50), at(creates, 50)
}

// images puts the lab image on the node in turns.
func (b *bench) images() (load, kindLoad time.Duration) {
	b.podlab("images", "up")
	node := benchCluster + "-control-plane"
	forget := func() {
		for _, name := range []string{"docker.io/library/demo:1.0.0", "docker.io/podlab/demo:1.0.0"} {
			_ = exec.Command("docker", "exec", node, "ctr", "-n", "k8s.io", "images", "rm", "--sync", name).Run()
		}
	}
	var loads, kindLoads []time.Duration
	for range imageRounds {
		forget()
		kindLoads = append(kindLoads, b.run(b.kind, "load", "docker-image", "podlab/demo:1.0.0", "--name", benchCluster))
		forget()
		loads = append(loads, b.podlab("images", "up"))
	}
	return at(loads, 50), at(kindLoads, 50)
}

// at returns the p-th percentile.
func at(ds []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(ds))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}
