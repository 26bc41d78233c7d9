//go:build e2e

package honesty

import (
	"context"
	"slices"
	"testing"
	"time"
	"unsafe"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/node"
)

// The clock of a shared machine cannot be set. What a set clock does to a time.Time is that its time of day moves while its
// monotonic reading does not; package time has no way to make such a value, so this one is made by hand.

// wallSecond is one second in the first word of a time.Time that has a monotonic reading.
const wallSecond = 1 << 30

// set returns the time as it would read if the clock had been set ahead by so much.
func set(now time.Time, by time.Duration) time.Time {
	word := (*uint64)(unsafe.Pointer(&now))
	*word += uint64(int64(by/time.Second) * wallSecond)
	return now
}

func TestASetClockMovesTheTimeOfDayAlone(t *testing.T) {
	now := time.Now()
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		moved := set(now, by)
		if monotonic, wall := moved.Sub(now), moved.Round(0).Sub(now.Round(0)); monotonic != 0 || wall != by {
			t.Errorf("set by %s: monotonic %s, time of day %s", by, monotonic, wall)
		}
	}
}

// jump looks while the clock stands an hour away from where it stood, and while it seems to have been set back between
// the starts of two containers.
func (s *setting) jump(t *testing.T, h *Harness, trials []*Trial, say func(string, ...any)) {
	t.Helper()
	pick := func(which func(*Trial) bool) []*Trial {
		return h.Right(t.Context(), slices.DeleteFunc(slices.Clone(trials), func(t *Trial) bool { return !which(t) }))
	}
	timed, dated := pick((*Trial).Timed), pick(func(t *Trial) bool { return t.Dated() || t.Case.Kind == "started-before" })
	defer func() { s.stage.change = nil }()
	for _, odd := range []struct {
		name   string
		trials []*Trial
		doubt  bool
		change func(checks.Cluster) checks.Cluster
	}{
		{"the clock jumps ahead", timed, false, func(c checks.Cluster) checks.Cluster { return jumped{c, time.Hour} }},
		{"the clock jumps back", timed, false, func(c checks.Cluster) checks.Cluster { return jumped{c, -time.Hour} }},
		{"the clock was set back between two starts", dated, true, func(c checks.Cluster) checks.Cluster { return misdated{c} }},
	} {
		say("fault: %s (%d cases)", odd.name, len(odd.trials))
		s.stage.change = odd.change
		h.Odd(t.Context(), odd.name, odd.trials, odd.doubt)
	}
}

// jumped is a cluster whose clock was set: the time of day has moved, the monotonic reading has not.
type jumped struct {
	checks.Cluster
	by time.Duration
}

func (j jumped) Now() time.Time { return set(j.Cluster.Now(), j.by) }

// misdated is a cluster whose clock was set back by an hour right before the youngest container was created.
type misdated struct{ checks.Cluster }

func (m misdated) Created(ctx context.Context, nodeName string, ids []string) (node.Births, error) {
	born, err := m.Cluster.Created(ctx, nodeName, ids)
	youngest := ""
	for id, at := range born.At {
		if youngest == "" || at.After(born.At[youngest]) {
			youngest = id
		}
	}
	if err != nil || len(born.At) < 2 {
		return born, err
	}
	moved := map[string]time.Time{}
	for id, at := range born.At {
		if moved[id] = at; id == youngest {
			moved[id] = at.Add(-time.Hour)
		}
	}
	return node.Births{At: moved, Boot: born.Boot}, nil
}

func (m misdated) Pod(ctx context.Context, name string) (*corev1.Pod, error) {
	pod, err := m.Cluster.Pod(ctx, name)
	if err != nil {
		return nil, err
	}
	pod = pod.DeepCopy()
	var youngest *metav1.Time
	for i := range pod.Status.ContainerStatuses {
		running := pod.Status.ContainerStatuses[i].State.Running
		if running != nil && (youngest == nil || youngest.Before(&running.StartedAt)) {
			youngest = &running.StartedAt
		}
	}
	if youngest != nil {
		youngest.Time = youngest.Add(-time.Hour)
	}
	return pod, nil
}
