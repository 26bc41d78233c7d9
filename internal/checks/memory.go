package checks

import "sync"

// Memory is what one check keeps from one look to the next. The runner has one for each check of an open lab, and empties
// it when the lab is reset. A check within a check has a part of its own.
type Memory struct {
	mu    sync.Mutex
	notes map[string]any
	parts map[string]*Memory
}

// Keep notes a value under a key.
func (m *Memory) Keep(key string, value any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.notes == nil {
		m.notes = map[string]any{}
	}
	m.notes[key] = value
}

// Kept returns what was noted under the key, or nil.
func (m *Memory) Kept(key string) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.notes[key]
}

// Part returns the memory of a check within this one.
func (m *Memory) Part(name string) *Memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.parts == nil {
		m.parts = map[string]*Memory{}
	}
	if m.parts[name] == nil {
		m.parts[name] = &Memory{}
	}
	return m.parts[name]
}

// Forget empties the memory.
func (m *Memory) Forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.notes, m.parts = nil, nil
}
