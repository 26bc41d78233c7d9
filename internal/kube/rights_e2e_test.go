//go:build e2e

package kube

import (
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const role = `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: watcher}
rules:
- {apiGroups: [""], resources: [pods, events, services], verbs: [get, list, watch]}
`

const binding = `
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: watcher}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: watcher}
subjects: [{kind: ServiceAccount, name: watcher}]
`

// limited opens a client that may watch pods, events and services of the namespace, and nothing else.
func limited(ctx context.Context, t *testing.T, c *Client, namespace string) *Client {
	t.Helper()
	for _, manifest := range []string{"{apiVersion: v1, kind: ServiceAccount, metadata: {name: watcher}}", role, binding} {
		mustApply(ctx, t, c, namespace, "created", object(t, manifest))
	}
	token, err := c.core.ServiceAccounts(namespace).CreateToken(ctx, "watcher", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	config := rest.AnonymousClientConfig(c.config)
	config.BearerToken = token.Status.Token
	l, err := open(config)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, l)
	return l
}

func TestWhatTheServerRefuses(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	execing(ctx, t, c, namespace)
	l := limited(ctx, t, c, namespace)
	w, err := l.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Object(ctx, "Service", "none"); !apierrors.IsNotFound(err) {
		t.Errorf("services: %v, want NotFound", err)
	}
	for name, look := range map[string]struct {
		do    func() error
		words string
	}{
		"object": {func() error { _, err := w.Object(ctx, "ConfigMap", "x"); return err }, `cannot list resource "configmaps"`},
		"list":   {func() error { _, err := w.List(ctx, "Deployment"); return err }, `cannot list resource "deployments"`},
		"logs":   {func() error { _, err := w.Logs(ctx, "exec", "main"); return err }, `cannot get resource "pods/log"`},
		"words":  {func() error { _, err := w.LastWords(ctx, "exec", "ended"); return err }, `cannot get resource "pods/log"`},
		"exec":   {func() error { _, err := l.Exec(ctx, namespace, "exec", "main", []string{"true"}); return err }, `resource "pods/exec"`},
		"dial":   {func() error { _, err := l.Dial(ctx, namespace, "exec", 8080); return err }, `resource "pods/portforward"`},
	} {
		t.Run(name, func(t *testing.T) {
			err := look.do()
			if err == nil || !strings.Contains(err.Error(), look.words) || apierrors.IsNotFound(err) || strings.Contains(err.Error(), "does not answer") {
				t.Errorf("got %v, want %s", err, look.words)
			}
			t.Log(err)
		})
	}
	if err := w.Err(); err != nil {
		t.Errorf("the watch is lost: %v", err)
	}
	if _, err := w.Pod("exec"); err != nil {
		t.Error(err)
	}
	cancel()
	<-w.Done()
}

// counter counts the requests that a client sends.
type counter struct {
	mu       sync.Mutex
	requests []string
}

func (n *counter) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(request *http.Request) (*http.Response, error) {
		n.mu.Lock()
		n.requests = append(n.requests, request.Method+" "+request.URL.RequestURI())
		n.mu.Unlock()
		return next.RoundTrip(request)
	})
}

func (n *counter) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	requests := n.requests
	n.requests = nil
	return requests
}

// An idle watch sends nothing, whatever it has open and however often it is looked at. The server ends a watch after half
// an hour to an hour, so that even a renewal is not due in this minute.
func TestIdleWatchSendsNothing(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	execing(ctx, t, c, namespace)
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("PODLAB_E2E_KUBECONFIG"))
	if err != nil {
		t.Fatal(err)
	}
	n := &counter{}
	config.Wrap(n.wrap)
	counted, err := open(config)
	if err != nil {
		t.Fatal(err)
	}
	closeAtEnd(t, counted)
	w, err := counted.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	look := func() {
		_, _ = w.Pod("exec")
		if _, err := w.List(ctx, "Service"); err != nil {
			t.Error(err)
		}
		if _, err := w.EventsOf(ctx, "Pod", "exec"); err != nil {
			t.Error(err)
		}
		for _, container := range []string{"main", "user", "ended"} {
			if _, err := w.Logs(ctx, "exec", container); err != nil {
				t.Error(err)
			}
			if _, err := w.LastWords(ctx, "exec", container); err != nil {
				t.Error(err)
			}
		}
	}
	look()
	time.Sleep(5 * time.Second)
	t.Logf("to begin with: %s", strings.Join(n.take(), "\n"))
	for range 60 {
		time.Sleep(time.Second)
		look()
	}
	for _, request := range n.take() {
		t.Errorf("while idle: %s", request)
	}
	cancel()
	<-w.Done()
}

// The pod's name stays, and what was said about the one before is not said about this one.
func TestEventsOfAPodMadeAgain(t *testing.T) {
	c, namespace := cluster(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	w, err := c.Watch(ctx, namespace)
	if err != nil {
		t.Fatal(err)
	}
	var last *corev1.Pod
	for range 2 {
		mustApply(ctx, t, c, namespace, "created", object(t, duo))
		waitFor(ctx, t, w, "duo", ready(2))
		pod, err := w.Pod("duo")
		if err != nil || (last != nil && last.UID == pod.UID) {
			t.Fatalf("not a new pod: %v", err)
		}
		last = pod
		mustHaveEventsOf(ctx, t, w, pod)
		o, err := w.Object(ctx, "Pod", "duo")
		if err != nil || o.GetUID() != pod.UID {
			t.Errorf("object: %v", err)
		}
		if err := deletePod(ctx, c.dynamic.Resource(pods).Namespace(namespace), o); err != nil {
			t.Fatal(err)
		}
		waitFor(ctx, t, w, "duo", func(_ *corev1.Pod, err error) bool { return apierrors.IsNotFound(err) })
	}
	mustHaveEventsOf(ctx, t, w, last)
	cancel()
	<-w.Done()
}

func mustHaveEventsOf(ctx context.Context, t *testing.T, w *Watch, pod *corev1.Pod) {
	t.Helper()
	events, err := w.EventsOf(ctx, "Pod", "duo")
	if err != nil || len(events) == 0 {
		t.Errorf("events: %d, %v", len(events), err)
	}
	for i := range events {
		if events[i].InvolvedObject.UID != pod.UID {
			t.Errorf("event %s is another pod's", events[i].Message)
		}
	}
}
