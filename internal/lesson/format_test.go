package lesson

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// format returns the page that describes the format to authors.
func format(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/lesson-format.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestTheCompleteExampleOfTheFormatIsALesson(t *testing.T) {
	_, rest, _ := strings.Cut(format(t), "\n````markdown\n")
	example, _, found := strings.Cut(rest, "\n````\n")
	if !found {
		t.Fatal("no example")
	}
	c, err := Load(course("duo", example+"\n"), "labs")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, b := range append(c.Labs[0].Intro, append(c.Labs[0].Steps[0].Blocks, c.Labs[0].Steps[1].Blocks...)...) {
		switch b.(type) {
		case Prose:
			used["prose"] = true
		case Mermaid:
			used["mermaid"] = true
		case Output:
			used["output"] = true
		}
	}
	for _, word := range words() {
		if strings.Contains(example, " "+word+"\n") {
			used[word] = true
		}
	}
	if len(used) != len(words())+2 {
		t.Errorf("the example does not use every kind of block: %v", used)
	}
}

// TestEveryMessageOfTheFormatIsReal holds that each message that the page quotes is one that a broken lesson gives.
func TestEveryMessageOfTheFormatIsReal(t *testing.T) {
	_, section, _ := strings.Cut(format(t), "Each kind of message, by example.")
	quoted := 0
	given := realMessages()
	for _, block := range regexp.MustCompile("(?s)```text\n(.*?)\n```\n").FindAllStringSubmatch(section, -1) {
		for line := range strings.Lines(block[1] + "\n") {
			quoted++
			if message := strings.TrimSuffix(line, "\n"); !slices.Contains(given, message) {
				t.Errorf("no broken lesson gives %q", message)
			}
		}
	}
	if quoted < 50 {
		t.Errorf("only %d messages found on the page", quoted)
	}
}

// realMessages returns what the tables of broken lessons expect, without the places.
func realMessages() []string {
	var all []string
	for _, table := range [][]broken{brokenFrontMatter(), brokenStructure(), brokenEdits(), brokenChecksAndQuestions(), brokenManifests(), brokenNearMisses()} {
		for _, b := range table {
			for _, line := range strings.Split(b.want, "\n") {
				_, message, _ := strings.Cut(line, ": ")
				all = append(all, message)
			}
		}
	}
	for _, o := range append(oddFiles(), oddMisses()...) {
		_, message, _ := strings.Cut(o.want, ": ")
		all = append(all, message)
	}
	return all
}
