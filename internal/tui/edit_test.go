package tui

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/golden"
	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

const (
	misplaced = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: mended\nspec:\n  containers:\n  - name: app\n    image: demo:1.0.0\n  volumeMounts:\n  - {name: site, mountPath: /site}\n"
	mended    = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: mended\nspec:\n  containers:\n  - name: app\n    image: demo:1.0.0\n    volumeMounts:\n    - {name: site, mountPath: /site}\n"
)

// block of the edit block in the lab mend.
const editBlock = 1

// fakeDrafts keeps one file in memory; the learner's editor writes into it what a test says.
type fakeDrafts struct {
	editor  string
	missed  string
	file    string
	types   []string // what the editor leaves in the file, each time it is opened
	failing error    // of the editor
	calls   []string
}

func (d *fakeDrafts) Path(lab, step string) string {
	return "~/.local/state/podlab/work/" + lab + "/" + step + ".yaml"
}
func (d *fakeDrafts) Command(lab, _ string) string     { return "podlab apply " + lab }
func (d *fakeDrafts) Editor() string                   { return d.editor }
func (d *fakeDrafts) EditorMissed() string             { return d.missed }
func (d *fakeDrafts) Edit(_, _ string) tea.ExecCommand { return nil }
func (d *fakeDrafts) Begin(_, _, start string) error {
	d.calls = append(d.calls, "begin")
	if d.file == "" {
		d.file = start
	}
	return nil
}

func (d *fakeDrafts) Read(_, _ string) ([]byte, error) {
	d.calls = append(d.calls, "read")
	if d.file == "" {
		return nil, fmt.Errorf("read your manifest: %w", fs.ErrNotExist)
	}
	return []byte(d.file), nil
}

func (d *fakeDrafts) PutAside(lab string, starts map[string]string) ([]string, error) {
	d.calls = append(d.calls, fmt.Sprintf("put %d aside", len(starts)))
	if d.file == "" {
		return nil, nil
	}
	d.file = ""
	return []string{"~/.local/state/podlab/work/" + lab + "/kept-2026-11-21T084500/mend-it.yaml"}, nil
}

func (d *fakeDrafts) edit() error {
	d.calls = append(d.calls, "edit")
	if len(d.types) > 0 {
		d.file, d.types = d.types[0], d.types[1:]
	}
	return d.failing
}

func mendLab() lesson.Course {
	objects, _ := lesson.ParseManifest("", []byte(mended))
	return lesson.Course{Labs: []lesson.Lab{{
		ID: "mend", Title: "Mend a manifest", Minutes: 5,
		Steps: []lesson.Step{
			{ID: "mend-it", Title: "Mend it", Blocks: []lesson.Block{
				lesson.Prose{Markdown: "The API server refuses this one. Where do its mounts belong?"},
				lesson.Edit{Source: misplaced},
				lesson.Check{Specs: []lesson.CheckSpec{spec("ready"), spec("mount")}},
				lesson.Solution{Source: mended, Objects: objects},
			}},
			{ID: "debrief", Title: "What was learned", Blocks: []lesson.Block{lesson.Prose{Markdown: "Mounts belong into a container."}}},
		},
	}}}
}

// mend opens the lab mend on a cluster that is up.
func mend(t *testing.T, width, height int) *terminal {
	t.Helper()
	x := terminalWith(t, newFake(), mendLab(), width, height)
	x.keys("enter")
	x.event(runner.ClusterUp{At: start()}, runner.LabOpened{Lab: "mend", Checks: []int{2, 0}})
	return x
}

