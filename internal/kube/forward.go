package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	constants "k8s.io/apimachinery/pkg/util/portforward"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/transport/websocket"
	"k8s.io/klog/v2"
	"k8s.io/streaming/pkg/httpstream"
	streamspdy "k8s.io/streaming/pkg/httpstream/spdy"
)

const (
	dialTimeout = 5 * time.Second
	// refusedSoon is how long Dial waits for a refusal. Nothing tells that a connection was made: the kubelet sends a word
	// only when it was not, mostly after 10 ms.
	refusedSoon = 50 * time.Millisecond
	// lastWord is how long the reason may take to come after the end of the data.
	lastWord = time.Second
)

// ErrRefused says that nobody listens on the port.
var ErrRefused = errors.New("connection refused")

// Dial connects to the port of the pod's localhost, through a port-forward of its own. ErrRefused means that nobody
// listens there; should that be known late, the connection's Read and Write return it. Any other error means that nobody
// could try. The connection ends with Close, and not with ctx.
func (c *Client) Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := c.dial(ctx, namespace, pod, port)
	if err != nil {
		return nil, fmt.Errorf("forward port %d of pod %s: %w", port, pod, err)
	}
	return conn, nil
}

func (c *Client) dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	request := c.core.RESTClient().Post().Namespace(namespace).Resource("pods").Name(pod).SubResource("portforward")
	config, _ := c.upgrading()
	tunnel, err := openTunnel(ctx, config, request.URL())
	if err != nil {
		return nil, unanswered(streamError(err))
	}
	// A stream waits half a minute for an answer, and does not know ctx.
	stop := context.AfterFunc(ctx, func() { _ = tunnel.Close() })
	f, err := openForward(tunnel, port)
	if !stop() && err == nil {
		_ = f.Close() // ctx ended on the last stretch
		return nil, ctx.Err()
	}
	if err != nil {
		_ = tunnel.Close() // it is given up
		return nil, unanswered(err)
	}
	select {
	case <-f.failed:
		_ = f.Close() // it never was one
		return nil, f.failure
	case <-ctx.Done():
		_ = f.Close() // nobody wants it any more
		return nil, ctx.Err()
	case <-time.After(refusedSoon):
		return f, nil
	}
}

// openTunnel opens a connection of streams over a WebSocket, and over SPDY alone where the server does not know that.
func openTunnel(ctx context.Context, config *rest.Config, url *url.URL) (httpstream.Connection, error) {
	conn, err := overWebSocket(ctx, config, url)
	if err == nil || !fallback(err) {
		return conn, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url.String(), nil)
	if err != nil {
		return nil, err
	}
	conn, _, err = spdy.NegotiateStreaming(upgrader, &http.Client{Transport: transport}, request, portforward.PortForwardProtocolV1Name)
	return conn, err
}

func overWebSocket(ctx context.Context, config *rest.Config, url *url.URL) (httpstream.Connection, error) {
	transport, holder, err := websocket.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url.String(), nil)
	if err != nil {
		return nil, err
	}
	protocol := constants.WebsocketsSPDYTunnelingPrefix + portforward.PortForwardProtocolV1Name
	conn, err := websocket.Negotiate(transport, holder, request, protocol)
	if err != nil {
		return nil, err
	}
	tunnel := portforward.NewTunnelingConnectionWithLogger(klog.Background(), conn)
	return streamspdy.NewClientConnectionWithPings(tunnel, portforward.PingPeriod)
}

// forward is one connection to a port. Its deadlines are those of the pipe between its user and the streams.
type forward struct {
	net.Conn // the user's end

	tunnel  httpstream.Connection
	close   sync.Once
	tasks   sync.WaitGroup
	failed  chan struct{} // closed when failure is known
	told    chan struct{} // closed when nothing more can be told
	failure error
}

func openForward(tunnel httpstream.Connection, port int) (*forward, error) {
	headers := http.Header{}
	headers.Set(corev1.PortHeader, strconv.Itoa(port))
	headers.Set(corev1.PortForwardRequestIDHeader, "0")
	headers.Set(corev1.StreamType, corev1.StreamTypeError)
	reasons, err := tunnel.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	if err := reasons.Close(); err != nil { // podlab says nothing there
		return nil, err
	}
	headers.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := tunnel.CreateStream(headers)
	if err != nil {
		return nil, err
	}
	user, far := net.Pipe()
	f := &forward{Conn: user, tunnel: tunnel, failed: make(chan struct{}), told: make(chan struct{})}
	f.tasks.Go(func() { f.listen(reasons) })
	f.tasks.Go(func() { f.receive(far, data) })
	f.tasks.Go(func() {
		_, _ = io.Copy(data, far) // what cannot be sent has its reason on the other stream
		_ = data.Close()          // the other side may have closed it
	})
	return f, nil
}

// listen waits for the reason why the connection could not be made, or ended.
func (f *forward) listen(reasons io.Reader) {
	defer close(f.told)
	text, err := io.ReadAll(io.LimitReader(reasons, 4<<10))
	if len(text) == 0 && err == nil {
		return
	}
	if len(text) > 0 {
		err = forwardError(string(text))
	}
	f.failure = err
	close(f.failed)
}

// receive gives the user what comes, and an end only after the reason for it is known.
func (f *forward) receive(far net.Conn, data io.Reader) {
	_, _ = io.Copy(far, data) // either side may end it
	select {
	case <-f.told:
	case <-time.After(lastWord):
	}
	_ = far.Close() // a pipe's never fails
}

// forwardError turns what the kubelet says into an error: it names the pod's network namespace and tries IPv6 after IPv4.
func forwardError(text string) error {
	if strings.Contains(text, "connection refused") {
		return ErrRefused
	}
	return errors.New(oneLine(text))
}

// Read implements net.Conn.
func (f *forward) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	return n, f.reason(err)
}

// Write implements net.Conn.
func (f *forward) Write(p []byte) (int, error) {
	n, err := f.Conn.Write(p)
	return n, f.reason(err)
}

// reason returns why the connection ended where that is known.
func (f *forward) reason(err error) error {
	if !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	select {
	case <-f.failed:
		return f.failure
	default:
		return err
	}
}

// Close implements net.Conn. It returns when nothing of the connection runs any more.
func (f *forward) Close() error {
	f.close.Do(func() {
		_ = f.Conn.Close()   // a pipe's never fails
		_ = f.tunnel.Close() // the other side may be gone
		f.tasks.Wait()
	})
	return nil
}
