package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/podlab/podlab/internal/node"
)

// sessionProgram answers requests on a node until its stdin ends, which the end of podlab sees to. A request is two lines:
// a mark that nothing on the node can know, and a call of one of Script's functions. The answer ends, on stdout and on
// stderr, with a line that begins with the mark; the one on stdout has the exit code.
const sessionProgram = node.Script + `
while IFS= read -r mark && IFS= read -r request; do
	(eval "$request") </dev/null
	printf '\n%s %d\n' "$mark" "$?"
	printf '\n%s\n' "$mark" >&2
done
`

// limitAnswer is the size of an answer, in bytes, that is more than any look has to say.
const limitAnswer = 16 << 20

var (
	errSessionEnded = errors.New("the session on the node ended")
	errAnswerSize   = fmt.Errorf("the answer is longer than %d bytes", limitAnswer)
)

// session is a shell that runs on a node and answers one request at a time. Any error is its end.
type session struct {
	mark string // in the environment of all that it starts
	conn types.HijackedResponse

	stdout, stderr *answer
	ended          chan struct{} // closed when its streams are
}

// answer takes one stream of a session.
type answer struct {
	mu    sync.Mutex
	mark  []byte
	text  []byte
	found chan struct{} // closed when the mark's line is there
	over  bool
}

// openSession starts a session. It ends by itself with the connection.
func openSession(ctx context.Context, cli *client.Client, nodeName string) (*session, error) {
	mark := execMark + "=" + rand.Text()
	id, err := startExec(ctx, cli, nodeName, []string{"sh", "-c", sessionProgram}, []string{mark}, true)
	if err != nil {
		return nil, err
	}
	conn, err := attach(ctx, cli, id)
	if err != nil {
		return nil, err
	}
	s := &session{mark: mark, conn: conn, stdout: &answer{}, stderr: &answer{}, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		// How the streams ended makes no difference: a session without them is of no use.
		_, _ = stdcopy.StdCopy(s.stdout, s.stderr, conn.Reader)
	}()
	return s, nil
}

// alive says whether the session's streams are open.
func (s *session) alive() bool {
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

// close ends the session. What runs on the node ends when it has answered its last request.
func (s *session) close() {
	s.conn.Close()
	<-s.ended
}

// finish ends a session that waits, and makes sure that its shell has ended. It takes at most a second.
func (s *session) finish() {
	_ = s.conn.CloseWrite() // a connection that is gone has ended the shell already
	select {
	case <-s.ended:
	case <-time.After(time.Second):
	}
	s.close()
}

// ask sends one request and returns what it printed. After an error the session is of no more use.
func (s *session) ask(ctx context.Context, request string) ([]byte, error) {
	mark := rand.Text()
	stdout, stderr := s.stdout.expect(mark), s.stderr.expect(mark)
	// The connection does not know ctx: closing it ends the write below.
	stop := context.AfterFunc(ctx, s.conn.Close)
	defer stop()
	if _, err := io.WriteString(s.conn.Conn, mark+"\n"+request+"\n"); err != nil {
		return nil, errors.Join(ctx.Err(), fmt.Errorf("%w: %w", errSessionEnded, err))
	}
	for _, found := range []<-chan struct{}{stdout, stderr} {
		select {
		case <-found:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-s.ended:
			return nil, errors.Join(ctx.Err(), s.stdout.err())
		}
	}
	return s.result()
}

func (s *session) result() ([]byte, error) {
	text, end := s.stdout.take()
	complaint, _ := s.stderr.take()
	code, err := strconv.Atoi(end)
	if err != nil {
		return nil, fmt.Errorf("%w: no exit code in %q", errSessionEnded, end)
	}
	if code != 0 {
		return nil, fmt.Errorf("exit %d: %s", code, lastLine(complaint))
	}
	return text, nil
}

// expect makes the stream ready for an answer that ends with the mark.
func (a *answer) expect(mark string) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mark, a.text, a.found = []byte("\n"+mark), nil, make(chan struct{})
	return a.found
}

// Write takes what the session printed. What nobody asked for is an error.
func (a *answer) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.found == nil {
		return 0, errSessionEnded
	}
	if a.over = len(a.text)+len(p) > limitAnswer; a.over {
		return 0, errAnswerSize
	}
	from := max(0, len(a.text)-len(a.mark)-16) // the mark's line may come in pieces; an exit code is short
	a.text = append(a.text, p...)
	if at := bytes.Index(a.text[from:], a.mark); at >= 0 && bytes.HasSuffix(a.text, []byte("\n")) {
		close(a.found)
		a.found = nil
	}
	return len(p), nil
}

// take returns the answer, and what stands behind the mark on its line.
func (a *answer) take() (text []byte, end string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	text, rest, _ := bytes.Cut(a.text, a.mark)
	a.text = nil
	return text, string(bytes.TrimSpace(rest))
}

// err says why the stream ended before the answer did.
func (a *answer) err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.over {
		return errAnswerSize
	}
	return errSessionEnded
}
