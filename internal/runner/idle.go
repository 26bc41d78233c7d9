package runner

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// idleness spares the API server while nothing happens. Nothing tells podlab of what goes on inside a container, so a check
// that asks by an exec or a port-forward is looked at again like any other. But when the pause has grown to relookLast,
// podlab first looks on the node whether any process of the pods has run at all since: that sends no request.
type idleness struct {
	asked skipped  // what the checks that sent a request came to, by index
	pods  pods     // that this look saw
	mark  activity // what their processes had done after it; nil while unknown
	quiet int      // how many looks there were since the pause is a long one
}

// skipped are results that stand for checks that need not be looked at, by index.
type skipped map[int]checks.Result

// activity is how often each process of the pods was put on a CPU.
type activity map[running]uint64

type running struct {
	node string
	pid  int
}

// skip returns the checks that need not be looked at after this pause: those that asked, if nothing ran meanwhile.
func (d *idleness) skip(ctx context.Context, l *looker) skipped {
	if d.mark == nil || !maps.Equal(d.mark, l.activity(ctx, d.pods)) {
		return nil
	}
	return d.asked
}

// settle remembers a look, and what ran until its end if the next pause is a long one. One such look is not enough: what
// changed between its answer and the mark is in neither.
func (d *idleness) settle(ctx context.Context, l *looker, found *glimpse, pause time.Duration) {
	d.asked, d.pods, d.mark = found.asked, found.pods.all(), nil
	if pause < relookLast {
		d.quiet = 0
		return
	}
	d.quiet++
	if len(d.asked) > 0 && len(d.pods) > 0 && d.quiet > 1 {
		d.mark = l.activity(ctx, d.pods)
	}
}

// pods are those that checks looked at: UID -> node.
type pods map[string]string

// activity returns what the pods' own processes have done so far, or nil if it cannot be seen.
func (l *looker) activity(ctx context.Context, pods pods) activity {
	seen, m := activity{}, l.moment()
	for uid, name := range pods {
		snapshot, err := m.Node(ctx, name)
		if err != nil {
			return nil
		}
		for _, p := range snapshot.Pod(uid).Own {
			seen[running{name, p.PID}] = p.Switches
		}
	}
	return seen
}

// sightings collects the pods that one look saw.
type sightings struct {
	mu   sync.Mutex
	pods pods
}

func (s *sightings) add(uid, node string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pods == nil {
		s.pods = pods{}
	}
	if node != "" {
		s.pods[uid] = node
	}
}

func (s *sightings) all() pods {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.pods)
}
