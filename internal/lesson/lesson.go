// Package lesson turns a file system into a validated course, or into all of its mistakes, each with file, line and column.
// It does no I/O besides the fs.FS that it is given, and starts nothing.
package lesson

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// FormatVersion is the only value of the front matter's "format" that this podlab reads.
const FormatVersion = 1

// Course is a folder of labs, in the order in which they should be taken: by needs first, then by minutes, then by id.
type Course struct {
	Labs []Lab
}

// Lab is one directory of a course: its lesson, parsed and checked.
type Lab struct {
	ID      string
	Title   string
	Minutes int      // how long a learner needs, in whole minutes
	Needs   []string // ids of the labs to take before this one
	Images  []string // container images, as the manifests name them, that podlab puts on the node
	File    string   // path of the lesson file, as a message should name it: labs/duo/lesson.md
	Intro   []Block  // everything between the front matter and the first step
	Steps   []Step
}

// Step is one "##" section of a lesson.
type Step struct {
	ID     string // the heading as a slug, unique within the lab: "create-the-pod"
	Title  string
	Pos    Position
	Blocks []Block
}

// Block is one piece of a step, in the order of the file. The sealed set is
// Prose, Apply, Edit, Run, Check, Ask, Hint, Solution, Output, Mermaid.
type Block interface {
	Position() Position
}

// Prose is Markdown that podlab only shows. Fenced blocks whose info string has no podlab word stay inside it.
type Prose struct {
	Pos      Position
	Markdown string
}

// Apply is a manifest that podlab applies when the learner asks for it.
type Apply struct {
	Pos     Position
	Source  string // as written, comments included
	Objects []*unstructured.Unstructured
}

// Run is a shell script that podlab runs on request, as printed.
type Run struct {
	Pos    Position
	Script string
}

// Check lists what must be true for the step to be done.
type Check struct {
	Pos   Position
	Specs []CheckSpec
}

// Ask is a question. The answer is a fact about the live cluster (Answer.Kind is set) or it is in the lesson (Text or Answers
// is set).
type Ask struct {
	Pos     Position
	Prompt  string
	Choices []string // empty for a free answer
	Several bool     // several of the choices are right together
	Answer  CheckSpec
	Text    string
	Answers []string      // with Several, the right choices
	Explain string        // shown once it cannot give the answer away
	Wrong   []WrongAnswer // in the order of the lesson
}

// WrongAnswer is the author's explanation for one wrong answer.
type WrongAnswer struct {
	Answer, Explain string
	Pos             Position
}

// Hint is revealed one at a time, in order.
type Hint struct {
	Pos      Position
	When     []CheckSpec // must all hold when it is offered; empty for a hint that can always be had
	Markdown string
}

// Solution is what the learner should have arrived at: Markdown (```md solution) or a manifest (```yaml solution).
type Solution struct {
	Pos     Position
	Source  string
	Objects []*unstructured.Unstructured // empty for Markdown
}

// Output is what the author saw when running the command before it.
type Output struct {
	Pos  Position
	Text string
}

// Mermaid is a diagram. Alt says the same in words; the format requires it.
type Mermaid struct {
	Pos    Position
	Source string
	Alt    string
}

func (b Prose) Position() Position    { return b.Pos }
func (b Apply) Position() Position    { return b.Pos }
func (b Run) Position() Position      { return b.Pos }
func (b Check) Position() Position    { return b.Pos }
func (b Ask) Position() Position      { return b.Pos }
func (b Hint) Position() Position     { return b.Pos }
func (b Solution) Position() Position { return b.Pos }
func (b Output) Position() Position   { return b.Pos }
func (b Mermaid) Position() Position  { return b.Pos }

// Checks returns the specs of every check block of the step, in order.
func (s Step) Checks() []CheckSpec {
	var specs []CheckSpec
	for _, b := range s.Blocks {
		if c, ok := b.(Check); ok {
			specs = append(specs, c.Specs...)
		}
	}
	return specs
}

// Lab returns the lab with the id.
func (c Course) Lab(id string) (Lab, bool) {
	for _, l := range c.Labs {
		if l.ID == id {
			return l, true
		}
	}
	return Lab{}, false
}
