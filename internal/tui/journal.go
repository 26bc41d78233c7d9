package tui

import (
	"slices"

	"github.com/podlab/podlab/internal/lesson"
)

// journal is the learner's progress: by lab id, where she is and which steps were done.
type journal map[string]Position

func newJournal(s Saved) journal {
	j := journal{}
	for id, p := range s.Labs {
		p.Lab, p.Done = id, slices.Clone(p.Done)
		j[id] = p
	}
	return j
}

func (j journal) done(lab, step string) bool { return slices.Contains(j[lab].Done, step) }

// count returns how many steps of the lab were done.
func (j journal) count(lab lesson.Lab) int {
	n := 0
	for _, s := range lab.Steps {
		if j.done(lab.ID, s.ID) {
			n++
		}
	}
	return n
}

func (j journal) complete(lab lesson.Lab) bool {
	return len(lab.Steps) > 0 && j.count(lab) == len(lab.Steps)
}

// resume returns the index of the step to open the lab at: the one left last, or the first of a lab that is complete.
func (j journal) resume(lab lesson.Lab) int {
	if j.complete(lab) {
		return 0
	}
	return max(0, slices.IndexFunc(lab.Steps, func(s lesson.Step) bool { return s.ID == j[lab.ID].Step }))
}

// mark records that the step is on screen, and whether it is done. It returns the lab's position and whether it changed.
func (j journal) mark(lab lesson.Lab, step int, done bool) (Position, bool) {
	old := j[lab.ID]
	id := lab.Steps[step].ID
	if old.Step == id && (!done || slices.Contains(old.Done, id)) {
		return old, false
	}
	p := Position{Lab: lab.ID, Step: id}
	for _, s := range lab.Steps {
		if slices.Contains(old.Done, s.ID) || done && s.ID == id {
			p.Done = append(p.Done, s.ID)
		}
	}
	j[lab.ID] = p
	return p, true
}

// forget makes the lab one that was just begun.
func (j journal) forget(lab string) { j[lab] = Position{Lab: lab} }
