package checks_test

import (
	"fmt"
	"testing"

	"github.com/podlab/podlab/internal/checks"
)

// Not yet lists all that differs, not the first.
func TestMismatches(t *testing.T) {
	c := recorded(t)
	tests := map[string]string{
		"ready: {pod: duocrash, containers: 3/3}":                                  "[{ready containers 3/3 1/2 (demox, demoy)} {demoy ready terminated: Error}]",
		"ready: {pod: triomissing, containers: 3/3}":                               "[{ready containers 3/3 2/3 (demox, demoy, demoz)} {demoz ready terminated: Error}]",
		"nprocs: {pod: demoduo, net: 4, mnt: 1, uts: 2}":                           "[{net (one namespace shared by demox, demoy, pause) 4 3} {uts (one namespace shared by demox, demoy, pause) 2 3}]",
		"namespaces: {pod: demoduo, shared: [net, pid], private: [uts]}":           "[{pid shared pid is private to each of demox, demoy, pause} {uts private uts is shared by demox, demoy, pause}]",
		"pid1: {pod: demoduo, containers: {demox: nginx, demoy: php, demoz: php}}": "[{demox nginx php -S 127.0.0.1:9081} {demoz php no container demoz}]",
		"nprocs: {pod: duonoimage, net: 3}":                                        "[{demoy running waiting: ImagePullBackOff}]",
	}
	for source, want := range tests {
		r := eval(t, c, source)
		if got := fmt.Sprint(r.Mismatches); r.Verdict != checks.NotYet || got != want {
			t.Errorf("%s: %s\n%s; want\n%s", source, r.Verdict, got, want)
		}
	}
	r := eval(t, c, "same-parent: {pod: demoduo, parent: containerd-shim-runc-v1}")
	if len(r.Mismatches) != 1 || r.Mismatches[0].Want != "containerd-shim-runc-v1" || r.Mismatches[0].Got != "containerd-shim-runc-v2" {
		t.Errorf("same-parent: %+v", r.Mismatches)
	}
	for _, source := range everyKind() {
		if r := eval(t, c, source); len(r.Mismatches) > 0 {
			t.Errorf("%s: a pass with mismatches: %v", source, r.Mismatches)
		}
	}
}
