package honesty

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

// Look is one evaluation of a check.
type Look struct {
	Result checks.Result
	Took   time.Duration
	Hung   bool   // it had no result when its time was up
	Bug    string // it panicked
}

// lookOnce evaluates the check. It gives up after the limit: a check must end by itself long before.
func lookOnce(ctx context.Context, check checks.Check, c checks.Cluster, limit time.Duration) Look {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	begun := time.Now()
	done := make(chan Look, 1)
	go func() { done <- guarded(ctx, check, c) }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case look := <-done:
		look.Took = time.Since(begun)
		return look
	case <-timer.C:
		return Look{Hung: true, Took: time.Since(begun)}
	}
}

func guarded(ctx context.Context, check checks.Check, c checks.Cluster) (look Look) {
	defer func() {
		if bug := recover(); bug != nil {
			look = Look{Bug: fmt.Sprintf("%v\n%s", bug, debug.Stack())}
		}
	}()
	return Look{Result: check.Eval(ctx, c)}
}

// verdict returns the verdict in one word, or what there is instead.
func (l Look) verdict() string {
	switch {
	case l.Hung:
		return "hung"
	case l.Bug != "":
		return "panic"
	case l.Result.Verdict == "":
		return "no verdict"
	}
	return string(l.Result.Verdict)
}

// is tells whether the look came to the verdict.
func (l Look) is(want checks.Verdict) bool { return l.verdict() == string(want) }

// says tells whether the learner would read the text.
func (l Look) says(text string) bool { return strings.Contains(l.words(), text) }

func (l Look) words() string {
	r := l.Result
	words := []string{r.Want, r.Got, r.Why}
	for _, m := range r.Mismatches {
		words = append(words, m.Of+": want "+m.Want+", got "+m.Got)
	}
	return strings.Join(words, "\n")
}

// right tells whether the look is what the case wants.
func (c Case) right(l Look) bool { return l.is(c.Want) && (c.Want == checks.Pass || l.says(c.Says)) }

// wanted is what the case wants, in words.
func (c Case) wanted() string {
	if c.Want == checks.NotYet {
		return fmt.Sprintf("not-yet that says %q", c.Says)
	}
	return string(c.Want)
}

// String is what a look came to, on one line.
func (l Look) String() string {
	if l.Hung {
		return fmt.Sprintf("hung: no result within %s", l.Took.Round(time.Second))
	}
	if l.Bug != "" {
		return "panic: " + l.Bug
	}
	r, parts := l.Result, []string{}
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	add("want", r.Want)
	add("got", r.Got)
	for _, m := range r.Mismatches {
		parts = append(parts, fmt.Sprintf("%s: %s, not %s", m.Of, m.Got, m.Want))
	}
	add("why", r.Why)
	return strings.ReplaceAll(l.verdict()+" ("+strings.Join(parts, "; ")+")", "\n", " ")
}

// final tells whether another look can make no difference.
func (l Look) final() bool { return l.Hung || l.Bug != "" }
