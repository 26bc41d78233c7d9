package tui

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

const duoManifest = `apiVersion: v1
kind: Pod
metadata:
  name: demoduo
spec:
  containers:
  - name: one        # each container runs php
    image: demo:1.0.0
  - name: two
    image: demo:1.0.0
`

const duoDiagram = `graph TD
  shim[containerd-shim-runc-v2] --> pause[pause: 65535]
  shim --> one[php in demox]
  shim --> two[php in demoy]
  classDef box fill:#fff
  class shim box`

// blocks of the first and second step of the lab duo, by what they are.
const (
	applyBlock = 1
	runBlock   = 1
	askBlock   = 2
)

func spec(id string) lesson.CheckSpec { return lesson.CheckSpec{ID: id, Kind: id} }

func duoLab() lesson.Lab {
	pod := &unstructured.Unstructured{Object: map[string]any{"kind": "Pod", "metadata": map[string]any{"name": "demoduo"}}}
	return lesson.Lab{
		ID: "duo", Title: "A tale of two containers", Minutes: 10, Needs: []string{"solo"},
		Intro: []lesson.Block{lesson.Prose{Markdown: "Two containers, one pod: what do they **share**, and what does each keep for itself?"}},
		Steps: []lesson.Step{
			{ID: "create-the-pod", Title: "Create the pod", Blocks: []lesson.Block{
				lesson.Prose{Markdown: "A pod may hold more than one container. Both of these run the same image, so any difference comes from the pod."},
				lesson.Apply{Source: duoManifest, Objects: []*unstructured.Unstructured{pod}},
				lesson.Hint{Markdown: "The image is on the node already."},
				lesson.Hint{Markdown: "`kubectl describe pod demoduo` says what the kubelet waits for."},
				lesson.Check{Specs: []lesson.CheckSpec{spec("ready"), spec("namespaces"), spec("same-parent")}},
				lesson.Solution{Source: duoManifest, Objects: []*unstructured.Unstructured{pod}},
			}},
			{ID: "count-the-processes", Title: "Count the processes in each namespace", Blocks: []lesson.Block{
				lesson.Prose{Markdown: "`lsns` lists the namespaces of the node, and how many processes live in each."},
				lesson.Run{Script: "docker exec $NODE lsns"},
				lesson.Ask{Prompt: "How many processes does lsns count in the pod's net namespace?", Answer: spec("nprocs"), Explain: "Two php processes and their `pause`."},
				lesson.Output{Text: "4026532185 net 3 17631 65535 /pause\n"},
				lesson.Mermaid{Source: duoDiagram, Alt: "One containerd-shim is the parent of pause and of both php processes."},
				lesson.Check{Specs: []lesson.CheckSpec{spec("nprocs")}},
			}},
			{ID: "debrief", Title: "What was learned", Blocks: []lesson.Block{
				lesson.Prose{Markdown: "The containers of a pod share *net*, *uts* and *ipc*; each has its own *mnt* and *pid*."},
			}},
		},
	}
}

func course() lesson.Course {
	solo := lesson.Lab{ID: "solo", Title: "One container", Minutes: 8, Steps: []lesson.Step{{ID: "a", Title: "A"}, {ID: "b", Title: "B"}}}
	trio := lesson.Lab{ID: "trio", Title: "Three is a crowd", Minutes: 12, Needs: []string{"duo"}, Steps: []lesson.Step{{ID: "a", Title: "A"}}}
	return lesson.Course{Labs: []lesson.Lab{solo, duoLab(), trio}}
}

func checkNames(s lesson.CheckSpec) string {
	return map[string]string{
		"ready":       "demoduo: 2/2 containers ready",
		"namespaces":  "demoduo: net, uts and ipc are shared, mnt and pid are private",
		"same-parent": "demoduo: one containerd-shim-runc-v2 is the parent of all",
		"mount":       "mended: a mount at app:/site",
		"nprocs":      "demoduo: 3 processes in net, uts and ipc",
	}[s.ID]
}

// fakeSession writes down what it is asked and says what a test tells it to say.
type fakeSession struct {
	events chan runner.Event
	saved  Saved
	mu     sync.Mutex
	asked  []runner.Request
	kept   []Position
	forgot []string
	drafts *fakeDrafts
	answer func(runner.Request)
}

func (s *fakeSession) Events() <-chan runner.Event { return s.events }
func (s *fakeSession) Saved() Saved                { return s.saved }

func (s *fakeSession) Do(r runner.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r)
	s.mu.Unlock()
	if s.answer != nil {
		go s.answer(r)
	}
}

func (s *fakeSession) Forget(lab string) { s.forgot = append(s.forgot, lab) }

func (s *fakeSession) Save(p Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, p)
}

func newFake() *fakeSession {
	return &fakeSession{
		events: make(chan runner.Event),
		drafts: &fakeDrafts{editor: "nano"},
		saved:  Saved{Last: "duo", Labs: map[string]Position{"solo": {Step: "b", Done: []string{"a", "b"}}}},
	}
}

// terminal drives a model by hand: keys and events in, screens out.
type terminal struct {
	t       *testing.T
	m       *model
	session *fakeSession
	quit    bool
}

