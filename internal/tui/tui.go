// Package tui draws a course and the runner's state in a terminal, and turns keys into requests.
//
// There is one Bubble Tea model. Its parts are plain structs. Nothing in Update or View reads a clock, a file or a
// socket: times arrive in messages, and slow work is a command whose result names what it was made for.
package tui

import (
	"context"
	"fmt"
	"io"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/sirupsen/logrus"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// Session is what the terminal needs from outside. No method blocks.
type Session interface {
	// Events returns what happens, until it is closed at the end.
	Events() <-chan runner.Event
	// Do asks the runner for something. What becomes of it arrives as events.
	Do(runner.Request)
	// Saved returns the learner's progress as it was at the start.
	Saved() Saved
	// Save keeps where the learner is.
	Save(Position)
	// Forget forgets the progress in a lab that was put back to its start.
	Forget(lab string)
}

// Saved is the learner's progress in the course. Its zero value is a learner who has not begun.
type Saved struct {
	Last string // id of the lab that was open last
	Labs map[string]Position
}

// Position is where the learner is in one lab. Steps are named by id, so that a position outlives an edited lesson.
type Position struct {
	Lab  string
	Step string   // id of the step on screen
	Done []string // ids of the steps that were done, in the lesson's order
}

// Options is what a terminal is started with. In and Out may be nil for the process's own.
type Options struct {
	Session Session
	Course  lesson.Course
	Drafts  Drafts
	Dark    bool // the terminal's background is dark; ask it once, before Run
	NoColor bool
	In      io.Reader
	Out     io.Writer
	// Title names a check for the learner. Nil means what package checks says.
	Title func(lesson.CheckSpec) string
}

// Run shows the course until the learner quits or ctx ends, and returns ctx's error then. The session is left running:
// who started it ends it.
func Run(ctx context.Context, o Options) error {
	reading, stop := context.WithCancel(ctx)
	defer stop()
	// The diagram library warns on stderr, which is the screen.
	logrus.SetOutput(io.Discard)

	options := []tea.ProgramOption{tea.WithAltScreen(), tea.WithoutSignalHandler()}
	if o.In != nil {
		options = append(options, tea.WithInput(o.In))
	}
	if o.Out != nil {
		options = append(options, tea.WithOutput(o.Out))
	}
	program := tea.NewProgram(newModel(reading, o), options...)
	// Not tea.WithContext: that kills the program, and leaves the goroutine that reads the keys behind.
	defer context.AfterFunc(ctx, program.Quit)()
	if _, err := program.Run(); err != nil {
		return fmt.Errorf("draw the terminal: %w", err)
	}
	return ctx.Err()
}

// checkTitle asks package checks for a title. A check that cannot be parsed never reaches a screen; its id stands in.
func checkTitle(spec lesson.CheckSpec) string {
	check, mistakes := checks.Parse(spec)
	if len(mistakes) > 0 || check == nil {
		return spec.ID
	}
	return check.Title()
}
