package tui

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/podlab/podlab/internal/lesson"
)

// catalog is the list of labs and which of them is chosen.
type catalog struct {
	labs []lesson.Lab
	pick int
}

func newCatalog(course lesson.Course, last string) catalog {
	c := catalog{labs: course.Labs}
	c.choose(last)
	return c
}

// choose picks the lab with the id, if there is one.
func (c *catalog) choose(id string) {
	for i, l := range c.labs {
		if l.ID == id {
			c.pick = i
		}
	}
}

func (c *catalog) move(by int) { c.pick = max(0, min(c.pick+by, len(c.labs)-1)) }

// picked returns the chosen lab; false for a course without labs.
func (c *catalog) picked() (lesson.Lab, bool) {
	if c.pick >= len(c.labs) {
		return lesson.Lab{}, false
	}
	return c.labs[c.pick], true
}

// after returns the first lab behind the one with the id that is not complete.
func (c *catalog) after(id string, j journal) (lesson.Lab, bool) {
	seen := false
	for _, l := range c.labs {
		if seen && !j.complete(l) {
			return l, true
		}
		seen = seen || l.ID == id
	}
	return lesson.Lab{}, false
}

// view says which labs are in a window of that height: the first one, and the one behind the last. The chosen one is in it.
func (c *catalog) view(height int) (top, end int) {
	height = max(height, 1)
	top = max(0, min(c.pick-height/2, len(c.labs)-height))
	return top, min(top+height, len(c.labs))
}

// lines draws the labs from top to before end.
func (c *catalog) lines(t theme, j journal, width, top, end int) []string {
	if len(c.labs) == 0 {
		return []string{"This course has no labs."}
	}
	cols := c.columns(j, width)
	var lines []string
	for i := top; i < end; i++ {
		lines = append(lines, c.line(t, j, i, cols))
	}
	return lines
}

// columns are the widths of a row's columns. Minutes, and a title of 0, are left out.
type columns struct {
	id, title, needs int
	minutes          bool
}

const (
	blanks     = 2 + 2 + 2 + 2 // what a row has beside its texts: the pointer, the mark, and a gap before each of the last two
	doneWidth  = len("0/0")
	minutesGap = len("10 min  ")
)

// columns shares out a row. Where there is room for all titles whole there is room for the minutes, and then for long needs.
func (c *catalog) columns(j journal, width int) columns {
	var most columns
	for _, l := range c.labs {
		most.id = max(most.id, ansi.StringWidth(l.ID))
		most.title = max(most.title, ansi.StringWidth(oneLine(l.Title)))
		most.needs = max(most.needs, ansi.StringWidth(c.needs(j, l, width)))
	}
	room := width - blanks - most.id - doneWidth
	if width < narrow {
		return columns{id: most.id, needs: max(room, 0)}
	}
	room -= 2 // the gap before the title
	needs := min(most.needs, width*2/7)
	cols := columns{id: most.id, minutes: most.title+minutesGap+needs <= room}
	if cols.minutes {
		room -= minutesGap
	}
	cols.title = min(most.title, room-needs)
	cols.needs = room - cols.title
	return cols
}

func (c *catalog) line(t theme, j journal, i int, cols columns) string {
	lab := c.labs[i]
	pointer, mark := "  ", t.dim.Render("·")
	if j.complete(lab) {
		mark = t.good.Render("✓")
	}
	name, facts := fill(lab.ID, cols.id), fmt.Sprintf("%d/%d", j.count(lab), len(lab.Steps))
	if cols.title > 0 {
		name += "  " + fill(oneLine(lab.Title), cols.title)
	}
	if cols.minutes {
		facts = fmt.Sprintf("%2d min  %s", lab.Minutes, facts)
	}
	switch {
	case i == c.pick:
		pointer, name = t.accent.Render("▸ "), t.strong.Render(name)
	case !c.open(j, lab):
		name = t.dim.Render(name)
	}
	return pointer + mark + " " + name + "  " + t.dim.Render(strings.TrimRight(facts+"  "+c.needs(j, lab, cols.needs), " "))
}

// open says whether the labs that a lab needs are all complete.
func (c *catalog) open(j journal, lab lesson.Lab) bool {
	for _, id := range lab.Needs {
		if !c.complete(j, id) {
			return false
		}
	}
	return true
}

func (c *catalog) complete(j journal, id string) bool {
	return slices.ContainsFunc(c.labs, func(l lesson.Lab) bool { return l.ID == id && j.complete(l) })
}

// needs says after which labs a lab comes, no wider than asked if that can be: "after solo ✓", "after ipc +4".
func (c *catalog) needs(j journal, lab lesson.Lab, width int) string {
	if len(lab.Needs) == 0 {
		return ""
	}
	mark := ""
	if c.open(j, lab) {
		mark = " ✓"
	}
	text := "after " + oneLine(strings.Join(lab.Needs, ", ")) + mark
	if more := len(lab.Needs) - 1; more > 0 && ansi.StringWidth(text) > width {
		text = fmt.Sprintf("after %s +%d%s", oneLine(lab.Needs[0]), more, mark)
	}
	return cut(text, width)
}

// about says in words what the row of the chosen lab has no room for.
func (c *catalog) about(j journal, lab lesson.Lab) string {
	text := fmt.Sprintf("%d minutes, %d of %d steps done", lab.Minutes, j.count(lab), len(lab.Steps))
	for i, id := range lab.Needs {
		text += map[bool]string{true: "; after ", false: ", "}[i == 0] + oneLine(id)
		if c.complete(j, id) {
			text += " ✓"
		}
	}
	return text
}
