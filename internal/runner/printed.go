package runner

import (
	"fmt"
	"strings"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/shape"
)

// output holds what the lesson shows against what the command before it printed.
func (w *walk) output(id string, step int, b lesson.Output, ran CheckOutcome) CheckOutcome {
	r := checks.Result{Verdict: checks.Pass, Want: fmt.Sprintf("what %s:%d shows", b.Pos.File, b.Pos.Line)}
	if ran.Verdict == checks.CannotTell {
		r.Verdict, r.Why = checks.CannotTell, ran.ID+" could not be done: "+ran.Why
		return w.tellDone(id, "output", r, time.Now())
	}
	printed := ran.Evidence.Rows
	r.Got = "the same shape, " + howMany(len(printed), "line", "lines")
	node := w.r.shellEnv(w.plan, w.looker.watch, step).Node // a worker's name is known only here
	if d, differ := shape.Compare(b.Text, strings.Join(printed, "\n"), node); differ {
		r.Verdict, r.Want, r.Got = checks.NotYet, lineOr(d.Want, "nothing more"), lineOr(d.Got, "nothing more")
		r.Why = fmt.Sprintf("%s:%d does not show what the command prints", b.Pos.File, b.Pos.Line+d.Line)
		r.Evidence = ran.Evidence
	}
	return w.tellDone(id, "output", r, time.Now())
}

// lineOr returns a line as it is shown, without the blanks at its ends.
func lineOr(line, otherwise string) string {
	if line = strings.TrimSpace(line); line == "" {
		return otherwise
	}
	return line
}

func howMany(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
