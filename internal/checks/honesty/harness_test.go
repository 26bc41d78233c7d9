package honesty

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// told is a check that comes to what the test says, look by look.
type told struct {
	looks  atomic.Int64
	answer func(look int) checks.Result
}

func (c *told) Kind() string  { return "told" }
func (c *told) Title() string { return "told" }
func (c *told) Eval(context.Context, checks.Cluster) checks.Result {
	return c.answer(int(c.looks.Add(1)))
}

func always(v checks.Verdict) *told {
	return &told{answer: func(int) checks.Result { return checks.Result{Verdict: v, Want: "one", Got: "two"} }}
}

// room is a place in memory.
type room struct{ done []string }

func (r *room) Moment() func(*checks.Memory) checks.Cluster {
	return func(*checks.Memory) checks.Cluster { return &checkstest.Cluster{} }
}
func (r *room) Changed() <-chan struct{} { return nil }
func (r *room) Do(_ context.Context, script string) error {
	r.done = append(r.done, script)
	if script == "fail" {
		return errors.New("exit 1")
	}
	return nil
}

func harness(r *room) *Harness {
	return &Harness{
		Place: r, Tally: NewTally(nil),
		Limits: Limits{
			Look: 50 * time.Millisecond, Settle: 100 * time.Millisecond, Begin: 100 * time.Millisecond,
			Notice: 100 * time.Millisecond, Pause: time.Millisecond,
		},
	}
}

func pass(check checks.Check) Case {
	return Case{Kind: "told", Name: "passes 1", Want: checks.Pass, Check: check}
}

func miss(check checks.Check, says string) Case {
	return Case{Kind: "told", Name: "near-misses 1", Want: checks.NotYet, Says: says, Check: check}
}

// A harness that finds nothing wrong with a check that lies would prove nothing.
func TestALyingCheckIsFound(t *testing.T) {
	for _, tc := range []struct {
		name  string
		given Case
		when  string
		got   string
	}{
		{"it passes what is broken", miss(always(checks.Pass), "two"), "settle", "pass"},
		{"it rejects what is right", pass(always(checks.NotYet)), "settle", "not-yet"},
		{"it cannot tell, though there is all to see", pass(always(checks.CannotTell)), "settle", "cannot-tell"},
		{"it rejects for a reason that is not the one", miss(always(checks.NotYet), "three"), "settle", "not-yet"},
		{"it has no verdict", pass(always("")), "settle", "no verdict"},
		{"it panics", pass(&told{answer: func(int) checks.Result { panic("ouch") }}), "settle", "panic: ouch"},
		{"it hangs", pass(&told{answer: func(int) checks.Result { time.Sleep(time.Second); return checks.Result{} }}), "settle", "hung"},
		{"it lies at every tenth look", pass(&told{answer: func(look int) checks.Result {
			if look%10 == 0 {
				return checks.Result{Verdict: checks.NotYet, Got: "tired"}
			}
			return checks.Result{Verdict: checks.Pass}
		}}), "look", "not-yet (got tired)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, trial := harness(&room{}), NewTrial(tc.given)
			h.Settle(t.Context(), []*Trial{trial})
			h.Repeat(t.Context(), []*Trial{trial}, 50)
			report := h.Tally.Report(50)
			if len(report.Wrong) != 1 || report.Wrong[0].When != tc.when || !strings.Contains(report.Wrong[0].Got, tc.got) {
				t.Fatalf("%+v", report.Wrong)
			}
			if row := report.Rows[0]; tc.when == "look" && (row.Looks != 50 || row.Differing != 5 || report.Wrong[0].Times != 5) {
				t.Errorf("%+v", report)
			}
			var text bytes.Buffer
			report.Print(&text)
			if !strings.Contains(text.String(), "WRONG told, "+tc.given.Name) || !strings.Contains(text.String(), "wrong verdicts: 1") {
				t.Error(text.String())
			}
		})
	}
}

func TestAnHonestCheckIsNotBlamed(t *testing.T) {
	slow := &told{answer: func(look int) checks.Result {
		if look < 5 {
			return checks.Result{Verdict: checks.NotYet}
		}
		return checks.Result{Verdict: checks.Pass}
	}}
	other := pass(slow)
	other.Other = true
	trials := []*Trial{NewTrial(other), NewTrial(miss(always(checks.NotYet), "two"))}
	h := harness(&room{})
	h.Settle(t.Context(), trials)
	h.Repeat(t.Context(), trials, 20)
	report := h.Tally.Report(20)
	want := Row{Kind: "told", NearMisses: Score{1, 1}, Others: Score{1, 1}, Looks: 40}
	if len(report.Wrong) > 0 || report.Rows[0] != want {
		t.Errorf("%+v", report)
	}
}

