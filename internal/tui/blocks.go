package tui

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// inlineOutput is how many lines of a command's output stand under it in the lesson.
const inlineOutput = 15

// page is a step as lines, and where each block begins.
type page struct {
	lines []string
	at    map[int]int
	cut   bool // something is wider than the pane
}

// pageDrawer draws the blocks of one step with what is known of them now.
type pageDrawer struct {
	theme  theme
	width  int
	wide   int // the width of wide view
	view   *labView
	state  runner.StepState
	texts  map[int][]string // rendered Markdown, by block; nil before it arrived
	intro  map[int][]string
	drafts Drafts
	answer *answerInput // nil when no answer is being written
	page   page
}

// draw returns the step's page.
func (d *pageDrawer) draw() page {
	d.page.at = map[int]int{}
	step := d.view.at()
	if d.view.step == 0 {
		for i, b := range d.view.lab.Intro {
			d.add(d.rendered(d.intro, i, b))
		}
	}
	d.add([]string{d.theme.title.Render(cut(oneLine(step.Title), d.width))})
	gate := d.view.gate(d.state)
	for i, b := range step.Blocks {
		if i > gate {
			break
		}
		d.page.at[i] = len(d.page.lines)
		d.add(d.block(i, b))
	}
	if gate < len(step.Blocks)-1 {
		d.add(indent("", d.theme.warn.Render("⋯ the rest of this step follows your answer"), d.width))
	}
	return d.page
}

// add appends a block, with a blank line between it and the one before.
func (d *pageDrawer) add(lines []string) {
	if len(lines) == 0 {
		return
	}
	if len(d.page.lines) > 0 {
		d.page.lines = append(d.page.lines, "")
	}
	d.page.lines = append(d.page.lines, lines...)
}

func (d *pageDrawer) block(i int, b lesson.Block) []string {
	switch b := b.(type) {
	case lesson.Prose:
		return d.rendered(d.texts, i, b)
	case lesson.Mermaid:
		lines := d.rendered(d.texts, i, b)
		d.page.cut = d.page.cut || len(lines) > 0 && strings.Contains(lines[0], widerThanPane)
		return lines
	case lesson.Apply:
		lines := []string{d.label("manifest")}
		lines = append(lines, d.rendered(d.texts, i, b)...)
		return append(lines, d.applied(i)...)
	case lesson.Edit:
		title := "manifest for you to mend"
		if d.view.drafts[d.view.step].begun {
			title = "what your manifest began with"
		}
		lines := append([]string{d.label(title)}, d.rendered(d.texts, i, b)...)
		return append(lines, d.draft(i)...)
	case lesson.Run:
		return append(d.script(b.Script), d.output(i)...)
	case lesson.Ask:
		return d.ask(i, b)
	case lesson.Hint:
		if d.view.hints[blockRef{d.view.step, i}] {
			return append([]string{d.label("hint")}, d.rendered(d.texts, i, b)...)
		}
	case lesson.Solution:
		if d.view.solved[d.view.step] {
			lines := append([]string{d.label("solution")}, d.rendered(d.texts, i, b)...)
			return append(lines, d.applied(i)...)
		}
	case lesson.Output:
		return d.authorSaw(b)
	}
	return nil
}

func (d *pageDrawer) label(s string) string { return d.theme.dim.Render(cut("· "+s, d.width)) }

// rendered returns the block's Markdown as it was rendered, or its source, wrapped, until that has arrived.
func (d *pageDrawer) rendered(texts map[int][]string, i int, b lesson.Block) []string {
	if texts != nil {
		return texts[i]
	}
	switch b := b.(type) {
	case lesson.Prose:
		return wrap(clean(strings.TrimSpace(b.Markdown)), d.width)
	case lesson.Apply:
		return wrap(clean(strings.TrimSpace(b.Source)), d.width)
	case lesson.Edit:
		return wrap(clean(strings.TrimSpace(b.Source)), d.width)
	case lesson.Mermaid:
		return wrap(clean(b.Alt), d.width)
	}
	return nil
}

func (d *pageDrawer) applied(i int) []string {
	a, ok := d.state.Applies[i]
	switch {
	case !ok:
		return nil
	case a.Running:
		return []string{d.theme.warn.Render("… applying")}
	case a.Err != nil:
		return indent(d.theme.bad.Render("✗ refused: "), clean(a.Err.Error()), d.width)
	}
	var parts, warnings []string
	for _, o := range a.Objects {
		parts = append(parts, o.Object+" "+o.Action)
		for _, w := range o.Warnings {
			warnings = append(warnings, indent(d.theme.warn.Render("! warning: "), clean(w), d.width)...)
		}
	}
	return append(indent(d.theme.good.Render("✓ applied: "), oneLine(strings.Join(parts, ", ")), d.width), warnings...)
}

func (d *pageDrawer) script(script string) []string {
	lines := commandLines(script, d.width)
	for i := range lines {
		lines[i] = d.theme.accent.Render(lines[i])
	}
	return lines
}

// output shows what the command printed: its beginning, or while it runs its end.
func (d *pageDrawer) output(i int) []string {
	run, ok := d.state.Runs[i]
	if !ok {
		return nil
	}
	shown, left := headOrTail(run.Output, inlineOutput, run.Running)
	var lines []string
	tooWide := false
	for _, line := range shown {
		whole := cleanLine(line)
		short := cut(whole, d.width-2)
		tooWide = tooWide || short != whole
		lines = append(lines, "  "+short)
	}
	d.page.cut = d.page.cut || tooWide
	if left > 0 || tooWide {
		lines = append(lines, "  "+d.theme.dim.Render(cut(moreOutput(left), d.width-2)))
	}
	return append(lines, d.ended(run)...)
}

