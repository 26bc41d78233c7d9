//go:build e2e

package e2e

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/kube"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/ports"
	"github.com/podlab/podlab/internal/runner"
	"github.com/podlab/podlab/labs"
)

// hostShell runs a lesson's commands in this machine's own bash, as a learner does who reads the lesson without podlab:
// with docker and kubectl, KUBECONFIG, NODE, and the namespace of the context, and nothing else that is podlab's.
type hostShell struct {
	kubeconfig string // the cluster's
	dir        string // for what the learner's shell has
}

func newHostShell(t *testing.T, kubeconfig, node string) hostShell {
	t.Helper()
	h := hostShell{kubeconfig: kubeconfig, dir: t.TempDir()}
	kubectl := docker(t, "exec", node, "sh", "-c", "command -v kubectl")
	docker(t, "cp", "-L", node+":"+kubectl, filepath.Join(h.dir, "kubectl"))
	return h
}

func (h hostShell) Run(ctx context.Context, script string, env runner.ShellEnv, stdout, stderr io.Writer) (int, error) {
	config, err := os.ReadFile(h.kubeconfig)
	if err != nil {
		return 0, err
	}
	own := filepath.Join(h.dir, "config")
	if err := os.WriteFile(own, config, 0o600); err != nil {
		return 0, err
	}
	vars := append(os.Environ(), "PATH="+h.dir+":"+os.Getenv("PATH"), "KUBECONFIG="+own, "NODE="+env.Node)
	use := exec.CommandContext(ctx, filepath.Join(h.dir, "kubectl"), "config", "set-context", "--current", "--namespace="+env.Namespace)
	use.Env = vars
	if err := use.Run(); err != nil {
		return 0, err
	}
	limited, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(limited, "bash", "-c", script)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = vars, h.dir, stdout, stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		return 0, err
	}
	return cmd.ProcessState.ExitCode(), nil
}

// Every command works as printed in a learner's own shell, and prints there what the lesson shows. This is verify itself, but
// for the shell: it applies what comes before, waits for the checks, and compares the outputs.
func TestCommandsWorkInALearnersShell(t *testing.T) {
	if r := run(t, "up"); r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	own, err := lesson.Load(labs.FS, "labs")
	if err != nil {
		t.Fatal(err)
	}
	c := cluster.New(cluster.Config{Name: clusterName, Workers: cluster.AnyWorkers, StateDir: filepath.Join(stateHome, "podlab")})
	defer c.Close()
	r := runner.New(runner.Deps{
		Course: own, Cluster: ports.Cluster{Cluster: c}, Node: c.ControlPlane,
		Shell: newHostShell(t, c.Kubeconfig(), c.ControlPlane()),
		Connect: func(context.Context) (runner.API, error) {
			client, err := kube.Open(c.Kubeconfig())
			return ports.API{Client: client}, err
		},
	})
	go func() {
		for e := range r.Events() {
			if lab, ok := e.(runner.LabEnded); ok {
				t.Logf("%s: %s, %.1fs", lab.Lab.ID, lab.Lab.Verdict, lab.Lab.Seconds)
			}
		}
	}()
	outcome, err := r.Verify(t.Context(), own.Labs, runner.VerifyOptions{Timeout: time.Minute})
	if err != nil || outcome.Error != "" {
		t.Fatal(err, outcome.Error)
	}
	tried := map[string]int{}
	for _, lab := range outcome.Labs {
		for _, step := range lab.Steps {
			for _, c := range step.Checks {
				tried[c.Kind]++
				if c.Verdict != checks.Pass {
					t.Errorf("%s/%s/%s: %s\nwant %s\ngot  %s\nwhy  %s\n%s", lab.ID, step.ID, c.ID, c.Verdict, c.Want, c.Got, c.Why, strings.Join(c.Evidence.Rows, "\n"))
				}
			}
		}
	}
	if tried["run"] == 0 || tried["output"] == 0 {
		t.Errorf("nothing was run: %v", slices.Collect(maps.Keys(tried)))
	}
}
