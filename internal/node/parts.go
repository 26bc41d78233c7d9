package node

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// part is one part of what a function of Script printed.
type part struct {
	body    string
	code    int    // the exit code
	message string // the last line of its stderr
}

type parts map[string]part

// split cuts an answer at its markers, and makes sure that every part is there.
func split(title string, names []string, output []byte) (parts, error) {
	first := "=== podlab " + title
	rest, ok := strings.CutPrefix(string(output), first+"\n")
	if !ok {
		return nil, fmt.Errorf("the output does not begin with %q", first)
	}
	found := parts{}
	for _, name := range names {
		p, tail, err := cut(name, rest)
		if err != nil {
			return nil, err
		}
		found[name], rest = p, tail
	}
	if last := "=== done"; strings.TrimRight(rest, "\n") != last {
		return nil, fmt.Errorf("the output does not end with %q", last)
	}
	return found, nil
}

// cut returns the part with the name, with which the text begins, and what stands behind it.
func cut(name, text string) (part, string, error) {
	body, ok := strings.CutPrefix(text, "=== begin "+name+"\n")
	if !ok {
		return part{}, "", fmt.Errorf("the output is broken off before %s", name)
	}
	body, tail, ok := strings.Cut(body, "\n=== end "+name+" ")
	if !ok {
		return part{}, "", fmt.Errorf("the output is broken off in %s", name)
	}
	end, tail, ok := strings.Cut(tail, "\n")
	if !ok {
		return part{}, "", fmt.Errorf("the output is broken off after %s", name)
	}
	code, message, _ := strings.Cut(end, " ")
	n, err := strconv.Atoi(code)
	if err != nil {
		return part{}, "", fmt.Errorf("%s: no exit code in %q", name, end)
	}
	return part{body, n, message}, tail, nil
}

// succeeded says which part failed, if any did. The strict ones must have ended with 0. The others may say that nothing was
// found (1) and that a process ended under their hands (2).
func (p parts) succeeded(strict ...string) error {
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		limit := 2
		if slices.Contains(strict, name) {
			limit = 0
		}
		if found := p[name]; found.code < 0 || found.code > limit {
			return fmt.Errorf("%s ended with exit code %d: %s", name, found.code, found.message)
		}
	}
	return nil
}

func nonEmpty(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func atois(fields []string) ([]int, error) {
	numbers := make([]int, len(fields))
	for i, field := range fields {
		n, err := strconv.Atoi(field)
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", field)
		}
		numbers[i] = n
	}
	return numbers, nil
}
