package checks

import (
	"context"
	"fmt"
	"time"
)

// stated is a check as a lesson states it: with what its author asks of it in time, and with the reason that podlab finds
// when it does not hold.
type stated struct {
	Check
	hold time.Duration // how long it must hold; 0: now is enough
	once bool          // once it held, it stays a pass
}

// longestGap is how far two looks at a claim that must hold for a time may lie apart: a bit more than one look may take.
// What was not looked at did not hold.
const longestGap = 12 * time.Second

// Title returns the check's own title, and for how long it must hold.
func (k *stated) Title() string {
	if k.hold == 0 {
		return k.Check.Title()
	}
	return fmt.Sprintf("%s, for %s", k.Check.Title(), k.hold)
}

// Eval looks at the check, and at what its memory says of earlier looks.
func (k *stated) Eval(ctx context.Context, c Cluster) Result {
	memory := c.Memory()
	if held, ok := memory.Kept("held").(Result); ok && k.once {
		return held
	}
	r := k.Check.Eval(ctx, part{c, memory.Part("check")})
	if k.hold > 0 {
		r = k.holds(c.Now(), identity(ctx, c, k.Check), memory, r)
	}
	if r.Verdict == NotYet && r.Why == "" {
		r.Why = reason(ctx, c, k.Check)
	}
	if k.once && r.Verdict == Pass {
		r.Evidence.Notes = append(r.Evidence.Notes, "it is enough that this held once: at "+c.Now().Format(time.TimeOnly))
		memory.Keep("held", r)
	}
	return r
}

// stretch is a time in which every look was a pass, and a pass of the same.
type stretch struct {
	since, last time.Time
	of          string
}

// identity tells a pod, and each run of its containers, from one that took its place between two looks.
func identity(ctx context.Context, c Cluster, check Check) string {
	about, ok := check.(Subject)
	if !ok {
		return ""
	}
	pod, err := c.Pod(ctx, about.Subject())
	if err != nil {
		return ""
	}
	id := string(pod.UID)
	for _, one := range everyContainer(pod) {
		id += " " + one.status.ContainerID
	}
	return id
}

// holds makes a pass of a check that has been one for long enough.
func (k *stated) holds(now time.Time, of string, memory *Memory, r Result) Result {
	r.Want = fmt.Sprintf("%s, for %s", r.Want, k.hold)
	if r.Verdict != Pass {
		memory.Keep("stretch", stretch{})
		return r
	}
	seen, _ := memory.Kept("stretch").(stretch)
	if seen.since.IsZero() || now.Sub(seen.last) > longestGap || seen.of != of {
		seen.since = now
	}
	seen.last, seen.of = now, of
	memory.Keep("stretch", seen)
	if held := now.Sub(seen.since); held < k.hold {
		r.Verdict = NotYet
		r.Got = fmt.Sprintf("%s, for %s so far", r.Got, held.Round(100*time.Millisecond))
		r.Why = "it must go on for a while"
		r.Again = min(k.hold-held, 500*time.Millisecond)
	}
	return r
}

// Begin lets the check note what it must remember.
func (k *stated) Begin(ctx context.Context, c Cluster) bool {
	b, ok := k.Check.(Beginner)
	return !ok || b.Begin(ctx, part{c, c.Memory().Part("check")})
}

// part is the cluster for a check within another: it has a memory of its own.
type part struct {
	Cluster
	memory *Memory
}

// Memory returns the inner check's own memory.
func (p part) Memory() *Memory { return p.memory }
