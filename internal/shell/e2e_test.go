//go:build e2e

package shell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// node returns the node container that the e2e tests use.
func node(t *testing.T) string {
	t.Helper()
	name := os.Getenv("PODLAB_E2E_NODE")
	if name == "" {
		t.Fatal("PODLAB_E2E_NODE names no node container")
	}
	return name
}

// execInNode is ExecFunc on the docker command line, as the real one is on Docker's API.
func execInNode(ctx context.Context, node string, argv, env []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	args := []string{"exec"}
	if stdin != nil {
		args = append(args, "-i")
	}
	for _, e := range env {
		args = append(args, "-e", e)
	}
	cmd := exec.CommandContext(ctx, "docker", append(append(args, node), argv...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// twoContainers makes a pod of two containers in a namespace of its own and waits until it is ready.
func twoContainers(t *testing.T, node string) (namespace string) {
	t.Helper()
	namespace = fmt.Sprintf("shelltest-%d", time.Now().UnixNano())
	setUp := `set -e
kubectl create namespace ` + namespace + `
until kubectl -n ` + namespace + ` get serviceaccount default >/dev/null 2>&1; do sleep 0.1; done
kubectl -n ` + namespace + ` apply -f - <<'EOT'
apiVersion: v1
kind: Pod
metadata: {name: duo}
spec:
  containers:
  - {name: a, image: "demo:1.0.0", command: [php, -S, "127.0.0.1:9301"]}
  - {name: b, image: "demo:1.0.0", command: [php, -S, "127.0.0.1:9302"]}
EOT
kubectl -n ` + namespace + ` wait --for=condition=Ready pod/duo --timeout=60s`
	if out, code := bash(t, node, "default", setUp); code != 0 {
		t.Fatalf("set up: %s", out)
	}
	t.Cleanup(func() {
		bash(t, node, namespace, "kubectl delete pod --all --grace-period=1; kubectl delete namespace "+namespace+" --wait=false")
	})
	return namespace
}

// bash runs the script in a real bash with the real docker, and the node's kubectl.
func bash(t *testing.T, node, namespace, script string) (output string, code int) {
	t.Helper()
	function := "kubectl() { docker exec -i $NODE kubectl --kubeconfig /etc/kubernetes/admin.conf --namespace $NAMESPACE \"$@\"; }\n"
	cmd := exec.Command("bash", "-c", function+script)
	cmd.Env = append(os.Environ(), "NODE="+node, "NAMESPACE="+namespace)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

func TestPrintsWhatBashPrints(t *testing.T) {
	node := node(t)
	namespace := twoContainers(t, node)
	for name, script := range map[string]string{
		"ps and grep":   `docker exec $NODE ps -eo pid,ppid,args | grep 'ph[p] -S 127.0.0.1:930'`,
		"lsns":          `docker exec $NODE lsns -o NS,TYPE,NPROCS,PID,COMMAND | grep 'php -S 127.0.0.1:930' | sort`,
		"get":           `kubectl get pods -o wide | awk '{print $1, $2, $3}'`,
		"exec":          `kubectl exec duo -c a -- ps -eo pid,args | head -2`,
		"variables":     "php=$(docker exec $NODE pgrep -f 'php -S 127.0.0.1:9301')\nshim=$(docker exec $NODE ps -o ppid= -p $php)\ndocker exec $NODE ps --cols 72 -o pid,ppid,args -p $shim --ppid $shim",
		"loop":          `for port in 9301 9302; do docker exec $NODE pgrep -f "php -S 127.0.0.1:$port" | wc -l; done`,
		"while read":    `kubectl get pod duo -o jsonpath='{range .spec.containers[*]}{.name}{"\n"}{end}' | while read c; do echo "[$c]"; kubectl exec duo -c $c -- cat /proc/1/comm </dev/null; done`,
		"node by name":  `docker exec $(kubectl get pod duo -o jsonpath={.spec.nodeName}) hostname`,
		"here-doc":      "cat <<EOT | tr a-z A-Z\nhello $NODE\nEOT",
		"exit code":     `kubectl get pod nosuch; echo $?; kubectl exec duo -c a -- sh -c 'exit 7'`,
		"errors":        `kubectl get pod nosuch 2>&1 | sed 's/pods/PODS/'; docker exec $NODE ls /nosuch || echo "exit $?"`,
		"head of much":  `docker exec $NODE seq 1 1000000 | head -3`,
		"tail, sort":    `docker exec $NODE ls /etc/kubernetes | sort -r | tail -2; true && ! false; echo $?`,
		"function":      `name() { echo "pod $1"; }; name duo; if [ "$(kubectl get pod duo -o name)" = pod/duo ]; then echo yes; fi`,
		"stdin of exec": `echo "to the container" | kubectl exec -i duo -c b -- cat; echo node | docker exec -i $NODE cat; echo lost | docker exec $NODE cat`,
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			shell := &Shell{Exec: execInNode}
			start := time.Now()
			code, err := shell.Run(t.Context(), script, Env{Node: node, Namespace: namespace}, &out, &out)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%v\n%s", time.Since(start).Round(time.Millisecond), out.String())
			want, wantCode := bash(t, node, namespace, script)
			if diff := cmp.Diff(want, out.String()); diff != "" || code != wantCode {
				t.Errorf("exit %d, want %d; output (-bash +podlab):\n%s", code, wantCode, diff)
			}
			if strings.TrimSpace(want) == "" {
				t.Error("bash printed nothing: the comparison says nothing")
			}
		})
	}
}

func TestStopsAtOnce(t *testing.T) {
	node := node(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var out bytes.Buffer
	start := time.Now()
	_, err := (&Shell{Exec: execInNode}).Run(ctx, "while true; do sleep 30; done", Env{Node: node}, &out, &out)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(start), err)
	}
}
