package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/docker/docker/client"
)

const (
	// limitLook bounds one look at a node, with the wait for a session.
	limitLook = 5 * time.Second
	// limitSessions is how many looks at one node there can be at once.
	limitSessions = 3
)

// sessions keeps the sessions on the nodes that wait for a request.
type sessions struct {
	mu     sync.Mutex
	idle   map[string][]*session    // by node
	slots  map[string]chan struct{} // by node
	closed int                      // how often they were closed: an older session does not come back
}

// slot takes one of the node's places and returns the function that gives it back.
func (p *sessions) slot(ctx context.Context, nodeName string) (func(), error) {
	p.mu.Lock()
	if p.slots == nil {
		p.slots, p.idle = map[string]chan struct{}{}, map[string][]*session{}
	}
	slots, ok := p.slots[nodeName]
	if !ok {
		slots = make(chan struct{}, limitSessions)
		p.slots[nodeName] = slots
	}
	p.mu.Unlock()
	select {
	case slots <- struct{}{}:
		return func() { <-slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// take returns a session that waits, or nil, and what keep needs to know. The others that have ended are forgotten.
func (p *sessions) take(nodeName string) (*session, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for waiting := p.idle[nodeName]; len(waiting) > 0; {
		last := waiting[len(waiting)-1]
		waiting = waiting[:len(waiting)-1]
		p.idle[nodeName] = waiting
		if last.alive() {
			return last, p.closed
		}
		last.close()
	}
	return nil, p.closed
}

// keep lets the session wait for the next request, unless the sessions were closed since it was taken.
func (p *sessions) keep(nodeName string, s *session, closed int) {
	p.mu.Lock()
	kept := p.closed == closed
	if kept {
		p.idle[nodeName] = append(p.idle[nodeName], s)
	}
	p.mu.Unlock()
	if !kept {
		s.close()
	}
}

// close ends the sessions that wait, and those that work when they have answered.
func (p *sessions) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle = map[string][]*session{}
	p.closed++
	p.mu.Unlock()
	for _, waiting := range idle {
		for _, s := range waiting {
			s.finish()
		}
	}
}

// lookAt sends one request to the named node and returns what it printed. It gives up after 5 seconds,
// and then takes up to 3 more to end what it started there.
func (c *Cluster) lookAt(ctx context.Context, nodeName, request string) ([]byte, error) {
	bounded, cancel := context.WithTimeout(ctx, limitLook)
	defer cancel()
	out, err := c.ask(bounded, nodeName, request)
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("look at node %s: %w", nodeName, ctx.Err())
	case errors.Is(bounded.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("look at node %s: no answer within %s", nodeName, limitLook)
	}
	return nil, fmt.Errorf("look at node %s: %w", nodeName, err)
}

// ask uses a session that waits, or a new one. One that waited may have lost its node or Docker meanwhile: then a new one
// is asked.
func (c *Cluster) ask(ctx context.Context, nodeName, request string) ([]byte, error) {
	free, err := c.sessions.slot(ctx, nodeName)
	if err != nil {
		return nil, err
	}
	defer free()
	cli, err := c.docker(ctx)
	if err != nil {
		return nil, err
	}
	s, closed := c.sessions.take(nodeName)
	if s != nil {
		out, err := c.askSession(ctx, cli, nodeName, s, closed, request)
		if !errors.Is(err, errSessionEnded) || ctx.Err() != nil {
			return out, err
		}
	}
	if s, err = openSession(ctx, cli, nodeName); err != nil {
		return nil, execErr(ctx, nodeName, err)
	}
	return c.askSession(ctx, cli, nodeName, s, closed, request)
}

// askSession keeps the session if it answered.
func (c *Cluster) askSession(ctx context.Context, cli *client.Client, nodeName string, s *session, closed int, request string) ([]byte, error) {
	out, err := s.ask(ctx, request)
	if err == nil {
		c.sessions.keep(nodeName, s, closed)
		return out, nil
	}
	s.close()
	if ctx.Err() != nil || errors.Is(err, errAnswerSize) {
		killExec(context.WithoutCancel(ctx), cli, nodeName, s.mark)
	}
	return nil, err
}
