package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/report"
	"github.com/podlab/podlab/internal/runner"
)

// verifyFlags are the flags of verify, as they were given.
type verifyFlags struct {
	timeout          time.Duration
	rebuild          bool
	nearMisses, all  bool
	shuffle, hasSeed bool
	seed             uint64
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify [LAB...]",
		Short: "Prove on a real cluster that what the labs claim is true",
		Long: `Walks the labs without a learner: brings the cluster up, and for each step shows that its checks do not
hold before, applies, runs, and shows that they hold then (for a step that applies nothing, "before" is the
empty namespace). It works in namespaces of its own.

With --near-misses it applies each manifest of LAB/near-miss instead, alone, and shows that the lab's checks
refuse it for the reason that it names. With --all it does both, for every lab.

Exit code: 0 all passed, 1 a check is not satisfied, 3 nobody could tell, 4 a lesson is wrong.`,
		ValidArgsFunction: a.completeLabs,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.hasSeed = cmd.Flags().Changed("seed")
			plan, err := a.planVerify(f, args)
			if err != nil {
				return err
			}
			return a.withCluster(f.rebuild, func(c *cluster.Cluster) error { return a.verify(cmd.Context(), c, plan) })
		},
	}
	a.jsonFlag(cmd)
	flags := cmd.Flags()
	flags.DurationVar(&f.timeout, "timeout", time.Minute, "how long a check may stay \"not yet\", and how long to go on trying where nobody answers")
	flags.BoolVar(&f.rebuild, "rebuild", false, "make the cluster anew")
	flags.BoolVar(&f.nearMisses, "near-misses", false, "try the near-misses of the labs, and nothing else of them")
	flags.BoolVar(&f.all, "all", false, "the whole course: every lab, and every near-miss")
	flags.BoolVar(&f.shuffle, "shuffle", false, "take the labs in a random order, whatever they need; the seed of it is printed")
	flags.Uint64Var(&f.seed, "seed", 0, "with --shuffle, the `number` that an order was made from")
	return cmd
}

// verifyPlan is what verify is to do.
type verifyPlan struct {
	course lesson.Course
	labs   []lesson.Lab
	seed   *uint64 // of the order of the labs; nil if it is the course's own
	opts   runner.VerifyOptions
}

// planVerify understands the flags and reads the course, before anything starts.
func (a *app) planVerify(f verifyFlags, ids []string) (verifyPlan, error) {
	switch {
	case f.timeout <= 0:
		return verifyPlan{}, usageError{fmt.Errorf("--timeout %v: a time above 0, as 30s", f.timeout)}
	case f.all && len(ids) > 0:
		return verifyPlan{}, usageError{errors.New("--all is every lab: name none beside it")}
	case f.all && f.nearMisses:
		return verifyPlan{}, usageError{errors.New("--all tries the near-misses too: leave --near-misses out")}
	case f.hasSeed && !f.shuffle:
		return verifyPlan{}, usageError{errors.New("--seed says which order --shuffle takes: give both")}
	}
	course, err := a.loadCourse()
	if err != nil {
		return verifyPlan{}, err
	}
	p := verifyPlan{course: course, opts: runner.VerifyOptions{Timeout: f.timeout, NearMissesOnly: f.nearMisses}}
	if p.labs, err = pick(course, ids); err != nil {
		return verifyPlan{}, err
	}
	if f.all || f.nearMisses {
		if p.opts.NearMisses, err = a.loadNearMisses(course); err != nil {
			return verifyPlan{}, err
		}
	}
	if f.nearMisses {
		if p.labs = withNearMisses(p.labs, p.opts.NearMisses); len(p.labs) == 0 {
			return verifyPlan{}, usageError{errors.New("there is no near-miss: it would be LAB/near-miss/NAME.yaml in the course")}
		}
	}
	if f.shuffle {
		p.shuffle(f)
	}
	return p, nil
}

// withNearMisses returns the labs that have near-misses.
func withNearMisses(labs []lesson.Lab, all []lesson.NearMiss) []lesson.Lab {
	var some []lesson.Lab
	for _, lab := range labs {
		if slices.ContainsFunc(all, func(miss lesson.NearMiss) bool { return miss.Lab == lab.ID }) {
			some = append(some, lab)
		}
	}
	return some
}

// shuffle puts the labs into the order that the seed makes; without one, a seed is made up.
func (p *verifyPlan) shuffle(f verifyFlags) {
	seed := f.seed
	if !f.hasSeed {
		seed = uint64(rand.Uint32()) // short enough to be typed again
	}
	p.seed, p.labs = &seed, slices.Clone(p.labs)
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(p.labs), func(i, j int) { p.labs[i], p.labs[j] = p.labs[j], p.labs[i] })
}

func (a *app) verify(ctx context.Context, c *cluster.Cluster, p verifyPlan) error {
	progress := a.Out
	if a.json {
		progress = a.Err
	}
	release, err := a.alone(ctx, progress)
	if err != nil {
		return err
	}
	defer release()
	if p.seed != nil {
		fmt.Fprintf(progress, "the order of the labs is that of --shuffle --seed %d\n", *p.seed)
	}
	r := newRunner(p.course, c)
	reported := make(chan struct{})
	go func() {
		defer close(reported)
		report.Plain(progress, r.Events())
	}()
	outcome, interrupted := r.Verify(ctx, p.labs, p.opts)
	outcome.Seed = p.seed
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

// completeLab completes the id of the one lab that a verb takes.
func (a *app) completeLab(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeLabs(cmd, args, word)
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
