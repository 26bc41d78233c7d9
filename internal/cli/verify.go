package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/report"
	"github.com/podlab/podlab/internal/runner"
)

func (a *app) verifyCommand() *cobra.Command {
	var timeout time.Duration
	var rebuild bool
	cmd := &cobra.Command{
		Use:   "verify [LAB...]",
		Short: "Prove on a real cluster that what the labs claim is true",
		Long: `Walks the labs without a learner: brings the cluster up, and for each step shows that its checks do not
hold before, applies, runs, and shows that they hold then (for a step that applies nothing, "before" is the
empty namespace). It works in namespaces of its own.

Exit code: 0 all passed, 1 a check is not satisfied, 3 nobody could tell, 4 a lesson is wrong.`,
		ValidArgsFunction: a.completeLabs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if timeout <= 0 {
				return usageError{fmt.Errorf("--timeout %v: a time above 0, as 30s", timeout)}
			}
			course, err := a.loadCourse()
			if err != nil {
				return err
			}
			labs, err := pick(course, args)
			if err != nil {
				return err
			}
			return a.withCluster(rebuild, func(c *cluster.Cluster) error {
				return a.verify(cmd.Context(), course, c, labs, timeout)
			})
		},
	}
	a.jsonFlag(cmd)
	cmd.Flags().DurationVar(&timeout, "timeout", time.Minute, "how long a check may stay \"not yet\", and how long to go on trying where nobody answers")
	cmd.Flags().BoolVar(&rebuild, "rebuild", false, "make the cluster anew")
	return cmd
}

func (a *app) verify(ctx context.Context, course lesson.Course, c *cluster.Cluster, labs []lesson.Lab, timeout time.Duration) error {
	progress := a.Out
	if a.json {
		progress = a.Err
	}
	release, err := a.alone(ctx, progress)
	if err != nil {
		return err
	}
	defer release()
	r := newRunner(course, c)
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		report.Plain(progress, r.Events())
	}()
	outcome, interrupted := r.Verify(ctx, labs, runner.VerifyOptions{Timeout: timeout})
	<-reported
	if a.json {
		if err := printJSON(a.Out, outcome); err != nil {
			return err
		}
	} else {
		report.Summary(a.Out, outcome)
	}
	switch {
	case interrupted != nil:
		return interrupted
	case outcome.Verdict == checks.NotYet:
		return errNotPassed
	case outcome.Verdict == checks.CannotTell:
		return errCannotTell
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print the result: %w", err)
	}
	return nil
}

// completeLabs completes lab ids in a shell.
func (a *app) completeLabs(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	course, err := a.loadCourse()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, lab := range course.Labs {
		ids = append(ids, lab.ID+"\t"+lab.Title)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
