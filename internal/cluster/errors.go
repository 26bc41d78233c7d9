package cluster

import (
	"errors"
	"fmt"
)

// What can stand in the way. Errors of this package wrap at most one of them.
var (
	ErrNoDocker = errors.New("docker does not answer")
	ErrNoCLI    = errors.New("the docker command is not on the PATH")
	ErrNoImage  = errors.New("image missing")
	ErrBroken   = errors.New("the cluster is broken")
	ErrAbsent   = errors.New("there is no cluster")
	ErrForeign  = errors.New("podlab did not make it")
	ErrLedger   = errors.New("the ledger is damaged")
)

// errStopped is wrapped in an ErrBroken that a start of the node mends.
var errStopped = errors.New("does not run")

// Error is an error with the way out of it.
type Error struct {
	Err error
	Try string // what to type or do, one line
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// WayOut returns Try, for packages that do not know this one.
func (e *Error) WayOut() string { return e.Try }

// wrong wraps one of the errors above with what is known and the way out.
func wrong(kind error, try, format string, args ...any) error {
	return &Error{Err: fmt.Errorf("%w: %s", kind, fmt.Sprintf(format, args...)), Try: try}
}
