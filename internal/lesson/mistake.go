package lesson

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a lesson file. Line and Column count from 1; a zero Column or Line is left out when printed.
type Position struct {
	File         string
	Line, Column int
}

func (p Position) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Mistake is one thing that the author of a lesson has to mend.
type Mistake struct {
	Pos     Position
	Message string
}

func (m Mistake) Error() string { return m.Pos.String() + ": " + m.Message }

// Mistakes is every mistake of a course. As an error it prints one per line, in the order of the files.
type Mistakes []Mistake

func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Error()
	}
	return strings.Join(lines, "\n")
}

// Sort orders the mistakes by file, line and column.
func (ms Mistakes) Sort() {
	slices.SortStableFunc(ms, func(a, b Mistake) int {
		return cmp.Or(
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column),
		)
	})
}
