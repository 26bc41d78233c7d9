package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// readiness is what "kubectl get nodes,leases -o json" told.
type readiness struct {
	nodes   map[string]bool      // by node: its Ready condition
	renewed map[string]time.Time // by node: when its kubelet was last heard of
	version string               // the control plane's kubelet's, "v1.37.0"
}

// parseReadiness reads kubectl's list of nodes and of the leases that their kubelets renew.
func parseReadiness(data []byte) (readiness, error) {
	var list struct {
		Items []struct {
			Kind     string
			Metadata struct{ Name, Namespace string }
			Spec     struct{ RenewTime time.Time }
			Status   struct {
				Conditions []struct{ Type, Status string }
				NodeInfo   struct{ KubeletVersion string }
			}
		}
	}
	if err := json.Unmarshal(data, &list); err != nil {
		return readiness{}, fmt.Errorf("read kubectl's list of nodes: %w", err)
	}
	r := readiness{nodes: map[string]bool{}, renewed: map[string]time.Time{}}
	for _, item := range list.Items {
		switch {
		case item.Kind == "Lease" && item.Metadata.Namespace == "kube-node-lease":
			r.renewed[item.Metadata.Name] = item.Spec.RenewTime
		case item.Kind == "Node":
			r.nodes[item.Metadata.Name] = false
			r.version = item.Status.NodeInfo.KubeletVersion
			for _, c := range item.Status.Conditions {
				if c.Type == "Ready" && c.Status == "True" {
					r.nodes[item.Metadata.Name] = true
				}
			}
		}
	}
	return r, nil
}

// missing says which of the named nodes is not ready, or "". A node counts only if its kubelet was heard of since: after a
// start the API still tells what was true before the stop.
func (r readiness) missing(names []string, since time.Time) string {
	for _, name := range names {
		ready, there := r.nodes[name]
		switch {
		case !there:
			return name + " is not known to the API yet"
		case r.renewed[name].Before(since):
			return name + " has not been heard of since its start"
		case !ready:
			return name + " is not ready yet"
		}
	}
	return ""
}

// ready asks the API, from inside the control plane, how the nodes are.
func (c *Cluster) ready(ctx context.Context) (readiness, error) {
	out, err := c.output(ctx, c.ControlPlane(), nil, "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf",
		"--request-timeout", "5s", "get", "nodes,leases.coordination.k8s.io", "--all-namespaces", "-o", "json")
	if err != nil {
		return readiness{}, err
	}
	return parseReadiness(out)
}

// waitReady waits until the API says that all the named nodes are ready, at most for the limit.
func (c *Cluster) waitReady(ctx context.Context, names []string, limit time.Duration, ph *phase) error {
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var cause error
	for why := ""; ; {
		why, cause = c.unready(bounded, names)
		switch {
		case cause == nil && why == "":
			return nil
		case errors.Is(cause, errStopped):
			return cause
		case cause != nil:
			why = "the API does not answer yet"
		}
		ph.say("%s", why)
		select {
		case <-bounded.Done():
			return c.notReady(ctx, why, cause, limit)
		case <-time.After(300 * time.Millisecond):
		}
	}
}

// unready says which of the named nodes is not ready, or "".
func (c *Cluster) unready(ctx context.Context, names []string) (string, error) {
	r, err := c.ready(ctx)
	if err != nil {
		return "", err
	}
	// Asked each time: Docker starts a node that was killed by itself, once.
	since, err := c.startedAt(ctx, names)
	return r.missing(names, since), err
}

// notReady says why a wait was in vain: because ctx ended, Docker went away, or the cluster is broken.
func (c *Cluster) notReady(ctx context.Context, why string, cause error, limit time.Duration) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := c.ping(ctx); err != nil {
		return err
	}
	if cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		why += ": " + cause.Error()
	}
	return wrong(ErrBroken, tryRebuild, "not ready after %s: %s", limit, why)
}
