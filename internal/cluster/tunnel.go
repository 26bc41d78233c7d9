package cluster

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/pkg/stdcopy"
)

const (
	tunnelOpen   = "connected\n"
	tunnelClosed = "closed"
)

// limitClose bounds the wait for the end of what a tunnel runs on the node.
const limitClose = 2 * time.Second

// tunnel is a connection through dialProgram. It has the deadlines of a pipe.
type tunnel struct {
	net.Conn // podlab's end of the pipe
	inner    net.Conn
	stream   types.HijackedResponse
	kill     func() // ends what runs on the node by force

	connected chan struct{} // closed when dialProgram says so
	ended     chan struct{} // closed when dialProgram has ended
	greeting  []byte        // what of that line is still to come
	complaint bytes.Buffer  // to be read after the end
	closing   sync.Once
}

func newTunnel(stream types.HijackedResponse, kill func()) *tunnel {
	outer, inner := net.Pipe()
	t := &tunnel{
		Conn: outer, inner: inner, stream: stream, kill: kill,
		connected: make(chan struct{}), ended: make(chan struct{}), greeting: []byte(tunnelOpen),
	}
	go func() {
		// How it ended stands in the complaint.
		_, _ = stdcopy.StdCopy(writer(t.receive), &t.complaint, stream.Reader)
		close(t.ended)
		_ = inner.Close()
	}()
	go func() {
		_, _ = io.Copy(stream.Conn, inner) // until one of them is closed
		_ = stream.CloseWrite()
	}()
	return t
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// receive passes on what comes behind the greeting. When nobody reads any more, it still takes all until the end.
func (t *tunnel) receive(p []byte) (int, error) {
	size := len(p)
	if n := min(len(p), len(t.greeting)); n > 0 {
		if !bytes.Equal(p[:n], t.greeting[:n]) {
			return 0, fmt.Errorf("%.40q instead of a greeting", p)
		}
		p, t.greeting = p[n:], t.greeting[n:]
		if len(t.greeting) == 0 {
			close(t.connected)
		}
	}
	if len(p) > 0 {
		_, _ = t.inner.Write(p)
	}
	return size, nil
}

// Read reads what came from the other side. io.EOF means that the other side closed; a connection that broke is another error.
func (t *tunnel) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	if errors.Is(err, io.EOF) && lastLine([]byte(t.told())) != tunnelClosed {
		return n, fmt.Errorf("the connection broke: %w", io.ErrUnexpectedEOF)
	}
	return n, err
}

// told returns what dialProgram said on stderr, once it has ended.
func (t *tunnel) told() string {
	<-t.ended
	return t.complaint.String()
}

// failure says why there is no connection.
func (t *tunnel) failure() error {
	told := t.told()
	switch {
	case strings.Contains(told, "Connection refused"):
		return ErrRefused
	case told == "":
		return fmt.Errorf("docker broke off")
	}
	return fmt.Errorf("%s", lastLine([]byte(told)))
}

// Close ends the connection and what runs on the node for it. It takes a few milliseconds, and a few seconds at most.
func (t *tunnel) Close() error {
	err := t.Conn.Close()
	t.closing.Do(func() {
		select {
		case <-t.ended:
		case <-time.After(limitClose):
			t.kill()
		}
		t.stream.Close()
		<-t.ended
	})
	return err
}
