package checks

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	httpWait = 5 * time.Second // for the connection, and then again for the answer
	wayWait  = 2 * time.Second // for the proof that podlab can get there at all
	httpBody = 64 << 10        // bytes that are read of an answer's body
	wayPort  = 1               // nobody listens there: a refusal proves the way
)

// request is an HTTP request and where it goes.
type request struct {
	pod, from, service, port string
	nodePort                 bool

	method, path, host, scheme string
	headers                    map[string]string
}

func (f requestFields) request() request {
	q := request{
		pod: string(f.Pod), service: string(f.Service), port: string(f.Port), method: f.method(), path: f.Path,
		host: f.Host, scheme: f.Scheme, headers: f.With,
	}
	if f.NodePort != "" {
		q.service, q.nodePort = string(f.NodePort), true
	}
	if f.From != nil {
		q.pod, q.from = string(f.From.Pod), string(f.From.Container)
	}
	if q.path == "" {
		q.path = "/"
	}
	if q.scheme == "" {
		q.scheme = "http"
	}
	return q
}

// Subject returns the pod's name, or "" if a Service is asked.
func (q request) Subject() string { return q.pod }

// String names the request as a check list does: "demoduo: GET / of port 8080".
func (q request) String() string {
	what := q.method + " " + q.path
	switch {
	case q.nodePort:
		return fmt.Sprintf("service %s: %s at the node port", q.service, what)
	case q.service != "" && q.port != "":
		return fmt.Sprintf("service %s: %s of port %s", q.service, what, q.port)
	case q.service != "":
		return fmt.Sprintf("service %s: %s", q.service, what)
	case q.from != "":
		return fmt.Sprintf("%s: %s of port %s on localhost, from %s", q.pod, what, q.port, q.from)
	}
	return fmt.Sprintf("%s: %s of port %s", q.pod, what, q.port)
}

// reply is what was answered.
type reply struct {
	line   string // "HTTP/1.1 200 OK"
	status int
	header http.Header
	body   []byte
	cut    bool  // there is more
	failed error // why the body has no end; nil if it has one
}

func (a reply) String() string {
	return fmt.Sprintf("status %d, body %s", a.status, quote(strings.ToValidUTF8(string(a.body), "�")))
}

// ask sends the request and returns what was answered, or the result that says why nothing was.
func (q request) ask(ctx context.Context, c Cluster, at target) (reply, Result) {
	conn, err := dialFor(ctx, c, at.address, httpWait)
	switch {
	case errors.Is(err, ErrRefused):
		return reply{}, refusedAt(at)
	case err != nil:
		return reply{}, cannotTell("podlab could not connect to "+at.says, err.Error(), "podlab doctor")
	}
	line := newWire(conn)
	defer func() { _ = line.Close() }() // nothing is lost: it was only read
	got, err := q.exchange(ctx, line, at)
	broken := cmp.Or(err, got.failed)
	if broken == nil {
		return got, Result{}
	}
	if line.refused() {
		return reply{}, refusedAt(at)
	}
	if why := noWay(ctx, c, at.address); why != nil {
		return reply{}, cannotTell(fmt.Sprintf("the connection to %s broke: %s", at.says, endOf(broken)), why.Error(), "podlab doctor")
	}
	if err == nil {
		return got, Result{}
	}
	return reply{}, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("%s: %s", at.says, endOf(err))}
}

func refusedAt(at target) Result {
	return Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("nobody listens on %s: connection refused", at.says)}
}

func dialFor(ctx context.Context, c Cluster, to Address, wait time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return c.Dial(ctx, to)
}

// noWay returns why podlab cannot get to the place at all, or nil. A broken connection says nothing about the server unless the
// way to it is whole: a refusal of a port that nobody has comes from the place itself.
func noWay(ctx context.Context, c Cluster, to Address) error {
	to.Port = wayPort
	if to.Node != "" {
		to.Host = localhost
	}
	conn, err := dialFor(ctx, c, to, wayWait)
	switch {
	case err == nil:
		conn.Close()
		return nil
	case errors.Is(err, ErrRefused):
		return nil
	}
	return err
}

