package runner

import (
	"context"
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/node"
)

// counted counts the looks at a node.
type counted struct {
	fakeNodes
	looks *[]string
}

func (c counted) Snapshot(ctx context.Context, name string) (*node.Snapshot, error) {
	*c.looks = append(*c.looks, "snapshot")
	return c.fakeNodes.Snapshot(ctx, name)
}

func (c counted) Tasks(ctx context.Context, name string) (map[string]node.Task, error) {
	*c.looks = append(*c.looks, "tasks")
	return c.fakeNodes.Tasks(ctx, name)
}

// A moment looks once for all its checks, and a snapshot has the tasks in it.
func TestTasksAreLookedAtOnce(t *testing.T) {
	tasks := func(m checks.Cluster) {
		got, err := m.Tasks(t.Context(), "dev-control-plane")
		if err != nil || len(got) == 0 {
			t.Errorf("%d tasks, %v", len(got), err)
		}
	}
	whole := func(m checks.Cluster) {
		if _, err := m.Node(t.Context(), "dev-control-plane"); err != nil {
			t.Error(err)
		}
	}
	now := func(m checks.Cluster) {
		if got, err := m.TasksNow(t.Context(), "dev-control-plane"); err != nil || len(got) == 0 {
			t.Errorf("%d tasks, %v", len(got), err)
		}
	}
	for want, calls := range map[string][]func(checks.Cluster){
		"tasks":          {tasks, tasks},
		"snapshot":       {whole, tasks, tasks},
		"tasks snapshot": {tasks, whole, tasks},
		"snapshot tasks": {whole, now},
	} {
		w, looks := newFakeWorld(), []string{}
		m := NewMoment("podlab-duo", w, w, counted{fakeNodes{w}, &looks}, nil)
		for _, call := range calls {
			call(m)
		}
		if got := strings.Join(looks, " "); got != want {
			t.Errorf("looks: %s, want %s", got, want)
		}
		if g, ok := m.(*glance); !ok || !g.below {
			t.Error("the look is not known to have gone below the API's watches")
		}
	}
}
