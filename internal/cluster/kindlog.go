package cluster

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"sigs.k8s.io/kind/pkg/log"
)

// kindLog turns what kind logs into steps. kind writes " • text  ...", " ✓ text" and " ✗ text", and between them
// warnings and notes, which go to the log.
type kindLog struct {
	step func(text string, done bool) // a step of kind's starts, or ends well

	mu  sync.Mutex
	out io.Writer
}

var _ log.Logger = (*kindLog)(nil)

func (l *kindLog) Warn(message string)               { l.write("warning: " + message) }
func (l *kindLog) Warnf(format string, args ...any)  { l.Warn(fmt.Sprintf(format, args...)) }
func (l *kindLog) Error(message string)              { l.write("error: " + message) }
func (l *kindLog) Errorf(format string, args ...any) { l.Error(fmt.Sprintf(format, args...)) }
func (l *kindLog) V(level log.Level) log.InfoLogger  { return kindInfo{l: l, on: level <= 0} }
func (l *kindLog) write(message string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.out, "kind: %s\n", strings.TrimRight(message, "\n"))
}

type kindInfo struct {
	l  *kindLog
	on bool
}

func (i kindInfo) Enabled() bool                    { return i.on }
func (i kindInfo) Infof(format string, args ...any) { i.Info(fmt.Sprintf(format, args...)) }

func (i kindInfo) Info(message string) {
	if !i.on {
		return
	}
	text, mark := kindStep(message)
	if mark == '•' || mark == '✓' {
		i.l.step(text, mark == '✓')
	}
	i.l.write(message)
}

// kindStep splits one of kind's status lines into its text and its mark: '•' it starts, '✓' done, '✗' not done,
// 0 for any other line. The pictures that kind adds are left out.
func kindStep(message string) (text string, mark rune) {
	line := strings.TrimSpace(message)
	for _, m := range "•✓✗" {
		rest, ok := strings.CutPrefix(line, string(m))
		if !ok {
			continue
		}
		rest = strings.TrimSuffix(strings.TrimSpace(rest), "...")
		return strings.TrimSpace(strings.Map(plain, rest)), m
	}
	return line, 0
}

// plain drops pictures: everything above the letters, dashes and comparison signs that kind's sentences use.
func plain(r rune) rune {
	if r >= 0x2300 {
		return -1
	}
	return r
}
