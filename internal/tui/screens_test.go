package tui

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// scene brings a terminal to a screen worth looking at.
type scene struct {
	name string
	play func(x *terminal)
}

func scenes() []scene {
	return []scene{
		{"catalogue", func(x *terminal) { x.event(runner.ClusterSeen{Standing: runner.Absent}) }},
		{"fresh", func(x *terminal) { x.openDuo() }},
		{"coming-up", comingUp},
		{"checks-mixed", checksMixed},
		{"refused", func(x *terminal) {
			x.openDuo()
			x.keys("a")
			x.event(runner.ApplyStarted{Block: applyBlock}, runner.ApplyEnded{Block: applyBlock, Err: fmt.Errorf("apply pod/demoduo: %w", errRefused)})
		}},
		{"ask-before", func(x *terminal) { secondStep(x) }},
		{"ask-writing", func(x *terminal) { secondStep(x); x.keys("tab", "4") }},
		{"ask-wrong", func(x *terminal) { secondStep(x); answered(x, "4", checks.Result{Verdict: checks.NotYet, Got: "4"}) }},
		{"ask-after", func(x *terminal) { secondStep(x); answeredRight(x) }},
		{"output", func(x *terminal) { secondStep(x); commandRan(x); x.keys("end") }},
		{"output-overlay", func(x *terminal) { secondStep(x); commandRan(x); x.keys("o") }},
		{"evidence", func(x *terminal) { checksMixed(x); x.keys("e", "down") }},
		{"wide", func(x *terminal) { secondStep(x); answeredRight(x); x.keys("w", "end") }},
		{"help", func(x *terminal) { x.openDuo(); x.keys("?") }},
		{"lost", func(x *terminal) {
			x.openDuo()
			x.event(runner.ClusterLost{Err: fmt.Errorf("reach the cluster: %w", errRefused), Try: "start Docker: systemctl start docker"})
		}},
		{"hints-and-solution", func(x *terminal) { x.openDuo(); x.keys("h", "h", "s", "y") }},
		{"confirm-reset", func(x *terminal) { x.openDuo(); x.keys("R") }},
		{"done", done},
		{"done-catalogue", func(x *terminal) { done(x); x.keys("enter") }},
	}
}

func comingUp(x *terminal) {
	x.keys("enter")
	phase := func(name, detail string, done bool, at int) {
		x.event(runner.PhaseChanged{Phase: runner.Phase{Name: name, Detail: detail, Done: done}, At: start().Add(time.Duration(at) * time.Second)})
	}
	phase("prepare the node image", "", false, 0)
	phase("prepare the node image", "", true, 3)
	phase("create the cluster", "Starting control-plane", false, 3)
	x.send(tickMsg{start().Add(70 * time.Second)})
}

func checksMixed(x *terminal) {
	x.openDuo()
	x.event(
		runner.ApplyStarted{Block: applyBlock},
		runner.ApplyEnded{Block: applyBlock, Objects: []runner.Applied{{Object: "pod/demoduo", Action: "created"}}},
		runner.CheckUpdated{Check: 0, Result: notReady(), At: start()},
		runner.CheckUpdated{Check: 1, Result: noNode(), At: start()},
		runner.CheckUpdated{Check: 2, Result: shimRows(), Elapsed: 131 * time.Millisecond, At: start()},
	)
}

func secondStep(x *terminal) {
	x.openDuo()
	x.keys("n")
}

func commandRan(x *terminal) {
	x.keys("r")
	x.event(
		runner.CommandStarted{Step: 1, Block: runBlock},
		runner.CommandOutput{Step: 1, Block: runBlock, Text: lsns(x.t)},
		runner.CommandEnded{Step: 1, Block: runBlock, Elapsed: 130 * time.Millisecond},
	)
}

func answered(x *terminal, text string, r checks.Result) {
	x.keys("tab", text, "enter")
	x.event(runner.Answered{Step: 1, Block: askBlock, Answer: text, Result: r})
}

func answeredRight(x *terminal) {
	answered(x, "3", checks.Result{Verdict: checks.Pass, Want: "3", Got: "3"})
}

