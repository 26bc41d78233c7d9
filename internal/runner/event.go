package runner

import (
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// Event is something that happened while a lab is walked. The set is sealed; State.Apply folds it.
// Steps are indexes into Lab.Steps, blocks indexes into Step.Blocks, checks indexes into Step.Checks().
type Event interface{ event() }

type (
	// PhaseChanged reports a phase of bringing the cluster up.
	PhaseChanged struct {
		Phase   Phase
		At      time.Time
		Revival bool // podlab brings a lost cluster back by itself: nobody has to wait for it
	}
	// ClusterSeen says how the cluster stands before any lab is opened.
	ClusterSeen struct{ Standing Standing }
	// ClusterUp says that the cluster answers.
	ClusterUp struct{ At time.Time }
	// ClusterLost says that it does not, or no longer; Try is the way out.
	ClusterLost struct {
		Err error
		Try string
	}
	// LabOpened says that the lab's namespace is there and watched. Every check starts unknown.
	LabOpened struct {
		Lab    string
		Checks []int // how many checks each step has
	}
	// RequestFailed says that the lab could not be opened, or that a request made no sense in this state.
	RequestFailed struct{ Err error }
	// ApplyStarted and ApplyEnded bracket one apply, edit or solution block.
	ApplyStarted struct{ Step, Block int }
	ApplyEnded   struct {
		Step, Block int
		Objects     []Applied
		Err         error
		At          time.Time
	}
	// CommandStarted, CommandOutput and CommandEnded bracket one run block. Output arrives in pieces.
	CommandStarted struct{ Step, Block int }
	CommandOutput  struct {
		Step, Block int
		Text        string
	}
	CommandEnded struct {
		Step, Block int
		Exit        int
		Elapsed     time.Duration
		Err         error // it could not be run; Exit means nothing
	}
	// CheckUpdated says what a check found. It is sent when the result differs from the last one.
	CheckUpdated struct {
		Step, Check int
		Result      checks.Result
		Elapsed     time.Duration // how long the look took
		At          time.Time
	}
	// HintSeen says that the condition of a hint holds: the hint is about what the learner is looking at.
	HintSeen struct{ Step, Block int }
	// HintGone says that it does not hold, or no longer. What nobody can tell takes no hint back.
	HintGone struct{ Step, Block int }
	// Answered grades an answer. Verdict is Pass or NotYet for right or wrong, CannotTell when the fact is not known yet.
	Answered struct {
		Step, Block int
		Answer      string
		// Got is the learner's answer; Want, the right one, is set once the answer was right. Why is, of a wrong answer, what the
		// author says of it, in Markdown, if anything.
		Result checks.Result
	}
	// ResetStarted and ResetEnded bracket the reset of the lab. After a reset every check is unknown again.
	ResetStarted struct{}
	ResetEnded   struct{ Err error }
)

func (PhaseChanged) event()   {}
func (ClusterSeen) event()    {}
func (ClusterUp) event()      {}
func (ClusterLost) event()    {}
func (LabOpened) event()      {}
func (RequestFailed) event()  {}
func (ApplyStarted) event()   {}
func (ApplyEnded) event()     {}
func (CommandStarted) event() {}
func (CommandOutput) event()  {}
func (CommandEnded) event()   {}
func (CheckUpdated) event()   {}
func (HintSeen) event()       {}
func (HintGone) event()       {}
func (Answered) event()       {}
func (ResetStarted) event()   {}
func (ResetEnded) event()     {}

// Events of verify.
type (
	// LabStarted says that verify begins a lab.
	LabStarted struct{ Lab, Title string }
	// StepStarted says that verify begins a step of it.
	StepStarted struct{ Lab, Step, Title string }
	// ClaimWaiting says that a claim does not hold yet, and why, while verify waits for it.
	ClaimWaiting struct {
		ID     string
		Result checks.Result
	}
	// ClaimDecided says what became of one claim.
	ClaimDecided struct{ Claim CheckOutcome }
	// LabEnded says what became of a lab.
	LabEnded struct{ Lab LabOutcome }
)

func (LabStarted) event()   {}
func (StepStarted) event()  {}
func (ClaimWaiting) event() {}
func (ClaimDecided) event() {}
func (LabEnded) event()     {}
