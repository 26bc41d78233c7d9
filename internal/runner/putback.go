package runner

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// putBack resets the lab as a learner would, and shows that no check holds afterwards. Its seconds are those until everything
// is gone; how soon no check held any more, which is before that, stands in what was got.
func (w *walk) putBack(ctx context.Context) CheckOutcome {
	claim := CheckOutcome{ID: "reset", Kind: "reset", Want: "no check holds after a reset"}
	limited, cancel := context.WithTimeout(ctx, resetLimit)
	defer cancel()
	start := time.Now()
	gone := make(chan error, 1)
	go func() { gone <- w.api.Reset(limited, w.plan.namespace) }()
	all, _ := w.plan.flat()
	w.lookUntil(limited, all, func(r checks.Result) bool {
		if r.Verdict == checks.Pass {
			w.looker.memories.forget() // what held once is no longer enough
		}
		return fallen(r)
	})
	soon := time.Since(start)
	err := <-gone
	w.looker.memories.forget()
	if err != nil {
		claim.Verdict, claim.Got, claim.Why, claim.Try = checks.CannotTell, "an error", err.Error(), WayOut(err)
	} else {
		claim.Seconds = seconds(start)
		w.judgePutBack(ctx, &claim)
		if claim.Verdict == checks.Pass {
			claim.Got += fmt.Sprintf(" after %.1fs", min(soon.Seconds(), time.Since(start).Seconds()))
		}
	}
	w.r.emit(ClaimDecided{Claim: claim})
	return claim
}

// fallen says whether a check does not hold, and will not by waiting.
func fallen(r checks.Result) bool { return r.Verdict == checks.NotYet && r.Again == 0 }

// judgePutBack asks every check once more. The watch may still show for a moment what the reset took away, so a check that
// holds is looked at again.
func (w *walk) judgePutBack(ctx context.Context, claim *CheckOutcome) {
	all, places := w.plan.flat()
	var holding []string
	for i, r := range w.lookUntil(ctx, all, fallen) {
		name := w.plan.lab.Steps[places[i].step].ID + "/" + w.plan.specs[places[i].step][places[i].check].ID
		switch r.Verdict {
		case checks.Pass:
			holding = append(holding, name)
			claim.Mismatches = append(claim.Mismatches, checks.Mismatch{Of: name, Want: "not yet", Got: "pass: " + r.Got})
		case checks.CannotTell:
			claim.Why, claim.Try = name+" cannot tell: "+r.Why, r.Try
		}
	}
	switch {
	case len(holding) > 0:
		claim.Verdict, claim.Got, claim.Why, claim.Try = checks.NotYet, "still holding: "+strings.Join(holding, ", "), "", ""
	case claim.Why != "":
		claim.Verdict, claim.Got = checks.CannotTell, "not every check could be asked"
	default:
		claim.Verdict, claim.Got = checks.Pass, fmt.Sprintf("not yet again: %s", howMany(len(all), "check", "checks"))
	}
}