func done(x *terminal) {
	x.openDuo()
	x.pass(0, 3)
	x.keys("n")
	commandRan(x)
	answeredRight(x)
	x.pass(1, 1)
	x.keys("n")
}

// A course of the size of podlab's own: its labs are a path, longer than the screen.
func longCourse() lesson.Course {
	var c lesson.Course
	for _, row := range []struct {
		id, title, needs string
		minutes, steps   int
	}{
		{"anatomy", "From a manifest to a process", "", 10, 5},
		{"pause", "The container that nobody asked for", "anatomy", 8, 5},
		{"solo", "One container, two processes", "pause", 8, 5},
		{"duo", "A tale of two containers", "solo", 10, 6},
		{"init", "Before the app, and beside it", "duo", 14, 6},
		{"localhost", "One address, two programs", "duo", 10, 5},
		{"shared-volume", "A writer, a web server, one volume", "duo", 10, 6},
		{"trio", "Three containers, predicted", "duo", 12, 4},
		{"process-namespace", "One tree of processes", "trio", 12, 7},
		{"log-reader", "The reader that gave up", "shared-volume", 10, 5},
		{"ipc", "Letters through the kernel", "init", 14, 7},
		{"proxy", "A proxy at the door", "localhost shared-volume", 15, 7},
		{"sidecar", "Sidecar: help that the app does not know of", "shared-volume", 10, 5},
		{"adapter", "Adapter: another shape for the same lines", "sidecar log-reader", 10, 5},
		{"ambassador", "Ambassador: the one who talks to the outside", "proxy", 12, 5},
		{"objects", "Who looks after a pod", "proxy", 12, 6},
		{"capstone", "Five containers, all of them broken", "ipc process-namespace ambassador adapter objects", 15, 4},
	} {
		lab := lesson.Lab{ID: row.id, Title: row.title, Minutes: row.minutes, Needs: strings.Fields(row.needs)}
		for i := range row.steps {
			lab.Steps = append(lab.Steps, lesson.Step{ID: fmt.Sprint(i), Title: "A step"})
		}
		lab.Intro = []lesson.Block{lesson.Prose{Markdown: "What this lab is about, in a paragraph that is long enough to go on in a second line, and in a third where the screen is narrow."}}
		c.Labs = append(c.Labs, lab)
	}
	return c
}

// TestLongCatalogue shows a long course at its beginning, on the way, and at its end.
func TestLongCatalogue(t *testing.T) {
	saved := Saved{Last: "solo", Labs: map[string]Position{
		"anatomy": {Done: []string{"0", "1", "2", "3", "4"}}, "pause": {Done: []string{"0", "1", "2", "3", "4"}}, "duo": {Done: []string{"0"}},
		"shared-volume": {Done: []string{"0", "1", "2", "3", "4", "5"}},
	}}
	for name, keys := range map[string][]string{"begin": nil, "middle": {"down", "down", "down", "down", "down", "down", "down", "down", "down"}, "end": {"end"}} {
		for _, size := range sizes() {
			t.Run(fmt.Sprintf("%s/%dx%d", name, size[0], size[1]), func(t *testing.T) {
				s := newFake()
				s.saved = saved
				x := terminalWith(t, s, longCourse(), size[0], size[1])
				x.keys(keys...)
				fits(t, x.m.View(), size[0], size[1])
				golden.RequireEqual(t, x.m.View())
			})
		}
	}
}

func sizes() [][2]int { return [][2]int{{80, 24}, {120, 40}, {50, 20}} }

func TestScreens(t *testing.T) {
	for _, s := range scenes() {
		for _, size := range sizes() {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				x := newTerminal(t, size[0], size[1])
				s.play(x)
				golden.RequireEqual(t, x.m.View())
			})
		}
	}
}

// TestEveryFrameFits resizes every scene, so that stale parts of another size would show.
func TestEveryFrameFits(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			x := newTerminal(t, 97, 31)
			s.play(x)
			for _, size := range [][2]int{{1, 1}, {39, 9}, {40, 10}, {41, 12}, {50, 20}, {79, 24}, {80, 10}, {80, 24}, {200, 60}} {
				x.send(windowSize(size[0], size[1]))
				fits(t, x.m.View(), size[0], size[1])
			}
		})
	}
}

