//go:build e2e

package honesty

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/cluster"
)

// TestHonesty tries every kind of check on a real cluster. With HONESTY_N=50 each case is looked at 50 times.
// PODLAB_HONESTY_CLUSTER names a cluster in use instead of one of the test's own, which then keeps its node and API server
// as they are; PODLAB_HONESTY_KINDS names some kinds, with commas between them.
func TestHonesty(t *testing.T) {
	begun := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "honesty: %4.0f s, %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
	n := looks(t)
	suite, err := Read(os.DirFS("."), kindNames())
	if err != nil {
		t.Fatal(err)
	}
	tally := NewTally(suite.choose(os.Getenv("PODLAB_HONESTY_KINDS")))
	say("bringing the cluster up")
	set := newSetting(t)
	say("applying %d objects", len(suite.World))
	set.build(t, suite)
	still, acts, first := suite.trials()
	h := &Harness{Place: set.stage, Limits: Usual(), Tally: tally}
	say("waiting until %d cases hold", len(still))
	h.Settle(t.Context(), still)
	say("looking %d times at each", n)
	h.Repeat(t.Context(), still, n)
	say("doing what %d cases do", len(acts))
	h.Act(t.Context(), acts, n)
	h.Declared(first)
	set.faults(t, h, slices.Concat(still, acts), first, say)
	say("done")
	report := tally.Report(n, legend(set.own)...)
	report.Print(os.Stdout)
	writeJSON(t, report)
	if len(report.Wrong) > 0 {
		t.Errorf("%d wrong verdicts", len(report.Wrong))
	}
}

// looks returns how often each case is looked at.
func looks(t *testing.T) int {
	t.Helper()
	text := os.Getenv("HONESTY_N")
	if text == "" {
		return 5
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("HONESTY_N=%s: want a number, 1 or more", text)
	}
	return n
}

func writeJSON(t *testing.T, report Report) {
	t.Helper()
	path := os.Getenv("HONESTY_JSON")
	if path == "" {
		return
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}

func legend(own bool) []string {
	lines := []string{
		"Each look is at a moment of its own. A case that does something does it once, and is then looked at as often.",
		"Faults told apart: a check that needs what is broken cannot tell, and every other one passes; when it is mended, all pass.",
		"  Docker refuses, Docker is silent: by a proxy in front of it. Not allowed: by accounts that may not exec, or not list.",
		"  The clock jumps: the time that checks see has its time of day moved, but not its monotonic reading.",
		"  The clock was set back between two starts: the youngest container's times, of containerd and of the API, are an hour earlier.",
	}
	if own {
		return append(lines,
			"  The node is too slow: whatever podlab starts there is stopped (SIGSTOP). The node is paused: docker pause.",
			"  The API server is silent: SIGSTOP. The API server is gone: its manifest is moved away.")
	}
	return append(lines, "  On a cluster in use, faults of its node and its API server were not tried.")
}

// choose keeps the named kinds only, all if none is named.
func (s *Suite) choose(names string) []Kind {
	if names != "" {
		wanted := strings.Split(names, ",")
		s.Kinds = slices.DeleteFunc(s.Kinds, func(k Kind) bool { return !slices.Contains(wanted, k.Name) })
	}
	return s.Kinds
}

// trials returns the cases that do nothing, those that do something, and of both the first pass of each kind.
func (s *Suite) trials() (still, acts, first []*Trial) {
	for _, k := range s.Kinds {
		for i, c := range k.Cases {
			trial := NewTrial(c)
			if i == 0 {
				first = append(first, trial)
			}
			if c.Do != "" {
				acts = append(acts, trial)
				continue
			}
			still = append(still, trial)
		}
	}
	return still, acts, first
}

// setting is the cluster that the checks are tried on.
type setting struct {
	stage      *stage
	own        bool // made for this test: its node and its API server may be broken
	proxy      *proxy
	cluster    *cluster.Cluster // behind the proxy
	kubeconfig string
	namespace  string
}

// newSetting brings a cluster up, or takes the one that is named, and stands a proxy between the checks and Docker.
func newSetting(t *testing.T) *setting {
	t.Helper()
	config := cluster.Config{Name: os.Getenv("PODLAB_HONESTY_CLUSTER"), Workers: cluster.AnyWorkers, StateDir: stateDir()}
	s := &setting{own: config.Name == "", namespace: "podlab-honesty"}
	if !s.own {
		s.namespace = fmt.Sprintf("podlab-honesty-%d", time.Now().Unix()) // another test may be using the same cluster
	}
	t.Setenv(hostVariable, os.Getenv("DOCKER_HOST"))
	if s.own {
		config.Name, config.StateDir = fmt.Sprintf("podlab-honesty-%d", os.Getpid()), t.TempDir() // others may try theirs at the same time
		up(t, config)
	}
	s.proxy = newProxy(t)
	t.Setenv("DOCKER_HOST", "unix://"+s.proxy.path)
	s.cluster = cluster.New(config)
	t.Cleanup(func() { _ = s.cluster.Close() })
	s.kubeconfig = s.cluster.Kubeconfig()
	if env := os.Getenv("PODLAB_HONESTY_KUBECONFIG"); env != "" {
		s.kubeconfig = env
	}
	return s
}

// up makes a cluster that ends with the test.
func up(t *testing.T, config cluster.Config) {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "kind.log"))
	if err != nil {
		t.Fatal(err)
	}
	config.Log = log
	c := cluster.New(config)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
		defer cancel()
		if err := c.Down(ctx, func(cluster.Phase) {}); err != nil {
			t.Error(err)
		}
		_ = c.Close()
		_ = log.Close()
	})
	if err := c.Up(t.Context(), []string{"demo:1.0.0"}, func(cluster.Phase) {}); err != nil {
		t.Fatal(err)
	}
}

// build makes the namespace and applies the world.
func (s *setting) build(t *testing.T, suite Suite) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	client := openAPI(t, s.kubeconfig)
	if err := client.EnsureNamespace(ctx, s.namespace); err != nil {
		t.Fatal(err)
	}
	s.stage = newStage(t, s.namespace, s.kubeconfig, s.cluster)
	if !s.own {
		t.Cleanup(func() { s.raze(t) })
	}
	conf := fmt.Sprintf("cp /etc/kubernetes/admin.conf %[1]s; kubectl --kubeconfig %[1]s config set-context --current --namespace %[2]s",
		s.stage.nodeKubeconfig(), s.namespace)
	s.stage.onNode(t, conf)
	if _, err := client.Apply(ctx, s.namespace, suite.World); err != nil {
		t.Fatal(err)
	}
}

// raze removes the namespace from a cluster that stays. A case may have left a finalizer, which would keep it for ever.
func (s *setting) raze(t *testing.T) {
	script := `kubectl delete namespace "$NAMESPACE" --wait=false
	kubectl delete pods --all --wait=false --grace-period=0 --force
	for pod in $(kubectl get pods -o name); do kubectl patch "$pod" -p '{"metadata":{"finalizers":null}}' || true; done
	rm -f "$KUBECONFIG"`
	if err := s.stage.Do(context.Background(), script); err != nil {
		t.Error(err)
	}
}
