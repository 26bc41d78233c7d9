package cli

import (
	"context"
	"fmt"

	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/kube"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/ports"
	"github.com/podlab/podlab/internal/runner"
	"github.com/podlab/podlab/internal/shell"
)

// newRunner joins the runner to a real cluster.
func newRunner(course lesson.Course, c *cluster.Cluster) *runner.Runner {
	return runner.New(runner.Deps{
		Course:  course,
		Cluster: ports.Cluster{Cluster: c},
		Connect: func(context.Context) (runner.API, error) { return connect(c) },
		Shell:   ports.Shell{Shell: &shell.Shell{Exec: c.Exec, Nodes: c.Nodes}},
		Node:    c.ControlPlane,
	})
}

func connect(c *cluster.Cluster) (ports.API, error) {
	client, err := kube.Open(c.Kubeconfig())
	if err != nil {
		return ports.API{}, fmt.Errorf("connect to cluster %s: %w", c.Name(), err)
	}
	return ports.API{Client: client}, nil
}
