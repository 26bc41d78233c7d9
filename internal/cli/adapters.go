package cli

import (
	"context"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/kube"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
	"github.com/podlab/podlab/internal/shell"
)

// newRunner joins the runner to a real cluster.
func newRunner(course lesson.Course, c *cluster.Cluster) *runner.Runner {
	return runner.New(runner.Deps{
		Course:  course,
		Cluster: clusterPort{c},
		Connect: func(context.Context) (runner.API, error) { return connect(c) },
		Shell:   shellPort{&shell.Shell{Exec: c.Exec, Nodes: c.Nodes}},
		Node:    c.ControlPlane,
	})
}

func connect(c *cluster.Cluster) (apiPort, error) {
	client, err := kube.Open(c.Kubeconfig())
	if err != nil {
		return apiPort{}, fmt.Errorf("connect to cluster %s: %w", c.Name(), err)
	}
	return apiPort{client}, nil
}

// clusterPort is a cluster as the runner sees it.
type clusterPort struct{ *cluster.Cluster }

func (p clusterPort) Up(ctx context.Context, images []string, report func(runner.Phase)) error {
	return p.Cluster.Up(ctx, images, func(ph cluster.Phase) { report(runner.Phase(ph)) })
}

func (p clusterPort) Revive(ctx context.Context, report func(runner.Phase)) error {
	return p.Cluster.Revive(ctx, func(ph cluster.Phase) { report(runner.Phase(ph)) })
}

// apiPort is Kubernetes as the runner sees it.
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

// watchPort is a watch as the runner sees it.
type watchPort struct{ *kube.Watch }

// Err asks for the events of a pod that cannot be: the only error there is that the copy is not live.
func (p watchPort) Err() error {
	_, err := p.Events("")
	return err
}

// shellPort is podlab's shell as the runner sees it.
type shellPort struct{ *shell.Shell }

func (p shellPort) Run(ctx context.Context, script string, env runner.ShellEnv, stdout, stderr io.Writer) (int, error) {
	return p.Shell.Run(ctx, script, shell.Env(env), stdout, stderr)
}
