package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"sync"

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
	ended := make(chan error, 1)
	go func() {
		defer func() { // a bug must not leave the terminal as it is: it is given back first, and Main reports the bug
			var err error
			if bug := recover(); bug != nil {
				err = fmt.Errorf("%v\n%s", bug, debug.Stack())
			}
			ended <- err
			cancel()
		}()
		r.Run(runCtx)
	}()
	s := newSession(r, store, a.courseKey())
	noColor := os.Getenv("NO_COLOR") != ""
	err := tui.Run(runCtx, tui.Options{
		Session: s, Course: course, Drafts: a.drafts(runCtx, course), Dark: noColor || lipgloss.HasDarkBackground(), NoColor: noColor, In: a.In, Out: a.Out,
	})
	cancel()
	report.Plain(a.Out, r.Events()) // what still runs says so; kind cannot stop half-way
	if saveErr := s.close(); saveErr != nil {
		err = errors.Join(err, saveErr)
	}
	if bug := <-ended; bug != nil {
		panic(bug)
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
	done   chan error

	mu     sync.Mutex
	queue  []place
	ended  bool
	queued chan struct{} // receives after the queue grew, or ended
}

// place is where the learner is; or, reset, a lab that was put back to its start.
type place struct {
	tui.Position
	reset bool
}

func newSession(r *runner.Runner, store *progress.Store, course string) *session {
	s := &session{Runner: r, store: store, course: course, done: make(chan error, 1), queued: make(chan struct{}, 1)}
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
func (s *session) Save(p tui.Position) { s.keep(place{Position: p}) }

// Forget forgets the progress in a lab that was reset.
func (s *session) Forget(lab string) { s.keep(place{Position: tui.Position{Lab: lab}, reset: true}) }

func (s *session) keep(p place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, p)
	s.wake()
}

// wake is called under the lock.
func (s *session) wake() {
	select {
	case s.queued <- struct{}{}:
	default:
	}
}

// take empties the queue and says whether nothing will follow.
func (s *session) take() ([]place, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	places := s.queue
	s.queue = nil
	return places, s.ended
}

// save writes places until the session is closed. A later place of the lab makes good one that could not be written, and a
// later reset makes good a reset.
func (s *session) save() {
	type kind struct {
		lab   string
		reset bool
	}
	failed := map[kind]error{}
	for range s.queued {
		places, ended := s.take()
		for _, p := range places {
			k := kind{p.Lab, p.reset}
			if failed[k] = s.write(p); failed[k] == nil {
				delete(failed, k)
			}
		}
		if ended {
			break
		}
	}
	s.done <- errors.Join(slices.Collect(maps.Values(failed))...)
}

func (s *session) write(p place) error {
	if p.reset {
		if err := s.store.Forget(s.course, p.Lab); err != nil {
			return fmt.Errorf("forget the progress in lab %s: %w", p.Lab, err)
		}
		return nil
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
	s.mu.Lock()
	s.ended = true
	s.wake()
	s.mu.Unlock()
	return <-s.done
}
