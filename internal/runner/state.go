package runner

import (
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// State is what is known of the cluster and of the open lab: the fold of all events. Screens and reports draw it.
type State struct {
	Cluster ClusterState
	Lab     string // id of the open lab; "" before LabOpened
	Steps   []StepState
	Busy    string // what is being done now, for a status line: "apply", "run", "reset"; "" when idle
	Err     error  // why the last request failed; nil after one that did not
}

// ClusterState is what is known of the cluster.
type ClusterState struct {
	Up     bool         // it came up for a lab, and was not lost since
	Seen   Standing     // by the look at the start; "" before it, if it could not be told, and once a lab is opened
	Phases []PhaseState // of the last time it was brought up, in order
	Err    error        // why it is not up
	Try    string       // the way out
}

// PhaseState is one phase with its times.
type PhaseState struct {
	Phase
	Started time.Time
	Ended   time.Time // zero while it runs
}

// StepState is what is known of one step.
type StepState struct {
	Applies map[int]ApplyState   // by block
	Runs    map[int]CommandState // by block
	Answers map[int]AnswerState  // by block
	Hints   map[int]bool         // by block: the condition of this hint holds
	Checks  []CheckState
}

// ApplyState is what became of an apply, edit or solution block.
type ApplyState struct {
	Running bool
	Objects []Applied
	Err     error
	Ended   time.Time // zero while it runs
	Left    []string  // objects that an earlier text of the block applied, and this one does not name: they stay
}

// CommandState is what a run block printed, so far.
type CommandState struct {
	Running bool
	Output  string
	Exit    int
	Elapsed time.Duration
	Err     error
}

// AnswerState is the last answer to an ask block.
type AnswerState struct {
	Answer string
	Result checks.Result
}

// CheckState is the last result of a check.
type CheckState struct {
	Seen    bool // false until it was looked at
	Result  checks.Result
	Elapsed time.Duration
	At      time.Time
}
