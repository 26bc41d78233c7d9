// Package kube is the only package that knows client-go: it makes namespaces, applies manifests, follows pods and events,
// and resets what was made. Nothing that it does writes to the terminal.
package kube

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// How soon a connection that carries nothing any more is noticed: a ping after pingAfter of silence, and the connection
// is dropped when pingTimeout goes by without an answer. client-go's own values add up to 45 s.
const (
	pingAfter   = time.Second
	pingTimeout = 1500 * time.Millisecond
	dialTimeout = 2 * time.Second
)

// Client talks to one cluster's API server. It is safe for concurrent use.
type Client struct {
	core      corev1client.CoreV1Interface
	dynamic   dynamic.Interface
	discovery *discovery.DiscoveryClient
	mapper    *restmapper.DeferredDiscoveryRESTMapper
	transport *http.Transport
	warnings  *warnings
}

// silence keeps client-go's log, which goes to standard error, away from a screen that podlab draws.
var silence = sync.OnceFunc(func() { klog.SetLogger(logr.Discard()) })

// Open reads the kubeconfig file and prepares a client. It sends nothing: a cluster that is down is found out later.
func Open(kubeconfigPath string) (*Client, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfigPath)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig %s: %w", kubeconfigPath, err)
	}
	c, err := open(config)
	if err != nil {
		return nil, fmt.Errorf("open cluster of %s: %w", kubeconfigPath, err)
	}
	return c, nil
}

func open(config *rest.Config) (*Client, error) {
	silence()
	c := &Client{warnings: &warnings{}}
	config = rest.CopyConfig(config)
	config.UserAgent = "podlab"
	config.QPS = -1 // the API server's own fairness is limit enough for one learner
	config.WarningHandlerWithContext = c.warnings
	transport, err := newTransport(config)
	if err != nil {
		return nil, err
	}
	c.transport = transport
	wrapped, err := rest.HTTPWrappersForConfig(config, transport)
	if err != nil {
		return nil, err
	}
	return c, c.connect(config, &http.Client{Transport: wrapped})
}

func (c *Client) connect(config *rest.Config, client *http.Client) (err error) {
	if c.core, err = corev1client.NewForConfigAndClient(config, client); err != nil {
		return err
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(config, client); err != nil {
		return err
	}
	if c.discovery, err = discovery.NewDiscoveryClientForConfigAndClient(config, client); err != nil {
		return err
	}
	cache := memory.NewMemCacheClientWithContext(c.discovery)
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapperWithContext(cache)
	return nil
}

// newTransport makes a transport of our own, because client-go's can be told its ping times only by environment variables.
func newTransport(config *rest.Config) (*http.Transport, error) {
	tlsConfig, err := rest.TLSConfigFor(config)
	if err != nil {
		return nil, err
	}
	proxy := config.Proxy
	if proxy == nil {
		proxy = http.ProxyFromEnvironment
	}
	return &http.Transport{
		Proxy:               proxy,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: dialTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     90 * time.Second,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
	}, nil
}

// Close gives up idle connections. Watches end with their own context.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Warnings returns the API server's warnings since the last call, each once, in the order in which they came.
func (c *Client) Warnings() []string { return c.warnings.take() }

// warnings collects what client-go would print.
type warnings struct {
	mu    sync.Mutex
	texts []string
}

// HandleWarningHeaderWithContext implements rest.WarningHandlerWithContext.
func (w *warnings) HandleWarningHeaderWithContext(_ context.Context, code int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if code == 299 && text != "" && !slices.Contains(w.texts, text) {
		w.texts = append(w.texts, text)
	}
}

func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := w.texts
	w.texts = nil
	return texts
}