func fits(t *testing.T, view string, width, height int) {
	t.Helper()
	lines := strings.Split(view, "\n")
	if len(lines) != height {
		t.Errorf("%dx%d: %d lines", width, height, len(lines))
	}
	for i, line := range lines {
		if w := ansi.StringWidth(line); w > width {
			t.Errorf("%dx%d: line %d is %d wide: %q", width, height, i+1, w, line)
		}
	}
}

// What is cut says so, and what helps.
func TestWhatIsTooWideSaysSo(t *testing.T) {
	for _, c := range []struct {
		name  string
		block lesson.Block
		lost  string // what wide view shows at 80 columns
	}{
		{"an output", lesson.Output{Text: "short\n" + strings.Repeat("x", 66) + "END\n"}, "END"},
		{"a diagram", lesson.Mermaid{Source: "graph LR\n  a[" + strings.Repeat("x", 20) + "] --> b[" + strings.Repeat("y", 20) + "END]"}, "END"},
	} {
		t.Run(c.name, func(t *testing.T) {
			lab := duoLab()
			lab.Steps = []lesson.Step{{ID: "look", Title: "Look", Blocks: []lesson.Block{c.block}}}
			open := func(width int) *terminal {
				x := terminalWith(t, newFake(), lesson.Course{Labs: []lesson.Lab{lab}}, width, 24)
				x.keys("enter")
				x.event(runner.ClusterUp{At: start()}, runner.LabOpened{Lab: "duo", Checks: []int{0}})
				return x
			}
			x := open(80)
			x.see("wider than this pane: w shows it whole)")
			x.see("w wide")
			x.keys("w")
			x.see(c.lost)
			x.notSee("wider than")
			x = open(50)
			x.see("wider than this terminal)")
			x = open(120)
			x.see(c.lost)
			x.notSee("wider than")
		})
	}
}

// The catalogue says how the cluster stands as soon as podlab has looked, and does not guess.
func TestTheCatalogueSaysHowTheClusterStands(t *testing.T) {
	for words, seen := range map[string]runner.Standing{
		"cluster unknown": "", "no cluster yet": runner.Absent, "cluster not up": runner.Down, "cluster up": runner.Answers,
	} {
		x := newTerminal(t, 80, 24)
		if seen != "" {
			x.event(runner.ClusterSeen{Standing: seen})
		}
		x.see(words)
		x.see("enter: begin duo")
	}
}

// Once a lab was asked for, what podlab saw at its start is no longer repeated.
func TestALookIsForgottenWhenALabOpens(t *testing.T) {
	x := newTerminal(t, 80, 24)
	x.event(runner.ClusterSeen{Standing: runner.Answers})
	x.see("cluster up")
	comesUp := func() {
		t.Helper()
		x.see("The cluster comes up")
		x.see("cluster coming up")
		x.notSee("cluster up")
	}
	x.keys("enter")
	comesUp()
	x.event(runner.PhaseChanged{Phase: runner.Phase{Name: "look for Docker"}, At: start()})
	comesUp()
	x.event(runner.PhaseChanged{Phase: runner.Phase{Name: "look for Docker", Done: true}, At: start()})
	comesUp()
	x.event(runner.ClusterUp{At: start()})
	comesUp()
	x.event(runner.LabOpened{Lab: "duo", Checks: []int{3, 1, 0}})
	x.see("cluster up")
	x.event(runner.ClusterLost{Err: errRefused})
	x.see("cluster lost")
	x.keys("u")
	x.notSee("cluster up")
	x.event(runner.PhaseChanged{Phase: runner.Phase{Name: "look for Docker"}, At: start()}, runner.RequestFailed{Err: errRefused})
	x.keys("esc")
	x.notSee("cluster up")
}

func TestPodlabLooksOnceOnStart(t *testing.T) {
	x := newTerminal(t, 80, 24)
	x.m.Init()
	x.wasAsked(runner.Look{})
}
