package kube

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// gate holds back what a server reads while it is shut, as a paused node does: connections stay, packets vanish.
type gate struct {
	mu   sync.Mutex
	cond *sync.Cond
	shut bool
}

func newGate() *gate {
	g := &gate{}
	g.cond = sync.NewCond(&g.mu)
	return g
}

func (g *gate) set(shut bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = shut
	g.cond.Broadcast()
}

func (g *gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.shut {
		g.cond.Wait()
	}
}

type gatedListener struct {
	net.Listener
	gate *gate
}

func (l gatedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return gatedConn{conn, l.gate}, err
}

type gatedConn struct {
	net.Conn
	gate *gate
}

func (c gatedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.gate.pass()
	return n, err
}

// serve starts an API server that speaks TLS and HTTP/2, behind the gate, and opens a client for it.
func serve(t *testing.T, g *gate, handler http.Handler) *Client {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Listener = gatedListener{server.Listener, g}
	server.StartTLS()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	c, err := open(&rest.Config{Host: server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.set(false)
		c.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return c
}

// answer writes an object as the API server does.
func answer(w http.ResponseWriter, code int, object any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	if err := json.NewEncoder(w).Encode(object); err != nil {
		panic(err)
	}
}

// discoveryOf answers the discovery requests for a server that knows some kinds.
func discoveryOf(mux *http.ServeMux) {
	mux.HandleFunc("GET /api", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	})
	mux.HandleFunc("GET /apis", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}})
	})
	mux.HandleFunc("GET /api/v1", func(w http.ResponseWriter, _ *http.Request) {
		verbs := metav1.Verbs{"get", "list", "watch", "delete", "patch", "create"}
		answer(w, http.StatusOK, metav1.APIResourceList{
			TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
			GroupVersion: "v1",
			APIResources: []metav1.APIResource{
				{Name: "pods", SingularName: "pod", Namespaced: true, Kind: "Pod", Verbs: verbs},
				{Name: "services", SingularName: "service", Namespaced: true, Kind: "Service", Verbs: verbs},
				{Name: "configmaps", SingularName: "configmap", Namespaced: true, Kind: "ConfigMap", Verbs: verbs},
				{Name: "namespaces", SingularName: "namespace", Kind: "Namespace", Verbs: verbs},
			},
		})
	})
}

// stream is the pods of one namespace: a list, and a watch that sends what the test puts in.
type stream struct {
	mu       sync.Mutex
	requests []string
	events   chan string
}

func (s *stream) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/namespaces/lab/{resource}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.URL.RequestURI())
		s.mu.Unlock()
		resource := r.PathValue("resource")
		if r.URL.Query().Get("watch") == "" {
			list := map[string]any{"kind": "PodList", "apiVersion": "v1", "metadata": map[string]any{"resourceVersion": "7"}}
			if resource == "events" {
				list["kind"] = "EventList"
			}
			answer(w, http.StatusOK, list)
			return
		}
		s.watch(w, r, resource)
	})
	return mux
}

func (s *stream) watch(w http.ResponseWriter, r *http.Request, resource string) {
	w.Header().Set("Content-Type", "application/json")
	w.(http.Flusher).Flush()
	events := s.events
	if resource != "pods" {
		events = nil
	}
	for {
		select {
		case <-r.Context().Done():
			return
		case event := <-events:
			fmt.Fprintln(w, event)
			w.(http.Flusher).Flush()
		}
	}
}

// podEvent is one line of a watch.
func podEvent(kind, name, version string) string {
	pod := corev1.Pod{
		TypeMeta:   metav1.TypeMeta{Kind: "Pod", APIVersion: "v1"},
		ObjectMeta: metav1.ObjectMeta{Name: name, UID: "u-1", ResourceVersion: version},
	}
	line, err := json.Marshal(map[string]any{"type": kind, "object": pod})
	if err != nil {
		panic(err)
	}
	return string(line)
}
