// Package kube is the only package that knows client-go: it makes namespaces, applies manifests, follows pods and events,
// and resets what was made. Nothing that it does writes to the terminal.
package kube

import (
	"fmt"
	"net"
	"net/http"
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

// patience is how long a connection may take to open, and how soon one that carries nothing any more is noticed: a ping
// after a time of silence, and the connection is dropped when another goes by without an answer.
type patience struct{ dial, pingAfter, pingTimeout time.Duration }

// watchful is for watches: what a watch reports must be known to be true, and it loses nothing by coming back.
func watchful() patience {
	return patience{dial: 2 * time.Second, pingAfter: time.Second, pingTimeout: 1500 * time.Millisecond}
}

// patient is for requests: one must not fail because the machine is busy for a while.
func patient() patience {
	return patience{dial: 10 * time.Second, pingAfter: 5 * time.Second, pingTimeout: 10 * time.Second}
}

// Client talks to one cluster's API server. It is safe for concurrent use.
type Client struct {
	config  *rest.Config // for connections that are upgraded to streams
	core    corev1client.CoreV1Interface
	watched corev1client.CoreV1Interface // on a connection of its own, for Watch
	dynamic dynamic.Interface
	// watchedDynamic is on the connection of watched.
	watchedDynamic dynamic.Interface
	discovery      *discovery.DiscoveryClient
	cache          discovery.CachedDiscoveryInterfaceWithContext
	mapper         *restmapper.DeferredDiscoveryRESTMapper
	transports     []*http.Transport
}

// silence keeps client-go's log, which goes to standard error, away from a screen that podlab draws.
//
//nolint:gochecknoglobals // klog's logger is global, and may be set once only
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
	c := &Client{}
	config = rest.CopyConfig(config)
	config.UserAgent = "podlab"
	config.QPS = -1 // the API server's own fairness is limit enough for one learner
	config.WarningHandlerWithContext = warningHandler{}
	return c, c.connect(config)
}

func (c *Client) connect(config *rest.Config) error {
	c.config = config
	forRequests, err := c.httpClient(config, patient())
	if err != nil {
		return err
	}
	forWatches, err := c.httpClient(config, watchful())
	if err != nil {
		return err
	}
	if c.core, err = corev1client.NewForConfigAndClient(config, forRequests); err != nil {
		return err
	}
	if c.watched, err = corev1client.NewForConfigAndClient(config, forWatches); err != nil {
		return err
	}
	if c.dynamic, err = dynamic.NewForConfigAndClient(config, forRequests); err != nil {
		return err
	}
	if c.watchedDynamic, err = dynamic.NewForConfigAndClient(config, forWatches); err != nil {
		return err
	}
	if c.discovery, err = discovery.NewDiscoveryClientForConfigAndClient(config, forRequests); err != nil {
		return err
	}
	c.cache = memory.NewMemCacheClientWithContext(c.discovery)
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapperWithContext(c.cache)
	return nil
}

func (c *Client) httpClient(config *rest.Config, p patience) (*http.Client, error) {
	transport, err := newTransport(config, p)
	if err != nil {
		return nil, err
	}
	c.transports = append(c.transports, transport)
	wrapped, err := rest.HTTPWrappersForConfig(config, transport)
	return &http.Client{Transport: wrapped}, err
}

// newTransport makes a transport of our own, because client-go's can be told its ping times only by environment variables.
func newTransport(config *rest.Config, p patience) (*http.Transport, error) {
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
		DialContext:         (&net.Dialer{Timeout: p.dial}).DialContext,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: p.dial,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     90 * time.Second,
		HTTP2:               &http.HTTP2Config{SendPingTimeout: p.pingAfter, PingTimeout: p.pingTimeout},
	}, nil
}

// Close gives up idle connections. Watches end with their own context.
func (c *Client) Close() {
	for _, t := range c.transports {
		t.CloseIdleConnections()
	}
}
