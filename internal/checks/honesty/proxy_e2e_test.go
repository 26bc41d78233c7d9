//go:build e2e

package honesty

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// proxy stands between the checks and Docker, so that Docker can go away, or fall silent, for them alone.
type proxy struct {
	path   string
	target string

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
	silent   chan struct{} // closed when it speaks again; nil while it does
	copies   sync.WaitGroup
}

func newProxy(t *testing.T) *proxy {
	t.Helper()
	dir, err := os.MkdirTemp("", "podlab-honesty-") //nolint:usetesting // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{path: filepath.Join(dir, "d.sock"), target: "/var/run/docker.sock", open: map[net.Conn]bool{}}
	if host := dockerHost(); strings.HasPrefix(host, "unix://") {
		p.target = strings.TrimPrefix(host, "unix://")
	}
	p.start(t)
	t.Cleanup(func() { p.speak(); p.stop(); p.copies.Wait(); os.RemoveAll(dir) })
	return p
}

func (p *proxy) start(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("unix", p.path)
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.listener = listener
	p.mu.Unlock()
	p.copies.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.serve(conn)
		}
	})
}

func (p *proxy) serve(conn net.Conn) {
	docker, err := net.Dial("unix", p.target)
	if err != nil {
		conn.Close()
		return
	}
	p.mu.Lock()
	p.open[conn], p.open[docker] = true, true
	p.mu.Unlock()
	p.copies.Go(func() {
		p.pass(docker, conn)
		_ = docker.(*net.UnixConn).CloseWrite() // the other direction goes on
	})
	p.copies.Go(func() {
		p.pass(conn, docker)
		conn.Close()
		docker.Close()
		p.mu.Lock()
		delete(p.open, conn)
		delete(p.open, docker)
		p.mu.Unlock()
	})
}

// pass copies until one end closes. While the proxy is silent it holds back what it has read.
func (p *proxy) pass(to io.Writer, from io.Reader) {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if gate := p.gate(); gate != nil {
			<-gate
		}
		if _, bad := to.Write(piece[:n]); bad != nil || err != nil {
			return
		}
	}
}

func (p *proxy) gate() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.silent
}

// stop ends the listener and every connection, as a daemon that dies does.
func (p *proxy) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.listener.Close()
	for conn := range p.open {
		_ = conn.Close()
	}
}

// hush accepts connections and answers none, as a daemon that is stuck does.
func (p *proxy) hush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = make(chan struct{})
}

// speak ends the silence.
func (p *proxy) speak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent != nil {
		close(p.silent)
		p.silent = nil
	}
}