func newTerminal(t *testing.T, width, height int) *terminal {
	t.Helper()
	return terminalOn(t, newFake(), width, height)
}

func terminalOn(t *testing.T, s *fakeSession, width, height int) *terminal {
	t.Helper()
	return terminalWith(t, s, course(), width, height)
}

func terminalWith(t *testing.T, s *fakeSession, c lesson.Course, width, height int) *terminal {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := newModel(ctx, Options{Session: s, Course: c, Drafts: s.drafts, NoColor: true, Out: io.Discard, Title: checkNames})
	m.exec = func(_ tea.ExecCommand, ended tea.ExecCallback) tea.Cmd {
		return func() tea.Msg { return ended(s.drafts.edit()) }
	}
	m.clock = func() tea.Cmd { return nil }
	x := &terminal{t: t, m: m, session: s}
	x.send(tea.WindowSizeMsg{Width: width, Height: height})
	return x
}

// send gives the model a message and runs the commands that it returns. The clock stands still, and reading ends at once.
func (x *terminal) send(msg tea.Msg) {
	_, cmd := x.m.Update(msg)
	x.do(cmd)
}

func (x *terminal) do(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case tea.BatchMsg:
		for _, c := range msg {
			x.do(c)
		}
	case tea.QuitMsg:
		x.quit = true
	case pageRenderedMsg, draftBegunMsg, editorEndedMsg, draftReadMsg, putAsideMsg:
		x.send(msg)
	}
}

func (x *terminal) event(events ...runner.Event) {
	for _, e := range events {
		x.send(eventMsg{e})
	}
}

func (x *terminal) keys(names ...string) {
	for _, name := range names {
		x.send(keyMsg(name))
	}
}

func keyMsg(name string) tea.KeyMsg {
	named := map[string]tea.KeyType{
		"enter": tea.KeyEnter, "esc": tea.KeyEsc, "tab": tea.KeyTab, "up": tea.KeyUp, "down": tea.KeyDown,
		"left": tea.KeyLeft, "right": tea.KeyRight, "pgdown": tea.KeyPgDown, "ctrl+c": tea.KeyCtrlC, "space": tea.KeySpace,
		"end": tea.KeyEnd, "home": tea.KeyHome,
	}
	if k, ok := named[name]; ok {
		return tea.KeyMsg{Type: k}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}

func (x *terminal) see(want string) {
	x.t.Helper()
	if !strings.Contains(x.m.View(), want) {
		x.t.Errorf("the screen does not show %q:\n%s", want, x.m.View())
	}
}

func (x *terminal) notSee(unwanted string) {
	x.t.Helper()
	if strings.Contains(x.m.View(), unwanted) {
		x.t.Errorf("the screen shows %q:\n%s", unwanted, x.m.View())
	}
}

// wasAsked compares the last request.
func (x *terminal) wasAsked(want runner.Request) {
	x.t.Helper()
	if len(x.session.asked) == 0 {
		x.t.Fatalf("nothing was asked for, want %#v", want)
	}
	if diff := cmp.Diff(want, x.session.asked[len(x.session.asked)-1]); diff != "" {
		x.t.Errorf("the last request differs (-want +got):\n%s", diff)
	}
}

func start() time.Time { return time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) }

// openDuo opens the lab on a cluster that is up.
func (x *terminal) openDuo() {
	x.keys("enter")
	x.event(runner.ClusterUp{At: start()}, runner.LabOpened{Lab: "duo", Checks: []int{3, 1, 0}})
}

func (x *terminal) pass(step int, n int) {
	for i := range n {
		x.event(runner.CheckUpdated{Step: step, Check: i, Result: checks.Result{Verdict: checks.Pass, Want: "w", Got: "w"}, At: start()})
	}
}

func notReady() checks.Result {
	return checks.Result{
		Verdict: checks.NotYet, Want: "2/2 containers ready", Got: "1/2 containers ready",
		Why: `container "two" waits: ImagePullBackOff: Back-off pulling image "demo:1.0.1"`,
	}
}

func noNode() checks.Result {
	return checks.Result{
		Verdict: checks.CannotTell, Want: "net, uts and ipc shared", Why: "the node does not answer: context deadline exceeded",
		Try: "podlab status",
	}
}

func shimRows() checks.Result {
	return checks.Result{
		Verdict: checks.Pass, Want: "one parent", Got: "containerd-shim-runc-v2 (17607) is the parent of 3 processes",
		Evidence: checks.Evidence{
			Command: "ps -eo pid,ppid,args",
			Rows:    []string{"  PID  PPID COMMAND", "17631 17607 /pause", "17680 17607 php -S 0.0.0.0:8080", "17702 17607 php -S 0.0.0.0:8081"},
			Notes:   []string{"1 process that kubectl exec put into the pod was left out"},
		},
	}
}

func lsns(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("testdata/lsns-node.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var errRefused = errors.New("dial tcp 127.0.0.1:43121: connect: connection refused")

func windowSize(width, height int) tea.Msg { return tea.WindowSizeMsg{Width: width, Height: height} }
