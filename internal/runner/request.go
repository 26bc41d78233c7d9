package runner

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Request is something a learner asks of the runner. The set is sealed. Requests are done one at a time, in order;
// checks go on being looked at meanwhile.
type Request interface{ request() }

type (
	// Look looks how the cluster stands, and brings nothing up. Nothing waits for it; to open a lab ends it.
	Look struct{}
	// Open brings the cluster up if need be, opens the lab's namespace and starts to look at its checks.
	// It ends the lab that was open before.
	Open struct{ Lab string }
	// Apply applies one apply or solution block.
	Apply struct{ Step, Block int }
	// ApplyOwn applies what the learner wrote where an edit block stands.
	ApplyOwn struct {
		Step, Block int
		Objects     []*unstructured.Unstructured
	}
	// RunCommand runs one run block.
	RunCommand struct{ Step, Block int }
	// Answer answers one ask block.
	Answer struct {
		Step, Block int
		Text        string
	}
	// Reset puts the lab back to its start.
	Reset struct{}
	// Interrupt cancels the request that is being done, if any. It is done at once, ahead of the others.
	Interrupt struct{}
)

func (Look) request()       {}
func (Open) request()       {}
func (Apply) request()      {}
func (ApplyOwn) request()   {}
func (RunCommand) request() {}
func (Answer) request()     {}
func (Reset) request()      {}
func (Interrupt) request()  {}
