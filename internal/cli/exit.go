package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// Exit codes, the same for every verb.
const (
	exitOK          = 0
	exitNotPassed   = 1
	exitUsage       = 2
	exitEnvironment = 3
	exitLesson      = 4
	exitBug         = 70
	exitInterrupted = 130
)

// usageError is a mistake in the command's words.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// exit says once what went wrong and what to do about it, and returns the exit code.
func (a *app) exit(ctx context.Context, err error) int {
	var usage usageError
	var mistakes lesson.Mistakes
	var refused refusedError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errNotPassed):
		return exitNotPassed
	case errors.Is(err, errCannotTell):
		return exitEnvironment
	case errors.As(err, &mistakes):
		fmt.Fprintln(a.Err, mistakes)
		return exitLesson
	case errors.As(err, &refused):
		fmt.Fprintf(a.Err, "refused: %v\n", err)
		return exitLesson
	case errors.As(err, &usage):
		fmt.Fprintf(a.Err, "podlab: %v\n", err)
		return exitUsage
	case ctx.Err() != nil:
		fmt.Fprintln(a.Err, "podlab: interrupted")
		return exitInterrupted
	}
	fmt.Fprintf(a.Err, "podlab: %v\n", err)
	if try := runner.WayOut(err); try != "" {
		fmt.Fprintf(a.Err, "try: %s\n", try)
	}
	return exitEnvironment
}
