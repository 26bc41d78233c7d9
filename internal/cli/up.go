package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/report"
	"github.com/podlab/podlab/internal/runner"
)

func (a *app) upCommand() *cobra.Command {
	var rebuild bool
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Bring the cluster up, with the labs' images on it",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			course, err := a.loadCourse()
			if err != nil {
				return err
			}
			return a.withCluster(rebuild, func(c *cluster.Cluster) error { return a.up(cmd.Context(), c, runner.ImagesOf(course.Labs)) })
		},
	}
	a.jsonFlag(cmd)
	cmd.Flags().BoolVar(&rebuild, "rebuild", false, "delete a cluster of this name that podlab made, and make it anew")
	return cmd
}

func (a *app) up(ctx context.Context, c *cluster.Cluster, images []string) error {
	start := time.Now()
	err := a.withPhases(func(say func(cluster.Phase)) error { return c.Up(ctx, images, say) })
	if err != nil {
		return err
	}
	status, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if a.json {
		return a.printStatus(status)
	}
	fmt.Fprintf(a.Out, "cluster %s is up (%.1fs)\nto look around in another terminal: export KUBECONFIG=%s\n",
		c.Name(), time.Since(start).Seconds(), c.Kubeconfig())
	return nil
}

// withPhases prints the phases of what f does, on standard error when standard output is for JSON.
func (a *app) withPhases(f func(say func(cluster.Phase)) error) error {
	var w io.Writer = a.Out
	if a.json {
		w = a.Err
	}
	events := make(chan runner.Event)
	printed := make(chan struct{})
	go func() {
		defer close(printed)
		report.Plain(w, events)
	}()
	err := f(func(p cluster.Phase) { events <- runner.PhaseChanged{Phase: runner.Phase(p), At: time.Now()} })
	close(events)
	<-printed
	return err
}

func (a *app) downCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "Delete the cluster; the images stay",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withCluster(false, func(c *cluster.Cluster) error {
				return a.withPhases(func(say func(cluster.Phase)) error { return c.Down(cmd.Context(), say) })
			})
		},
	}
}

func (a *app) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say what state the cluster is in",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.withCluster(false, func(c *cluster.Cluster) error {
				status, err := c.Status(cmd.Context())
				if err != nil {
					return err
				}
				return a.printStatus(status)
			})
		},
	}
	a.jsonFlag(cmd)
	return cmd
}

func (a *app) printStatus(s cluster.Status) error {
	if a.json {
		return printJSON(a.Out, s)
	}
	fmt.Fprintf(a.Out, "cluster %s: %s\n", s.Name, s.State)
	for _, n := range s.Nodes {
		fmt.Fprintf(a.Out, "  node %s: %s, %s\n", n.Name, n.Role, n.State)
	}
	for _, row := range [][2]string{{"why", s.Why}, {"try", s.Try}, {"image", s.Image}, {"kubernetes", s.Kubernetes}, {"kubeconfig", s.Kubeconfig}} {
		if row[1] != "" {
			fmt.Fprintf(a.Out, "  %s: %s\n", row[0], row[1])
		}
	}
	return nil
}
