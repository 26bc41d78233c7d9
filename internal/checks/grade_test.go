package checks_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
)

func TestGradeAsk(t *testing.T) {
	several := lesson.Ask{Several: true, Choices: []string{"net", "ipc", "a, b and c", "PID 1"}}
	version := lesson.Ask{Choices: []string{"1.1", "1.10", "3"}}
	for _, test := range []struct {
		name, answer, truth string
		ask                 lesson.Ask
		want                bool
	}{
		{"all of them", "ipc\nnet", "net\nipc", several, true},
		{"as a list", "IPC and net", "net\nipc", several, true},
		{"a fact's list", "ipc\nnet\n", "ipc, net", several, true},
		{"one alone", "pid  1", "PID 1", several, true},
		{"one missing", "net", "net\nipc", several, false},
		{"one too many", "net\nipc\nPID 1", "net\nipc", several, false},
		{"a choice that reads like a list", "a, b and c\nnet", "net\na, b and c", several, true},
		{"nothing chosen", "", "net\nipc", several, false},
		{"nothing right", "", "", several, false},
		{"another choice of the same value", "1.1", "1.10", version, false},
		{"the choice", "1.10", "1.10", version, true},
		{"a choice of the truth's value", "3", "3.0", version, true},
		{"typed", "3.0", "3", lesson.Ask{}, true},
	} {
		if got := checks.GradeAsk(test.ask, test.answer, test.truth); got != test.want {
			t.Errorf("%s: GradeAsk(%q, %q) = %t, want %t", test.name, test.answer, test.truth, got, test.want)
		}
	}
}

func TestTruthOfTheLesson(t *testing.T) {
	if got := checks.Truth(lesson.Ask{Text: "pause"}); got != "pause" {
		t.Errorf("%q", got)
	}
	if got := checks.Truth(lesson.Ask{Several: true, Answers: []string{"net", "ipc"}}); got != "net\nipc" {
		t.Errorf("%q", got)
	}
}

func TestExplainWrong(t *testing.T) {
	wrong := []lesson.WrongAnswer{{Answer: "2", Explain: "And pause?\n"}, {Answer: "mnt", Explain: "Its own."}, {Answer: "PID", Explain: "Not shared."}}
	free := lesson.Ask{Explain: "Three.", Wrong: wrong}
	choices := lesson.Ask{Explain: "Three.", Wrong: wrong, Choices: []string{"2", "2.0", "mnt"}}
	several := lesson.Ask{Explain: "Three.", Wrong: wrong, Several: true, Choices: []string{"2", "mnt", "PID", "net", "ipc", "user"}}
	const truth = "ipc, net" // as a fact gives it
	for _, test := range []struct {
		name, answer, want string
		ask                lesson.Ask
	}{
		{"wrong", "2.0 processes", "And pause?", free},
		{"not thought of", "7", "", free},
		{"a choice", "2", "And pause?", choices},
		{"another choice of the same value", "2.0", "", choices},
		{"two wrong ones of several", "net\nPID\nmnt", "Its own.\n\nNot shared.", several},
		{"one missing of several", "net", "All of that is right, and it is not all.", several},
		{"one missing and a wrong one", "net\n2", "And pause?", several},
		{"one missing and a wrong one that nobody thought of", "net\nuser", "", several},
	} {
		if got := checks.ExplainWrong(test.ask, test.answer, truth); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// load returns all mistakes of a lab with one step.
func load(t *testing.T, blocks string) string {
	t.Helper()
	text := "---\nformat: 1\nid: x\ntitle: X\nminutes: 5\n---\n## Step one\n" + blocks
	course, err := lesson.Load(fstest.MapFS{"x/lesson.md": {Data: []byte(text)}}, "labs")
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(checks.Validate(course).Error(), "labs/x/lesson.md:", "")
}

func TestValidateFindsTheRightAnswerAmongTheWrong(t *testing.T) {
	got := load(t, "~~~yaml ask\nprompt: a\nanswer: 3\nwrong:\n  3.0: no\n  2: no\n~~~\n"+
		"~~~yaml ask\nprompt: a\nseveral: true\nchoices: [net, ipc, pid]\nanswer: [net, ipc]\nwrong:\n  ipc: no\n  pid: no\n~~~\n")
	want := "12:3: wrong: \"3.0\" is the right answer\n21:3: wrong: \"ipc\" is the right answer"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestValidateReadsHintsConditions(t *testing.T) {
	got := load(t, "~~~md hint\nwhen:\n- ready: {pod: a, containers: 1/1}\n- redy: {pod: a}\n---\ntext\n~~~\n")
	if want := `11:3: condition "redy": unknown kind "redy" (did you mean "ready"?)`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