func moreOutput(left int) string {
	if left > 0 {
		return plural(left, "more line") + ": o for all"
	}
	return "lines are cut: o for all"
}

func (d *pageDrawer) ended(run runner.CommandState) []string {
	switch {
	case run.Running:
		return []string{"  " + d.theme.warn.Render("… running")}
	case errors.Is(run.Err, context.Canceled):
		return []string{"  " + d.theme.warn.Render("interrupted")}
	case run.Err != nil:
		return indent("  "+d.theme.bad.Render("✗ not run: "), clean(run.Err.Error()), d.width)
	case run.Exit != 0:
		return []string{"  " + d.theme.bad.Render(fmt.Sprintf("✗ exit code %d", run.Exit))}
	case run.Output == "":
		return []string{"  " + d.theme.dim.Render("(no output)")}
	}
	return nil
}

// headOrTail returns up to n lines of the text's beginning or end, and how many more there are.
func headOrTail(s string, n int, tail bool) ([]string, int) {
	s = strings.TrimRight(s, "\n")
	if s == "" {
		return nil, 0
	}
	total := strings.Count(s, "\n") + 1
	if total <= n {
		return strings.Split(s, "\n"), 0
	}
	if tail {
		lines := make([]string, n)
		for i := n - 1; i >= 0; i-- {
			at := strings.LastIndexByte(s, '\n')
			lines[i], s = s[at+1:], s[:max(at, 0)]
		}
		return lines, total - n
	}
	return strings.SplitN(s, "\n", n+1)[:n], total - n
}

func (d *pageDrawer) authorSaw(b lesson.Output) []string {
	lines := []string{d.label("the author saw")}
	widest := 0
	for line := range strings.SplitSeq(strings.TrimRight(clean(b.Text), "\n"), "\n") {
		widest = max(widest, ansi.StringWidth(line))
		lines = append(lines, "  "+d.theme.dim.Render(cut(line, d.width-2)))
	}
	if widest <= d.width-2 {
		return lines
	}
	d.page.cut = true
	note := widerThanTerminal
	if widest <= d.wide-2 {
		note = widerThanPane
	}
	return append(lines, "  "+d.theme.dim.Render(cut("("+note+")", d.width-2)))
}

func (d *pageDrawer) ask(i int, b lesson.Ask) []string {
	lines := indent(d.theme.accent.Render("Question: "), d.theme.strong.Render(oneLine(b.Prompt)), d.width)
	for n, c := range b.Choices {
		lines = append(lines, indent(d.choiceMark(i, n), oneLine(c), d.width)...)
	}
	if d.answer != nil && d.answer.block == i {
		return append(lines, d.answer.lines(d.width)...)
	}
	return append(lines, d.graded(i, b.Several)...)
}

func (d *pageDrawer) choiceMark(block, n int) string {
	open := d.answer != nil && d.answer.block == block
	mark := letter(n) + ") "
	if open && d.answer.several {
		mark = map[bool]string{true: "[x] ", false: "[ ] "}[d.answer.marked[n]] + mark
	}
	if open && d.answer.pick == n {
		return d.theme.accent.Render("  ▸ " + mark)
	}
	return "    " + mark
}

// graded says what became of the answer, and explains it once it cannot spoil anything.
func (d *pageDrawer) graded(i int, several bool) []string {
	a, answered := d.state.Answers[i]
	skipped := d.view.skipped[blockRef{d.view.step, i}]
	said := strings.Join(strings.Split(clean(a.Answer), "\n"), ", ")
	switch {
	case answered && a.Result.Verdict == checks.Pass:
		return append(indent(d.theme.good.Render("✓ right: "), said, d.width), d.explained(i)...)
	case skipped:
		return append([]string{d.theme.dim.Render("  skipped")}, d.explained(i)...)
	case !answered && several:
		return indent("  ", d.theme.warn.Render("answer first (tab; several may be right), or s to skip"), d.width)
	case !answered:
		return indent("  ", d.theme.warn.Render("answer first (tab), or s to skip"), d.width)
	case a.Result.Verdict == checks.CannotTell:
		why := oneLine(a.Result.Why)
		lines := indent(d.theme.warn.Render("? noted: "), said, d.width)
		lines = append(lines, indent("  ", "It cannot be graded yet: "+why, d.width)...)
		if a.Result.Try != "" {
			lines = append(lines, indent("  ", oneLine(a.Result.Try), d.width)...)
		}
		return append(lines, indent("  ", d.theme.dim.Render("tab to answer again"), d.width)...)
	}
	lines := indent(d.theme.bad.Render("✗ not right: "), said, d.width)
	if a.Result.Why != "" {
		lines = append(lines, wrap(clean(a.Result.Why), d.width)...)
	}
	how := "tab"
	if len(d.view.letters(d.state, i)) > 0 {
		how = "its letter, or tab"
	}
	return append(lines, indent("  ", d.theme.warn.Render("try again ("+how+"), or s to skip"), d.width)...)
}

func (d *pageDrawer) explained(i int) []string {
	if len(d.texts[i]) == 0 {
		return nil
	}
	return append([]string{""}, d.texts[i]...)
}
