// Package checks decides whether one fact about a cluster holds. Each kind of check is a small type in a file of its own.
package checks

import (
	"context"
	"time"
)

// Verdict is what a check says. An error is never a verdict: it makes the verdict CannotTell.
type Verdict string

const (
	Pass       Verdict = "pass"
	NotYet     Verdict = "not-yet"
	CannotTell Verdict = "cannot-tell"
)

// Result is a verdict with its reasons.
type Result struct {
	Verdict    Verdict    `json:"verdict"`
	Want       string     `json:"want"`                 // what the lesson claims, one line: "2/2 containers ready"
	Got        string     `json:"got"`                  // what was found, one line: "1/2 containers ready"
	Mismatches []Mismatch `json:"mismatches,omitempty"` // for NotYet: everything that differs, in the order of the lesson; may be empty where Want and Got say it all
	Why        string     `json:"why,omitempty"`        // for NotYet and CannotTell: the one container state, event or error that explains it; may be ""
	Try        string     `json:"try,omitempty"`        // for CannotTell: the way out; may be ""
	Evidence   Evidence   `json:"evidence"`             // what the verdict rests on

	// Again says when to look again though nothing changed, for a claim about time; 0 leaves it to whoever looks.
	Again time.Duration `json:"-"`
	// Vacant says of NotYet that there was nothing to judge: no pod, a container that does not run, one that is being
	// replaced. Such a result says nothing of the claim's opposite.
	Vacant bool `json:"-"`
}

// Mismatch is one thing that is not as the lesson claims.
type Mismatch struct {
	Of   string `json:"of"` // what differs, in the learner's words: "demox", "net", "status.phase"
	Want string `json:"want"`
	Got  string `json:"got"`
}

// Evidence is the very rows that a verdict rests on.
type Evidence struct {
	Command string   `json:"command,omitempty"` // what would print the rows: "ps -eo pid,ppid,args"
	Rows    []string `json:"rows,omitempty"`    // a header line first where the command prints one
	Notes   []string `json:"notes,omitempty"`   // what was left out of the count, and why
}

// Check is one fact that a lesson claims.
type Check interface {
	Kind() string
	Title() string // what the check list shows: "demoduo: 2/2 containers ready"
	Eval(ctx context.Context, c Cluster) Result
}

// About is implemented by a check about an object that is no pod, and may have some: a controller. Why its verdict is NotYet
// is then found among them, or in what the controller says. The name of no pod (Subject) goes with it.
type About interface {
	About() (kind, name string)
}

// Subject is implemented by a check about one pod. Why a verdict is NotYet is then found by podlab: the check's own Why, if
// it has one, goes first.
type Subject interface {
	Subject() (pod string)
}

// Beginner is implemented by a check that compares now with the moment when its step began.
type Beginner interface {
	// Begin notes in c.Memory() what it must remember of this moment. It is called until it returns true, or until the
	// step's first command or manifest is done.
	Begin(ctx context.Context, c Cluster) (noted bool)
}

// Fact is a value read from the cluster, to grade an answer against.
type Fact interface {
	Kind() string
	// Value returns the right answer. The result's verdict is Pass when the value is known; else it says why it is not.
	Value(ctx context.Context, c Cluster) (string, Result)
}
