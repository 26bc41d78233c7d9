// Package ports joins the runner's ports to what stands behind them: a cluster, its API server and podlab's shell.
package ports

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
	"github.com/podlab/podlab/internal/runner"
	"github.com/podlab/podlab/internal/shell"
)

// Cluster is a cluster as the runner sees it.
type Cluster struct{ *cluster.Cluster }

func (p Cluster) Standing(ctx context.Context) (runner.Standing, error) {
	s, err := p.Status(ctx)
	switch {
	case err != nil:
		return "", err
	case s.State == cluster.Absent:
		return runner.Absent, nil
	case s.State == cluster.Running:
		return runner.Answers, nil
	}
	return runner.Down, nil
}

func (p Cluster) Up(ctx context.Context, images []string, report func(runner.Phase)) error {
	return p.Cluster.Up(ctx, images, func(ph cluster.Phase) { report(runner.Phase(ph)) })
}

func (p Cluster) Revive(ctx context.Context, report func(runner.Phase)) error {
	return p.Cluster.Revive(ctx, func(ph cluster.Phase) { report(runner.Phase(ph)) })
}

func (p Cluster) Dial(ctx context.Context, to checks.Address) (net.Conn, error) {
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

// API is Kubernetes as the runner sees it.
type API struct{ *kube.Client }

func (p API) Apply(ctx context.Context, namespace string, objects []*unstructured.Unstructured) ([]runner.Applied, error) {
	applied, err := p.Client.Apply(ctx, namespace, objects)
	out := make([]runner.Applied, len(applied))
	for i, a := range applied {
		out[i] = runner.Applied(a)
	}
	return out, err
}

func (p API) Watch(ctx context.Context, namespace string) (runner.Watch, error) {
	watch, err := p.Client.Watch(ctx, namespace)
	if err != nil {
		return nil, err // not a nil *kube.Watch in an interface
	}
	return liveCopy{watch}, nil
}

func (p API) Exec(ctx context.Context, namespace, pod, container string, argv []string) (checks.Ran, error) {
	ran, err := p.Client.Exec(ctx, namespace, pod, container, argv)
	return checks.Ran(ran), asAnswer(err)
}

func (p API) Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
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

// liveCopy is a watch as the runner sees it.
type liveCopy struct{ *kube.Watch }

func (p liveCopy) Events(ctx context.Context, kind, name string) ([]corev1.Event, error) {
	return p.EventsOf(ctx, kind, name)
}

func (p liveCopy) Logs(ctx context.Context, pod, container string) (checks.Log, error) {
	log, err := p.Watch.Logs(ctx, pod, container)
	return checks.Log(log), err
}

// Shell is podlab's shell as the runner sees it.
type Shell struct{ *shell.Shell }

func (p Shell) Run(ctx context.Context, script string, env runner.ShellEnv, stdout, stderr io.Writer) (int, error) {
	return p.Shell.Run(ctx, script, shell.Env(env), stdout, stderr)
}
