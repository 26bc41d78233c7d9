package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
)

// Kind is one kind of check, as the author of a lesson needs to know it. docs/checks.md is made of these.
type Kind struct {
	Name       string
	Says       string // what a check of this kind claims, when it passes, and what it counts
	Fields     any    // a struct whose yaml tags are the fields and whose doc tags explain them
	Examples   []string
	Shows      string // what the evidence of a pass holds
	CannotTell string // how it can come to "cannot tell", besides what holds for all kinds

	AskSays     string // which answers of ask blocks it can grade
	AskFields   any    // the same for the answer of an ask block
	AskExamples []string

	check func(lesson.CheckSpec) (Check, lesson.Mistakes)
	fact  func(lesson.CheckSpec) (Fact, lesson.Mistakes)
}

// Kinds returns every kind of check, in the order of the documentation.
func Kinds() []Kind {
	return slices.Concat(kubernetesKinds(), containerKinds(), nodeKinds(), changeKinds(), groupKinds())
}

func kindOf(spec lesson.CheckSpec) (Kind, lesson.Mistakes) {
	var names []string
	for _, k := range Kinds() {
		if k.Name == spec.Kind {
			return k, nil
		}
		names = append(names, k.Name)
	}
	return Kind{}, lesson.Mistakes{spec.Mistake("", "unknown kind %q%s", spec.Kind, orOneOf(spec.Kind, names))}
}

// Parse turns a spec into a check, or says all that is wrong with it.
func Parse(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	kind, mistakes := kindOf(spec)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	check, mistakes := kind.check(spec)
	return &stated{Check: check, hold: spec.For, once: spec.Once}, mistakes
}

// ParseFact turns the answer of an ask block into a fact, or says all that is wrong with it.
func ParseFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	kind, mistakes := kindOf(spec)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return kind.fact(spec)
}

// Validate parses every check and every answer of the course and returns all mistakes, in the order of the files.
func Validate(course lesson.Course) lesson.Mistakes {
	var all lesson.Mistakes
	for _, lab := range course.Labs {
		for _, step := range lab.Steps {
			for _, block := range step.Blocks {
				all = append(all, validateBlock(block)...)
			}
		}
	}
	all.Sort()
	return all
}

func validateBlock(block lesson.Block) lesson.Mistakes {
	var all lesson.Mistakes
	switch b := block.(type) {
	case lesson.Check:
		all = validateSpecs(b.Specs)
	case lesson.Hint:
		all = validateSpecs(b.When)
	case lesson.Ask:
		if b.Answer.Kind != "" {
			_, all = ParseFact(b.Answer)
		}
		all = append(all, validateWrong(b)...)
	}
	return all
}

func validateSpecs(specs []lesson.CheckSpec) lesson.Mistakes {
	var all lesson.Mistakes
	for _, spec := range specs {
		_, mistakes := Parse(spec)
		all = append(all, mistakes...)
	}
	return all
}

// decode reads a spec's fields. Only when they can be read at all are they judged: a field that is missing because its
// name was misspelt is one mistake, not two.
func decode[F any](spec lesson.CheckSpec, judge func(f F, wrong func(field, format string, args ...any))) (F, lesson.Mistakes) {
	var f F
	mistakes := spec.Decode(&f)
	if len(mistakes) > 0 {
		return f, mistakes
	}
	judge(f, func(field, format string, args ...any) {
		mistakes = append(mistakes, spec.Mistake(field, format, args...))
	})
	return f, mistakes
}

// orOneOf ends a message about an unknown name: with the one that was meant, if that is clear, else with all of them.
func orOneOf(written string, names []string) string {
	for _, name := range names {
		if slips(written, name) <= max(1, len(name)/3) {
			return fmt.Sprintf(" (did you mean %q?)", name)
		}
	}
	return " (there are " + strings.Join(names, ", ") + ")"
}

// slips is the edit distance of two names, whatever their case.
func slips(a, b string) int {
	a, b = strings.ToLower(a), strings.ToLower(b)
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
