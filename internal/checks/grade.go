package checks

import (
	"math/big"
	"regexp"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
)

// Grade says whether a learner's answer is the truth. Case and spaces do not matter, a list may be in any order and with
// "and", numbers are compared by value, and a number may have its unit: "3" is "3.0" and "3 processes".
func Grade(answer, truth string) bool {
	given, right := items(answer), items(truth)
	if len(right) == 0 {
		return false
	}
	if sameItems(given, right) {
		return true
	}
	words := strings.Fields(strings.ToLower(answer))
	return isNumber(truth) && len(words) == 2 && same(words[0], strings.TrimSpace(truth)) && unit(words[1])
}

// GradeAsk says whether an answer to the question is the truth. Of a question with several right choices the answer is the
// chosen ones, one in a line or as a list, and the truth likewise.
func GradeAsk(ask lesson.Ask, answer, truth string) bool {
	if ask.Several {
		return sameItems(chosen(answer), chosen(truth))
	}
	written := func(choice string) bool { return folded(choice) == folded(truth) }
	if slices.ContainsFunc(ask.Choices, written) { // then 1.1 is not 1.10
		return folded(answer) == folded(truth)
	}
	return Grade(answer, truth)
}

// Truth returns the right answer that the lesson holds, as GradeAsk takes it; "" if it is a fact about the cluster.
func Truth(ask lesson.Ask) string {
	if ask.Several {
		return strings.Join(ask.Answers, "\n")
	}
	return ask.Text
}

// ExplainWrong returns the author's explanation for a wrong answer. It may be "": the explanation for the right answer would
// give it away. Of right choices that are not all, podlab says that.
func ExplainWrong(ask lesson.Ask, answer, truth string) string {
	var found []string
	for _, w := range ask.Wrong {
		given := Grade(answer, w.Answer)
		switch {
		case ask.Several:
			given = slices.Contains(chosen(answer), folded(w.Answer))
		case len(ask.Choices) > 0:
			given = folded(answer) == folded(w.Answer)
		}
		if given {
			found = append(found, strings.TrimSpace(w.Explain))
		}
	}
	if len(found) == 0 && ask.Several && partOf(chosen(answer), chosen(truth)) {
		return "All of that is right, and it is not all."
	}
	return strings.Join(found, "\n\n")
}

// partOf says whether something was chosen, and nothing that is not in the whole.
func partOf(some, whole []string) bool {
	return len(some) > 0 && !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(whole, s) })
}

// validateWrong finds explanations for a wrong answer that would count as the right one.
func validateWrong(ask lesson.Ask) lesson.Mistakes {
	var all lesson.Mistakes
	truth := Truth(ask)
	for _, w := range ask.Wrong {
		if ask.Several && slices.Contains(chosen(truth), folded(w.Answer)) || !ask.Several && GradeAsk(ask, w.Answer, truth) {
			all = append(all, lesson.Mistake{Pos: w.Pos, Message: "wrong: \"" + w.Answer + "\" is the right answer"})
		}
	}
	return all
}

// chosen returns the choices of an answer, sorted: its lines if there are several, else the items of a list.
func chosen(answer string) []string {
	answer = strings.Trim(answer, "\n")
	if !strings.Contains(answer, "\n") {
		return items(answer)
	}
	var all []string
	for line := range strings.Lines(answer) {
		if choice := folded(line); choice != "" {
			all = append(all, choice)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// folded is a text without what does not matter in an answer: case, and spaces beyond one.
func folded(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// sameItems compares two sorted lists, and sorts numbers by value first.
func sameItems(a, b []string) bool {
	return len(b) > 0 && slices.EqualFunc(byValue(a), byValue(b), same)
}

// byValue returns the sorted items with each number in its shortest form, each once.
func byValue(items []string) []string {
	short := make([]string, len(items))
	for i, item := range items {
		short[i] = item
		if n, ok := numeral(item); ok {
			short[i] = n.RatString()
		}
	}
	slices.Sort(short)
	return slices.Compact(short)
}

// same compares two items; numbers by value.
func same(a, b string) bool {
	x, ok1 := numeral(a)
	y, ok2 := numeral(b)
	return a == b || ok1 && ok2 && x.Cmp(y) == 0
}

// items splits a list at commas, semicolons and "and", and sorts it.
func items(text string) []string {
	text = strings.Trim(folded(text), " .")
	text = strings.ReplaceAll(text, " and ", ",")
	var items []string
	for item := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ';' }) {
		if item = strings.ReplaceAll(item, " / ", "/"); strings.TrimSpace(item) != "" {
			items = append(items, strings.TrimSpace(item))
		}
	}
	slices.Sort(items)
	return slices.Compact(items)
}

// numeral reads a number as people write it: an optional sign, digits, and digits after a point.
func numeral(text string) (*big.Rat, bool) {
	const longest = 40 // characters; no count is longer, and it bounds the work
	if len(text) > longest || !isNumber(text) {
		return nil, false
	}
	return new(big.Rat).SetString(strings.TrimSpace(text))
}

func isNumber(text string) bool {
	return regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?$`).MatchString(strings.TrimSpace(text))
}

// unit says whether a word only says what was counted.
func unit(word string) bool {
	return slices.Contains([]string{"process", "processes", "parent", "parents", "container", "containers", "namespace", "namespaces"}, strings.Trim(word, "."))
}
