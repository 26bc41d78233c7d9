package tui

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/podlab/podlab/internal/runner"
)

// phaseList draws the phases of a cluster that comes up, in at most height lines: ended ones are summed up first.
func phaseList(t theme, phases []runner.PhaseState, now time.Time, width, height int) []string {
	lines := make([]string, len(phases))
	for i, p := range phases {
		lines[i] = phaseLine(t, p, now, width)
	}
	if n := len(phases); n > 0 && phases[n-1].Detail != "" && phases[n-1].Ended.IsZero() {
		lines = append(lines, t.dim.Render(cut("    "+oneLine(phases[n-1].Detail), width)))
	}
	if len(lines) <= height || height < 2 {
		return lines[max(0, len(lines)-max(height, 1)):]
	}
	hidden := len(lines) - height + 1
	summary := t.dim.Render(cut(fmt.Sprintf("✓ %s before", plural(hidden, "phase")), width))
	return append([]string{summary}, lines[hidden:]...)
}

func phaseLine(t theme, p runner.PhaseState, now time.Time, width int) string {
	mark, end := t.warn.Render("▸"), now
	if !p.Ended.IsZero() {
		mark, end = t.good.Render("✓"), p.Ended
	}
	if p.Err != nil {
		mark = t.bad.Render("✗")
	}
	took := elapsed(end.Sub(p.Started))
	name := fill(oneLine(p.Name), min(40, width-4-ansi.StringWidth(took)))
	return mark + " " + name + "  " + t.dim.Render(took)
}

// lostBanner says that the cluster is not there, why, and what to press.
func lostBanner(t theme, c runner.ClusterState, what string, width, height int) []string {
	if errors.Is(c.Err, context.Canceled) {
		return []string{t.warn.Render(cut("Interrupted: the cluster is not up.", width)), cut("u: bring it up", width)}
	}
	lines := []string{t.banner.Render(fill(" ✗ "+what, width))}
	lines = append(lines, indent("  ", t.bad.Render(oneLine(c.Err.Error())), width)...)
	if c.Try != "" {
		lines = append(lines, indent("  try: ", oneLine(c.Try), width)...)
	}
	last := cut("  u: bring it up again", width)
	if len(lines) >= height {
		lines = lines[:max(height-1, 0)]
	}
	return append(lines, last)
}
