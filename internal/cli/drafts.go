package cli

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/draft"
	"github.com/podlab/podlab/internal/lesson"
)

// draftFolder is where the learner's own manifests for the course are: work/LAB/STEP.yaml, and one folder further down for a
// course that is not podlab's own.
func (a *app) draftFolder() draft.Folder {
	dir := filepath.Join(stateHome(), "work")
	if a.course != "" {
		key := a.courseKey()
		sum := fnv.New32a()
		_, _ = sum.Write([]byte(key))
		dir = filepath.Join(dir, fmt.Sprintf("%s-%08x", fileName(filepath.Base(key)), sum.Sum32()))
	}
	return draft.In(dir)
}

// fileName leaves out what a file's name had better not hold.
func fileName(s string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' {
			return c
		}
		return '-'
	}, s)
}

// drafts are the learner's own manifests as the terminal sees them.
type drafts struct {
	draft.Folder
	ctx     context.Context //nolint:containedctx // of the terminal, for the programs that it runs
	editor  []string
	missed  string       // what to say about an editor of hers that is not there
	shield  *atomic.Bool // see Deps
	command string       // how podlab was started: podlab --course labs
	course  lesson.Course
}

func (a *app) drafts(ctx context.Context, course lesson.Course) drafts {
	words, missed := editor(os.Getenv, exec.LookPath)
	return drafts{
		Folder: a.draftFolder(), ctx: ctx, editor: words, missed: missed, shield: a.Shield, command: a.asStarted(), course: course,
	}
}

// asStarted returns podlab with the flags that decide which labs and which cluster are meant.
func (a *app) asStarted() string {
	words := []string{"podlab"}
	if a.course != "" {
		words = append(words, "--course", quoted(a.course))
	}
	if a.name != cluster.DefaultName {
		words = append(words, "--name", a.name)
	}
	return strings.Join(words, " ")
}

// quoted writes a word as a shell reads it.
func quoted(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./~") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func (d drafts) Path(lab, step string) string { return tilde(d.Folder.Path(lab, step)) }

// tilde writes a path in the home folder as a shell's user does.
func tilde(path string) string {
	home, err := os.UserHomeDir()
	if err != nil || home == "" || runtime.GOOS == "windows" {
		return path
	}
	if rest, ok := strings.CutPrefix(path, strings.TrimSuffix(home, "/")+"/"); ok {
		return "~/" + rest
	}
	return path
}

func (d drafts) Command(lab, step string) string {
	command := d.command + " apply " + lab
	if l, _ := d.course.Lab(lab); len(l.Starts()) > 1 {
		command += " --step " + step
	}
	return command
}

func (d drafts) Editor() string {
	if len(d.editor) == 0 {
		return ""
	}
	return filepath.Base(d.editor[0])
}

func (d drafts) EditorMissed() string { return d.missed }

// editing is the learner's editor. While it runs, Ctrl-C is its own affair.
type editing struct {
	*exec.Cmd
	shield *atomic.Bool
}

func (e editing) SetStdin(r io.Reader)  { e.Stdin = r }
func (e editing) SetStdout(w io.Writer) { e.Stdout = w }
func (e editing) SetStderr(w io.Writer) { e.Stderr = w }

func (e editing) Run() error {
	if e.shield != nil {
		e.shield.Store(true)
		defer e.shield.Store(false)
	}
	return e.Cmd.Run()
}

func (d drafts) Edit(lab, step string) tea.ExecCommand {
	words := append(d.editor[:len(d.editor):len(d.editor)], d.Folder.Path(lab, step))
	cmd := exec.CommandContext(d.ctx, words[0], words[1:]...) //nolint:gosec // the learner's own editor, from her own environment
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	return editing{cmd, d.shield}
}

func (d drafts) Begin(lab, step, start string) error {
	_, err := d.Folder.Begin(lab, step, start)
	return err
}

func (d drafts) Read(lab, step string) ([]byte, error) {
	return d.Folder.Read(lab, step, lesson.MaxManifest)
}

func (d drafts) PutAside(lab string, starts map[string]string) ([]string, error) {
	kept, err := d.Folder.PutAside(lab, starts, time.Now())
	for i := range kept {
		kept[i] = tilde(kept[i])
	}
	return kept, err
}

// editor returns the learner's editor with its arguments: $VISUAL, else $EDITOR, else the first that is there of three that
// most machines have; nothing if there is none. It also returns what to say about a choice of hers that is not there.
func editor(getenv func(string) string, look func(string) (string, error)) (words []string, missed string) {
	for _, variable := range []string{"VISUAL", "EDITOR"} {
		choice := getenv(variable)
		if strings.TrimSpace(choice) == "" {
			continue
		}
		if words = program(choice, look); words != nil {
			break
		}
		if missed == "" {
			missed = fmt.Sprintf("$%s is %q, but no such program is found", variable, choice)
		}
	}
	for _, choice := range []string{"nano", "vim", "vi"} {
		if words == nil {
			words = program(choice, look)
		}
	}
	if missed != "" && words != nil {
		missed += ": " + filepath.Base(words[0]) + " is taken"
	}
	return words, missed
}

// program returns a command as words, if its program is there: a path with blanks in it, or words.
func program(command string, look func(string) (string, error)) []string {
	if _, err := look(command); err == nil {
		return []string{command}
	}
	words := strings.Fields(command)
	if _, err := look(words[0]); err != nil {
		return nil
	}
	return words
}
