package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/runner"
)

func (a *app) resetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reset LAB",
		Short: "Put a lab back to its start: its objects go, and so does your progress in it",
		Long: `Removes what was made in the lab and forgets your progress in it. A manifest that you wrote in it is kept
beside its file, under the same name with ~ at the end, and the step begins anew.`,
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: a.completeLabs,
		RunE:              func(cmd *cobra.Command, args []string) error { return a.reset(cmd.Context(), args[0]) },
	}
	return cmd
}

func (a *app) reset(ctx context.Context, id string) error {
	course, err := a.loadCourse()
	if err != nil {
		return err
	}
	labs, err := pick(course, []string{id})
	if err != nil {
		return err
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	if err := store.Forget(a.courseKey(), id); err != nil {
		return fmt.Errorf("forget the progress in lab %s: %w", id, err)
	}
	kept, err := a.draftFolder().PutAside(id, labs[0].Starts())
	if err != nil {
		return err
	}
	for _, path := range kept {
		fmt.Fprintf(a.Out, "what you wrote is kept: %s\n", path)
	}
	return a.withCluster(false, func(c *cluster.Cluster) error { return a.resetNamespace(ctx, c, id) })
}

// resetNamespace puts the lab's namespace back, if there is a cluster.
func (a *app) resetNamespace(ctx context.Context, c *cluster.Cluster, id string) error {
	status, err := c.Status(ctx)
	if err != nil {
		return err
	}
	if status.State == cluster.Absent {
		fmt.Fprintf(a.Out, "lab %s: progress forgotten; there is no cluster, so there is nothing else to reset\n", id)
		return nil
	}
	start := time.Now()
	client, err := connect(c)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.Reset(ctx, runner.Namespace(id)); err != nil {
		return fmt.Errorf("reset lab %s: %w", id, err)
	}
	fmt.Fprintf(a.Out, "lab %s is at its start again (%.1fs)\n", id, time.Since(start).Seconds())
	return nil
}
