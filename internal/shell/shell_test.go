package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ran is one program that a script ran on a node.
type ran struct {
	Node  string
	Argv  []string
	Env   []string
	Stdin string
}

// fakeNode stands in for the node: it notes what is run and does what a few programs do.
type fakeNode struct {
	mu  sync.Mutex
	ran []ran
}

var admin = []string{"KUBECONFIG=/etc/kubernetes/admin.conf", "NAMESPACE=lab", "NODE=n1"}

func (f *fakeNode) exec(ctx context.Context, node string, argv, env []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	got := ran{Node: node, Argv: argv, Env: env}
	code := 0
	switch argv[0] {
	case "cat", "wc":
		if stdin != nil {
			in, err := io.ReadAll(stdin)
			if err != nil {
				return 0, err
			}
			got.Stdin = string(in)
			_, _ = stdout.Write(in)
		}
	case "yes":
		for ctx.Err() == nil {
			_, _ = io.WriteString(stdout, strings.Repeat("y\n", 512))
		}
		return 0, ctx.Err()
	case "sleep":
		<-ctx.Done()
		return 0, ctx.Err()
	case "head":
		line := make([]byte, 2)
		_, _ = io.ReadFull(stdin, line)
		_, _ = stdout.Write(line)
	case "fail":
		_, _ = io.WriteString(stderr, "it failed\n")
		code = 3
	case "gone":
		return 0, errNodeGone
	case "ps":
		_, _ = io.WriteString(stdout, "1 init\n")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ran = append(f.ran, got)
	return code, nil
}

var errNodeGone = errors.New("no such node")

// run runs a script on a fake node n1 of a cluster of n0 and n1.
func runScript(t *testing.T, ctx context.Context, s Shell, script string) (out string, code int, f *fakeNode, err error) {
	t.Helper()
	f = &fakeNode{}
	s.Exec = f.exec
	s.Nodes = func(context.Context) ([]string, error) { return []string{"n0", "n1"}, nil }
	var b bytes.Buffer
	code, err = s.Run(ctx, script, Env{Node: "n1", Namespace: "lab"}, &b, &b)
	return b.String(), code, f, err
}

func TestWhereProgramsRun(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		want   []ran
	}{
		"kubectl gets the lab's namespace, on the control plane": {
			"kubectl get pods", []ran{{"n0", []string{"kubectl", "--namespace", "lab", "get", "pods"}, admin, ""}},
		},
		"kubectl with a namespace keeps it": {
			"kubectl get pods -n kube-system", []ran{{"n0", []string{"kubectl", "get", "pods", "-n", "kube-system"}, admin, ""}},
		},
		"kubectl -A": {"kubectl get pods -A", []ran{{"n0", []string{"kubectl", "get", "pods", "-A"}, admin, ""}}},
		"what follows -- is not kubectl's": {
			"kubectl exec duo -- ps -n",
			[]ran{{"n0", []string{"kubectl", "--namespace", "lab", "exec", "duo", "--", "ps", "-n"}, admin, ""}},
		},
		"docker exec":                 {"docker exec $NODE ps -e", []ran{{"n1", []string{"ps", "-e"}, nil, ""}}},
		"docker exec on another node": {"docker exec -it n0 ps", []ran{{"n0", []string{"ps"}, nil, ""}}},
		"docker exec with a variable": {
			"docker exec -e A=b --env=C=d n1 ps", []ran{{"n1", []string{"ps"}, []string{"A=b", "C=d"}, ""}},
		},
		"docker exec reads nothing without -i": {"echo x | docker exec n1 cat", []ran{{"n1", []string{"cat"}, nil, ""}}},
		"docker exec -i":                       {"echo x | docker exec -i n1 cat", []ran{{"n1", []string{"cat"}, nil, "x\n"}}},
		"other programs":                       {"echo x | wc -l", []ran{{"n1", []string{"wc", "-l"}, admin, "x\n"}}},
		"here-document":                        {"cat <<EOF\n$NAMESPACE\nEOF", []ran{{"n1", []string{"cat"}, admin, "lab\n"}}},
		"exported variables": {
			"export B=1; C=2; ps", []ran{{"n1", []string{"ps"}, append([]string{"B=1"}, admin...), ""}},
		},
		"no glob looks at this machine": {"ps /* ~", []ran{{"n1", []string{"ps", "/*", ""}, admin, ""}}},
	} {
		t.Run(name, func(t *testing.T) {
			out, code, f, err := runScript(t, t.Context(), Shell{}, test.script)
			if err != nil || code != 0 {
				t.Fatalf("exit %d, %v: %s", code, err, out)
			}
			if diff := cmp.Diff(test.want, f.ran); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLanguage(t *testing.T) {
	for script, want := range map[string]string{
		`x=$(docker exec n1 ps); echo "[$x]"`:              "[1 init]\n",
		`for i in a b; do echo $i; done`:                   "a\nb\n",
		`f() { echo "f $1"; }; f x && f y`:                 "f x\nf y\n",
		`if ps >/dev/null 2>&1; then echo yes; fi`:         "yes\n",
		`fail 2>/dev/null; echo $?`:                        "3\n",
		`docker exec n1 fail || echo "exit $?"`:            "it failed\nexit 3\n",
		`{ head; cat; } <<< abcd`:                          "abcd\n",
		`echo $HOME$UID$((1+1))`:                           "02\n",
		`yes | head`:                                       "y\n",
		`[ -e /etc/passwd ] || echo "not on this machine"`: "not on this machine\n",
	} {
		out, _, _, err := runScript(t, t.Context(), Shell{}, script)
		if err != nil || out != want {
			t.Errorf("%s\ngot  %q, %v\nwant %q", script, out, err, want)
		}
	}
}

func TestExitCode(t *testing.T) {
	for script, want := range map[string]int{
		"true": 0, "false": 1, "docker exec n1 fail": 3, "exit 9": 9, "docker exec n1 fail | cat": 0,
		"set -o pipefail; fail | cat": 3, "docker exec other ps": 125, `d=docker; $d run x`: 125,
	} {
		out, code, _, err := runScript(t, t.Context(), Shell{}, script)
		if err != nil || code != want {
			t.Errorf("%s: exit %d, %v, want %d: %s", script, code, err, want, out)
		}
	}
}

// What a text does not show is refused when it runs, and nothing is run in its place.
func TestRefusedWhenItRuns(t *testing.T) {
	for script, want := range map[string]string{
		`docker exec other ps`:     onlyNodes,
		`d=docker; $d run x`:       onlyNodes,
		`d=docker; $d exec n1`:     "docker exec: no command for n1",
		`o=-u; docker exec $o n1`:  "podlab's docker exec knows the flags -i, -t and -e, not -u",
		`f=/tmp/x; echo hi > $f`:   noFiles,
		`f=/etc/passwd; cat < $f`:  noFiles,
		`e=eval; $e "docker run"`:  `"eval" is not for a lesson's commands`,
		`s=source; $s /etc/passwd`: `"source" is not for a lesson's commands`,
	} {
		out, code, f, err := runScript(t, t.Context(), Shell{}, script)
		told := out
		if err != nil {
			told += err.Error()
		}
		if !strings.Contains(told, want) || (code == 0 && err == nil) || len(f.ran) > 0 {
			t.Errorf("%s: exit %d, %v, ran %v, said %q, want %q", script, code, err, f.ran, out, want)
		}
	}
}

func TestRunAwaysAreStopped(t *testing.T) {
	for name, test := range map[string]struct {
		script, notice string
		exit           int
	}{
		"endless loop":        {"while true; do :; done", "podlab: stopped after 200ms\n", 124},
		"endless program":     {"sleep 1000", "podlab: stopped after 200ms\n", 124},
		"endless output":      {"yes", "podlab: stopped: too much output\n", 141},
		"endless echo":        {"while true; do echo y; done", "podlab: stopped: too much output\n", 141},
		"endless variable":    {"x=$(yes)", "podlab: stopped: too much output\n", 141},
		"endless and discard": {"yes >/dev/null", "podlab: stopped", -1},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			s := Shell{TimeLimit: 200 * time.Millisecond, OutputLimit: 2000}
			out, code, _, err := runScript(t, t.Context(), s, test.script)
			if err != nil || (code != test.exit && test.exit >= 0) || !strings.Contains(out, test.notice) {
				t.Errorf("exit %d, %v, %q", code, err, out[max(0, len(out)-100):])
			}
			if len(out) > 2100 || time.Since(start) > 5*time.Second {
				t.Errorf("%d bytes in %v", len(out), time.Since(start))
			}
		})
	}
}

func TestCancelStopsAtOnce(t *testing.T) {
	for _, script := range []string{"sleep 1000", "while true; do :; done", "sleep 1000 | cat", "sleep 1000 & wait"} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		start := time.Now()
		_, _, _, err := runScript(t, ctx, Shell{}, script)
		if !errors.Is(err, context.Canceled) || time.Since(start) > 2*time.Second {
			t.Errorf("%s: %v after %v", script, err, time.Since(start))
		}
	}
}

func TestWhatRunsInTheBackgroundEndsWithTheScript(t *testing.T) {
	start := time.Now()
	out, code, _, err := runScript(t, t.Context(), Shell{}, "sleep 1000 &\necho done")
	if out != "done\n" || code != 0 || err != nil || time.Since(start) > 5*time.Second {
		t.Errorf("%q, exit %d, %v after %v", out, code, err, time.Since(start))
	}
}

// A node that is not there is no exit code: the script was not run.
func TestErrorOfTheNodeIsAnError(t *testing.T) {
	for _, script := range []string{"gone", "gone | cat", "x=$(gone)", "ps; gone || echo no"} {
		if _, _, _, err := runScript(t, t.Context(), Shell{}, script); !errors.Is(err, errNodeGone) {
			t.Errorf("%s: %v, want %v", script, err, errNodeGone)
		}
	}
}
