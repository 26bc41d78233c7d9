//go:build e2e

package honesty

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/kube"
	"github.com/podlab/podlab/internal/ports"
	"github.com/podlab/podlab/internal/runner"
)

// stage is a namespace of a real cluster, seen the way the runner sees it.
type stage struct {
	namespace string
	node      string // the node's container
	watch     runner.Watch
	api       runner.API
	cluster   runner.Cluster
	change    func(checks.Cluster) checks.Cluster // what a fault does to a moment; nil for nothing

	mu   sync.Mutex
	bell chan struct{}
}

// newStage watches the namespace until the test ends.
func newStage(t *testing.T, namespace, kubeconfig string, c *cluster.Cluster) *stage {
	t.Helper()
	client, err := kube.Open(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s := &stage{namespace: namespace, node: c.ControlPlane(), api: ports.API{Client: client}, cluster: ports.Cluster{Cluster: c}, bell: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	watch, err := s.api.Watch(ctx, namespace)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	s.watch = watch
	var ringing sync.WaitGroup
	ringing.Go(func() { s.ring(ctx) })
	t.Cleanup(func() { cancel(); ringing.Wait() })
	return s
}

// ring tells all who wait of each change.
func (s *stage) ring(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.watch.Changed():
			s.mu.Lock()
			close(s.bell)
			s.bell = make(chan struct{})
			s.mu.Unlock()
		}
	}
}

func (s *stage) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bell
}

func (s *stage) Moment() func(*checks.Memory) checks.Cluster {
	moment := runner.NewMoment(s.namespace, s.watch, s.api, s.cluster, nil)
	if s.change != nil {
		moment = s.change(moment)
	}
	return func(m *checks.Memory) checks.Cluster { return withMemory{moment, m} }
}

// withMemory is a moment as one check sees it.
type withMemory struct {
	checks.Cluster
	memory *checks.Memory
}

func (w withMemory) Memory() *checks.Memory { return w.memory }

// nodeKubeconfig is where, on the node, a case's script finds its cluster and namespace.
func (s *stage) nodeKubeconfig() string { return "/root/" + s.namespace + ".conf" }

// Do runs the script on the node, where kubectl's namespace is the world's.
func (s *stage) Do(ctx context.Context, script string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	_, err := dockerCommand(ctx, "exec", "-e", "KUBECONFIG="+s.nodeKubeconfig(), "-e", "NAMESPACE="+s.namespace, s.node, "bash", "-euo", "pipefail", "-c", script)
	return err
}

// dockerCommand runs the docker command, past a proxy that stands in the way of the checks, and returns what it printed.
func dockerCommand(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+dockerHost())
	out, err := cmd.CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return text, fmt.Errorf("docker %s: %w: %s", args[0], err, text)
	}
	return text, nil
}

// hostVariable keeps, for the time of the tests, what DOCKER_HOST was before the proxy took it.
const hostVariable = "PODLAB_HONESTY_DOCKER_HOST"

func dockerHost() string { return os.Getenv(hostVariable) }

// mustDocker is dockerCommand for what must succeed.
func mustDocker(t *testing.T, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := dockerCommand(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// onNode runs a script on the node and returns what it printed.
func (s *stage) onNode(t *testing.T, script string) string {
	t.Helper()
	return mustDocker(t, "exec", "-e", "KUBECONFIG="+s.nodeKubeconfig(), s.node, "bash", "-euo", "pipefail", "-c", script)
}

// stateDir is podlab's own folder, where the kubeconfig of a cluster in use is.
func stateDir() string {
	if home := os.Getenv("XDG_STATE_HOME"); home != "" {
		return filepath.Join(home, "podlab")
	}
	home, _ := os.UserHomeDir() // without one there is no cluster in use, and its kubeconfig is missed
	return filepath.Join(home, ".local", "state", "podlab")
}
