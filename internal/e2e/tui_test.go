//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/labs"
)

// Keys as a terminal sends them.
const (
	keyEnter = "\r"
	keyDown  = "\x1b[B"
	keyHome  = "\x1b[H"
	keyCtrlC = "\x03"
)

// screen is a podlab on a real pseudo-terminal of 80x24, and what a learner would see of it.
type screen struct {
	t    *testing.T
	cmd  *exec.Cmd
	pty  *os.File
	emu  *vt.SafeEmulator
	done chan error
}

func openScreen(t *testing.T, args ...string) *screen {
	t.Helper()
	cmd := podlab(t.Context(), args...)
	cmd.Env = append(cmd.Env, "TERM=xterm-256color", "COLORTERM=truecolor", "CI=")
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	s := &screen{t: t, cmd: cmd, pty: f, emu: vt.NewSafeEmulator(80, 24), done: make(chan error, 1)}
	go func() { _, _ = io.Copy(f, s.emu) }() // the terminal's answers to queries
	go func() {
		_, _ = io.Copy(s.emu, f) // ends when podlab does
		s.done <- cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = f.Close()
	})
	return s
}

func (s *screen) text() string { return ansi.Strip(s.emu.Render()) }

func (s *screen) press(keys ...string) {
	s.t.Helper()
	for _, k := range keys {
		if _, err := io.WriteString(s.pty, k); err != nil {
			s.t.Fatalf("press %q: %v\n%s", k, err, s.text())
		}
		time.Sleep(80 * time.Millisecond) // a person's keys do not arrive in one read
	}
}

// see waits until the screen shows what the pattern says.
func (s *screen) see(limit time.Duration, pattern string) {
	s.t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if re.MatchString(s.text()) {
			return
		}
	}
	s.t.Fatalf("the screen does not show %q within %v:\n%s", pattern, limit, s.text())
}

// end waits for podlab to end by itself.
func (s *screen) end(limit time.Duration) {
	s.t.Helper()
	select {
	case err := <-s.done:
		if err != nil {
			s.t.Errorf("podlab ended with %v\n%s", err, s.text())
		}
	case <-time.After(limit):
		s.t.Fatalf("podlab does not end:\n%s", s.text())
	}
}

// keep writes the screen to a file, for whoever wants to look, if PODLAB_SCREENS names a folder.
func (s *screen) keep(name string) {
	s.t.Helper()
	s.keepPicture(name)
	dir := os.Getenv("PODLAB_SCREENS")
	if dir == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(s.text()+"\n"), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

var action = regexp.MustCompile(`▶ enter: (.*)`)

// walk does what the action line says until all checks of the step pass, and answers questions with the given keys.
func (s *screen) walk(answers []string) {
	s.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
		line := action.FindStringSubmatch(s.text())
		switch {
		case line == nil: // something runs
			time.Sleep(100 * time.Millisecond)
		case strings.Contains(line[1], " pass") || strings.HasPrefix(line[1], "the lab is done"):
			return
		case strings.HasPrefix(line[1], "answer the question"):
			if len(answers) == 0 {
				s.t.Fatalf("one question more than there are answers:\n%s", s.text())
			}
			s.press(keyEnter, answers[0], keyEnter)
			s.see(20*time.Second, `✓ right`)
			answers = answers[1:]
		default:
			s.press(keyEnter)
			time.Sleep(300 * time.Millisecond)
		}
	}
	s.t.Fatalf("the step does not come to its end:\n%s", s.text())
}

