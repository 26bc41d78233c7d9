package lesson

import (
	"fmt"
	"slices"
	"strings"
)

// didYouMean returns ` (did you mean "containers"?)` where one of the names is near to the one that was written, else "".
func didYouMean(written string, names []string) string {
	if name, ok := nearest(written, names); ok {
		return fmt.Sprintf(" (did you mean %q?)", name)
	}
	return ""
}

// nearest returns the name with the fewest slips of the pen from the written one: one slip in a short name, a third of the letters in a long one.
func nearest(written string, names []string) (string, bool) {
	best, slips := "", max(1, len(written)/3)+1
	names = slices.Sorted(slices.Values(names))
	for _, name := range names {
		if n := distance(strings.ToLower(written), strings.ToLower(name)); n < slips && n < len(name) {
			best, slips = name, n
		}
	}
	return best, best != ""
}

// distance counts the letters to add, drop, change or swap with a neighbour on the way from a to b.
func distance(a, b string) int {
	const tooLong = 64 // no name of the format is longer; it also bounds the work
	if len(a) > tooLong || len(b) > tooLong {
		return tooLong
	}
	older, old := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range old {
		old[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := old[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			row[j] = min(old[j]+1, row[j-1]+1, change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, old = old, row
	}
	return old[len(b)]
}
