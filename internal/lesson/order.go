package lesson

import (
	"cmp"
	"slices"
	"strings"
)

// ordered puts the labs into the order in which they should be taken, and finds needs that nothing can satisfy.
func (c *loader) ordered() []Lab {
	c.unknownNeeds()
	todo := slices.Clone(c.labs)
	slices.SortFunc(todo, func(a, b loaded) int {
		return cmp.Or(cmp.Compare(a.Minutes, b.Minutes), cmp.Compare(a.dir, b.dir))
	})
	var labs []Lab
	stuck := false
	for len(todo) > 0 {
		i := slices.IndexFunc(todo, func(l loaded) bool { return !needsOneOf(l, todo) })
		if i < 0 && !stuck {
			c.circles(slices.Clone(todo))
			stuck = true
		}
		i = max(i, 0) // in a circle the order means nothing, but no lab may be lost
		labs = append(labs, todo[i].Lab)
		todo = slices.Delete(todo, i, i+1)
	}
	return labs
}

func needsOneOf(l loaded, labs []loaded) bool {
	return slices.ContainsFunc(labs, func(other loaded) bool { return slices.Contains(l.Needs, other.dir) })
}

// unknownNeeds finds needs for labs that are not in the course.
func (c *loader) unknownNeeds() {
	for _, l := range c.labs {
		for i, need := range l.Needs {
			if need != "" && !slices.Contains(c.dirs, need) {
				l.reader.mistakeAtNeed(c, i, "needs: there is no lab "+quoted([]string{need})+" in this course"+didYouMean(need, c.dirs))
			}
		}
	}
}

// mistakeAtNeed places a mistake at one item of the front matter's needs.
func (r *reader) mistakeAtNeed(c *loader, i int, message string) {
	pos := Position{r.file, 1, 1}
	if n := itemNode(r.front, "needs", i); n != nil {
		pos = r.frontAt.of(n)
	}
	c.found = append(c.found, Mistake{pos, message})
}

// circles says each circle of needs once, at the lab of the circle that comes first by name. Every lab given needs another given lab.
func (c *loader) circles(labs []loaded) {
	slices.SortFunc(labs, func(a, b loaded) int { return cmp.Compare(a.dir, b.dir) })
	done := map[string]bool{}
	for _, l := range labs {
		var trail []string
		for at := l; !done[at.dir]; at = next(at, labs) {
			done[at.dir] = true
			trail = append(trail, at.dir)
			if again := next(at, labs).dir; slices.Contains(trail, again) {
				c.circle(labs, trail[slices.Index(trail, again):])
			}
		}
	}
}

// next returns the first lab of the list that the lab needs.
func next(l loaded, labs []loaded) loaded {
	for _, need := range l.Needs {
		if i := slices.IndexFunc(labs, func(o loaded) bool { return o.dir == need }); i >= 0 {
			return labs[i]
		}
	}
	return l
}

func (c *loader) circle(labs []loaded, ring []string) {
	first := slices.Index(ring, slices.Min(ring))
	ring = append(slices.Clone(ring[first:]), ring[:first]...)
	i := slices.IndexFunc(labs, func(l loaded) bool { return l.dir == ring[0] })
	at := labs[i]
	need := slices.Index(at.Needs, next(at, labs).dir)
	at.reader.mistakeAtNeed(c, need, "needs go round in a circle: "+strings.Join(append(ring, ring[0]), " needs "))
}
