//go:build bench

package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// witness says when the claim of each kind of check became true: the events that all are timed from. It has a connection
// and watches of its own, and takes the time of an event when its bytes are there, before it is understood.
type witness struct {
	mu   sync.Mutex
	seen map[string]time.Time // by kind of check
}

const (
	running   = "" // the event of the kinds that look at the node: the API says that the containers run
	witnessed = 7  // how many claims there are
)

// newWitness watches the namespace until ctx ends.
func newWitness(ctx context.Context, api *plainAPI, namespace string) (*witness, error) {
	w := &witness{seen: map[string]time.Time{}}
	return w, errors.Join(
		watchPlain(ctx, api, "/api/v1/namespaces/"+namespace+"/pods", w.pod),
		watchPlain(ctx, api, "/apis/apps/v1/namespaces/"+namespace+"/statefulsets", w.set),
		watchPlain(ctx, api, "/apis/discovery.k8s.io/v1/namespaces/"+namespace+"/endpointslices", w.slice),
	)
}

func (w *witness) pod(at time.Time, pod *corev1.Pod) {
	if pod.Name != verdictPod || pod.DeletionTimestamp != nil {
		return
	}
	w.note(at, "ready", isReady(pod))
	w.note(at, "condition", isReady(pod))
	w.note(at, "phase", pod.Status.Phase == corev1.PodRunning)
	w.note(at, "field", pod.Status.PodIP != "")
	w.note(at, running, containersRun(pod))
}

func (w *witness) set(at time.Time, set *appsv1.StatefulSet) {
	w.note(at, "replicas", set.DeletionTimestamp == nil && set.Status.ReadyReplicas == 1)
}

func (w *witness) slice(at time.Time, slice *discoveryv1.EndpointSlice) {
	w.note(at, "endpoints", slices.ContainsFunc(slice.Endpoints, func(e discoveryv1.Endpoint) bool {
		return e.Conditions.Ready != nil && *e.Conditions.Ready
	}))
}

func (w *witness) note(at time.Time, kind string, holds bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.seen[kind]; holds && !known {
		w.seen[kind] = at
	}
}

// sooner takes it that somebody else knew of the kind's event at that time: whoever is the first to hear of it, the event was
// before. What one message brought to the witness came to the other in one message too.
func (w *witness) sooner(kind string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	own, known := w.seen[kind]
	if !known {
		own = w.seen[running]
	}
	for other, seen := range w.seen {
		if seen.Equal(own) && at.Before(seen) {
			w.seen[other] = at
		}
	}
}

// begin forgets what was seen in the round before.
func (w *witness) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.seen)
}

// wait waits until every claim was seen to be true: the witness may be the last to see it.
func (w *witness) wait(ctx context.Context) error {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		w.mu.Lock()
		all := len(w.seen) == witnessed
		w.mu.Unlock()
		if all {
			return nil
		}
	}
	return errors.New("the second watch did not see what podlab saw")
}

// at returns when the claim of the kind became true.
func (w *witness) at(kind string) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at, ok := w.seen[kind]; ok {
		return at
	}
	return w.seen[running]
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func containersRun(pod *corev1.Pod) bool {
	statuses := pod.Status.ContainerStatuses
	return len(statuses) > 0 && !slices.ContainsFunc(statuses, func(s corev1.ContainerStatus) bool {
		return s.State.Running == nil || s.ContainerID == ""
	})
}

// watchPlain hands on every object that the API server tells of until ctx ends, with the time at which it came.
func watchPlain[T any](ctx context.Context, api *plainAPI, path string, tell func(time.Time, *T)) error {
	response, err := api.get(ctx, path+"?watch=1")
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.Join(fmt.Errorf("watch %s: %s", path, response.Status), response.Body.Close())
	}
	go func() {
		defer response.Body.Close()
		for lines := bufio.NewReader(response.Body); ; {
			line, err := lines.ReadBytes('\n')
			now := time.Now()
			if err != nil {
				return // the witness misses an event then, and says so
			}
			var event struct {
				Type   string `json:"type"`
				Object *T     `json:"object"`
			}
			if json.Unmarshal(line, &event) == nil && event.Type != "DELETED" && event.Object != nil {
				tell(now, event.Object)
			}
		}
	}()
	return nil
}
