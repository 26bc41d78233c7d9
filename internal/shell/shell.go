// Package shell runs a lesson's commands. The shell language itself is interpreted in podlab's own process; every program
// that a script calls runs in a node of the cluster. Nothing that a lesson says runs a program, reads or writes a file on
// the learner's machine, and neither a shell nor kubectl nor docker is needed there.
package shell

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"mvdan.cc/sh/v3/expand"
	"mvdan.cc/sh/v3/interp"
	"mvdan.cc/sh/v3/syntax"
)

const (
	defaultTimeLimit   = time.Minute
	defaultOutputLimit = 1 << 20

	exitTimeLimit  = 124 // as timeout(1) has it
	exitBrokenPipe = 141 // as a shell reports SIGPIPE
	exitNotHere    = 125 // as docker reports what it does not do
)

// ExecFunc runs argv in a node and returns its exit code. env is "NAME=value"; stdin may be nil. It must return soon after
// ctx ends. An error means that the program could not be run.
type ExecFunc func(ctx context.Context, node string, argv, env []string, stdin io.Reader, stdout, stderr io.Writer) (int, error)

// Env is what a lesson's command can name.
type Env struct {
	Node      string // $NODE: programs run there
	Namespace string // $NAMESPACE, and kubectl's default
}

// Shell runs scripts. Exec is required; the zero value of everything else is useful.
type Shell struct {
	Exec ExecFunc
	// Nodes returns the cluster's nodes, the control plane first: kubectl runs there. Nil means $NODE alone.
	Nodes       func(ctx context.Context) ([]string, error)
	TimeLimit   time.Duration // 0 means a minute
	OutputLimit int64         // bytes of both streams together; 0 means 1 MiB
}

// Run runs the script and returns its exit code. A script that takes too long or prints too much is stopped, with a last
// line on stderr that says so. An error means that it could not be run: it is wrong, or ctx ended, or a node did not answer.
func (s *Shell) Run(ctx context.Context, script string, env Env, stdout, stderr io.Writer) (int, error) {
	file, err := parse(script)
	if err != nil {
		return 0, err
	}
	nodes := []string{env.Node}
	if s.Nodes != nil {
		if nodes, err = s.Nodes(ctx); err != nil {
			return 0, fmt.Errorf("list the cluster's nodes: %w", err)
		}
	}
	if len(nodes) == 0 {
		return 0, errors.New("the cluster has no nodes")
	}
	limit := s.TimeLimit
	if limit == 0 {
		limit = defaultTimeLimit
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(limit, func() { cancel(&stopped{exitTimeLimit, "stopped after " + limit.String()}) })
	defer timer.Stop()
	r := &run{exec: s.Exec, env: env, nodes: nodes, budget: newBudget(s.OutputLimit, cancel)}
	return r.run(ctx, cancel, file, stdout, stderr)
}

// stopped is why a script was stopped by podlab's own limits.
type stopped struct {
	exit   int
	reason string
}

func (s *stopped) Error() string { return s.reason }

// run is one script being run.
type run struct {
	exec     ExecFunc
	env      Env
	nodes    []string
	budget   *budget
	programs programs
}

// programs are those that a script has running. A part of it that runs in the background may want to begin one when the
// script has ended.
type programs struct {
	mu      sync.Mutex
	ended   bool
	running sync.WaitGroup
}

// begin says whether another program may be run; then running is to be told of its end.
func (p *programs) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.ended {
		p.running.Add(1)
	}
	return !p.ended
}

// end lets no other program begin, and waits for those that run.
func (p *programs) end() {
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.running.Wait()
}

func (r *run) run(ctx context.Context, cancel context.CancelCauseFunc, file *syntax.File, stdout, stderr io.Writer) (int, error) {
	runner, err := r.interpreter(&screen{r.budget, stdout}, &screen{r.budget, stderr})
	if err != nil {
		return 0, err
	}
	err = runner.Run(ctx, file)
	why := context.Cause(ctx)
	cancel(nil) // what runs in the background ends with its script
	r.programs.end()
	var limit *stopped
	var status interp.ExitStatus
	switch {
	case errors.As(why, &limit):
		r.budget.notice(stderr, "podlab: "+limit.reason)
		return limit.exit, nil
	case why != nil:
		return 0, why
	case errors.As(err, &status):
		return int(status), nil
	}
	return 0, err
}

func (r *run) interpreter(stdout, stderr io.Writer) (*interp.Runner, error) {
	root, err := filepath.Abs("/")
	if err != nil {
		return nil, err
	}
	return interp.New(
		interp.Env(expand.ListEnviron(append(r.exported(), hidden()...)...)),
		interp.Dir(root),
		interp.StdIO(nil, stdout, stderr),
		interp.CallHandler(refuseCall),
		interp.ExecHandlers(func(interp.ExecHandlerFunc) interp.ExecHandlerFunc { return r.program }),
		interp.OpenHandler(openNull),
		interp.ReadDirHandler2(func(context.Context, string) ([]fs.DirEntry, error) { return nil, nil }), // a glob stays as it is
		interp.StatHandler(func(context.Context, string, bool) (fs.FileInfo, error) { return nil, fs.ErrNotExist }),
		interp.AccessHandler(func(context.Context, string, interp.AccessMode) error { return fs.ErrNotExist }),
	)
}

const adminKubeconfig = "/etc/kubernetes/admin.conf"

// exported is the environment of a script and of the programs that it calls.
func (r *run) exported() []string {
	return []string{"NODE=" + r.env.Node, "NAMESPACE=" + r.env.Namespace, "KUBECONFIG=" + adminKubeconfig}
}

// hidden keeps the interpreter from filling these in from the learner's own account. Programs run as root on the node.
func hidden() []string { return []string{"HOME=", "UID=0", "EUID=0", "GID=0"} }

// openNull opens /dev/null and refuses everything else.
func openNull(_ context.Context, path string, flag int, _ os.FileMode) (io.ReadWriteCloser, error) {
	if path != nullDevice {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New(noFiles)}
	}
	return os.OpenFile(os.DevNull, flag&^(os.O_CREATE|os.O_TRUNC), 0)
}

const (
	nullDevice = "/dev/null"
	noFiles    = "a lesson's commands open no file but " + nullDevice
)

// refuseCall stops the builtins that would run text which nobody checked.
func refuseCall(_ context.Context, args []string) ([]string, error) {
	if reason := refusedBuiltin(args); reason != "" {
		return nil, errors.New(reason)
	}
	return args, nil
}

func refusedBuiltin(args []string) string {
	switch args = unwrap(args); args[0] {
	case "eval", "source", ".", "trap":
		return fmt.Sprintf("%q is not for a lesson's commands: podlab could not check what it runs", args[0])
	}
	return ""
}

// unwrap strips the builtins that only call what follows.
func unwrap(args []string) []string {
	for len(args) > 1 && (args[0] == "command" || args[0] == "builtin" || args[0] == "exec") {
		args = args[1:]
	}
	return args
}

// isExported says whether a variable goes to the programs. PWD and the like mean nothing on a node.
func isExported(name string, v expand.Variable) bool {
	if !v.Exported || v.Kind != expand.String {
		return false
	}
	switch name {
	case "HOME", "UID", "EUID", "GID", "PWD", "OLDPWD", "IFS", "OPTIND", "PATH":
		return false
	}
	return !strings.ContainsRune(v.Str, 0)
}