// exchange sends the request over the connection and reads the answer, as far as podlab reads it.
func (q request) exchange(ctx context.Context, line net.Conn, at target) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, httpWait)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, q.method, q.scheme+"://"+at.named+q.path, http.NoBody)
	if err != nil {
		return reply{}, err
	}
	r.Host = cmp.Or(q.host, r.Host)
	r.Header.Set("User-Agent", "podlab")
	for name, value := range q.headers {
		r.Header.Set(name, value)
	}
	transport := &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return line, nil },
		DisableKeepAlives: true, DisableCompression: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // who answers is seen on the node; certificates are the lab's own
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, httpBody+1))
	got := reply{line: answer.Proto + " " + answer.Status, status: answer.StatusCode, header: answer.Header, body: body, failed: err}
	if len(body) > httpBody {
		got.body, got.cut, got.failed = body[:httpBody], true, nil
	}
	return got, nil
}

// endOf says in a few words how an exchange ended.
func endOf(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("no answer, or no end of it, within %s after the connection was made", httpWait)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) || errors.Is(err, syscall.ECONNRESET):
		return "the connection was closed before the answer's end"
	}
	return "what came is no answer to an HTTP request: " + err.Error()
}

// wire is a connection that remembers a refusal which came late. It gives nothing to read before something was written: the
// standard library writes to the program's log about a server that speaks first.
type wire struct {
	net.Conn
	late  atomic.Bool
	begin sync.Once
	begun chan struct{} // closed once something was written, or never will be
}

func newWire(conn net.Conn) *wire { return &wire{Conn: conn, begun: make(chan struct{})} }

// Read implements net.Conn.
func (w *wire) Read(p []byte) (int, error) {
	<-w.begun
	n, err := w.Conn.Read(p)
	return n, w.note(err)
}

// Write implements net.Conn.
func (w *wire) Write(p []byte) (int, error) {
	w.begin.Do(func() { close(w.begun) })
	n, err := w.Conn.Write(p)
	return n, w.note(err)
}

// Close implements net.Conn.
func (w *wire) Close() error {
	w.begin.Do(func() { close(w.begun) })
	return w.Conn.Close()
}

func (w *wire) note(err error) error {
	if errors.Is(err, ErrRefused) {
		w.late.Store(true)
	}
	return err
}

func (w *wire) refused() bool { return w.late.Load() }

// evidence returns the answer, as curl prints it.
func (q request) evidence(at target, got reply) Evidence {
	address := at.named
	if at.address.Node != "" {
		address = fmt.Sprintf("%s:%d", at.address.Host, at.address.Port)
	}
	words := []string{"curl", "-isk"}
	if q.method != http.MethodGet {
		words = append(words, "-X", q.method)
	}
	if host := cmp.Or(q.host, at.named); host != address {
		words = append(words, "-H", "Host: "+host)
	}
	for _, name := range slices.Sorted(maps.Keys(q.headers)) {
		words = append(words, "-H", name+": "+q.headers[name])
	}
	e := Evidence{Command: shellWords(append(words, q.scheme+"://"+address+q.path)), Rows: []string{got.line}}
	switch {
	case at.address.Pod != "":
		e.Command = fmt.Sprintf("kubectl port-forward %s %d & %s", at.address.Pod, at.address.Port, e.Command)
	case at.address.PID != 0:
		e.Command = fmt.Sprintf("nsenter -t %d -n %s", at.address.PID, e.Command)
	}
	for _, name := range slices.Sorted(maps.Keys(got.header)) {
		e.Rows = append(e.Rows, name+": "+strings.Join(got.header[name], ", "))
	}
	e.Rows = append(e.Rows, "")
	e.add(string(got.body))
	return e
}