// own is the request that applies a text of the learner's.
func own(t *testing.T, text string) runner.ApplyOwn {
	t.Helper()
	objects, err := lesson.ParseManifest("", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return runner.ApplyOwn{Step: 0, Block: editBlock, Objects: objects}
}

func (x *terminal) applied(names ...string) {
	var objects []runner.Applied
	for _, name := range names {
		objects = append(objects, runner.Applied{Object: name, Action: "created"})
	}
	x.event(runner.ApplyStarted{Block: editBlock}, runner.ApplyEnded{Block: editBlock, Objects: objects, At: start()})
}

func TestTheLearnerMendsAManifest(t *testing.T) {
	x := mend(t, 100, 40)
	d := x.session.drafts
	d.types = []string{misplaced + "# mine\n", mended}
	x.see("enter: edit your manifest with nano")
	x.keys("enter")
	x.see(`mend-it.yaml:9:3: Pod "mended": unknown field "spec.volumeMounts" (did`)
	x.see(`you mean "spec.containers[].volumeMounts"?)`)
	x.see("enter: mend your manifest with nano")
	if len(x.session.asked) != 1 {
		t.Fatalf("a wrong manifest was applied: %v", x.session.asked)
	}
	x.keys("enter")
	x.wasAsked(own(t, mended))
	x.applied("pod/mended")
	x.see("✓ applied: pod/mended created")
	x.notSee("not applied")
	x.see("… waiting for the checks: 0 of 2 pass")
	x.pass(0, 2)
	x.see("all 2 checks pass: n for the next step")
	if diff := cmp.Diff([]string{"begin", "read", "edit", "read", "begin", "read", "edit", "read"}, d.calls); diff != "" {
		t.Error(diff)
	}
}

// A right manifest needs a moment: as long as its checks may pass by themselves, nobody is sent back to her editor.
func TestAManifestIsGivenTimeToSettle(t *testing.T) {
	const (
		waits = "… waiting for the checks: 0 of 2 pass"
		again = "enter: 0 of 2 checks pass; edit your manifest again with nano"
	)
	slow := runner.CheckUpdated{Check: 1, Result: checks.Result{Verdict: checks.NotYet, Again: time.Second}, At: start()}
	for _, c := range []struct {
		name   string
		events []runner.Event
		after  time.Duration
		want   string
	}{
		{"at once", nil, 0, waits},
		{"soon", nil, 9 * time.Second, waits},
		{"later", nil, 10 * time.Second, again},
		{"a claim about time", []runner.Event{slow}, 29 * time.Second, waits},
		{"a claim about time that does not come true", []runner.Event{slow}, 30 * time.Second, again},
		{"refused", []runner.Event{runner.ApplyEnded{Block: editBlock, Err: errRefused, At: start()}}, 0, "enter: edit your manifest again with nano"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := mend(t, 100, 40)
			x.session.drafts.types = []string{mended}
			x.keys("enter")
			x.event(runner.ApplyStarted{Block: editBlock}, runner.ApplyEnded{Block: editBlock, At: start()})
			x.event(c.events...)
			x.send(tickMsg{start().Add(c.after)})
			x.see(c.want)
			if ticks := x.m.ticking; ticks != (c.want == waits) {
				t.Errorf("the clock goes: %v", ticks)
			}
			x.see("E edit")
		})
	}
}

// What she knows to be wrong with a later text is not waited for.
func TestALaterMistakeIsNotWaitedFor(t *testing.T) {
	x := mend(t, 100, 40)
	x.session.drafts.types = []string{mended, misplaced}
	x.keys("enter")
	x.event(runner.ApplyStarted{Block: editBlock}, runner.ApplyEnded{Block: editBlock, At: start()})
	x.keys("E")
	x.see("enter: 0 of 2 checks pass; mend your manifest with nano")
}

func TestTheFileIsAppliedAsItIs(t *testing.T) {
	x := mend(t, 100, 40)
	x.session.drafts.file = mended // written in another terminal
	x.see("a apply your file")
	x.keys("a")
	x.wasAsked(own(t, mended))
	if slices.Contains(x.session.drafts.calls, "edit") {
		t.Error("the editor was opened")
	}
}

