package lesson

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// course makes a file system of pairs: the id of a lab, the text of its lesson.
func course(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]+"/"+lessonFile] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

func readTestdata(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// dump writes a course out, every value on a line of its own.
func dump(c Course) string {
	var b strings.Builder
	for _, l := range c.Labs {
		fmt.Fprintf(&b, "lab %q %q minutes=%d needs=%q images=%q file=%q\n", l.ID, l.Title, l.Minutes, l.Needs, l.Images, l.File)
		dumpBlocks(&b, l.Intro)
		for _, s := range l.Steps {
			fmt.Fprintf(&b, "step %q %q at %v\n", s.ID, s.Title, s.Pos)
			dumpBlocks(&b, s.Blocks)
		}
	}
	return b.String()
}

func dumpBlocks(b *strings.Builder, blocks []Block) {
	for _, block := range blocks {
		p := block.Position()
		fmt.Fprintf(b, "  %d:%d ", p.Line, p.Column)
		switch k := block.(type) {
		case Prose:
			fmt.Fprintf(b, "prose %q\n", k.Markdown)
		case Apply:
			fmt.Fprintf(b, "apply %q\n", k.Source)
			for _, o := range k.Objects {
				fmt.Fprintf(b, "    %v\n", o.Object)
			}
		case Edit:
			fmt.Fprintf(b, "edit %q %d objects, refused: %q\n", k.Source, len(k.Objects), k.Refused.Error())
		case Run:
			fmt.Fprintf(b, "run %q\n", k.Script)
		case Check:
			fmt.Fprintf(b, "check\n")
			for _, s := range k.Specs {
				fmt.Fprintf(b, "    %q kind=%q at %v: %v\n", s.ID, s.Kind, s.Pos, s.value)
			}
		case Ask:
			fmt.Fprintf(b, "ask %q choices=%q text=%q fact=%q %v explain=%q\n", k.Prompt, k.Choices, k.Text, k.Answer.Kind, k.Answer.value, k.Explain)
		case Hint:
			fmt.Fprintf(b, "hint %q\n", k.Markdown)
		case Solution:
			fmt.Fprintf(b, "solution %q %d objects\n", k.Source, len(k.Objects))
		case Output:
			fmt.Fprintf(b, "output %q\n", k.Text)
		case Mermaid:
			fmt.Fprintf(b, "mermaid %q alt=%q\n", k.Source, k.Alt)
		}
	}
}

func TestLoadReadsEveryKindOfBlock(t *testing.T) {
	c, err := Load(course("duo", readTestdata(t, "duo.md"), "solo", readTestdata(t, "solo.md")), "labs")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/course.golden", dump(c))
}

func TestMain(m *testing.M) {
	flag.Bool("update", false, "rewrite the golden files")
	m.Run()
}

// golden compares a text with a recorded one; with -update it records it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// BenchmarkLoad reads podlab's own course, as the program does at each start.
func BenchmarkLoad(b *testing.B) {
	fsys := os.DirFS("../../labs")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Load(fsys, "labs"); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzLoad holds that no lesson, however broken, makes Load panic or hang, and that every mistake lies in the file.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"duo.md", "solo.md", "five.md"} {
		f.Add([]byte(readTestdata(f, name)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fsys := fstest.MapFS{"x/" + lessonFile: {Data: data}}
		_, err := Load(fsys, "labs")
		if err == nil {
			return
		}
		var mistakes Mistakes
		if !errors.As(err, &mistakes) || len(mistakes) == 0 {
			t.Fatalf("not a list of mistakes: %v", err)
		}
		lines := strings.Count(strings.ReplaceAll(string(data), "\r", "\n"), "\n") + 2
		for _, m := range mistakes {
			if m.Pos.Line < 0 || m.Pos.Line > lines || strings.ContainsAny(m.Message, "\n\r") {
				t.Errorf("bad mistake: %q of %d lines", m.Error(), lines)
			}
		}
	})
}
