//go:build unix

package tui

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/runner"
)

// person sits at a real pseudo-terminal: she reads what is drawn and types.
type person struct {
	t      *testing.T
	master *os.File
	mu     sync.Mutex
	seen   bytes.Buffer
	from   int // what was read before is not looked at again
	gone   chan struct{}
}

// sit starts the program on a terminal of 100x30 and returns who sits there, and where Run's error will arrive.
func sit(ctx context.Context, t *testing.T, s Session) (*person, <-chan error) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 30, Cols: 100}); err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, master: master, gone: make(chan struct{})}
	go p.read()
	result := make(chan error, 1)
	go func() {
		result <- Run(ctx, Options{Session: s, Course: course(), Drafts: &fakeDrafts{}, Dark: true, In: slave, Out: slave, Title: checkNames})
	}()
	t.Cleanup(func() {
		_ = slave.Close()
		_ = master.Close()
		<-p.gone
	})
	return p, result
}

func (p *person) read() {
	defer close(p.gone)
	buffer := make([]byte, 4096)
	for {
		n, err := p.master.Read(buffer)
		p.mu.Lock()
		p.seen.Write(buffer[:n])
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// waitFor waits until the text was drawn since the last key.
func (p *person) waitFor(text string) {
	p.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		p.mu.Lock()
		drawn := ansi.Strip(string(p.seen.Bytes()[p.from:]))
		p.mu.Unlock()
		if strings.Contains(drawn, text) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.t.Fatalf("%q was not drawn:\n%s", text, ansi.Strip(p.seen.String()))
}

func (p *person) press(keys string) {
	p.t.Helper()
	p.mu.Lock()
	p.from = p.seen.Len()
	p.mu.Unlock()
	if _, err := p.master.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// script answers requests the way a cluster that works would.
func script(ctx context.Context, s *fakeSession, output string) func(runner.Request) {
	say := func(events ...runner.Event) {
		for _, e := range events {
			select {
			case s.events <- e:
			case <-ctx.Done():
			}
		}
	}
	pass := checks.Result{Verdict: checks.Pass, Want: "as it should be", Got: "as it should be"}
	return func(r runner.Request) {
		switch r := r.(type) {
		case runner.Open:
			phase := runner.Phase{Name: "create the cluster", Detail: "Starting control-plane"}
			say(runner.PhaseChanged{Phase: phase, At: start()})
			phase.Done = true
			say(runner.PhaseChanged{Phase: phase, At: start().Add(42 * time.Second)}, runner.ClusterUp{At: start()},
				runner.LabOpened{Lab: r.Lab, Checks: []int{3, 1, 0}})
		case runner.Apply:
			say(runner.ApplyStarted(r), runner.ApplyEnded{Step: r.Step, Block: r.Block, Objects: []runner.Applied{{Object: "pod/demoduo", Action: "created"}}})
			for i := range 3 {
				say(runner.CheckUpdated{Step: 0, Check: i, Result: pass, At: start()})
			}
		case runner.RunCommand:
			say(runner.CommandStarted(r), runner.CommandOutput{Step: r.Step, Block: r.Block, Text: output}, runner.CommandEnded{Step: r.Step, Block: r.Block})
			say(runner.CheckUpdated{Step: 1, Check: 0, Result: pass, At: start()})
		case runner.Answer:
			say(runner.Answered{Step: r.Step, Block: r.Block, Answer: r.Text, Result: checks.Result{Verdict: checks.Pass, Got: r.Text, Want: r.Text}})
		}
	}
}

// noLeaks looks for goroutines after everything else was cleaned up. The highlighter's regexp clock ends by itself, later.
func noLeaks(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2.runClock")) })
}

func TestWholeLabOnATerminal(t *testing.T) {
	noLeaks(t)
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("CI", "") // with it set, the library takes no terminal for one
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := newFake()
	s.answer = script(ctx, s, lsns(t))
	p, result := sit(ctx, t, s)

	p.waitFor("begin duo")
	p.press("\r")
	p.waitFor("apply the manifest pod/demoduo")
	p.press("\r")
	p.waitFor("all 3 checks pass: n for the next step")
	p.press("n")
	p.waitFor("run docker exec $NODE lsns")
	p.press("\r")
	p.waitFor("answer the question")
	p.press("\r")
	p.waitFor("enter to answer")
	p.press("3")
	p.waitFor("> 3")
	p.press("\r")
	p.waitFor("the check passes: n for the next step")
	p.press("\r")
	p.waitFor("the lab is done")
	p.press("\r")
	p.waitFor("A tale of two containers is done. Next: Three is a crowd")
	p.press("q")

	if err := <-result; err != nil {
		t.Errorf("Run: %v", err)
	}
	last := s.kept[len(s.kept)-1]
	want := Position{Lab: "duo", Step: "debrief", Done: []string{"create-the-pod", "count-the-processes", "debrief"}}
	if diff := cmp.Diff(want, last); diff != "" {
		t.Errorf("the last position differs (-want +got):\n%s", diff)
	}
	p.drewCleanly()
}

// drewCleanly says whether the terminal was never asked anything, was drawn in colour, and was given back.
func (p *person) drewCleanly() {
	p.t.Helper()
	p.waitFor("") // the reader has taken what was written before Run returned, or soon will
	time.Sleep(50 * time.Millisecond)
	p.mu.Lock()
	defer p.mu.Unlock()
	raw := p.seen.String()
	for _, query := range []string{"\x1b]11;?", "\x1b[6n", "\x1b[c"} {
		if strings.Contains(raw, query) {
			p.t.Errorf("the terminal was asked %q: its answer would be typed into the lab", query)
		}
	}
	if !strings.Contains(raw, "\x1b[38;5;") {
		p.t.Error("nothing was drawn in colour")
	}
	if !strings.Contains(raw, "\x1b[?1049l") {
		p.t.Error("the alternate screen was not left")
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	noLeaks(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, result := sit(ctx, t, newFake())
	p.waitFor("begin duo")
	cancel()
	select {
	case err := <-result:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v, want %v", err, context.Canceled)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Run did not end")
	}
}

func TestEndOfEventsIsSurvived(t *testing.T) {
	noLeaks(t)
	s := newFake()
	p, result := sit(t.Context(), t, s)
	p.waitFor("begin duo")
	p.press("\r")
	p.waitFor("opening the lab")
	close(s.events)
	p.waitFor("podlab has stopped looking at the cluster")
	p.press("\r")
	p.press("q")
	if err := <-result; err != nil {
		t.Errorf("Run: %v", err)
	}
	if len(s.asked) != 2 { // how the cluster stands, and to open the lab, before the end
		t.Errorf("asked for %v", s.asked)
	}
}

// Keys after the end of the events ask for nothing.
func TestNothingIsAskedAfterTheEnd(t *testing.T) {
	x := newTerminal(t, 80, 24)
	x.send(streamEndedMsg{})
	x.keys("enter")
	x.see("podlab has stopped looking at the cluster")
	x.keys("a", "r", "R")
	if len(x.session.asked) != 0 {
		t.Errorf("asked for %v", x.session.asked)
	}
}
