package runner

import (
	"github.com/podlab/podlab/internal/checks"
)

// Outcome is what verify found. Its JSON form is the contract of "podlab verify --json"; docs/verify.md describes it.
type Outcome struct {
	Labs    []LabOutcome   `json:"labs"`
	Verdict checks.Verdict `json:"verdict"`
	Seconds float64        `json:"seconds"`
	Error   string         `json:"error,omitempty"` // why nothing could be told
	Try     string         `json:"try,omitempty"`   // the way out
	Seed    *uint64        `json:"seed,omitempty"`  // of the order of the labs, if they were shuffled
}

// LabOutcome is what verify found in one lab.
type LabOutcome struct {
	ID      string         `json:"id"`
	Verdict checks.Verdict `json:"verdict"`
	Seconds float64        `json:"seconds"`
	Steps   []StepOutcome  `json:"steps"`

	Reset      *CheckOutcome `json:"reset,omitempty"`       // that the lab could be put back to its start; Seconds is how long that took
	NearMisses []StepOutcome `json:"near-misses,omitempty"` // by the name of their file
}

// Claims returns everything that was claimed of the lab, in order.
func (l LabOutcome) Claims() []CheckOutcome {
	var claims []CheckOutcome
	for _, part := range l.Steps {
		claims = append(claims, part.Checks...)
	}
	if l.Reset != nil {
		claims = append(claims, *l.Reset)
	}
	for _, part := range l.NearMisses {
		claims = append(claims, part.Checks...)
	}
	return claims
}

// StepOutcome is what verify found in one step.
type StepOutcome struct {
	ID     string         `json:"id"`
	Checks []CheckOutcome `json:"checks"`
}

// CheckOutcome is one claim of a lesson, with what became of it. Kind is the check's kind, or "apply", "run", "output", "ask",
// "start" or "solution" for what the lesson does besides checking, "reset", or "near-miss" for a check that must refuse one.
type CheckOutcome struct {
	ID         string            `json:"id"`
	Kind       string            `json:"kind"`
	Verdict    checks.Verdict    `json:"verdict"`
	Before     checks.Verdict    `json:"before,omitempty"` // what the check said before its step was done
	Want       string            `json:"want"`
	Got        string            `json:"got"`
	Mismatches []checks.Mismatch `json:"mismatches,omitempty"` // everything that differs, where there is more than Want and Got say
	Why        string            `json:"why,omitempty"`
	Try        string            `json:"try,omitempty"`
	Evidence   checks.Evidence   `json:"evidence"`
	Seconds    float64           `json:"seconds"` // from when it was first looked for until the verdict
}

// worst combines verdicts: one "not yet" makes the whole "not yet", else one "cannot tell" makes it "cannot tell". Of
// nothing, nothing can be told.
func worst(verdicts []checks.Verdict) checks.Verdict {
	if len(verdicts) == 0 {
		return checks.CannotTell
	}
	verdict := checks.Pass
	for _, v := range verdicts {
		switch {
		case v == checks.NotYet:
			return checks.NotYet
		case v != checks.Pass:
			verdict = checks.CannotTell
		}
	}
	return verdict
}

func (o Outcome) worst() checks.Verdict {
	var verdicts []checks.Verdict
	for _, l := range o.Labs {
		verdicts = append(verdicts, l.Verdict)
	}
	return worst(verdicts)
}

func (l LabOutcome) worst() checks.Verdict {
	var verdicts []checks.Verdict
	for _, c := range l.Claims() {
		verdicts = append(verdicts, c.Verdict)
	}
	return worst(verdicts)
}
