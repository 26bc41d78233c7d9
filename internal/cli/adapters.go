package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
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

func (p clusterPort) Dial(ctx context.Context, to checks.Address) (net.Conn, error) {
	conn, err := p.Cluster.Dial(ctx, to.Node, to.PID, to.Host, to.Port)
	return conn, asAnswer(err)
}

// asAnswer turns the errors that say something about the lab into those that checks know.
func asAnswer(err error) error {
	switch {
	case errors.Is(err, cluster.ErrRefused), errors.Is(err, kube.ErrRefused):
		return fmt.Errorf("%w: %w", checks.ErrRefused, err)
	case errors.Is(err, kube.ErrNotStarted):
		return fmt.Errorf("%w: %w", checks.ErrNotStarted, err)
	}
	return err
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

func (p apiPort) Exec(ctx context.Context, namespace, pod, container string, argv []string) (checks.Ran, error) {
	ran, err := p.Client.Exec(ctx, namespace, pod, container, argv)
	return checks.Ran(ran), asAnswer(err)
}

func (p apiPort) Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	conn, err := p.Client.Dial(ctx, namespace, pod, port)
	if err != nil {
		return nil, asAnswer(err)
	}
	return forwardConn{conn}, nil
}

// forwardConn is a forwarded connection: that nobody listens may be known only when it is used.
type forwardConn struct{ net.Conn }

func (c forwardConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return n, asAnswer(err)
}

func (c forwardConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, asAnswer(err)
}

// watchPort is a watch as the runner sees it.
type watchPort struct{ *kube.Watch }

func (p watchPort) Events(ctx context.Context, kind, name string) ([]corev1.Event, error) {
	return p.EventsOf(ctx, kind, name)
}

func (p watchPort) Logs(ctx context.Context, pod, container string) (checks.Log, error) {
	log, err := p.Watch.Logs(ctx, pod, container)
	return checks.Log(log), err
}

// shellPort is podlab's shell as the runner sees it.
type shellPort struct{ *shell.Shell }

func (p shellPort) Run(ctx context.Context, script string, env runner.ShellEnv, stdout, stderr io.Writer) (int, error) {
	return p.Shell.Run(ctx, script, shell.Env(env), stdout, stderr)
}
