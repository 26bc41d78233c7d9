// Package progress keeps the learner's state file: which lab was open last, and in each lab the step reached and the
// steps done. The file is JSON with a version, is replaced whole, and is shared by every podlab on the machine.
package progress

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Version is the only format of the state file that this podlab writes.
const Version = 1

// Progress is all that is known of one learner. Its zero value is a learner who has not begun.
type Progress struct {
	Version int                       `json:"version"`
	Last    Place                     `json:"last"`
	Courses map[string]map[string]Lab `json:"courses,omitempty"` // by course, then by lab id
}

// Place names one lab of one course.
type Place struct {
	Course string `json:"course,omitempty"`
	Lab    string `json:"lab,omitempty"`
}

// Lab is how far the learner came in one lab. Its zero value is a lab that was never opened.
type Lab struct {
	Step string   `json:"step,omitempty"` // id of the step that was on screen last
	Done []string `json:"done,omitempty"` // ids of the steps whose checks all passed, in the order of passing
}

// Lab returns how far the learner came in the lab.
func (p Progress) Lab(course, lab string) Lab {
	return p.Courses[course][lab]
}

// IsDone says whether the step was done.
func (l Lab) IsDone(step string) bool {
	return slices.Contains(l.Done, step)
}

func (p *Progress) set(course, lab string, value Lab) {
	if p.Courses == nil {
		p.Courses = map[string]map[string]Lab{}
	}
	if p.Courses[course] == nil {
		p.Courses[course] = map[string]Lab{}
	}
	p.Courses[course][lab] = value
}

// ErrNewer means that a newer podlab wrote the state file. It is left as it is.
var ErrNewer = errors.New("was written by a newer podlab; update podlab to go on where you were")

// errCorrupt means that the state file is no state file.
var errCorrupt = errors.New("is damaged")

// decode reads a state file. The version is read first and alone, so that a newer file is never taken for a damaged one.
func decode(data []byte) (Progress, error) {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Progress{}, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	if head.Version > Version {
		return Progress{}, fmt.Errorf("%w (its version is %d, this podlab knows %d)", ErrNewer, head.Version, Version)
	}
	if head.Version < 1 {
		return Progress{}, fmt.Errorf("%w: it has no version", errCorrupt)
	}
	var p Progress
	if err := json.Unmarshal(data, &p); err != nil {
		return Progress{}, fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return p, nil
}

func encode(p Progress) ([]byte, error) {
	p.Version = Version
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(p); err != nil {
		return nil, fmt.Errorf("write progress as JSON: %w", err)
	}
	return b.Bytes(), nil
}
