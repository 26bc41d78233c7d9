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

// forget gives every check a new one: after a reset nothing of before is true. A look that still runs goes on with the old.
func (m *memories) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of = nil
}
