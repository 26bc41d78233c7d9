// Package runner walks a lab: it brings the cluster up, applies, runs commands, looks at the checks, and tells what happens
// as events. It knows no terminal, no kind and no Docker.
package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/podlab/podlab/internal/lesson"
)

// Deps is the world that a runner works in.
type Deps struct {
	Course  lesson.Course
	Cluster Cluster
	Connect func(ctx context.Context) (API, error) // to the cluster, once it is up
	Shell   Shell
	Node    func() string // the control plane's container: $NODE, unless the lab's pod runs elsewhere
}

// Runner does what a learner asks for, one request at a time, and tells what happens as events.
type Runner struct {
	deps   Deps
	events chan Event

	mu        sync.Mutex
	queue     []Request
	interrupt context.CancelFunc // of the request that is being done
	wake      chan struct{}

	// The others are touched by Run's goroutine only.
	open  *openLab
	look  context.CancelFunc // ends the look at the cluster; nil when there is none
	looks sync.WaitGroup     // waits for that look
}

// openLab is the lab that a learner is in.
type openLab struct {
	plan   plan
	api    API
	looker *looker
	cancel context.CancelFunc
	done   chan struct{} // closed when nothing looks at the lab any more
	early  earlyAnswers
	begins beginnings

	beginning sync.Mutex // one step begins at a time, so that no later note overwrites an earlier one, and none during a reset
}

// New returns a runner that waits for Run.
func New(deps Deps) *Runner {
	return &Runner{deps: deps, events: make(chan Event), wake: make(chan struct{}, 1)}
}

// Events returns the runner's events. It is closed after Run's context ended and everything came to rest; whoever reads
// must read until then.
func (r *Runner) Events() <-chan Event { return r.events }

// Do asks for something. It never blocks. Interrupt is done at once, everything else in order.
func (r *Runner) Do(req Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := req.(Interrupt); ok {
		r.queue = nil
		if r.interrupt != nil {
			r.interrupt()
		}
		return
	}
	r.queue = append(r.queue, req)
	wake(r.wake)
}

// Run does requests until ctx ends, then closes the events.
func (r *Runner) Run(ctx context.Context) {
	defer close(r.events)
	defer r.closeLab()
	defer r.endLook()
	for {
		req, reqCtx := r.next(ctx)
		if req == nil {
			select {
			case <-r.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		r.do(ctx, reqCtx, req)
		r.finish()
		if ctx.Err() != nil {
			return
		}
	}
}

func (r *Runner) next(ctx context.Context) (Request, context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		return nil, nil
	}
	req := r.queue[0]
	r.queue = r.queue[1:]
	reqCtx, cancel := context.WithCancel(ctx)
	r.interrupt = cancel
	return req, reqCtx
}

func (r *Runner) finish() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.interrupt()
	r.interrupt = nil
}

func (r *Runner) emit(e Event) { r.events <- e }

func (r *Runner) do(ctx, reqCtx context.Context, req Request) {
	switch req := req.(type) {
	case Look:
		r.beginLook(ctx)
		return
	case Open:
		r.endLook()
		if err := r.openLab(ctx, reqCtx, req.Lab); err != nil {
			r.emit(RequestFailed{Err: err})
		}
		return
	}
	if r.open == nil {
		r.emit(RequestFailed{Err: errors.New("no lab is open")})
		return
	}
	switch req := req.(type) {
	case Apply:
		objects, err := objectsOf(r.open.plan.lab, req.Step, req.Block)
		r.apply(reqCtx, req.Step, req.Block, objects, err)
	case ApplyOwn:
		_, err := block[lesson.Edit](r.open.plan.lab, req.Step, req.Block)
		r.apply(reqCtx, req.Step, req.Block, req.Objects, err)
	case RunCommand:
		r.runCommand(reqCtx, req)
	case Answer:
		r.answer(reqCtx, req)
	case Reset:
		r.reset(reqCtx)
	default:
		r.emit(RequestFailed{Err: fmt.Errorf("unknown request %T", req)})
	}
}

// resetLimit is how long a reset may take: an object that somebody holds on to is named then, not waited for.
const resetLimit = time.Minute

func (r *Runner) reset(ctx context.Context) {
	r.emit(ResetStarted{})
	r.open.early.forget()
	limited, cancel := context.WithTimeout(ctx, resetLimit)
	defer cancel()
	err := r.open.api.Reset(limited, r.open.plan.namespace)
	r.open.forget()
	r.emit(ResetEnded{Err: err})
	r.open.looker.tellAgain()
}

// openLab opens the lab. The lab outlives the request, so its looking hangs on ctx, not on reqCtx.
func (r *Runner) openLab(ctx, reqCtx context.Context, id string) error {
	r.closeLab()
	lab, ok := r.deps.Course.Lab(id)
	if !ok {
		return fmt.Errorf("the course has no lab %q", id)
	}
	p, err := newPlan(lab, Namespace(id))
	if err != nil {
		return err
	}
	api, err := r.bringUp(reqCtx, lab.Images)
	if err != nil {
		r.emit(ClusterLost{Err: err, Try: WayOut(err)})
		return err
	}
	labCtx, cancel := context.WithCancel(ctx)
	watch, err := watchIn(reqCtx, labCtx, api, p.namespace)
	if err != nil {
		cancel()
		api.Close()
		return fmt.Errorf("open lab %s: %w", id, err)
	}
	r.open = &openLab{plan: p, api: api, looker: newLooker(world{p.namespace, watch, api, r.deps.Cluster}), cancel: cancel, done: make(chan struct{})}
	r.emit(LabOpened{Lab: id, Checks: p.counts()})
	go r.follow(labCtx, r.open)
	return nil
}

// watchIn makes the namespace and follows it for as long as the lab is open.
func watchIn(reqCtx, labCtx context.Context, api API, namespace string) (Watch, error) {
	if err := api.EnsureNamespace(reqCtx, namespace); err != nil {
		return nil, err
	}
	return api.Watch(labCtx, namespace)
}

func (r *Runner) closeLab() {
	if r.open == nil {
		return
	}
	r.open.cancel()
	<-r.open.done
	r.open.api.Close()
	r.open = nil
}

// bringUp brings the cluster up and connects to it, telling its phases.
func (r *Runner) bringUp(ctx context.Context, images []string) (API, error) {
	if err := r.deps.Cluster.Up(ctx, images, r.reportPhase); err != nil {
		return nil, err
	}
	api, err := r.deps.Connect(ctx)
	if err != nil {
		return nil, err
	}
	r.emit(ClusterUp{At: time.Now()})
	return api, nil
}

// WayOut returns what the error itself says to do about it, or "".
func WayOut(err error) string {
	var w interface{ WayOut() string }
	if errors.As(err, &w) {
		return w.WayOut()
	}
	return ""
}
