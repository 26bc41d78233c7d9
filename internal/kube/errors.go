package kube

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Refused says why the API server did not take one object: the server's own reasons, one per line.
type Refused struct {
	Object  string // "pod/demoduo"
	Reasons []string
	err     error
}

func (r *Refused) Error() string {
	lines := make([]string, len(r.Reasons))
	for i, reason := range r.Reasons {
		lines[i] = r.Object + ": " + reason
	}
	return strings.Join(lines, "\n")
}

// Refused says that the object was understood and not taken: an answer. A server that is starting, overloaded or broken
// gives a status too, and that is none.
func (r *Refused) Refused() bool {
	return r.err == nil || meta.IsNoMatchError(r.err) || apierrors.IsInvalid(r.err) || apierrors.IsBadRequest(r.err) ||
		apierrors.IsForbidden(r.err) || apierrors.IsConflict(r.err)
}

// Unwrap returns what the server answered.
func (r *Refused) Unwrap() error { return r.err }

// explain turns the error of one request about one object into one that a learner can read.
func explain(object string, err error) error {
	var status apierrors.APIStatus
	var refused *Refused
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return err
	case meta.IsNoMatchError(err):
		return &Refused{Object: object, Reasons: []string{"the cluster does not know this kind: " + err.Error()}, err: err}
	case errors.As(err, &status):
		return &Refused{Object: object, Reasons: reasons(status), err: err}
	}
	return fmt.Errorf("%s: %w", object, unanswered(err))
}

// Unanswered says that the API server did not answer. What the cluster holds is not known then.
type Unanswered struct{ err error }

func (u *Unanswered) Error() string { return "the API server does not answer: " + u.err.Error() }

// Unwrap returns what the connection reported.
func (u *Unanswered) Unwrap() error { return u.err }

// waited is the end of ctx while podlab waited for the cluster to change. The server did answer.
type waited struct{ err error }

func (w *waited) Error() string { return "waited in vain: " + w.err.Error() }
func (w *waited) Unwrap() error { return w.err }

// unanswered marks an error that did not come from the API server. Being cancelled is nobody's fault.
func unanswered(err error) error {
	var (
		status  apierrors.APIStatus
		already *Unanswered
		wait    *waited
		refused *Refused
	)
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, &status) || errors.As(err, &already) ||
		errors.As(err, &wait) || errors.As(err, &refused) {
		return err
	}
	return &Unanswered{err}
}

// reasons returns the server's list of causes, or its message where it gives no causes.
func reasons(status apierrors.APIStatus) []string {
	s := status.Status()
	if s.Details == nil || len(s.Details.Causes) == 0 {
		return []string{schemaPrefix.ReplaceAllString(oneLine(s.Message), "")}
	}
	var all []string
	for _, cause := range s.Details.Causes {
		text := oneLine(cause.Message)
		if cause.Field != "" {
			text = cause.Field + ": " + text
		}
		all = append(all, text)
	}
	return all
}

// schemaPrefix is what the server puts before a field that it does not know; the learner knows it already.
var schemaPrefix = regexp.MustCompile(`^failed to create typed patch object \([^)]*\): `)

// oneLine keeps a message to its first line: the server appends a dump of the whole spec to some.
func oneLine(message string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return first
}

// objectID names an object as kubectl does: "pod/demoduo".
func objectID(o *unstructured.Unstructured) string {
	return strings.ToLower(o.GetKind()) + "/" + o.GetName()
}