func TestWithoutAnEditorTheFileIsNamed(t *testing.T) {
	x := mend(t, 100, 40)
	x.m.lab.editor, x.session.drafts.editor = "", ""
	x.keys("w")
	x.see("enter: write the manifest above into your file")
	x.keys("enter")
	x.see("there is no editor here: edit your file elsewhere, then a applies it")
	x.notSee("e: what they see")
	x.see("~/.local/state/podlab/work/mend/mend-it.yaml")
	x.see("podlab apply mend")
	x.keys("enter", "a")
	x.see("not applied: 1 mistake in your file")
	x.keys("enter")
	x.see("not applied: 1 mistake in your file")
	x.session.drafts.file = mended
	x.keys("a")
	x.wasAsked(own(t, mended))
}

func TestAnEditorThatFailsAppliesNothing(t *testing.T) {
	x := mend(t, 100, 40)
	x.session.drafts.types, x.session.drafts.failing = []string{mended}, errors.New("exit status 1")
	x.keys("E")
	x.see("the editor nano did not end well: exit status 1")
	if len(x.session.asked) != 1 {
		t.Errorf("asked for %v", x.session.asked)
	}
}

// The learner's own file stays within reach of "a" when the solution is on screen; the solution has a key of its own.
func TestTheShownSolutionHasAKeyOfItsOwn(t *testing.T) {
	x := mend(t, 120, 40)
	x.keys("S")
	if len(x.session.asked) != 1 {
		t.Errorf("a solution that is not shown was applied: %v", x.session.asked)
	}
	x.keys("s", "y")
	x.see("a apply your file")
	x.see("S apply the solution")
	x.keys("S")
	x.wasAsked(runner.Apply{Step: 0, Block: 3})
	x.event(runner.ApplyStarted{Block: 3}, runner.ApplyEnded{Block: 3, Objects: []runner.Applied{{Object: "pod/mended", Action: "created"}}})
	x.session.drafts.file = mended
	x.keys("a")
	x.wasAsked(own(t, mended))
}

// An editor with a window of its own comes back at once, before anything was written.
func TestAFileThatDidNotChangeIsNotApplied(t *testing.T) {
	x := mend(t, 100, 40)
	x.session.drafts.file = mended
	x.keys("enter")
	x.see("Your file did not change: nothing was applied. a applies it.")
	x.see("! not applied: your file is as it was before nano ran. If nano still has")
	if len(x.session.asked) != 1 {
		t.Fatalf("asked for %v", x.session.asked)
	}
	x.keys("a")
	x.wasAsked(own(t, mended))
	x.notSee("as it was before")
}

func TestWhatIsKnownToBeWrongStaysWithAFileThatDidNotChange(t *testing.T) {
	x := mend(t, 100, 40)
	x.session.drafts.types = []string{misplaced + "# mine\n"}
	x.keys("enter", "enter")
	x.see("as it was before nano ran")
	x.see("not applied: 1 mistake in your file")
}

// refused lets the API server refuse what the learner wrote.
func (x *terminal) refused() {
	x.event(runner.ApplyStarted{Block: editBlock}, runner.ApplyEnded{Block: editBlock, Err: errRefused, At: start()})
}

// Of all that was ever wrong with the file, the newest alone is shown.
func TestOnlyTheNewestWordOnTheFileIsShown(t *testing.T) {
	const refused, mistaken = "connection refused", "1 mistake in your file"
	x := mend(t, 100, 40)
	x.session.drafts.types = []string{mended + "# one\n", misplaced, mended + "# two\n"}
	x.keys("E")
	x.refused()
	x.see(refused)
	x.keys("E")
	x.see(mistaken)
	x.notSee(refused)
	x.keys("E")
	x.refused()
	x.see(refused)
	x.notSee(mistaken)
	x.keys("E") // she changes nothing
	x.see("as it was before nano ran")
	x.see(refused)
	x.session.drafts.types = []string{mended + "# three\n"}
	x.session.drafts.failing = errors.New("exit status 1")
	x.keys("E")
	x.see("the editor nano did not end well")
	x.notSee(refused)
}

