//go:build e2e

// The node image, booted by kind's own command line: a control plane and two workers, a Service routed between them, and
// all of it again after the nodes came back with other addresses. From this folder:
//
//	go test -tags e2e -v -timeout 15m .
package node

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	appImage = "podlab/demo:1.0.0" // made by the set-up; serves and asks, so one image is enough
	maxBytes = 1_200_000_000
)

const kindConfig = `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes: [{role: control-plane}, {role: worker}, {role: worker}]
`

// One pod on each worker, with a Service in front of one of them.
const workload = `
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  nodeName: %[1]s-worker
  containers: [{name: web, image: podlab/demo:1.0.0, command: [sh, -c, "echo hello > /tmp/index.html; exec php -S 0.0.0.0:9081 -t /tmp"]}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  nodeName: %[1]s-worker2
  containers: [{name: client, image: podlab/demo:1.0.0, command: [sleep, infinity]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 9081}]}
`

func TestNodeImageBoots(t *testing.T) {
	image := os.Getenv("PODLAB_NODE_IMAGE")
	if image == "" {
		image = "podlab/node:v1.37.0"
	}
	size, err := strconv.Atoi(run(t, "docker", "image", "inspect", "-f", "{{.Size}}", image))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s is %d MB", image, size/1_000_000)
	if size > maxBytes {
		t.Errorf("%s has %d bytes, more than %d", image, size, maxBytes)
	}
	c := createCluster(t, image)
	run(t, c.kind, "load", "docker-image", appImage, "--name", c.name)
	c.apply(t, fmt.Sprintf(workload, c.name))
	c.eventually(t, "the Service answers a pod on another node", c.serviceAnswers)

	before := c.addresses(t)
	c.restartInAnotherOrder(t)
	after := c.addresses(t)
	t.Logf("addresses before %v, after %v", before, after)
	if slices.Equal(before, after) {
		t.Error("no address changed: the restart proves nothing")
	}
	c.eventually(t, "every node is Ready at its new address", func() error { return c.readyAt(t, after) })
	c.eventually(t, "the Service answers again", c.serviceAnswers)
	c.apply(t, strings.NewReplacer("name: client", "name: late").Replace(fmt.Sprintf(workload, c.name)))
	c.eventually(t, "a new pod starts", func() error {
		_, err := output("docker", c.kubectl("exec", "late", "--", "true")...)
		return err
	})
}

type cluster struct {
	kind, name string
	nodes      []string
}

func createCluster(t *testing.T, image string) *cluster {
	t.Helper()
	dir, name := t.TempDir(), fmt.Sprintf("podlab-boot-%d", os.Getpid())
	c := &cluster{kind: filepath.Join(dir, "kind"), name: name}
	c.nodes = []string{name + "-control-plane", name + "-worker", name + "-worker2"}
	build := exec.Command("go", "build", "-o", c.kind, "sigs.k8s.io/kind") // the release that podlab itself is built with
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build kind: %v\n%s", err, out)
	}
	config := filepath.Join(dir, "config.yaml")
	if err := os.WriteFile(config, []byte(kindConfig), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", filepath.Join(dir, "kubeconfig"))
	t.Setenv("KIND_EXPERIMENTAL_DOCKER_NETWORK", name)
	t.Cleanup(func() {
		if t.Failed() {
			pods, err := output("docker", c.kubectl("get", "pods", "-A", "-o", "wide")...)
			t.Logf("%s\n%v", pods, err)
		}
		for _, command := range [][]string{{c.kind, "delete", "cluster", "--name", name}, {"docker", "network", "rm", name}} {
			if out, err := output(command[0], command[1:]...); err != nil {
				t.Errorf("%v: %v\n%s", command, err, out)
			}
		}
	})
	start := time.Now()
	run(t, c.kind, "create", "cluster", "--name", name, "--image", image, "--config", config, "--wait", "180s")
	t.Logf("cluster created in %.1f s", time.Since(start).Seconds())
	// kind waits for the control plane alone, and reports success even when its wait ran out.
	c.eventually(t, "every node is Ready", func() error { return c.readyAt(t, c.addresses(t)) })
	return c
}

// restartInAnotherOrder stops all nodes, and starts the one with the highest address first: Docker hands addresses out in
// the order of starting.
func (c *cluster) restartInAnotherOrder(t *testing.T) {
	t.Helper()
	byAddress := map[string]string{}
	addresses := c.addresses(t)
	for i, node := range c.nodes {
		byAddress[addresses[i]] = node
	}
	slices.Sort(addresses)
	run(t, "docker", append([]string{"stop", "-t", "20"}, c.nodes...)...)
	for _, address := range slices.Backward(addresses) {
		run(t, "docker", "start", byAddress[address])
	}
}

func (c *cluster) addresses(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, node := range c.nodes {
		all = append(all, inspect(t, node, "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"))
	}
	return all
}

// readyAt reports the nodes that are not Ready, or that the cluster knows by another address.
func (c *cluster) readyAt(t *testing.T, addresses []string) error {
	t.Helper()
	const row = `jsonpath={range .items[*]}{.metadata.name} {.status.addresses[?(@.type=="InternalIP")].address} {.status.conditions[?(@.type=="Ready")].status}{"\n"}{end}`
	got, err := output("docker", c.kubectl("get", "nodes", "-o", row)...)
	if err != nil {
		return fmt.Errorf("%w: %s", err, got)
	}
	for i, node := range c.nodes {
		if want := node + " " + addresses[i] + " True"; !slices.Contains(strings.Split(got, "\n"), want) {
			return fmt.Errorf("no %q in\n%s", want, got)
		}
	}
	return nil
}

// serviceAnswers asks by name: CoreDNS resolves it, kube-proxy routes it, podnet carries it to the other node.
func (c *cluster) serviceAnswers() error {
	const ask = `echo file_get_contents("http://web.default.svc.cluster.local/", false, stream_context_create(["http" => ["timeout" => 3]]));`
	got, err := output("docker", c.kubectl("exec", "client", "--", "php", "-r", ask)...)
	if err == nil && got != "hello" {
		err = fmt.Errorf("got %q", got)
	}
	return err
}

func (c *cluster) kubectl(args ...string) []string {
	return append([]string{"exec", "-i", c.nodes[0], "kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf"}, args...)
}

func (c *cluster) apply(t *testing.T, manifests string) {
	t.Helper()
	command := exec.Command("docker", c.kubectl("apply", "-f", "-")...)
	command.Stdin = strings.NewReader(manifests)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("apply: %v\n%s", err, out)
	}
}

func (c *cluster) eventually(t *testing.T, what string, holds func() error) {
	t.Helper()
	start := time.Now()
	for {
		err := holds()
		if err == nil {
			t.Logf("%s (%.1f s)", what, time.Since(start).Seconds())
			return
		}
		if time.Since(start) > 3*time.Minute {
			t.Fatalf("not within 3 minutes: %s: %v", what, err)
		}
		time.Sleep(time.Second)
	}
}

func inspect(t *testing.T, container, format string) string {
	t.Helper()
	return run(t, "docker", "inspect", "-f", format, container)
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := output(name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// output runs a command for at most 5 minutes and returns what it printed, errors included.
func output(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
