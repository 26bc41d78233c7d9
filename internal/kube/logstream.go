package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// readTimeout bounds the read of what a log holds.
const readTimeout = 3 * time.Second

var (
	errBroken     = errors.New("the stream broke")          // it ended in the middle
	errUnfollowed = errors.New("the kubelet cannot follow") // it has read what is there, and has no inotify instance left to wait for more
)

// noWatcher is in the kubelet's last words about a log that it cannot follow, which have no line's end: there is no inotify
// instance left. All of one user's nodes share one number of them.
const noWatcher = "failed to create fsnotify watcher: "

// once reads what the log holds and then follows it. It returns true when that was all: the container had ended before.
// A read of its own goes first because the server answers a request to follow only when there is a line.
func (l *runLog) once(ctx context.Context, w *Watch, seen *seen) (whole bool, err error) {
	_, running := w.state(l) // asked before the read: what ends meanwhile may write in between
	if err := l.catchUp(ctx, w, seen, running); err != nil {
		return false, err
	}
	if !running {
		return true, nil
	}
	options := l.options(seen)
	options.Follow = true
	stream, err := w.client.watched.Pods(w.namespace).GetLogs(l.pod, options).Stream(ctx)
	if err != nil {
		return false, err
	}
	defer stream.Close()
	err = readLines(stream, mayBeKubelets, func(at time.Time, raw, text string) {
		if seen.add(at, raw) {
			w.update(func() { l.add(text) })
		}
	})
	if err != nil && !errors.Is(err, errUnfollowed) {
		err = fmt.Errorf("%w: %w", errBroken, err)
	}
	return false, err
}

// catchUp reads what the log holds and the copy does not, and makes the copy live. The last line of a container that runs
// may be half of one.
func (l *runLog) catchUp(ctx context.Context, w *Watch, seen *seen, running bool) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	stream, err := w.client.watched.Pods(w.namespace).GetLogs(l.pod, l.options(seen)).Stream(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	var missed []string
	end := isLine
	if running {
		end = mayBeHalf
	}
	err = readLines(stream, end, func(at time.Time, raw, text string) {
		if seen.add(at, raw) {
			missed = append(missed, text)
		}
	})
	w.update(func() {
		for _, text := range missed {
			l.add(text)
		}
		l.err = err
	})
	if err == nil {
		l.first.Do(func() { close(l.read) })
	}
	return err
}

// options asks for the lines that the copy does not have, and for some that it has: times are in whole seconds there, and
// two streams of one container may write their lines out of order. One line more than is kept tells that there were more.
func (l *runLog) options(seen *seen) *corev1.PodLogOptions {
	options := &corev1.PodLogOptions{Container: l.container, Timestamps: true, TailLines: new(int64(logLines + 1))}
	if from := seen.from(); !from.IsZero() {
		options.SinceTime = &metav1.Time{Time: from}
		options.TailLines = nil
	}
	return options
}

// ending is what the last line of a log is if it has no line's end.
type ending int

const (
	isLine        ending = iota // the container has ended
	mayBeHalf                   // it runs, and the rest of the line may follow
	mayBeKubelets               // the log is followed, and noWatcher may stand in it
)

// readLines reads the lines of a log until its end. What has no time was not written by the container but by the kubelet: it
// is why the kubelet could not go on.
func readLines(from io.Reader, end ending, take func(at time.Time, raw, text string)) error {
	r := bufio.NewReader(from)
	for {
		raw, err := readLine(r)
		whole := err == nil
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if !whole && end == mayBeKubelets && strings.Contains(raw, noWatcher) { // after half a line, it may be
			return errUnfollowed
		}
		if whole || (end != mayBeHalf && raw != "") {
			stamp, text, _ := strings.Cut(raw, " ")
			at, parseErr := time.Parse(time.RFC3339Nano, stamp)
			if parseErr != nil {
				return errors.New(raw)
			}
			take(at, raw, text)
		}
		if !whole {
			return nil
		}
	}
}

// readLine reads one line without its end, and drops what no copy would keep.
func readLine(r *bufio.Reader) (string, error) {
	var line strings.Builder
	for {
		part, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			line.Write(part[:min(len(part), max(0, logBytes-line.Len()))])
			continue
		}
		line.Write(part[:min(len(part), max(0, logBytes-line.Len()))])
		return strings.TrimSuffix(line.String(), "\n"), err
	}
}

// seen remembers the newest lines of a log, so that a stream that begins a little earlier doubles none.
type seen struct {
	newest time.Time
	lines  []stamped
	seed   maphash.Seed
	again  map[uint64]int // how often a line of an earlier stream may still come
}

type stamped struct {
	at  time.Time
	sum uint64
}

func newSeen() *seen { return &seen{seed: maphash.MakeSeed()} }

// from returns where the next stream has to begin, and expects what was seen since then to come again.
func (s *seen) from() time.Time {
	s.again = map[uint64]int{}
	if s.newest.IsZero() {
		return time.Time{}
	}
	from := s.newest.Truncate(time.Second).Add(-overlap)
	for _, line := range s.lines {
		if !line.at.Before(from) {
			s.again[line.sum]++
		}
	}
	return from
}

// overlap is how far back a stream begins before the second of the newest line.
const overlap = time.Second

// add says whether the line is new.
func (s *seen) add(at time.Time, raw string) bool {
	sum := maphash.String(s.seed, raw)
	if s.again[sum] > 0 {
		s.again[sum]--
		return false
	}
	s.lines = append(s.lines, stamped{at, sum})
	if at.After(s.newest) {
		s.newest = at
		s.forget(at.Truncate(time.Second).Add(-overlap))
	}
	return true
}

// forget drops lines of before the time from the front.
func (s *seen) forget(before time.Time) {
	for len(s.lines) > 0 && s.lines[0].at.Before(before) {
		s.lines = s.lines[1:]
	}
}
