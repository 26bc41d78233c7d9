// Package checks decides whether one fact about a cluster holds. Each kind of check is a small type in a file of its own.
package checks

import (
	"context"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/node"
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
	Verdict  Verdict  `json:"verdict"`
	Want     string   `json:"want"`          // what the lesson claims, one line: "2/2 containers ready"
	Got      string   `json:"got"`           // what was found, one line: "1/2 containers ready"
	Why      string   `json:"why,omitempty"` // for NotYet and CannotTell: the one container state, event or error that explains it; may be ""
	Try      string   `json:"try,omitempty"` // for CannotTell: the way out; may be ""
	Evidence Evidence `json:"evidence"`      // what the verdict rests on
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

// Fact is a value read from the cluster, to grade an answer against.
type Fact interface {
	Kind() string
	// Value returns the right answer. The result's verdict is Pass when the value is known; else it says why it is not.
	Value(ctx context.Context, c Cluster) (string, Result)
}

// Cluster is what checks look at: one moment of one lab's namespace. All errors mean "could not look", except a
// NotFound (k8s.io/apimachinery/pkg/api/errors), which is an answer.
type Cluster interface {
	Pod(ctx context.Context, name string) (*corev1.Pod, error)
	// Events returns the events about the pod, oldest first.
	Events(ctx context.Context, pod string) ([]corev1.Event, error)
	// Node returns the snapshot of the named node that belongs to this moment. Calls share one look.
	Node(ctx context.Context, name string) (*node.Snapshot, error)
}
