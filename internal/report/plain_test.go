package report

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/exp/golden"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/runner"
)

// step is an event and how long it took to come.
type step struct {
	after time.Duration
	event runner.Event // nil: only time passes, second by second
}

func phase1(name, detail string, done bool, err error) runner.Event {
	return runner.PhaseChanged{Phase: runner.Phase{Name: name, Detail: detail, Done: done, Err: err}}
}

func claim(id, kind string, v checks.Verdict, want, got, why, try string) runner.Event {
	return runner.ClaimDecided{Claim: runner.CheckOutcome{
		ID: id, Kind: kind, Verdict: v, Want: want, Got: got, Why: why, Try: try, Seconds: 1.234,
	}}
}

// printed plays the steps on a clock of its own and returns what was printed.
func printed(steps []step) []byte {
	var out bytes.Buffer
	clock := time.Unix(0, 0)
	p := &plain{w: &out, now: func() time.Time { return clock }}
	for _, s := range steps {
		for range int(s.after / time.Second) {
			clock = clock.Add(time.Second)
			p.stillRunning()
		}
		clock = clock.Add(s.after % time.Second)
		if s.event != nil {
			p.event(s.event)
		}
	}
	return out.Bytes()
}

func TestPlainVerify(t *testing.T) {
	golden.RequireEqual(t, printed([]step{
		{0, phase1("look for Docker", "", false, nil)},
		{200 * time.Millisecond, phase1("look for Docker", "", true, nil)},
		{0, phase1("create the cluster", "", false, nil)},
		{time.Second, phase1("create the cluster", "Preparing nodes", false, nil)},
		{0, phase1("put the images on the node", "demo:1.0.0", false, nil)},
		{9 * time.Second, phase1("create the cluster", "", true, nil)}, // the phases overlap
		{5 * time.Second, phase1("put the images on the node", "", true, nil)},
		{0, runner.ClusterUp{}},
		{0, runner.LabStarted{Lab: "duo", Title: "A tale of two containers"}},
		{0, runner.StepStarted{Lab: "duo", Step: "create-the-pod", Title: "Create the pod"}},
		{time.Second, claim("apply", "apply", checks.Pass, "accepted", "pod/demoduo created", "", "")},
		{0, runner.ClaimWaiting{ID: "ready", Result: checks.Result{Verdict: checks.NotYet, Got: "0/2 containers ready"}}},
		{6 * time.Second, claim("ready", "ready", checks.Pass, "2/2", "2/2 containers ready", "", "")},
		{0, claim("nprocs", "nprocs", checks.NotYet, "pid 1", "pid 3 (one namespace)\nmore", "the pod has shareProcessNamespace: true", "")},
		{0, claim("pid1", "pid1", checks.CannotTell, "php", "", "docker does not answer", "start Docker")},
		{0, runner.LabEnded{}},
		{20 * time.Second, nil}, // nothing runs: nothing is printed
	}))
}

func TestPlainNoCluster(t *testing.T) {
	err := errors.New("docker does not answer")
	golden.RequireEqual(t, printed([]step{
		{0, phase1("look for Docker", "", false, nil)},
		{0, phase1("look for Docker", "", true, err)},
		{0, runner.ClusterLost{Err: err, Try: "start Docker"}},
	}))
}

func TestPlainEndsWithTheEvents(t *testing.T) {
	events := make(chan runner.Event)
	go func() {
		events <- runner.LabStarted{Lab: "solo", Title: "One"}
		close(events)
	}()
	var out bytes.Buffer
	Plain(&out, events)
	if got, want := out.String(), "\nsolo  One\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestPlainTakesTerminalCommandsOut(t *testing.T) {
	out := printed([]step{{0, runner.LabStarted{Lab: "duo", Title: "\x1b[2J\x07Two\ttabs\u202e"}}})
	if got, want := string(out), "\nduo  [2JTwo tabs\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestSummary(t *testing.T) {
	three := []runner.CheckOutcome{{Verdict: checks.Pass}, {Verdict: checks.NotYet}, {Verdict: checks.CannotTell}}
	var out bytes.Buffer
	Summary(&out, runner.Outcome{Labs: []runner.LabOutcome{{Steps: []runner.StepOutcome{{Checks: three}}}}, Verdict: checks.NotYet, Seconds: 75})
	if got, want := out.String(), "\n· not yet: 1 lab, 1 check passes, 1 not yet, 1 cannot tell, in 1m15s\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestEveryMismatchIsListed(t *testing.T) {
	var out strings.Builder
	events := make(chan runner.Event, 1)
	events <- runner.ClaimDecided{Claim: runner.CheckOutcome{
		ID: "nprocs", Verdict: checks.NotYet, Want: "net 3, pid 1", Got: "net 2 (demox, pause), pid 3 (demox)",
		Mismatches: []checks.Mismatch{{Of: "net", Want: "3", Got: "2"}, {Of: "pid", Want: "1", Got: "3"}},
	}}
	close(events)
	Plain(&out, events)
	for _, line := range []string{"· net: want 3, got 2\n", "· pid: want 1, got 3\n"} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in:\n%s", line, out.String())
		}
	}
}
