//go:build bench

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// wait is what a rival said: when it began to wait for Ready, and when it was sure of it.
type wait struct {
	began, ended time.Time
	err          error
}

// kubectlWait lets the node's own kubectl wait for the pod. From here, docker exec would add its own time: so the shell that
// runs kubectl prints the time, of the one kernel that both share, as soon as kubectl has ended.
func kubectlWait(ctx context.Context, nodeName, namespace, pod string) <-chan wait {
	const script = `export KUBECONFIG=/etc/kubernetes/admin.conf
kubectl -n "$1" wait --for=create "pod/$2" --timeout=60s >/dev/null && echo "$EPOCHREALTIME" &&
kubectl -n "$1" wait --for=condition=Ready "pod/$2" --timeout=60s >/dev/null && echo "$EPOCHREALTIME"`
	done := make(chan wait, 1)
	go func() {
		var complaint bytes.Buffer
		cmd := exec.CommandContext(ctx, "docker", "exec", nodeName, "bash", "-c", script, "bash", namespace, pod)
		cmd.Stderr = &complaint
		out, err := cmd.Output()
		if err != nil {
			done <- wait{err: fmt.Errorf("%w: %s", err, complaint.String())}
			return
		}
		var w wait
		began, ended, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		w.began, w.err = epoch(began)
		if w.err == nil {
			w.ended, w.err = epoch(ended)
		}
		done <- w
	}()
	return done
}

// epoch reads bash's EPOCHREALTIME: seconds, a point, and six digits.
func epoch(text string) (time.Time, error) {
	micros, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	return time.UnixMicro(micros), err
}

const pollEvery = 50 * time.Millisecond

// poll asks the API server for the pod until it is Ready.
func poll(ctx context.Context, api *plainAPI, namespace, pod string) <-chan wait {
	done := make(chan wait, 1)
	go func() {
		w := wait{began: time.Now()}
		tick := time.NewTicker(pollEvery)
		defer tick.Stop()
		for {
			found, err := getPod(ctx, api, namespace, pod)
			if err != nil || isReady(found) {
				w.ended, w.err = time.Now(), err
				done <- w
				return
			}
			<-tick.C
		}
	}()
	return done
}

// getPod returns the pod, an empty one while there is none.
func getPod(ctx context.Context, api *plainAPI, namespace, name string) (*corev1.Pod, error) {
	response, err := api.get(ctx, "/api/v1/namespaces/"+namespace+"/pods/"+name)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	pod := &corev1.Pod{}
	switch {
	case err != nil:
		return nil, err
	case response.StatusCode == http.StatusNotFound:
		return pod, nil
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("poll: %s", response.Status)
	}
	return pod, json.Unmarshal(body, pod)
}
