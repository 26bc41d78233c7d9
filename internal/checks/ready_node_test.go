package checks_test

import (
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// For a moment the API calls a container ready whose process has ended. The node knows better.
func TestReadyIsHeldAgainstTheNode(t *testing.T) {
	c, err := checkstest.Recorded()
	if err != nil {
		t.Fatal(err)
	}
	check := checks.Ready{Pod: "demoduo", Ready: 2, Total: 2}
	if r := check.Eval(t.Context(), c); r.Verdict != checks.Pass {
		t.Fatalf("as recorded: %+v", r)
	}
	id := strings.TrimPrefix(c.Pods["demoduo"].Status.ContainerStatuses[1].ContainerID, "containerd://")
	if _, ok := c.Snapshot.Tasks[id]; !ok {
		t.Fatalf("no task %s was recorded", id)
	}
	delete(c.Snapshot.Tasks, id)
	r := check.Eval(t.Context(), c)
	if r.Verdict != checks.NotYet || !strings.HasPrefix(r.Got, "2/2 to the API, but ") || !strings.Contains(r.Got, "demoy") {
		t.Errorf("without demoy's process: %+v", r)
	}
}
