package cluster

import (
	"fmt"
	"sync"
)

// Names of the phases of Up, Down and Clean.
const (
	phaseDocker = "look for Docker"
	phaseLook   = "look at the cluster"
	phaseDelete = "delete the cluster"
	phasePull   = "fetch the node image"
	phaseCreate = "create the cluster"
	phaseStart  = "start the cluster"
	phaseReady  = "wait until it is ready"
	phaseImages = "put the images on the node"
	phaseClean  = "remove what podlab made"
)

// phases reports phases, one at a time, from any goroutine.
type phases struct {
	mu     sync.Mutex
	report func(Phase)
}

func newPhases(report func(Phase)) *phases {
	if report == nil {
		report = func(Phase) {}
	}
	return &phases{report: report}
}

func (p *phases) send(ph Phase) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.report(ph)
}

// start reports that a phase starts.
func (p *phases) start(name string) *phase {
	p.send(Phase{Name: name})
	return &phase{all: p, name: name}
}

// phase is one phase that was started.
type phase struct {
	all  *phases
	name string

	mu   sync.Mutex
	last string // the last detail, kept for the end
	done bool
}

// say changes the phase's detail. After the end it does nothing.
func (p *phase) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	detail := fmt.Sprintf(format, args...)
	if p.done || detail == p.last {
		return
	}
	p.last = detail
	p.all.send(Phase{Name: p.name, Detail: detail})
}

// end ends the phase and returns err.
func (p *phase) end(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = true
	p.all.send(Phase{Name: p.name, Detail: p.last, Done: true, Err: err})
	return err
}
