package checks

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// proxyLag is how long kube-proxy may go on to send a Service's connections to where they went before a change of it.
const proxyLag = 2 * time.Second

// route is what a check saw of the way through a Service, and since when.
type route struct {
	way   string
	since time.Time
}

// unsettled returns how long the way through the Service must be left alone until an answer is surely that of the pods which
// are behind it now. It is 0 if no Service is asked. A way that was never seen before may be as new as the look at it.
func (q request) unsettled(c Cluster, at target) time.Duration {
	if q.service == "" {
		return 0
	}
	pods := make([]string, len(at.behind))
	for i, b := range at.behind {
		pods[i] = fmt.Sprint(b.pod, " ", b.ip, " ", b.port)
	}
	slices.Sort(pods)
	now := route{fmt.Sprintf("%s %d: %s", at.address.Host, at.address.Port, strings.Join(pods, ", ")), c.Now()}
	seen, ok := c.Memory().Kept("route").(route)
	if !ok || seen.way != now.way {
		seen = now
		c.Memory().Keep("route", now)
	}
	return max(0, proxyLag-now.since.Sub(seen.since))
}

// early makes a result that another pod's answer may have led to one that shows nothing yet, neither that the claim holds nor
// that it does not.
func early(r Result, rest time.Duration) Result {
	if rest == 0 || r.Verdict == CannotTell {
		return r
	}
	if r.Verdict == Pass {
		r.Got += ", but the Service's endpoints have just changed"
		r.Why = "for a moment after a change, kube-proxy may still send a connection to the pods from before it"
	}
	r.Verdict, r.Vacant, r.Again = NotYet, true, min(rest, time.Second)
	return r
}
