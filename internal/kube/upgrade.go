package kube

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
)

// upgrading returns a configuration for one connection that turns into streams, and whether the server has let it.
func (c *Client) upgrading() (*rest.Config, *atomic.Bool) {
	upgraded := &atomic.Bool{}
	config := rest.CopyConfig(c.config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(request *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(request)
			if err == nil && response.StatusCode == http.StatusSwitchingProtocols {
				upgraded.Store(true)
			}
			return response, err
		})
	})
	return config, upgraded
}

type roundTrip func(*http.Request) (*http.Response, error)

func (r roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

// fallback says that the server, or a proxy before it, does not know WebSockets. What it said about the request itself is
// its answer.
func fallback(err error) bool {
	if !httpstream.IsUpgradeFailure(err) && !httpstream.IsHTTPSProxyError(err) {
		return false
	}
	var status apierrors.APIStatus
	cause := streamError(err)
	return !errors.As(cause, &status) && !strings.Contains(cause.Error(), "container not found")
}

// streamError returns what is behind a failed upgrade: the server's status where it gave one.
func streamError(err error) error {
	var failed *httpstream.UpgradeFailureError // it has no Unwrap of its own
	if errors.As(err, &failed) {
		return failed.Cause
	}
	return err
}
