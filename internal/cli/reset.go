package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/progress"
	"github.com/podlab/podlab/internal/runner"
)

func (a *app) resetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reset LAB",
		Short: "Put a lab back to its start: its objects go, and so does your progress in it",
		Long: `Removes what was made in the lab and forgets your progress in it. A manifest that you wrote in it is put
into a folder beside its place, kept-TIME, and the step begins anew. If the cluster does not answer, all stays as it is.`,
		Args:              usageArgs(cobra.ExactArgs(1)),
		ValidArgsFunction: a.completeLab,
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
	return a.withCluster(false, func(c *cluster.Cluster) error {
		done, err := resetNamespace(ctx, c, id)
		if err != nil {
			return err
		}
		return a.beginAnew(store, labs[0], done)
	})
}

// beginAnew forgets the progress in a lab whose objects are gone, and puts the learner's manifests aside. It says what was done.
func (a *app) beginAnew(store *progress.Store, lab lesson.Lab, done string) error {
	if err := store.Forget(a.courseKey(), lab.ID); err != nil {
		return fmt.Errorf("forget the progress in lab %s: %w", lab.ID, err)
	}
	kept, err := a.draftFolder().PutAside(lab.ID, lab.Starts(), time.Now())
	for _, path := range kept {
		fmt.Fprintf(a.Out, "what you wrote is kept: %s\n", path)
	}
	if err == nil {
		fmt.Fprintln(a.Out, done)
	}
	return err
}

// resetNamespace puts the lab's namespace back, if there is a cluster, and returns what to say about it.
func resetNamespace(ctx context.Context, c *cluster.Cluster, id string) (done string, err error) {
	status, err := c.Status(ctx)
	if err != nil {
		return "", err
	}
	if status.State == cluster.Absent {
		return fmt.Sprintf("lab %s: progress forgotten; there is no cluster, so there is nothing else to reset", id), nil
	}
	start := time.Now()
	client, err := connect(c)
	if err != nil {
		return "", err
	}
	defer client.Close()
	if err := client.Reset(ctx, runner.Namespace(id)); err != nil {
		return "", fmt.Errorf("reset lab %s: %w", id, err)
	}
	return fmt.Sprintf("lab %s is at its start again (%.1fs)", id, time.Since(start).Seconds()), nil
}
