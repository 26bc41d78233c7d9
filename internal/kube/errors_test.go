package kube

import (
	"errors"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Only a "no" about the object itself is a refusal: a server that is starting, busy or broken has judged nothing.
func TestOnlyAJudgementIsARefusal(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	for name, tc := range map[string]struct {
		err  error
		want bool
	}{
		"invalid":     {apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "duo", nil), true},
		"bad request": {apierrors.NewBadRequest("unknown field"), true},
		"forbidden":   {apierrors.NewForbidden(pods, "duo", errors.New("quota")), true},
		"conflict":    {apierrors.NewConflict(pods, "duo", errors.New("changed")), true},
		"unavailable": {apierrors.NewServiceUnavailable("starting"), false},
		"too many":    {apierrors.NewTooManyRequests("busy", 1), false},
		"internal":    {apierrors.NewInternalError(errors.New("etcd timed out")), false},
		"unknown":     {apierrors.NewUnauthorized("not yet"), false},
	} {
		t.Run(name, func(t *testing.T) {
			var refused *Refused
			if !errors.As(explain("pod/duo", tc.err), &refused) {
				t.Fatalf("no explanation of %v", tc.err)
			}
			if refused.Refused() != tc.want {
				t.Errorf("a refusal: %v, want %v", refused.Refused(), tc.want)
			}
		})
	}
}