func TestFaultsAreToldApart(t *testing.T) {
	lying := fmt.Sprintf("%s (want one; got two)", checks.NotYet)
	for _, tc := range []struct {
		name   string
		check  *told
		blinds bool
		good   bool
		got    string
	}{
		{"it says that it cannot tell", always(checks.CannotTell), true, true, ""},
		{"it sees what the fault leaves", always(checks.Pass), false, true, ""},
		{"it blames the learner", always(checks.NotYet), true, false, lying},
		{"it blames the learner for what it can see", always(checks.NotYet), false, false, lying},
		{"it believes what it saw before", always(checks.Pass), true, false, "pass"},
		{"it gives up though it could see", always(checks.CannotTell), false, false, "cannot-tell"},
		{"it notices after a while", &told{answer: func(look int) checks.Result {
			if look < 4 {
				return checks.Result{Verdict: checks.Pass}
			}
			return checks.Result{Verdict: checks.CannotTell}
		}}, true, true, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := harness(&room{})
			h.Fault(t.Context(), "flood", []*Trial{NewTrial(pass(tc.check))}, 1, func(*Trial) bool { return tc.blinds })
			report := h.Tally.Report(0)
			if good := report.Rows[0].Faults == (Score{1, 1}); good != tc.good || good != (len(report.Wrong) == 0) {
				t.Fatalf("%+v", report)
			}
			if !tc.good && (report.Wrong[0].When != "fault: flood" || !strings.Contains(report.Wrong[0].Got, tc.got)) {
				t.Errorf("%+v", report.Wrong)
			}
		})
	}
}

func TestACheckThatDoesNotRecoverIsFound(t *testing.T) {
	h := harness(&room{})
	h.Recover(t.Context(), "flood", []*Trial{NewTrial(pass(always(checks.Pass))), NewTrial(pass(always(checks.CannotTell)))})
	if r := h.Tally.Report(0); len(r.Wrong) != 1 || r.Wrong[0].When != `after fault "flood"` {
		t.Errorf("%+v", r.Wrong)
	}
}

// begun is a check that passes once something was done after it had begun.
type begun struct {
	told
	room *room
	seen []int // how many things were done when it began
}

func (b *begun) Begin(context.Context, checks.Cluster) bool {
	b.seen = append(b.seen, len(b.room.done))
	return len(b.seen) == 2
}

func TestACaseBeginsBeforeItDoes(t *testing.T) {
	r := &room{}
	check := &begun{room: r, told: told{answer: func(int) checks.Result {
		if len(r.done) == 1 {
			return checks.Result{Verdict: checks.Pass}
		}
		return checks.Result{Verdict: checks.NotYet}
	}}}
	c := pass(check)
	c.Do = "kill it"
	h := harness(r)
	h.Act(t.Context(), []*Trial{NewTrial(c)}, 3)
	report := h.Tally.Report(3)
	if len(report.Wrong) > 0 || report.Rows[0].Looks != 3 || fmt.Sprint(r.done, check.seen) != "[kill it] [0 0]" {
		t.Errorf("%+v, done %q, begun after %v", report, r.done, check.seen)
	}
}

func TestAScriptThatFailsIsNamed(t *testing.T) {
	c := pass(always(checks.Pass))
	c.Do = "fail"
	h := harness(&room{})
	h.Act(t.Context(), []*Trial{NewTrial(c)}, 3)
	if r := h.Tally.Report(3); len(r.Wrong) != 1 || r.Wrong[0].When != "do" || r.Wrong[0].Got != "exit 1" || r.Rows[0].Plain != (Score{0, 1}) {
		t.Errorf("%+v", r)
	}
}

func TestAnOddThingMustNotTurnAVerdictRound(t *testing.T) {
	for _, tc := range []struct {
		verdict     checks.Verdict
		doubt, good bool
	}{
		{checks.Pass, false, true},
		{checks.CannotTell, false, false},
		{checks.CannotTell, true, true},
		{checks.NotYet, true, false},
	} {
		h := harness(&room{})
		h.Odd(t.Context(), "jump", []*Trial{NewTrial(pass(always(tc.verdict)))}, tc.doubt)
		if r := h.Tally.Report(0); (len(r.Wrong) == 0) != tc.good || (r.Rows[0].Faults == Score{1, 1}) != tc.good {
			t.Errorf("%+v: %+v", tc, r)
		}
	}
}
