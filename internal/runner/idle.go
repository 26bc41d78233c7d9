package runner

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/node"
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

// activity is the CPU time that the pods had, by node.
type activity map[string]node.Usage

// skip returns the checks that need not be looked at after this pause: those that asked, if nothing ran meanwhile.
func (d *idleness) skip(ctx context.Context, l *looker) skipped {
	if d.mark == nil {
		return nil
	}
	now := l.activity(ctx, d.pods)
	for name, uids := range d.pods.byNode() {
		if before, ok := d.mark[name]; !ok || now[name] == nil || !before.Quiet(now[name], uids) {
			return nil
		}
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

// byNode returns the pods' UIDs, by node.
func (p pods) byNode() map[string][]string {
	by := map[string][]string{}
	for uid, name := range p {
		by[name] = append(by[name], uid)
	}
	return by
}

// activity returns what the nodes count of the pods now, or nil if it cannot be seen.
func (l *looker) activity(ctx context.Context, pods pods) activity {
	seen := activity{}
	for name := range pods.byNode() {
		usage, err := l.world.cluster.Usage(ctx, name)
		if err != nil {
			return nil
		}
		seen[name] = usage
	}
	return seen
}

// sightings collects the pods that one look saw.
type sightings struct {
	mu   sync.Mutex
	pods pods
}

func (s *sightings) add(uid, nodeName string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pods == nil {
		s.pods = pods{}
	}
	if nodeName != "" {
		s.pods[uid] = nodeName
	}
}

func (s *sightings) all() pods {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.pods)
}
