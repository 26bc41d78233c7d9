//go:build e2e

package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/cluster"
	"github.com/podlab/podlab/internal/kube"
	"github.com/podlab/podlab/internal/ports"
	"github.com/podlab/podlab/internal/runner"
)

// idleLesson has checks that pass and checks that never will, of every way in which podlab looks.
const idleLesson = `---
format: 1
id: idle
title: Idle
minutes: 1
images: [demo:1.0.0]
---

## Wait

` + "```yaml apply" + `
apiVersion: v1
kind: Pod
metadata: {name: idle, labels: {app: idle}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - {name: demox, image: "demo:1.0.0", imagePullPolicy: IfNotPresent, command: [sh, -c, "echo hello; exec sleep infinity"]}
---
apiVersion: v1
kind: Service
metadata: {name: idle}
spec:
  selector: {app: idle}
  ports: [{port: 80}]
` + "```" + `

` + "```yaml check" + `
- ready: {pod: idle, containers: 1/1}
- ready: {pod: idle, containers: 2/2}
- nprocs: {pod: idle, net: 2}
- nprocs: {pod: idle, net: 3}
- endpoints: {service: idle, ready: 1}
- endpoints: {service: idle, ready: 2}
- event: {name: idle, reason: Started}
- logs: {pod: idle, container: demox, contains: hello}
- logs: {pod: idle, container: demox, contains: farewell}
- exec: {pod: idle, container: demox, command: [cat, /etc/hostname], contains: idle}
- exec: {pod: idle, container: demox, command: [cat, /etc/hostname], contains: busy}
- file: {pod: idle, container: demox, path: /nothing}
- http: {pod: idle, port: 9}
- not: {exec: {pod: idle, container: demox, command: ["true"]}}
` + "```" + `
`

// apiProxy stands before the API server and counts what is asked of it.
type apiProxy struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newAPIProxy(t *testing.T, api *plainAPI) *apiProxy {
	t.Helper()
	upstream, err := url.Parse(api.server)
	if err != nil {
		t.Fatal(err)
	}
	p := &apiProxy{}
	forward := &httputil.ReverseProxy{
		Transport: api.client.Transport, FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(upstream) },
	}
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.asked = append(p.asked, r.Method+" "+r.URL.RequestURI())
		p.mu.Unlock()
		forward.ServeHTTP(w, r)
	}))
	p.EnableHTTP2 = true
	p.StartTLS()
	t.Cleanup(func() {
		p.CloseClientConnections()
		p.Close()
		api.close()
	})
	return p
}

func (p *apiProxy) take() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	return asked
}

// kubeconfig writes a kubeconfig that leads to the proxy.
func (p *apiProxy) kubeconfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("{clusters: [{name: p, cluster: {server: %q, insecure-skip-tls-verify: true}}], contexts: [{name: p, context: {cluster: p}}], current-context: p}", p.URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// An open lab in which nothing happens asks the API server nothing, though half of its checks do not hold and some of those
// can only be looked at by asking. Watches end after half an hour at the earliest, so not even a renewal is due.
func TestAnIdleLabAsksTheAPINothing(t *testing.T) {
	node := os.Getenv("PODLAB_E2E_NODE")
	api, err := newPlainAPI(os.Getenv("PODLAB_E2E_KUBECONFIG"))
	if err != nil || node == "" {
		t.Fatalf("PODLAB_E2E_KUBECONFIG and PODLAB_E2E_NODE name no cluster: %v", err)
	}
	proxy := newAPIProxy(t, api)
	course, err := load(fstest.MapFS{"idle/lesson.md": {Data: []byte(idleLesson)}}, "labs")
	if err != nil {
		t.Fatal(err)
	}
	c := cluster.New(cluster.Config{Name: strings.TrimSuffix(node, "-control-plane"), Workers: cluster.AnyWorkers, StateDir: t.TempDir()})
	defer c.Close()
	path := proxy.kubeconfig(t)
	r := runner.New(runner.Deps{
		Course: course, Cluster: upAlready{ports.Cluster{Cluster: c}}, Node: func() string { return node },
		Connect: func(context.Context) (runner.API, error) {
			client, err := kube.Open(path)
			return ports.API{Client: client}, err
		},
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	go r.Run(ctx)
	r.Do(runner.Open{Lab: "idle"})
	r.Do(runner.Apply{Step: 0, Block: 0})
	var state runner.State
	done := make(chan struct{})
	go func() { // the events must be read all the time
		defer close(done)
		for e := range r.Events() {
			state = state.Apply(e)
		}
	}()
	time.Sleep(80 * time.Second) // the kubelet's last word on a new pod comes after 75 s
	for settled := time.Now(); len(proxy.take()) > 0 && time.Since(settled) < 2*time.Minute; {
		time.Sleep(12 * time.Second) // longer than any pause between two looks
	}
	time.Sleep(time.Minute)
	if asked := proxy.take(); len(asked) > 0 {
		t.Errorf("in an idle minute: %d requests:\n%s", len(asked), strings.Join(asked, "\n"))
	}
	cancel()
	<-done
	seeBoth(t, state)
	forget(t, api, runner.Namespace("idle"))
}

// seeBoth makes sure that the checks did what the lesson needs: some pass, some do not, and of none nobody can tell.
func seeBoth(t *testing.T, state runner.State) {
	t.Helper()
	got := ""
	for _, c := range state.Steps[0].Checks {
		got += map[checks.Verdict]string{checks.Pass: "+", checks.NotYet: "-", checks.CannotTell: "?"}[c.Result.Verdict]
	}
	if want := "+-+-+-++-+----"; got != want {
		t.Errorf("verdicts %s, want %s: %+v", got, want, state.Steps[0].Checks)
	}
}

// upAlready is a cluster that somebody else keeps.
type upAlready struct{ ports.Cluster }

func (upAlready) Up(context.Context, []string, func(runner.Phase)) error { return nil }
func (upAlready) Revive(context.Context, func(runner.Phase)) error       { return nil }

func forget(t *testing.T, api *plainAPI, namespace string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodDelete, api.server+"/api/v1/namespaces/"+namespace, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := api.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Errorf("delete namespace %s: %s", namespace, response.Status)
	}
	_ = response.Body.Close()
}