func TestAnEditorThatIsMissedIsNamed(t *testing.T) {
	x := mend(t, 100, 40)
	x.session.drafts.missed = "$EDITOR is kate, which is not found: nano is used"
	x.keys("w")
	x.see("! $EDITOR is kate, which is not found: nano is used")
}

func TestWhatAnEarlierFileMadeIsNamed(t *testing.T) {
	x := mend(t, 100, 40)
	x.applied("pod/first", "pod/mended")
	x.applied("pod/mended")
	x.see("! pod/first stays, though your file no longer names it")
	x.applied("pod/first", "pod/mended")
	x.notSee("stays, though")
}

func TestResetPutsTheFileAside(t *testing.T) {
	x := mend(t, 100, 40)
	x.session.drafts.types = []string{misplaced + "# mine\n"}
	x.keys("enter", "R", "y")
	x.event(runner.ResetStarted{}, runner.ResetEnded{})
	x.see("The lab is back at its start. What you wrote is kept: ")
	x.notSee("not applied")
	if last := x.session.drafts.calls[len(x.session.drafts.calls)-1]; last != "put 1 aside" {
		t.Errorf("%v", x.session.drafts.calls)
	}
}

func TestNothingIsEditedWhileSomethingRuns(t *testing.T) {
	x := mend(t, 100, 40)
	x.keys("R", "y", "E", "a")
	if len(x.session.drafts.calls) > 0 {
		t.Errorf("%v", x.session.drafts.calls)
	}
}

func TestEditScreens(t *testing.T) {
	for _, s := range []scene{
		{"before", func(*terminal) {}},
		{"mistakes", func(x *terminal) {
			x.session.drafts.types = []string{strings.Replace(misplaced, "image", "imagee", 1)}
			x.keys("enter")
		}},
		{"applied", func(x *terminal) {
			x.session.drafts.types = []string{mended}
			x.keys("enter")
			x.applied("pod/mended")
			x.event(runner.CheckUpdated{Check: 0, Result: checks.Result{Verdict: checks.Pass, Want: "1/1", Got: "1/1"}, At: start()})
			x.keys("end")
		}},
	} {
		for _, size := range sizes() {
			t.Run(fmt.Sprintf("%s/%dx%d", s.name, size[0], size[1]), func(t *testing.T) {
				x := mend(t, size[0], size[1])
				s.play(x)
				golden.RequireEqual(t, x.m.View())
				fits(t, x.m.View(), size[0], size[1])
			})
		}
	}
}

// A command or a question that stands after checks is about what they claim.
func TestEnterWaitsForTheChecksBeforeACommand(t *testing.T) {
	course := mendLab()
	step := &course.Labs[0].Steps[0]
	step.Blocks = append(step.Blocks, lesson.Run{Script: "kubectl delete pod mended"}, lesson.Check{Specs: []lesson.CheckSpec{spec("absent")}})
	x := terminalWith(t, newFake(), course, 100, 40)
	x.keys("enter")
	x.event(runner.ClusterUp{At: start()}, runner.LabOpened{Lab: "mend", Checks: []int{3, 0}})
	x.session.drafts.types = []string{mended}
	x.keys("enter")
	x.applied("pod/mended")
	x.see("… waiting for the checks: 0 of 3 pass")
	x.send(tickMsg{start().Add(settleTime)})
	x.see("enter: 0 of 3 checks pass; edit your manifest again with nano")
	x.pass(0, 2)
	x.see("enter: run kubectl delete pod mended")
	x.event(runner.CheckUpdated{Check: 1, Result: notReady(), At: start()})
	x.notSee("enter: run")
	x.keys("r") // who wants to run it all the same, may
	x.wasAsked(runner.RunCommand{Step: 0, Block: 4})
}
