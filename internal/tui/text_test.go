package tui

import (
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/runner"
)

// A command is broken at its blanks alone, and its backslash stays with the word before it: a line of its own would read as an
// empty one.
func TestCommandsAreWrappedAtWords(t *testing.T) {
	for _, c := range []struct {
		script string
		want   []string
	}{
		{"docker exec $NODE lsns", []string{"$ docker exec $NODE lsns"}},
		{"kubectl get pods \\\n  --watch\n", []string{"$ kubectl get pods \\", "    --watch"}},
		{"kubectl get pod duo -o name \\\n  -w", []string{"$ kubectl get pod duo -o name \\", "    -w"}}, // fits, but for nothing
		{"kubectl get pod demoduo -o name \\\n  -w", []string{"$ kubectl get pod demoduo", "      -o name \\", "    -w"}},
		{"kubectl get events --field-selector reason=Pulled", []string{"$ kubectl get events", "      --field-selector", "      reason=Pulled"}},
	} {
		if diff := cmp.Diff(c.want, commandLines(c.script, 31)); diff != "" {
			t.Errorf("%s:\n%s", c.script, diff)
		}
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"colour", "\x1b[31mred\x1b[0m", "red"},
		{"a title that a terminal would take", "\x1b]0;owned\x07text", "text"},
		{"a cleared screen", "\x1b[2J\x1b[Htext", "text"},
		{"an eight-bit sequence", "a\u009b31mb", "a31mb"},
		{"a bell and a null", "a\x07\x00b", "ab"},
		{"a bar drawn over", "10%\r50%\r100%\r\ndone\r\n", "100%\ndone\n"},
		{"a tab", "a\tb\n12345678\tc", "a       b\n12345678        c"},
		{"a turned direction", "abc\u202etxt.exe", "abctxt.exe"},
		{"bytes that are no text", "a\xffb", "a\uFFFDb"},
		{"two lines", "a\nb", "a\nb"},
	} {
		if got := clean(c.in); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b[31mred\r\n\tx\u009b\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		for _, r := range clean(s) {
			if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
				t.Errorf("clean(%q) keeps %q", s, r)
			}
		}
	})
}

// TestOutsideTextCannotDriveTheTerminal sends escape sequences through everything that comes from outside.
func TestOutsideTextCannotDriveTheTerminal(t *testing.T) {
	evil := "\x1b]0;owned\x07\x1b[2Jevil\x1b[31m"
	x := newTerminal(t, 80, 24)
	secondStep(x)
	r := notReady()
	r.Why, r.Got, r.Evidence.Rows, r.Evidence.Notes = evil, evil, []string{evil}, []string{evil}
	x.keys("r")
	x.event(
		runner.CommandStarted{Step: 1, Block: runBlock},
		runner.CommandOutput{Step: 1, Block: runBlock, Text: evil},
		runner.CommandEnded{Step: 1, Block: runBlock, Exit: 3},
		runner.CheckUpdated{Step: 0, Check: 0, Result: r},
	)
	x.see("exit code 3")
	noEscapes(t, x.m.View())
	x.keys("o")
	x.see("evil")
	noEscapes(t, x.m.View())
	x.keys("esc", "p", "e")
	x.see("evil")
	noEscapes(t, x.m.View())
}

func noEscapes(t *testing.T, view string) {
	t.Helper()
	if strings.ContainsAny(view, "\x1b\x07") {
		t.Errorf("escape sequences without colour:\n%q", view)
	}
}

func TestScenesWithoutColourHaveNoEscapes(t *testing.T) {
	for _, s := range scenes() {
		x := newTerminal(t, 80, 24)
		s.play(x)
		noEscapes(t, x.m.View())
	}
}

