package runner

import (
	"maps"
	"slices"
)

// maxOutput bounds what is kept of one command's output, in bytes. The end is kept: that is where an error stands.
const maxOutput = 256 << 10

// Apply returns the state after the event. It changes nothing that s refers to, so an older state stays what it was.
func (s State) Apply(e Event) State {
	switch e := e.(type) {
	case PhaseChanged, ClusterSeen, ClusterUp, ClusterLost:
		s.Cluster = s.Cluster.apply(e)
		s.Busy = busyWithCluster(s.Busy, e)
	case LabOpened:
		s.Lab, s.Steps, s.Busy, s.Err = e.Lab, freshSteps(e.Checks), "", nil
	case RequestFailed:
		s.Busy, s.Err = "", e.Err
	case ResetStarted:
		s.Busy, s.Err = "reset", nil
	case ResetEnded:
		s.Busy, s.Err = "", e.Err
		if e.Err == nil {
			s.Steps = freshSteps(checkCounts(s.Steps))
		}
	case ApplyStarted:
		s.Busy, s.Err = "apply", nil
	case ApplyEnded:
		s.Busy, s.Err = "", e.Err
	case CommandStarted:
		s.Busy, s.Err = "run", nil
	case CommandEnded:
		s.Busy, s.Err = "", e.Err
	}
	if step, ok := stepOf(e); ok && step < len(s.Steps) {
		s.Steps = slices.Clone(s.Steps)
		s.Steps[step] = s.Steps[step].apply(e)
	}
	return s
}

// busyWithCluster keeps "cluster" as long as a phase runs.
func busyWithCluster(busy string, e Event) string {
	switch e := e.(type) {
	case PhaseChanged:
		switch {
		case e.Revival:
			return busy
		case e.Phase.Done && e.Phase.Err != nil:
			return ""
		}
		return "cluster"
	case ClusterUp:
		return ""
	case ClusterLost:
		if busy == "cluster" {
			return ""
		}
	}
	return busy
}

func (c ClusterState) apply(e Event) ClusterState {
	switch e := e.(type) {
	case ClusterSeen:
		c.Seen = e.Standing
	case ClusterUp:
		c.Up, c.Seen, c.Err, c.Try = true, "", nil, ""
	case ClusterLost:
		c.Up, c.Seen, c.Err, c.Try = false, "", e.Err, e.Try
	case PhaseChanged:
		c.Seen, c.Phases = "", foldPhase(c.Phases, e)
	}
	return c
}

// foldPhase updates the phase that runs, or begins one. The first phase after an ended cluster start begins a new list.
func foldPhase(phases []PhaseState, e PhaseChanged) []PhaseState {
	phases = slices.Clone(phases)
	i := slices.IndexFunc(phases, func(p PhaseState) bool { return p.Name == e.Phase.Name && p.Ended.IsZero() })
	if i < 0 {
		if !slices.ContainsFunc(phases, func(p PhaseState) bool { return p.Ended.IsZero() }) && restarts(phases, e.Phase.Name) {
			phases = nil
		}
		phases = append(phases, PhaseState{Started: e.At})
		i = len(phases) - 1
	}
	phases[i].Phase = e.Phase
	if e.Phase.Done {
		phases[i].Ended = e.At
	}
	return phases
}

func restarts(phases []PhaseState, name string) bool {
	return slices.ContainsFunc(phases, func(p PhaseState) bool { return p.Name == name })
}

func (s StepState) apply(e Event) StepState {
	switch e := e.(type) {
	case ApplyStarted:
		s.Applies = with(s.Applies, e.Block, ApplyState{Running: true, Left: s.Applies[e.Block].all()})
	case ApplyEnded:
		s.Applies = with(s.Applies, e.Block, s.Applies[e.Block].end(e))
	case CommandStarted:
		s.Runs = with(s.Runs, e.Block, CommandState{Running: true})
	case CommandOutput:
		run := s.Runs[e.Block]
		run.Output = lastBytes(run.Output+e.Text, maxOutput)
		s.Runs = with(s.Runs, e.Block, run)
	case CommandEnded:
		run := s.Runs[e.Block]
		run.Running, run.Exit, run.Elapsed, run.Err = false, e.Exit, e.Elapsed, e.Err
		s.Runs = with(s.Runs, e.Block, run)
	case Answered:
		s.Answers = with(s.Answers, e.Block, AnswerState{Answer: e.Answer, Result: e.Result})
	case HintSeen:
		s.Hints = with(s.Hints, e.Block, true)
	case HintGone:
		s.Hints = maps.Clone(s.Hints)
		delete(s.Hints, e.Block)
	case CheckUpdated:
		if e.Check < len(s.Checks) {
			s.Checks = slices.Clone(s.Checks)
			s.Checks[e.Check] = CheckState{Seen: true, Result: e.Result, Elapsed: e.Elapsed, At: e.At}
		}
	}
	return s
}

// all names the objects that were ever applied from the block.
func (a ApplyState) all() []string {
	names := slices.Clone(a.Left)
	for _, o := range a.Objects {
		names = append(names, o.Object)
	}
	return names
}

// end returns the state after an apply. While one is refused half-way, nobody knows what it leaves behind.
func (a ApplyState) end(e ApplyEnded) ApplyState {
	left := slices.DeleteFunc(slices.Clone(a.Left), func(name string) bool {
		return slices.ContainsFunc(e.Objects, func(o Applied) bool { return o.Object == name })
	})
	return ApplyState{Objects: e.Objects, Err: e.Err, Ended: e.At, Left: left}
}

func stepOf(e Event) (int, bool) {
	switch e := e.(type) {
	case ApplyStarted:
		return e.Step, true
	case ApplyEnded:
		return e.Step, true
	case CommandStarted:
		return e.Step, true
	case CommandOutput:
		return e.Step, true
	case CommandEnded:
		return e.Step, true
	case Answered:
		return e.Step, true
	case HintSeen:
		return e.Step, true
	case HintGone:
		return e.Step, true
	case CheckUpdated:
		return e.Step, true
	}
	return 0, false
}

func freshSteps(checkCounts []int) []StepState {
	steps := make([]StepState, len(checkCounts))
	for i, n := range checkCounts {
		steps[i].Checks = make([]CheckState, n)
	}
	return steps
}

func checkCounts(steps []StepState) []int {
	counts := make([]int, len(steps))
	for i, s := range steps {
		counts[i] = len(s.Checks)
	}
	return counts
}

func with[V any](m map[int]V, key int, value V) map[int]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[int]V{}
	}
	m[key] = value
	return m
}

func lastBytes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return s[len(s)-n:]
}
