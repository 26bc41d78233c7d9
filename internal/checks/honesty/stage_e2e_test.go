//go:build e2e

package honesty

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/kube"
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
	s := &stage{namespace: namespace, node: c.ControlPlane(), api: apiPort{client}, cluster: clusterPort{c}, bell: make(chan struct{})}
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

// The adapters below are those of internal/cli, which joins the same parts.

type clusterPort struct{ *cluster.Cluster }

func (p clusterPort) Up(ctx context.Context, images []string, report func(runner.Phase)) error {
	return p.Cluster.Up(ctx, images, func(ph cluster.Phase) { report(runner.Phase(ph)) })
}

func (p clusterPort) Revive(ctx context.Context, report func(runner.Phase)) error {
	return p.Cluster.Revive(ctx, func(ph cluster.Phase) { report(runner.Phase(ph)) })
}

func (p clusterPort) Dial(ctx context.Context, to checks.Address) (net.Conn, error) {
	conn, err := p.Cluster.Dial(ctx, to.Node, to.PID, to.Host, to.Port)
	return conn, asAnswer(err)
}

func asAnswer(err error) error {
	switch {
	case errors.Is(err, cluster.ErrRefused), errors.Is(err, kube.ErrRefused):
		return fmt.Errorf("%w: %w", checks.ErrRefused, err)
	case errors.Is(err, kube.ErrNotStarted):
		return fmt.Errorf("%w: %w", checks.ErrNotStarted, err)
	}
	return err
}

type apiPort struct{ *kube.Client }

func (p apiPort) Apply(ctx context.Context, namespace string, objects []*unstructured.Unstructured) ([]runner.Applied, error) {
	applied, err := p.Client.Apply(ctx, namespace, objects)
	out := make([]runner.Applied, len(applied))
	for i, a := range applied {
		out[i] = runner.Applied(a)
	}
	return out, err
}

func (p apiPort) Watch(ctx context.Context, namespace string) (runner.Watch, error) {
	watch, err := p.Client.Watch(ctx, namespace)
	if err != nil {
		return nil, err // not a nil *kube.Watch in an interface
	}
	return watchPort{watch}, nil
}

func (p apiPort) Exec(ctx context.Context, namespace, pod, container string, argv []string) (checks.Ran, error) {
	ran, err := p.Client.Exec(ctx, namespace, pod, container, argv)
	return checks.Ran(ran), asAnswer(err)
}

func (p apiPort) Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	conn, err := p.Client.Dial(ctx, namespace, pod, port)
	return conn, asAnswer(err)
}

type watchPort struct{ *kube.Watch }

func (p watchPort) Events(ctx context.Context, kind, name string) ([]corev1.Event, error) {
	return p.EventsOf(ctx, kind, name)
}

func (p watchPort) Logs(ctx context.Context, pod, container string) (checks.Log, error) {
	log, err := p.Watch.Logs(ctx, pod, container)
	return checks.Log(log), err
}
