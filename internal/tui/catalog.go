package tui

import (
	"fmt"
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

// lines draws the labs, the chosen one in view.
func (c *catalog) lines(t theme, j journal, width, height int) []string {
	top := max(0, min(c.pick-height/2, len(c.labs)-height))
	var lines []string
	for i := top; i < len(c.labs) && len(lines) < height; i++ {
		lines = append(lines, c.line(t, j, i, width))
	}
	if len(lines) == 0 {
		return []string{"This course has no labs."}
	}
	return lines
}

func (c *catalog) line(t theme, j journal, i, width int) string {
	lab := c.labs[i]
	pointer, mark := "  ", t.dim.Render("·")
	if j.complete(lab) {
		mark = t.good.Render("✓")
	}
	facts := fmt.Sprintf("%3d min  %d/%d steps%s", lab.Minutes, j.count(lab), len(lab.Steps), c.needs(j, lab))
	if width < narrow {
		facts = fmt.Sprintf("%d min %d/%d", lab.Minutes, j.count(lab), len(lab.Steps))
	}
	title := oneLine(lab.Title)
	room := width - 4 - 2 - ansi.StringWidth(facts)
	if width >= narrow {
		room = min(room, c.widest()+2)
	}
	title = fill(title, room)
	if i == c.pick {
		pointer, title = t.accent.Render("▸ "), t.strong.Render(title)
	}
	return pointer + mark + " " + title + "  " + t.dim.Render(facts)
}

func (c *catalog) widest() int {
	n := 0
	for _, l := range c.labs {
		n = max(n, ansi.StringWidth(oneLine(l.Title)))
	}
	return n
}

func (c *catalog) needs(j journal, lab lesson.Lab) string {
	if len(lab.Needs) == 0 {
		return ""
	}
	names := make([]string, len(lab.Needs))
	for i, id := range lab.Needs {
		names[i] = id
		for _, l := range c.labs {
			if l.ID == id && j.complete(l) {
				names[i] += " ✓"
			}
		}
	}
	return "  needs " + oneLine(strings.Join(names, ", "))
}
