package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/charmbracelet/lipgloss"

	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/progress"
	"github.com/podlab/podlab/internal/report"
	"github.com/podlab/podlab/internal/runner"
	"github.com/podlab/podlab/internal/tui"
)

// terminal opens the labs in the terminal and returns when the learner quits and everything has come to rest.
func (a *app) terminal(ctx context.Context) error {
	if !a.isTerminal() {
		return usageError{errors.New("there is no terminal here; without one, use: podlab verify, podlab list, podlab --help")}
	}
	course, err := a.loadCourse()
	if err != nil {
		return err
	}
	store, err := a.store()
	if err != nil {
		return err
	}
	return a.withCluster(false, func(c *cluster.Cluster) error { return a.screen(ctx, course, c, store) })
}

func (a *app) screen(ctx context.Context, course lesson.Course, c *cluster.Cluster, store *progress.Store) error {
	r := newRunner(course, c)
	runCtx, cancel := context.WithCancel(ctx)
	defer cancel()
	go r.Run(runCtx)
	s := newSession(r, store, a.courseKey())
	noColor := os.Getenv("NO_COLOR") != ""
	err := tui.Run(ctx, tui.Options{
		Session: s, Course: course, Dark: noColor || lipgloss.HasDarkBackground(), NoColor: noColor, In: a.In, Out: a.Out,
	})
	cancel()
	report.Plain(a.Out, r.Events()) // what still runs says so; kind cannot stop half-way
	if saveErr := s.close(); saveErr != nil {
		err = errors.Join(err, saveErr)
	}
	if err == nil {
		a.farewell(ctx, c)
	}
	return err
}

// farewell says what stays.
func (a *app) farewell(ctx context.Context, c *cluster.Cluster) {
	fmt.Fprintln(a.Out, "Your place is kept: podlab goes on there.")
	if status, err := c.Status(ctx); err == nil && status.State == cluster.Running {
		fmt.Fprintf(a.Out, "Cluster %s stays up; podlab down deletes it.\n", c.Name())
	}
}

// session is the runner and the learner's progress as the terminal sees them.
type session struct {
	*runner.Runner
	store  *progress.Store
	course string
	places chan tui.Position
	done   chan error
}

func newSession(r *runner.Runner, store *progress.Store, course string) *session {
	s := &session{Runner: r, store: store, course: course, places: make(chan tui.Position, 64), done: make(chan error, 1)}
	go s.save()
	return s
}

// Saved returns the learner's progress as it is on disk.
func (s *session) Saved() tui.Saved {
	p, err := s.store.Read()
	if err != nil { // Open read the same file a moment ago and said what was wrong
		return tui.Saved{}
	}
	saved := tui.Saved{Labs: map[string]tui.Position{}}
	if p.Last.Course == s.course {
		saved.Last = p.Last.Lab
	}
	for id, lab := range p.Courses[s.course] {
		saved.Labs[id] = tui.Position{Lab: id, Step: lab.Step, Done: lab.Done}
	}
	return saved
}

// Save keeps the learner's place. A place that cannot be written is told at the end, when the screen is free.
func (s *session) Save(p tui.Position) {
	select {
	case s.places <- p:
	default: // the disk is 64 places behind; a later one holds all that this one does
	}
}

func (s *session) save() {
	var failed error
	for p := range s.places {
		if err := s.write(p); err != nil {
			failed = err
		} else {
			failed = nil
		}
	}
	s.done <- failed
}

// write keeps the place. Done only grows in the store, so a lab with nothing done was reset and begins anew there too.
func (s *session) write(p tui.Position) error {
	if len(p.Done) == 0 {
		if err := s.store.Forget(s.course, p.Lab); err != nil {
			return fmt.Errorf("keep your place: %w", err)
		}
	}
	if err := s.store.Visit(s.course, p.Lab, p.Step); err != nil {
		return fmt.Errorf("keep your place: %w", err)
	}
	for _, step := range p.Done {
		if err := s.store.Done(s.course, p.Lab, step); err != nil {
			return fmt.Errorf("keep your place: %w", err)
		}
	}
	return nil
}

// close waits until every place is written.
func (s *session) close() error {
	close(s.places)
	return <-s.done
}
