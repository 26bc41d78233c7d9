package progress

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

const (
	fileName = "progress.json"
	lockName = "progress.lock"

	// lockWait is longer than any write takes, and short enough for a learner not to think that podlab hangs.
	lockWait  = 5 * time.Second
	lockRetry = 10 * time.Millisecond
)

// Store is the state file in one folder. It may be used by many goroutines, and by many podlabs at once: each change
// reads the file, alters it and replaces it under a lock, so that none undoes another's.
type Store struct {
	dir string

	mu       sync.Mutex
	warnings []string
}

// Open looks at the state file in dir; neither needs to exist. A damaged file is moved aside, which Warnings tells.
// The error wraps ErrNewer if a newer podlab wrote the file.
func Open(dir string) (*Store, error) {
	s := &Store{dir: dir}
	if _, err := s.Read(); err != nil {
		return nil, err
	}
	return s, nil
}

// Path returns the state file's path.
func (s *Store) Path() string {
	return filepath.Join(s.dir, fileName)
}

// Warnings returns, once each, the sentences that a learner should see: that the state file was damaged, and where it is now.
func (s *Store) Warnings() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.warnings
	s.warnings = nil
	return w
}

// Read returns what the file says now.
func (s *Store) Read() (Progress, error) {
	p, err := s.load()
	if !errors.Is(err, errCorrupt) {
		return p, err
	}
	// Moving the file aside is a change: look again under the lock, another podlab may have done it.
	err = s.locked(func() error {
		p, err = s.loadOrMoveAside()
		return err
	})
	return p, err
}

// Visit remembers that the step of the lab is on screen, and that this lab is the last one.
func (s *Store) Visit(course, lab, step string) error {
	return s.update(func(p *Progress) {
		l := p.Lab(course, lab)
		l.Step = step
		p.set(course, lab, l)
		p.Last = Place{Course: course, Lab: lab}
	})
}

// Done remembers that every check of the step passed.
func (s *Store) Done(course, lab, step string) error {
	return s.update(func(p *Progress) {
		l := p.Lab(course, lab)
		if l.IsDone(step) {
			return
		}
		l.Done = append(slices.Clone(l.Done), step)
		p.set(course, lab, l)
	})
}

// Forget puts the lab back to never opened. It stays the last one if it was.
func (s *Store) Forget(course, lab string) error {
	return s.update(func(p *Progress) {
		delete(p.Courses[course], lab)
		if len(p.Courses[course]) == 0 {
			delete(p.Courses, course)
		}
	})
}

func (s *Store) update(change func(*Progress)) error {
	return s.locked(func() error {
		p, err := s.loadOrMoveAside()
		if err != nil {
			return err
		}
		change(&p)
		data, err := encode(p)
		if err != nil {
			return err
		}
		return replaceFile(s.Path(), data)
	})
}

func (s *Store) load() (Progress, error) {
	data, err := os.ReadFile(s.Path())
	if errors.Is(err, fs.ErrNotExist) {
		return Progress{Version: Version}, nil
	}
	if err != nil {
		return Progress{}, fmt.Errorf("read progress: %w", err)
	}
	p, err := decode(data)
	if err != nil {
		return Progress{}, fmt.Errorf("%s %w", s.Path(), err)
	}
	return p, nil
}

// loadOrMoveAside is called under the lock.
func (s *Store) loadOrMoveAside() (Progress, error) {
	p, err := s.load()
	if !errors.Is(err, errCorrupt) {
		return p, err
	}
	aside := freeName(s.Path()+".corrupt-"+time.Now().UTC().Format("20060102T150405Z"), exists)
	if moveErr := os.Rename(s.Path(), aside); moveErr != nil {
		return Progress{}, fmt.Errorf("%w; move it aside: %w", err, moveErr)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, fmt.Sprintf("%v. It is now %s, and podlab starts from nothing.", err, aside))
	return Progress{Version: Version}, nil
}

// locked calls f while no other podlab and no other goroutine changes the file. The lock is let go by the system even if
// podlab is killed.
func (s *Store) locked(f func() error) (err error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make the state folder: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	lock := flock.New(filepath.Join(s.dir, lockName))
	if _, err := lock.TryLockContext(ctx, lockRetry); err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("lock progress: another podlab has held %s for %v", lock.Path(), lockWait)
		}
		return fmt.Errorf("lock progress: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	return f()
}
