package checks

import (
	"slices"
	"strings"
)

// Grade says whether a learner's answer is the truth. Case and spaces do not matter, a list may be in any order and with
// "and", and a number may have its unit: "3" is "3 processes".
func Grade(answer, truth string) bool {
	given, right := items(answer), items(truth)
	if len(right) == 0 {
		return false
	}
	if slices.Equal(given, right) {
		return true
	}
	words := strings.Fields(strings.ToLower(answer))
	return isNumber(truth) && len(words) == 2 && words[0] == strings.TrimSpace(truth) && unit(words[1])
}

// items splits a list at commas, semicolons and "and", and sorts it.
func items(text string) []string {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	text = strings.Trim(text, " .")
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

func isNumber(text string) bool {
	text = strings.TrimSpace(text)
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// unit says whether a word only says what was counted.
func unit(word string) bool {
	return slices.Contains([]string{"process", "processes", "parent", "parents", "container", "containers", "namespace", "namespaces"}, strings.Trim(word, "."))
}
