package lesson

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Edit is a manifest that the learner writes or mends herself. What she begins with may be incomplete, or no YAML at all.
type Edit struct {
	Pos     Position
	Source  string                       // what she begins with
	Objects []*unstructured.Unstructured // what it says; nil where podlab would refuse it
	Refused Mistakes                     // why podlab would refuse it
}

// Position is where the block's fence stands.
func (b Edit) Position() Position { return b.Pos }

// Edit returns the step's edit block and the index of its solution; ok is false for a step without one.
func (s Step) Edit() (at, solution int, ok bool) {
	at = slices.IndexFunc(s.Blocks, func(b Block) bool { _, is := b.(Edit); return is })
	solution = slices.IndexFunc(s.Blocks, func(b Block) bool { m, is := b.(Solution); return is && len(m.Objects) > 0 })
	return at, solution, at >= 0 && solution >= 0
}

// Starts returns what each step begins with that asks for a manifest of the learner's, by the step's id.
func (l Lab) Starts() map[string]string {
	starts := map[string]string{}
	for _, step := range l.Steps {
		if at, _, ok := step.Edit(); ok {
			b, _ := step.Blocks[at].(Edit)
			starts[step.ID] = b.Source
		}
	}
	return starts
}

// written is what the current step holds of manifests.
type written struct {
	edits     []Position
	applies   []Position
	solutions []solved
	start     Edit // the first edit block
}

// solved is a yaml solution of the current step.
type solved struct {
	pos     Position
	source  string
	objects []*unstructured.Unstructured
	after   bool // it stands after the step's edit block
}

// note remembers a block for the rules of an edit block, which hold for the whole step.
func (m *written) note(f fenced, objects []*unstructured.Unstructured) {
	switch {
	case f.word == "apply":
		m.applies = append(m.applies, f.pos)
	case f.word == "edit":
		m.edits = append(m.edits, f.pos)
	case f.word == "solution" && f.lang == "yaml":
		m.solutions = append(m.solutions, solved{f.pos, f.content, objects, len(m.edits) > 0})
	}
}

func (r *reader) edit(f fenced) {
	if len(f.content) > maxYAML {
		r.mistake(f.at.pos(1, 1), tooMuchYAML, len(f.content), maxYAML)
		return
	}
	b := Edit{Pos: f.pos, Source: f.content}
	objects, mistakes := parseManifest(f.content, f.at)
	if mistakes.Sort(); len(mistakes) > 0 {
		b.Refused = mistakes
	} else {
		b.Objects = objects
	}
	if len(r.written.edits) == 1 {
		r.written.start = b
	}
	r.add(b)
}

// checkEdit holds the step against what an edit block asks of it.
func (r *reader) checkEdit(step Step) {
	m := r.written
	if len(m.edits) == 0 {
		return
	}
	first := m.edits[0]
	for _, pos := range m.edits[1:] {
		r.mistake(pos, "this step has a \"yaml edit\" on line %d already: put this one into a step of its own", first.Line)
	}
	for _, pos := range m.applies {
		r.mistake(pos, "no \"yaml apply\" stands in a step with \"yaml edit\": the learner applies her own (line %d)", first.Line)
	}
	if len(m.solutions) == 0 {
		r.mistake(first, "this \"yaml edit\" needs a \"yaml solution\" after it, in the same step")
	}
	if !slices.ContainsFunc(step.Blocks, func(b Block) bool { _, ok := b.(Check); return ok }) {
		r.mistake(first, "this \"yaml edit\" needs a \"yaml check\" in its step, which tells when it is right")
	}
	for i, s := range m.solutions {
		switch {
		case i > 0:
			r.mistake(s.pos, "a \"yaml edit\" has one solution: this step has one on line %d already", m.solutions[0].pos.Line)
		case !s.after:
			r.mistake(s.pos, "this solution stands before its \"yaml edit\" on line %d: put it after that", first.Line)
		case m.start.saysTheSame(s):
			r.mistake(s.pos, "this solution says the same as its \"yaml edit\" on line %d: nothing is left to mend", first.Line)
		}
	}
}

// saysTheSame tells whether nothing but the writing differs.
func (b Edit) saysTheSame(s solved) bool {
	if b.Source == "" {
		return false // it could not be read: that is a mistake already
	}
	same := len(b.Objects) > 0 && len(b.Objects) == len(s.objects)
	for i := range b.Objects {
		same = same && reflect.DeepEqual(b.Objects[i].Object, s.objects[i].Object)
	}
	return same || strings.TrimSpace(b.Source) == strings.TrimSpace(s.source)
}

const tooMuchYAML = "%d bytes of YAML are too many: the most is %d"

func tooLong(source string, at place) Mistakes {
	return Mistakes{{at.pos(1, 1), fmt.Sprintf(tooMuchYAML, len(source), maxYAML)}}
}
