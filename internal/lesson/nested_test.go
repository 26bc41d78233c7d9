package lesson

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestModifiersStandBesideTheKind(t *testing.T) {
	for source, want := range map[string]CheckSpec{
		"- ready: {pod: a}": {},
		"- {for: 5s, ready: {pod: a}, within: 1m30s, once: true}": {For: 5 * time.Second, Within: 90 * time.Second, Once: true},
		"- ready:\n    pod: a\n  once: true\n  for: 250ms":        {For: 250 * time.Millisecond, Once: true},
		"- ready: {pod: a}\n  once: false\n  within: \"2s\"":      {Within: 2 * time.Second},
	} {
		got := only(t, source)
		if got.For != want.For || got.Within != want.Within || got.Once != want.Once || got.Kind != "ready" {
			t.Errorf("%s: for %v, within %v, once %v of %s", source, got.For, got.Within, got.Once, got.Kind)
		}
	}
}

// outline writes the specs down with their places, and below them what is inside them.
func outline(t *testing.T, specs []CheckSpec, indent string) string {
	t.Helper()
	var b strings.Builder
	for _, s := range specs {
		fmt.Fprintf(&b, "%s%d:%d %s %s\n", indent, s.Pos.Line, s.Pos.Column, s.ID, s.prefix())
		if s.Kind != "ready" {
			inner, mistakes := s.Nested()
			if len(mistakes) > 0 {
				t.Error(mistakes)
			}
			b.WriteString(outline(t, inner, indent+"  "))
		}
	}
	return b.String()
}

func TestNestedChecksHaveTheirOwnPlaces(t *testing.T) {
	specs, mistakes := ParseChecks("f", `- not: {ready: {pod: a}}
- id: both
  all:
    - ready:
        pod: a
    - not:
        any: [{ready: {pod: b}}, {ready: {pod: c}}]
`)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	want := `1:3 not check "not": 
  1:9 ready check "not": ready: 
3:3 both check "both": 
  4:7 ready check "both": ready: 
  6:7 not check "both": not: 
    7:9 any check "both": not: any: 
      7:16 ready check "both": not: any: ready: 
      7:35 ready-2 check "both": not: any: ready: 
`
	if diff := cmp.Diff(want, outline(t, specs, "")); diff != "" {
		t.Error(diff)
	}
}

func TestNestedChecksAreDecodedInTheirPlaces(t *testing.T) {
	inner, mistakes := only(t, "- any:\n  - ready: {pod: a}\n  - ready:\n      contaners: 2/2\n").Nested()
	if len(mistakes) > 0 || len(inner) != 2 {
		t.Fatal(inner, mistakes)
	}
	want := `labs/duo/lesson.md:4:7: check "any": ready: unknown field "contaners" (did you mean "containers"?)`
	if diff := cmp.Diff(want, inner[1].Decode(new(strictFake)).Error()); diff != "" {
		t.Error(diff)
	}
}

func TestBrokenNesting(t *testing.T) {
	for _, c := range []struct{ name, source, want string }{
		{"a list in not", "- not: [{ready: {}}]", `1:8: check "not": want one check, as {kind: {field: value}}, found a list: put "any" or "all" around it`},
		{"nothing in not", "- not:", `1:3: check "not": want one check, as {kind: {field: value}}, found nothing`},
		{"a text in not", "- not: ready", `1:8: check "not": want a check as {kind: {field: value}}, found "ready"`},
		{"two kinds in not", "- not: {ready: {}, pid1: {}}", `1:20: check "not": a check has one kind, found "ready" and "pid1"`},
		{"no kind", "- not: {}", `1:8: check "not": a check needs a kind, such as ready: {pod: web, containers: 2/2}`},
		{"one in all", "- all: [{ready: {}}]", `1:3: check "all": want two or more checks, found 1`},
		{"a mapping in any", "- any: {ready: {}}", `1:8: check "any": want a list of two or more checks, found a mapping`},
		{"nothing in any", "- any:", `1:3: check "any": want a list of two or more checks, found nothing`},
		{
			"each item", "- id: x\n  all:\n  - a\n  - ready:\n    pod: a\n  - {id: y, ready: {}}\n  - {for: 5s, ready: {}}\n  - not: {once: true, ready: {}}\n",
			`3:5: check "x": want a check as {kind: {field: value}}, found "a"
5:5: the fields of "ready" must be indented further than "ready"
6:6: check "x": a check inside "all" has no id of its own
7:6: check "x": "for" does not go inside "all": put it beside "all"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, mistakes := only(t, c.source).Nested()
			if diff := cmp.Diff(c.want, strings.ReplaceAll(mistakes.Error(), "labs/duo/lesson.md:", "")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestFieldPosition has "@" at each place that is asked for: it is taken out of the text and must be found again.
func TestFieldPosition(t *testing.T) {
	for _, c := range []struct {
		name, source string // with the place marked by @ that FieldPosition must return
		line, column int
	}{
		{"plain", "- expr: {that: pods.@size() > 1}\n", 1, 6},
		{"plain, alone", "- expr:\n    that: a.b == @c\n", 1, 8},
		{"past the end", "- expr: {that: 'ab@'}\n", 1, 3},
		{"single quotes", "- expr: {that: 'a == ''b'' && @c'}\n", 1, 13},
		{"double quotes", `- expr: {that: "a == \"b\" && \u00e9 @c"}` + "\n", 1, 15},
		{"a second line in double quotes", `- expr: {that: "a ||\n  @b"}` + "\n", 2, 3},
		{"letters of two bytes", "- expr: {that: 'é == @è'}\n", 1, 6},
		{"literal", "- expr:\n    that: |\n      a ||\n        @b\n", 2, 3},
		{"literal with an empty line first", "- expr:\n    that: |-\n\n      a || @b\n", 2, 6},
		{"folded: its start", "- expr:\n    that: >\n      @a ||\n      b\n", 1, 6},
		{"plain of two lines: its start", "- expr:\n    that: @a ||\n      b\n", 1, 6},
		{"in a list", "- expr:\n    that: [a, b@c]\n", 1, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			before, _, _ := strings.Cut(c.source, "@")
			want := Position{"labs/duo/lesson.md", strings.Count(before, "\n") + 1, len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1}
			spec, field := only(t, strings.Replace(c.source, "@", "", 1)), "that"
			if c.name == "in a list" {
				field = "that.1"
			}
			if got := spec.FieldPosition(field, c.line, c.column); got != want {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

func TestFieldPositionOfWhatIsNoText(t *testing.T) {
	spec := only(t, "- expr: {that: {a: b}}\n")
	for field, want := range map[string]int{"that": 16, "that.a": 20, "this": 3, "": 9} {
		if got := spec.FieldPosition(field, 1, 1); got.Line != 1 || got.Column != want {
			t.Errorf("FieldPosition(%q) = %v, want column %d", field, got, want)
		}
	}
}

func TestFieldPositionInAnIndentedFence(t *testing.T) {
	c, err := Load(course("x", step+"  ~~~yaml check\n  - expr:\n      that: |\n        a ||\n        b\n  ~~~\n"), "labs")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Labs[0].Steps[0].Checks()[0].FieldPosition("that", 2, 1).String(), "labs/x/lesson.md:12:9"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
