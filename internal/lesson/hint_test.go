package lesson

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// first returns the first block of a lesson's first step.
func firstBlock(t *testing.T, lesson string) Block {
	t.Helper()
	c, err := Load(course("x", lesson), "labs")
	if err != nil {
		t.Fatal(err)
	}
	return c.Labs[0].Steps[0].Blocks[0]
}

func TestHintWithACondition(t *testing.T) {
	hint := firstBlock(t, step+`~~~md hint
when:
- ready: {pdo: consumer}
- for: 5s
  not:
    ready: {pod: queue}
---

The consumer was *first*.

---
Start the queue.
~~~
~~~yaml check
- ready: {pod: a}
~~~
`).(Hint)
	if want := "The consumer was *first*.\n\n---\nStart the queue."; hint.Markdown != want {
		t.Errorf("text %q, want %q", hint.Markdown, want)
	}
	var got []string
	for _, s := range hint.When {
		got = append(got, s.ID+" "+s.Pos.String()+" "+s.For.String())
	}
	if diff := cmp.Diff([]string{"ready labs/x/lesson.md:10:3 0s", "not labs/x/lesson.md:12:3 5s"}, got); diff != "" {
		t.Error(diff)
	}
	want := `labs/x/lesson.md:10:11: condition "ready": unknown field "pdo" (did you mean "pod"?)`
	if diff := cmp.Diff(want, hint.When[0].Decode(new(strictFake)).Error()); diff != "" {
		t.Error(diff)
	}
}

func TestHintsConditionsHaveTheirOwnIDs(t *testing.T) {
	c, err := Load(course("x", step+"~~~md hint\nwhen:\n- {id: a, ready: {}}\n---\ntext\n~~~\n~~~yaml check\n- {id: a, ready: {}}\n- ready: {}\n~~~\n"), "labs")
	if err != nil {
		t.Fatal(err)
	}
	specs := c.Labs[0].Steps[0].Checks()
	if len(specs) != 2 || specs[0].ID != "a" || specs[1].ID != "ready" {
		t.Error(specs)
	}
}

func TestHintWithoutACondition(t *testing.T) {
	for _, text := range []string{"when: it rains\n---\ntext", "Look.\nwhen:\n---\ntext", "when"} {
		hint := firstBlock(t, step+"~~~md hint\n"+text+"\n~~~\n").(Hint)
		if hint.Markdown != text || hint.When != nil {
			t.Errorf("%q: %q, %v", text, hint.Markdown, hint.When)
		}
	}
}

func TestQuestionWithSeveralRightChoices(t *testing.T) {
	ask := firstBlock(t, step+"~~~yaml ask\nprompt: which?\nseveral: true\nchoices: [net, ipc, mnt, 7]\nanswer: [net, 7]\nexplain: so\nwrong:\n  mnt: |\n    Each has its own.\n  ipc: 'no'\n~~~\n").(Ask)
	want := Ask{
		Prompt: "which?", Choices: []string{"net", "ipc", "mnt", "7"}, Several: true, Answers: []string{"net", "7"}, Explain: "so",
		Wrong: []WrongAnswer{
			{"mnt", "Each has its own.\n", Position{"labs/x/lesson.md", 15, 3}},
			{"ipc", "no", Position{"labs/x/lesson.md", 17, 3}},
		},
	}
	if diff := cmp.Diff(want, ask, cmpopts.IgnoreFields(Ask{}, "Pos", "Answer")); diff != "" {
		t.Error(diff)
	}
}

func TestSeveralFromAFact(t *testing.T) {
	ask := firstBlock(t, step+"~~~yaml ask\nprompt: which?\nseveral: true\nchoices: [net, ipc]\nanswer: {namespaces: {pod: a}}\n~~~\n").(Ask)
	if ask.Answer.Kind != "namespaces" || !ask.Several || ask.Text != "" || ask.Answers != nil {
		t.Errorf("%+v", ask)
	}
}

// FuzzChecks holds that no check block, however broken, makes its reading panic or hang, also not that of the checks inside
// checks; that every mistake is one line in the text; and that places inside texts lie in the text.
func FuzzChecks(f *testing.F) {
	f.Add("- ready: {pod: a, containers: 2/2}\n- id: b\n  nprocs:\n    pod: a\n")
	f.Add("- not: {all: [{ready: {pod: a}}, {any: [{a: b}, {c: d}]}]}\n  for: 5s\n  within: 1m\n  once: true\n")
	f.Add("- expr:\n    that: |\n\n      a ||\n        b\n- expr: {that: \"\\u00e9\\n\\\"\"}\n- expr: {that: 'a''b'}\n- expr:\n    that: >-\n      a\n")
	f.Add("- id: 1\n  id: 1\n- for:\n- {for: x, a: 1, b: 2}\n- not: []\n- any: {}\n")
	f.Fuzz(func(t *testing.T, source string) {
		specs, mistakes := ParseChecks("f", source)
		holds(t, source, specs, mistakes)
	})
}

func holds(t *testing.T, source string, specs []CheckSpec, mistakes Mistakes) {
	t.Helper()
	lines := strings.Count(strings.ReplaceAll(source, "\r", "\n"), "\n") + 2
	for _, s := range specs {
		mistakes = append(mistakes, s.Decode(new(strictFake))...)
		for line := range 4 {
			p := s.FieldPosition("that", line, 2)
			mistakes = append(mistakes, Mistake{p, "a place"})
		}
		inner, more := s.Nested()
		mistakes = append(mistakes, more...)
		if len(inner) > 0 {
			holds(t, source, inner, nil)
		}
	}
	for _, m := range mistakes {
		if m.Pos.Line < 1 || m.Pos.Line > lines || m.Pos.Column < 1 || strings.ContainsAny(m.Message, "\n\r") {
			t.Errorf("bad mistake: %q of %d lines", m.Error(), lines)
		}
	}
}
