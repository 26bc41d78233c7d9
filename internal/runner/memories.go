package runner

import (
	"sync"

	"github.com/podlab/podlab/internal/checks"
)

// memories are what the checks of an open lab keep from look to look.
type memories struct {
	mu sync.Mutex
	of map[checks.Check]*checks.Memory
}

func (m *memories) get(c checks.Check) *checks.Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = map[checks.Check]*checks.Memory{}
	}
	if m.of[c] == nil {
		m.of[c] = &checks.Memory{}
	}
	return m.of[c]
}

// forget empties them all: after a reset nothing of before is true.
func (m *memories) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, memory := range m.of {
		memory.Forget()
	}
}
