package shell

import (
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// budget is how much one script may still print. What programs print is counted also where it goes to a variable.
type budget struct {
	cancel  context.CancelCauseFunc
	handled atomic.Int64 // bytes that programs may still print, wherever they go

	mu    sync.Mutex // one write to the screen at a time: a script's parts may run side by side
	shown int64      // bytes that may still go to the screen
}

// handledFactor: a script may handle more than it shows, for it may filter. It may not fill the memory.
const handledFactor = 16

func newBudget(limit int64, cancel context.CancelCauseFunc) *budget {
	if limit == 0 {
		limit = defaultOutputLimit
	}
	b := &budget{shown: limit, cancel: cancel}
	b.handled.Store(handledFactor * limit)
	return b
}

// stop ends the script, which printed too much.
func (b *budget) stop() error {
	err := &stopped{exitBrokenPipe, "stopped: too much output"}
	b.cancel(err)
	return err
}

// notice writes a last line to w, whatever the limits say.
func (b *budget) notice(w io.Writer, line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, _ = io.WriteString(w, line+"\n")
}

// screen is one of the script's own streams.
type screen struct {
	*budget
	w io.Writer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	room := min(int64(len(p)), s.shown)
	s.shown -= room
	n, err := s.w.Write(p[:room])
	if err == nil && n < len(p) {
		err = s.stop()
	}
	return n, err
}

// counted is a stream of one program.
type counted struct {
	*budget
	w io.Writer
}

func (c *counted) Write(p []byte) (int, error) {
	if c.handled.Add(-int64(len(p))) < 0 {
		return 0, c.stop()
	}
	return c.w.Write(p)
}

// output is a program's standard output. It ends the program when nobody reads it any more, as SIGPIPE would.
type output struct {
	w      io.Writer
	end    context.CancelFunc
	broken atomic.Bool
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	if err != nil {
		o.broken.Store(true)
		o.end()
	}
	return n, err
}

// input is a program's standard input: what the pipe or the here-document before it still holds. It is shared with the
// commands that come after, so a program that has ended must not go on reading.
type input struct {
	file *os.File
	mu   sync.Mutex // held while a read is under way
	done atomic.Bool
}

// newInput returns nil where there is nothing to read.
func newInput(r io.Reader) *input {
	file, ok := r.(*os.File)
	if !ok || file == nil {
		return nil
	}
	return &input{file: file}
}

func (in *input) Read(p []byte) (int, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.done.Load() {
		return 0, io.EOF
	}
	n, err := in.file.Read(p)
	if err != nil && in.done.Load() {
		err = io.EOF
	}
	return n, err
}

// release ends a read that is under way and leaves the rest of the input to others.
func (in *input) release() {
	if in == nil {
		return
	}
	in.done.Store(true)
	if in.file.SetReadDeadline(time.Unix(1, 0)) != nil {
		return // a file that cannot be interrupted; its reader ends when the shell closes it
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	_ = in.file.SetReadDeadline(time.Time{})
}
