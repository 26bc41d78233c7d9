package lesson

import (
	"strings"
	"testing"
	"time"
)

// TestHostileTextsAreReadSoon tries texts that make parsers recurse without end or go quadratic. Read as intended, each takes
// well under a second of an idle processor; the bound leaves room for a busy machine and the race detector.
func TestHostileTextsAreReadSoon(t *testing.T) {
	const size, bound = maxFile / 8, time.Minute
	fill := func(s string, size int) string { return strings.Repeat(s, size/len(s)) }
	body := func(s string) string { return step + "text\n" + fill(s, size) }
	check := func(s string) string { return step + "~~~yaml check\n" + fill(s, maxYAML-10) + "\n~~~\n" }
	apply := func(s string) string { return step + "~~~yaml apply\n" + fill(s, maxYAML-10) + "\n~~~\n" }
	for name, lesson := range map[string]string{
		"quotes":          body(">"),
		"spaced quotes":   body("> "),
		"lists":           body("+ "),
		"ordered":         body("1. "),
		"fences":          body("```a b\n```\n"),
		"open fences":     body("```sh run\n"),
		"backquotes":      body("`"),
		"brackets":        body("[a]("),
		"html":            body("<a"),
		"steps":           body("## a\n"),
		"links":           body("[a]: b\n"),
		"quotes by lines": body("> a\n"),
		"indents":         step + indents(1000),
		"flow lists":      check("["),
		"flow mappings":   check("{a: "),
		"yaml lists":      check("- "),
		"yaml questions":  check("? "),
		"colons":          check("a: "),
		"many checks":     check("- a:\n"),
		"many documents":  apply("---\n"),
		"many objects":    apply("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n"),
		"unknown fields":  apply("contaners: []\n"),
		"deep objects":    apply("apiVersion: v1\nkind: Pod\nspec: [["),
		"long name":       step + "~~~yaml " + fill("a", size) + "\n~~~\n",
		"long field":      step + "~~~yaml ask\n" + fill("a", maxYAML-100) + ": 1\n~~~\n",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, _ = Load(course("x", lesson), "labs")
			if took := time.Since(start); took > bound {
				t.Errorf("took %v", took)
			}
		})
	}
}

// indents nests a list by indentation.
func indents(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", 2*i) + "- a\n")
	}
	return b.String()
}