// The whole of duo, key by key, with a wrong answer on the way, left in the middle and resumed.
func TestALearnerWalksDuo(t *testing.T) {
	editor(t, duoSolution(t))
	run(t, "up")
	run(t, "reset", "duo")
	s := openScreen(t)
	s.see(10*time.Second, `· duo +A tale of two containers .*0/6`)
	s.see(10*time.Second, `Labs +cluster up`)
	s.keep("catalogue")
	s.choose("duo")
	s.press(keyEnter)
	s.firstStep()
	s.walkOn(2, []string{"a", "3"})
	s.press("q")
	s.end(20 * time.Second)

	s = openScreen(t) // it goes on where it was left
	s.see(10*time.Second, `▸ · duo +A tale of two containers .*3/6`)
	s.press(keyEnter)
	s.see(time.Minute, `step 3/6 · cluster up`)
	s.walkOn(4, []string{"b", "a", "b"})
	s.press("\x1b")
	s.see(10*time.Second, `✓ duo +A tale of two containers .*6/6`)
	s.press("q")
	s.end(20 * time.Second)
	if list := run(t, "list"); !regexp.MustCompile(`duo .* 6/6`).MatchString(list.out) {
		t.Errorf("podlab list does not know it:\n%s", list.out)
	}
	if r := run(t, "reset", "duo"); r.code != 0 {
		t.Errorf("reset: exit %d\n%s", r.code, r.err)
	}
}

// choose goes down the catalogue, from its top, until the lab is chosen.
func (s *screen) choose(lab string) {
	s.t.Helper()
	s.press(keyHome)
	for range ownLabs(s.t) {
		if strings.Contains(s.text(), "enter: begin "+lab) {
			return
		}
		s.press(keyDown)
		time.Sleep(100 * time.Millisecond)
	}
	s.see(time.Second, "enter: begin "+lab)
}

// duoSolution is the manifest at which the learner should arrive in duo's first step.
func duoSolution(t *testing.T) string {
	t.Helper()
	own, err := lesson.Load(labs.FS, "labs")
	if err != nil {
		t.Fatal(err)
	}
	duo, _ := own.Lab("duo")
	_, at, ok := duo.Steps[0].Edit()
	if !ok {
		t.Fatal("duo's first step has no manifest to write")
	}
	return duo.Steps[0].Blocks[at].(lesson.Solution).Source
}

// firstStep writes the manifest, answers wrongly, then rightly, runs, and opens the evidence.
func (s *screen) firstStep() {
	s.t.Helper()
	s.see(time.Minute, `▶ enter: edit your manifest with ed`)
	s.press(keyEnter)
	s.see(10*time.Second, `editor 1 of create-the-pod.yaml: 12 lines; press enter`)
	s.press(keyEnter)
	s.see(30*time.Second, `applied: pod/demoduo created`)
	s.see(time.Minute, `✓ demoduo: demoy listens on port 9202`)
	s.press("\t", "b", keyEnter)
	s.see(30*time.Second, `not right: 1/2`)
	s.press("\t", "c", keyEnter)
	s.see(30*time.Second, `✓ right: 2/2`)
	s.walk(nil)
	s.see(10*time.Second, `✓ demoduo: 2/2 containers ready`)
	s.keep("duo-step-1")
	s.press("e", keyDown, keyDown)
	s.see(10*time.Second, `want 2/2 containers ready`)
	s.keep("duo-evidence")
	s.press("\x1b")
}

// walkOn walks the steps from the given one on, with one answer for each.
func (s *screen) walkOn(step int, answers []string) {
	s.t.Helper()
	for i, answer := range answers {
		s.next(step + i)
		s.walk([]string{answer})
		s.keep(fmt.Sprintf("duo-step-%d", step+i))
	}
}

func (s *screen) next(step int) {
	s.t.Helper()
	s.press("n")
	s.see(10*time.Second, fmt.Sprintf(`step %d/6`, step))
}

// Ctrl-C while the cluster comes up says what happens, and a second one leaves with nothing left behind.
func TestInterruptOnTheScreen(t *testing.T) {
	const name = "podlab-e2e-tui"
	s := openScreen(t, "--name", name)
	s.see(10*time.Second, `One container, two processes`)
	s.press(keyEnter)
	s.see(time.Minute, `create the cluster`)
	time.Sleep(4 * time.Second)
	s.press(keyCtrlC)
	s.see(time.Minute, `Interrupted: the cluster is not up`)
	s.keep("interrupted")
	s.press(keyCtrlC)
	s.end(time.Minute)
	if left := docker(t, "ps", "-aq", "--filter", "label=io.x-k8s.kind.cluster="+name); left != "" {
		t.Errorf("left behind: %s", left)
	}
}
