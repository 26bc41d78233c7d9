// Package cli is podlab's command line: one file per verb. A verb parses its arguments into a typed request, has it done,
// and hands the result to a report or to the terminal.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"github.com/adrg/xdg"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/podlab/podlab/internal/cluster"
)

// Deps is the world that the command line works in.
type Deps struct {
	In       io.Reader
	Out, Err io.Writer
	Version  string // "" means: ask the build info
	Labs     fs.FS  // the course that podlab carries
	// Shield is set while a program that podlab started has the terminal: Ctrl-C is meant for that program then. May be nil.
	Shield *atomic.Bool
}

// app is what every verb shares: the world, and the flags that stand before any verb.
type app struct {
	Deps
	course  string // --course: a folder; "" for the course that podlab carries
	name    string // --name
	workers int    // --workers
	image   string // --image
	json    bool   // --json, where a verb has it
}

// Main runs podlab with the arguments and returns its exit code.
func Main(ctx context.Context, deps Deps, args []string) (code int) {
	defer func() {
		if bug := recover(); bug != nil {
			fmt.Fprintf(deps.Err, "podlab: this is a bug in podlab: %v\n%s", bug, debug.Stack())
			code = exitBug
		}
	}()
	a := &app{Deps: deps}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(deps.In)
	root.SetOut(deps.Out)
	root.SetErr(deps.Err)
	return a.exit(ctx, root.ExecuteContext(ctx))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "podlab",
		Short: "Learn multi-container pods on a real Kubernetes cluster",
		Long: `podlab runs labs about multi-container pods against a real kind cluster on this machine,
and checks by itself, on the node, whether what a lesson claims is true.

With no verb it opens the labs in this terminal. Without a terminal, use: podlab verify`,
		Args:          usageArgs(cobra.NoArgs),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return a.terminal(cmd.Context()) },
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	flags := root.PersistentFlags()
	flags.StringVar(&a.course, "course", "", "take the labs from this `folder` instead of podlab's own")
	flags.StringVar(&a.name, "name", cluster.DefaultName, "the cluster's `name`")
	flags.IntVar(&a.workers, "workers", cluster.AnyWorkers, "`nodes` beside the control plane of a new cluster (default none)")
	flags.StringVar(&a.image, "image", "", "the node `image` of a new cluster")
	_ = root.MarkPersistentFlagDirname("course")
	root.AddCommand(a.listCommand(), a.upCommand(), a.downCommand(), a.statusCommand(), a.verifyCommand(),
		a.applyCommand(), a.resetCommand(), a.checksCommand(), a.explainCommand(), a.doctorCommand(), a.cleanCommand(), a.versionCommand())
	return root
}

// usageArgs makes a wrong number of arguments an error of usage.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w (see: %s --help)", err, cmd.CommandPath())}
		}
		return nil
	}
}

func (a *app) jsonFlag(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&a.json, "json", false, "print one JSON object")
}

// stateHome is podlab's own folder: the learner's progress, the ledger, the clusters' kubeconfigs.
func stateHome() string { return filepath.Join(xdg.StateHome, "podlab") }

// stateDir makes podlab's own folder.
func (a *app) stateDir() (string, error) {
	dir := stateHome()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", &cluster.Error{Err: fmt.Errorf("make podlab's own folder: %w", err), Try: "set XDG_STATE_HOME to a folder that you can write to"}
	}
	return dir, nil
}

// withCluster calls f with the cluster that the flags mean, untouched.
func (a *app) withCluster(rebuild bool, f func(*cluster.Cluster) error) error {
	if a.workers < cluster.AnyWorkers {
		return usageError{fmt.Errorf("--workers %d: a number from 0 on", a.workers)}
	}
	if !clusterName(a.name) {
		return usageError{fmt.Errorf("--name %q: at most 40 lower-case letters, digits and dashes, with a letter first", a.name)}
	}
	dir, err := a.stateDir()
	if err != nil {
		return err
	}
	c := cluster.New(cluster.Config{
		Name: a.name, Workers: a.workers, Image: a.image, Rebuild: rebuild, StateDir: dir,
	})
	defer c.Close()
	return f(c)
}

// clusterName says whether the name will do for a cluster: it becomes part of host names, and of file names.
func clusterName(name string) bool {
	known := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	return known && len(name) <= 40 && name != "" && name[0] >= 'a' && name[0] <= 'z' && !strings.HasSuffix(name, "-")
}

// isTerminal says whether a learner sits at both ends.
func (a *app) isTerminal() bool {
	in, ok1 := a.In.(*os.File)
	out, ok2 := a.Out.(*os.File)
	return ok1 && ok2 && isatty.IsTerminal(in.Fd()) && isatty.IsTerminal(out.Fd()) && os.Getenv("TERM") != "dumb"
}

// errNotPassed says that a check is not satisfied. The report has said which.
var errNotPassed = errors.New("a check is not satisfied")

// errCannotTell says that the environment stood in the way. The report has said how.
var errCannotTell = errors.New("the environment stands in the way")
