//go:build e2e

package kube

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

// proxy stands between a client and the API server, and can cut what goes through it.
type proxy struct {
	net.Listener
	to    string
	tasks sync.WaitGroup
	mu    sync.Mutex
	conns []net.Conn
}

// throughProxy opens a client whose connections can be cut.
func throughProxy(t *testing.T, c *Client) (*Client, *proxy) {
	t.Helper()
	server, err := url.Parse(c.config.Host)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: listener, to: server.Host}
	p.tasks.Go(p.run)
	config := rest.CopyConfig(c.config)
	config.Host = "https://" + listener.Addr().String()
	config.ServerName = server.Hostname()
	cuttable, err := open(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		listener.Close()
		p.cut()
		p.tasks.Wait()
	})
	closeAtEnd(t, cuttable)
	return cuttable, p
}

func (p *proxy) run() {
	for {
		near, err := p.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.to)
		if err != nil {
			near.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, near, far)
		p.mu.Unlock()
		p.tasks.Go(func() { _, _ = io.Copy(near, far); near.Close(); far.Close() })
		p.tasks.Go(func() { _, _ = io.Copy(far, near); near.Close(); far.Close() })
	}
}

// cut closes the connections that there are.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		conn.Close()
	}
	p.conns = nil
}

const counting = `
apiVersion: v1
kind: Pod
metadata: {name: logs}
spec:
  terminationGracePeriodSeconds: 0
  restartPolicy: Never
  containers:
  - name: main
    image: demo:1.0.0
    imagePullPolicy: IfNotPresent
    command: [sh, -c, "i=0; while test $i -lt 600; do i=$((i+1)); echo $i; sleep 0.01; done; sleep 1000"]
`

// The connection is cut again and again while the container writes and an object changes.
func TestACutConnectionLosesAndDoublesNothing(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cuttable, p := throughProxy(t, c)
	w, err := cuttable.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	const configMap = "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}, data: {round: %q}}"
	mustApply(ctx, t, c, namespace, "created", object(t, fmt.Sprintf(configMap, "0")))
	if _, err := w.Object(ctx, "ConfigMap", "x"); err != nil {
		t.Error(err)
	}
	mustApply(ctx, t, c, namespace, "created", object(t, counting))
	waitFor(ctx, t, w, "logs", running("main"))
	for i := range 6 {
		logged(ctx, t, w, "main", func(l Log) bool { return len(l.Lines) > 90*i })
		p.cut()
		n := fmt.Sprint(i + 1)
		mustApply(ctx, t, c, namespace, "configured", object(t, fmt.Sprintf(configMap, n)))
		awaitObject(ctx, t, w, "ConfigMap", "x", func(o *unstructured.Unstructured) bool {
			got, _, _ := unstructured.NestedString(o.Object, "data", "round")
			return got == n
		})
	}
	log := logged(ctx, t, w, "main", func(l Log) bool { return len(l.Lines) >= 600 })
	var want []string
	for i := range 600 {
		want = append(want, fmt.Sprint(i+1))
	}
	if !slices.Equal(log.Lines, want) {
		t.Errorf("%d lines: %q", len(log.Lines), log.Lines)
	}
	mustNoticeTheLoss(ctx, t, cuttable, namespace, w, p)
	cancel()
	<-w.Done()
}

// mustNoticeTheLoss lets nobody answer any more.
func mustNoticeTheLoss(ctx context.Context, t *testing.T, c *Client, namespace string, w *Watch, p *proxy) {
	t.Helper()
	p.Close()
	p.cut()
	lost := time.Now()
	for w.Err() == nil {
		select {
		case <-w.Changed():
		case <-ctx.Done():
			t.Fatal("the loss was not noticed")
		}
	}
	t.Logf("lost after %v", time.Since(lost))
	if _, err := w.Object(ctx, "ConfigMap", "x"); err == nil {
		t.Error("an object of a copy that is not live")
	}
	if _, err := w.Logs(ctx, "logs", "main"); err == nil {
		t.Error("a log of a copy that is not live")
	}
	if _, err := c.Exec(ctx, namespace, "logs", "main", []string{"true"}); err == nil {
		t.Error("a program ran on a server that does not answer")
	}
	if _, err := c.Dial(ctx, namespace, "logs", 80); err == nil {
		t.Error("a connection through a server that does not answer")
	}
}

// awaitObject waits until the object is as ok says.
func awaitObject(ctx context.Context, t *testing.T, w *Watch, kind, name string, ok func(*unstructured.Unstructured) bool) {
	t.Helper()
	for {
		o, err := w.Object(ctx, kind, name)
		if err == nil && ok(o) {
			return
		}
		select {
		case <-w.Changed():
		case <-ctx.Done():
			t.Fatalf("%s %s: %v", kind, name, err)
		}
	}
}
