//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/runner"
)

// binary is the podlab under test, built once.
var binary string

// stateHome is the XDG_STATE_HOME of these tests: their podlab has a ledger, a cluster and a progress file of its own.
var stateHome string

// clusterName keeps the tests' cluster apart from the learner's.
const clusterName = "podlab-e2e"

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "podlab-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary, stateHome = filepath.Join(dir, "podlab"), filepath.Join(dir, "state")
		build := exec.Command("go", "build", "-buildvcs=false", "-o", binary, "../../cmd/podlab")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build podlab: %v\n%s", err, out)
			return 1
		}
		code := m.Run()
		if out, err := podlab(context.Background(), "down").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "podlab down: %v\n%s", err, out)
			return 1
		}
		return code
	}())
}

// podlab is the binary with the tests' own state and cluster.
func podlab(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, binary, append([]string{"--name", clusterName}, args...)...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+stateHome)
	return cmd
}

// result is one run of podlab.
type result struct {
	out, err string
	code     int
	took     time.Duration
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	return runCmd(t, podlab(ctx, args...))
}

func runCmd(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%v: %v", cmd.Args, err)
	}
	r := result{out: stdout.String(), err: stderr.String(), code: cmd.ProcessState.ExitCode(), took: time.Since(start)}
	t.Logf("%s: exit %d after %.1fs", strings.Join(cmd.Args[1:], " "), r.code, r.took.Seconds())
	return r
}

// verify runs "podlab verify --json" and decodes what it prints.
func verify(t *testing.T, args ...string) (runner.Outcome, result) {
	t.Helper()
	r := run(t, append([]string{"verify", "--json"}, args...)...)
	return decode(t, r), r
}

func decode(t *testing.T, r result) runner.Outcome {
	t.Helper()
	var o runner.Outcome
	dec := json.NewDecoder(strings.NewReader(r.out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&o); err != nil {
		t.Fatalf("verify --json printed no outcome: %v\nstdout: %s\nstderr: %s", err, r.out, r.err)
	}
	return o
}

// claim finds a check of an outcome by kind, the last one if there are several.
func claim(t *testing.T, o runner.Outcome, kind string) runner.CheckOutcome {
	t.Helper()
	var found *runner.CheckOutcome
	for _, lab := range o.Labs {
		for _, step := range lab.Steps {
			for _, c := range step.Checks {
				if c.Kind == kind {
					found = &c
				}
			}
		}
	}
	if found == nil {
		t.Fatalf("the outcome has no %s check: %+v", kind, o)
	}
	return *found
}

// course writes a course of one lab and returns its folder.
func course(t *testing.T, id, lesson string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, id), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, id, "lesson.md"), []byte(lesson), 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// docker runs the docker command and returns what it printed.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// eventually waits until ok holds.
func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within %v: %s", limit, what)
}