func TestFitKeepsEveryWord(t *testing.T) {
	for _, line := range []string{strings.Repeat("word ", 20), strings.Repeat("x", 95), "short" + strings.Repeat(" ", 90)} {
		lines := fit([]string{line}, 30)
		for _, l := range lines {
			if ansi.StringWidth(l) > 30 {
				t.Errorf("%q is wider than 30", l)
			}
		}
		if got, want := strings.Join(lines, ""), strings.TrimRight(line, " "); strings.TrimRight(got, " ") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestHeadOrTail(t *testing.T) {
	text := "1\n2\n3\n4\n5\n"
	for _, c := range []struct {
		n    int
		tail bool
		want []string
		left int
	}{
		{5, false, []string{"1", "2", "3", "4", "5"}, 0},
		{2, false, []string{"1", "2"}, 3},
		{2, true, []string{"4", "5"}, 3},
		{5, true, []string{"1", "2", "3", "4", "5"}, 0},
	} {
		got, left := headOrTail(text, c.n, c.tail)
		if diff := cmp.Diff(c.want, got); diff != "" || left != c.left {
			t.Errorf("headOrTail(%d, %v): %d left, want %d\n%s", c.n, c.tail, left, c.left, diff)
		}
	}
}

func TestElapsed(t *testing.T) {
	for d, want := range map[time.Duration]string{-time.Second: "0s", 0: "0s", 59 * time.Second: "59s", 65 * time.Second: "1m05s"} {
		if got := elapsed(d); got != want {
			t.Errorf("elapsed(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestManifestWithAFenceInItIsShownWhole(t *testing.T) {
	p := painter{width: 60, style: "notty", diagrams: asciiDiagrams{}}
	text := strings.Join(p.yaml("data: |\n  ```sh\n  ls\n  ```\nkind: ConfigMap"), "\n")
	if !strings.Contains(text, "kind: ConfigMap") || !strings.Contains(text, "```sh") {
		t.Errorf("the manifest lost something:\n%s", text)
	}
}

func TestHighlightedManifestKeepsItsText(t *testing.T) {
	plain := strings.Join(painter{width: 60, style: "notty"}.yaml(duoManifest), "\n")
	for _, style := range []string{"dark", "light"} {
		text := strings.Join(painter{width: 60, style: style}.yaml(duoManifest), "\n")
		if !strings.Contains(text, "\x1b[") {
			t.Errorf("%s: no colour", style)
		}
		if diff := cmp.Diff(plain, ansi.Strip(text)); diff != "" {
			t.Errorf("%s differs from plain (-plain +%s):\n%s", style, style, diff)
		}
	}
}

func TestPhasesOfALongStartAreSummedUp(t *testing.T) {
	var phases []runner.PhaseState
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		phases = append(phases, runner.PhaseState{Phase: runner.Phase{Name: name, Done: true}, Started: start(), Ended: start()})
	}
	lines := phaseList(newTheme(nil, true, true), phases, start(), 60, 3)
	if len(lines) != 3 || !strings.Contains(lines[0], "3 phases before") || !strings.Contains(lines[2], "✓ e") {
		t.Errorf("got %q", lines)
	}
}

func BenchmarkLongLesson(b *testing.B) {
	var blocks []lesson.Block
	for range 60 {
		blocks = append(blocks, lesson.Prose{Markdown: strings.Repeat("A pod holds more than one container. ", 12)}, lesson.Apply{Source: duoManifest})
	}
	m := newModel(b.Context(), Options{Session: newFake(), Course: lesson.Course{Labs: []lesson.Lab{{ID: "duo", Steps: []lesson.Step{{ID: "a", Blocks: blocks}}}}}, NoColor: true})
	m.Update(windowSize(120, 40))
	m.Update(keyMsg("enter"))
	m.Update(renderPage(painter{width: 30, style: "dark"}, pageKey{"duo", 0, m.readerWidth()}, blocks)())
	m.Update(eventMsg{runner.LabOpened{Lab: "duo", Checks: []int{0}}})
	if n := len(m.page.lines); n < 1000 {
		b.Fatalf("only %d lines", n)
	}
	b.ResetTimer()
	for b.Loop() {
		m.Update(keyMsg("down"))
		_ = m.View()
	}
}

func TestWrappedCommandBreaksAtSpaces(t *testing.T) {
	got := wrapCommand("kubectl wait --for=condition=Ready pod/demoduo --timeout=60s", 50)
	want := []string{"kubectl wait --for=condition=Ready pod/demoduo", "--timeout=60s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines differ (-want +got):\n%s", diff)
	}
}

func TestManifestIsNotReflowed(t *testing.T) {
	p := painter{width: 40, style: "notty"}
	got := p.yaml("kind: Pod\nspec:\n  # php, as PID 1, ignores the polite signal to stop\n  containers: []")
	want := []string{"kind: Pod", "spec:", "  # php, as PID 1, ignores the polite si", "gnal to stop", "  containers: []"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines differ (-want +got):\n%s", diff)
	}
}

func TestWhatIsCutInTheMiddleKeepsItsEnds(t *testing.T) {
	one := "shop: /bin/sh -c 'wget -qO- localhost' in web: exit code 0"
	other := "shop: /bin/sh -c 'wget -qO- localhost' in app: exit code 0"
	for _, c := range []struct {
		line  string
		width int
		want  string
	}{
		{one, 80, one},
		{one, 41, "shop: /bin/sh -c 'wg… in web: exit code 0"},
		{"ééééééé", 5, "éé…éé"},
		{"abc", 2, "a…"},
		{"abc", 0, ""},
	} {
		got := cutMiddle(c.line, c.width)
		if ansi.StringWidth(got) > c.width {
			t.Errorf("%q is wider than %d", got, c.width)
		}
		if got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if cutMiddle(one, 41) == cutMiddle(other, 41) {
		t.Error("two checks of different containers look alike")
	}
}

func TestWordsStayWhole(t *testing.T) {
	source := "The consumer asks for a queue with `ipcs -q` and a well-known key, and\n`docker exec $NODE ipcs -q` lists it: " +
		"https://kubernetes.io/docs/tasks/run-app/ says more of `sharing`. And a re-entrant, side-by-side, hand-in-hand thing goes on.\n\n" +
		"- an item that is long enough to be wrapped, with `ipcs -q` in it, and `nginx -g 'daemon off;'`, and well-known words.\n"
	for _, style := range []string{"notty", "dark", "light"} {
		for width := 46; width < 90; width++ {
			lines := painter{width: width, style: style}.markdown(source)
			text := ansi.Strip(strings.Join(lines, "\n"))
			for _, word := range []string{" -q", "well-known key,", "https://kubernetes.io/docs/tasks/run-app/", "sharing. ", "side-by-side,", "hand-in-hand", "off;',"} {
				if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.TrimSpace(word)) {
					t.Fatalf("%s, %d wide: %q is broken in\n%s", style, width, word, text)
				}
			}
			for i, line := range lines[:len(lines)-1] { // no line ends before the next word would be too long
				line, next := ansi.Strip(line), strings.Fields(ansi.Strip(lines[i+1]))
				if len(next) > 0 && next[0] != "•" && line != "" && ansi.StringWidth(line)+1+ansi.StringWidth(next[0]) < width {
					t.Fatalf("%s, %d wide: %q stands alone in\n%s", style, width, next[0], text)
				}
			}
		}
	}
}

func TestMarkdownStaysWhatItIs(t *testing.T) {
	for _, source := range []string{
		"_x_-y, **a-b**-c and `a`-b; *x*, ~~y~~.", "a \\- b &amp; c; d", "1. one-two\n2. three\n\n- a\n  - b-c\n\n---\n", "a-b\n---\nc-d",
		"| a-b | c |\n|-----|---|\n| `d-e` | f.g |\n", "[a-b](https://a.b/c-d) and <https://e.f/g-h>, https://i.j/k-l.", "```sh\na-b; c\n```\n", "line-one  \nline-two",
	} {
		p := painter{width: 200, style: "notty"}
		plain, ours := p.render(source, p.width+3), p.markdown(source)
		if diff := cmp.Diff(plain, ours); diff != "" {
			t.Errorf("%q: %s", source, diff)
		}
	}
}

// A heading within a step is told by its colour; without colours by its hashes.
func TestHeadingsOfAText(t *testing.T) {
	for style, want := range map[string]string{"dark": "Read on", "light": "Read on", "notty": "### Read on"} {
		lines := painter{width: 40, style: style}.markdown("### Read on\n")
		if got := strings.TrimSpace(ansi.Strip(strings.Join(lines, "\n"))); got != want {
			t.Errorf("%s: %q, want %q", style, got, want)
		}
	}
}
