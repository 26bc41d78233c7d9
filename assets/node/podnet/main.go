// Podnet gives a node its pod network: a CNI bridge for the pods of this node, and a route to those of every other node.
// It runs as a systemd unit on each node, watches the cluster's Node objects with the kubelet's own credentials, and
// acts when one changes: so a node that comes back with another address is found again.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	kubeconfig = "/etc/kubernetes/kubelet.conf" // written by kubeadm when the node joins
	conflist   = "/etc/cni/net.d/10-podnet.conflist"
)

func main() {
	log.SetFlags(0) // journald stamps the lines
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	self, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("read the host name: %w", err)
	}
	if err := waitForFile(ctx, kubeconfig); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return fmt.Errorf("read %s: %w", kubeconfig, err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client from %s: %w", kubeconfig, err)
	}
	update := func(object any) {
		if node, ok := object.(*corev1.Node); ok {
			if err := apply(self, node); err != nil {
				log.Print(err)
			}
		}
	}
	factory := informers.NewSharedInformerFactory(client, time.Minute) // the resync retries what failed
	if _, err := factory.Core().V1().Nodes().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    update,
		UpdateFunc: func(_, object any) { update(object) },
	}); err != nil {
		return fmt.Errorf("watch nodes: %w", err)
	}
	factory.Start(ctx.Done())
	<-ctx.Done()
	factory.Shutdown()
	return ctx.Err()
}

// waitForFile returns once the file exists. A fresh node has no credentials until kubeadm has run.
func waitForFile(ctx context.Context, path string) error {
	for {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// apply writes the CNI configuration if the node is this one, and a route to its pods if it is another.
func apply(self string, node *corev1.Node) error {
	if node.Spec.PodCIDR == "" {
		return nil // not allocated yet: another update follows
	}
	if node.Name == self {
		return writeOnce(conflist, cniConfig(node.Spec.PodCIDR))
	}
	gateway := internalIP(node)
	_, pods, err := net.ParseCIDR(node.Spec.PodCIDR)
	if err != nil || gateway == nil {
		return fmt.Errorf("node %s: no route: pod range %q, address %v", node.Name, node.Spec.PodCIDR, gateway)
	}
	if err := netlink.RouteReplace(&netlink.Route{Dst: pods, Gw: gateway}); err != nil {
		return fmt.Errorf("route %s via %s (node %s): %w", pods, gateway, node.Name, err)
	}
	return nil
}

func internalIP(node *corev1.Node) net.IP {
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP {
			return net.ParseIP(address.Address)
		}
	}
	return nil
}

// cniConfig is a bridge whose addresses come from the node's own pod range.
func cniConfig(podCIDR string) string {
	return fmt.Sprintf(`{"cniVersion": "0.4.0", "name": "podnet", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}
]}
`, podCIDR)
}

// writeOnce puts the content in place in one step, and does nothing if it is there already: containerd reloads on change.
func writeOnce(path, content string) error {
	if have, err := os.ReadFile(path); err == nil && string(have) == content {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make the folder of %s: %w", path, err)
	}
	part := filepath.Join(filepath.Dir(path), ".podnet.part")
	if err := os.WriteFile(part, []byte(content), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", part, err)
	}
	if err := os.Rename(part, path); err != nil {
		return fmt.Errorf("put %s in place: %w", path, err)
	}
	return nil
}
