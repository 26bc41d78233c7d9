package lesson

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// small returns a lesson without mistakes.
func small(id, minutes, needs string) string {
	return "---\nformat: 1\nid: " + id + "\ntitle: A lab\nminutes: " + minutes + "\nneeds: [" + needs + "]\n---\n## Step\ntext\n"
}

func TestLabsComeByNeedsThenMinutesThenID(t *testing.T) {
	c, err := Load(course(
		"a", small("a", "1", "d"),
		"b", small("b", "9", ""),
		"c", small("c", "5", ""),
		"d", small("d", "5", "b"),
		"e", small("e", "5", ""),
	), "labs")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, l := range c.Labs {
		ids = append(ids, l.ID)
	}
	if diff := cmp.Diff([]string{"c", "e", "b", "d", "a"}, ids); diff != "" {
		t.Error(diff)
	}
	if l, ok := c.Lab("d"); !ok || l.ID != "d" {
		t.Errorf("Lab(d) = %v, %v", l.ID, ok)
	}
}

func TestEachCircleIsSaidOnce(t *testing.T) {
	_, err := Load(course(
		"a", small("a", "1", "b"),
		"b", small("b", "1", "c"),
		"c", small("c", "1", "b"),
		"x", small("x", "1", "y"),
		"y", small("y", "1", "x"),
		"z", small("z", "1", ""),
	), "labs")
	want := "labs/b/lesson.md:6:9: needs go round in a circle: b needs c needs b\n" +
		"labs/x/lesson.md:6:9: needs go round in a circle: x needs y needs x"
	if diff := cmp.Diff(want, message(err)); diff != "" {
		t.Error(diff)
	}
}

func TestAllMistakesOfAllFilesAtOnce(t *testing.T) {
	_, err := Load(course("five", readTestdata(t, "five.md"), "a", "text\n", "needs-a", small("needs-a", "1", "a")), "labs")
	want := strings.Join([]string{
		`labs/a/lesson.md:1:1: a lesson begins with front matter: a line ---, the fields, a line ---`,
		`labs/five/lesson.md:5:10: minutes: want a whole number, found "ten"`,
		`labs/five/lesson.md:22:3: Pod "demo": unknown field "spec.volumeMounts" (did you mean "spec.containers[].volumeMounts"?)`,
		`labs/five/lesson.md:25:9: unknown word "chek" after the language (did you mean "check"?)`,
		`labs/five/lesson.md:29:1: this question has no "answer"`,
		`labs/five/lesson.md:33:1: step id "one" is taken by line 9: change the title, or add an id such as {#one-again}`,
	}, "\n")
	if diff := cmp.Diff(want, message(err)); diff != "" {
		t.Error(diff)
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// odd is a file system with something in a lesson's place, and the mistake that says so.
type odd struct {
	name string
	fsys fs.FS
	want string
}

func oddFiles() []odd {
	lesson := func(data string, mode fs.FileMode) fstest.MapFS {
		return fstest.MapFS{"x/lesson.md": {Data: []byte(data), Mode: mode}}
	}
	return []odd{
		{"no course", os.DirFS("testdata/nowhere"), "labs: cannot read the course: no such file or directory"},
		{"no lab", fstest.MapFS{"x/README.md": {}}, "labs: no lab here: a course is a folder of folders, each with a lesson.md"},
		{"a lab, not a course", fstest.MapFS{"lesson.md": {}}, "labs: this folder is a lab itself: give the folder above it"},
		{"too large", lesson(strings.Repeat("a", maxFile+1), 0), "labs/x/lesson.md: a lesson of more than 1 MiB is not read"},
		{"an escape in a folder's name", fstest.MapFS{"x\x1b[31m/lesson.md": {Data: []byte(head)}}, `labs: the name of the folder "x\x1b[31m" holds a control character: rename it`},
		{"a pipe", lesson("", fs.ModeNamedPipe), "labs/x/lesson.md: a lesson must be a regular file"},
		{"a directory", fstest.MapFS{"x/lesson.md/y": {}}, "labs/x/lesson.md: a lesson must be a regular file"},
	}
}

func TestFilesThatAreNoLessons(t *testing.T) {
	for _, c := range oddFiles() {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(c.fsys, "labs")
			if diff := cmp.Diff(c.want, message(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnUnreadableLabIsStillALab(t *testing.T) {
	fsys := course("a", strings.Repeat("a", maxFile+1), "b", small("b", "1", "a"))
	_, err := Load(fsys, "labs")
	if diff := cmp.Diff("labs/a/lesson.md: a lesson of more than 1 MiB is not read", message(err)); diff != "" {
		t.Error(diff)
	}
}

func TestLinksToLabsAreFollowed(t *testing.T) {
	dir := t.TempDir()
	elsewhere := t.TempDir()
	if err := os.WriteFile(filepath.Join(elsewhere, lessonFile), []byte(small("x", "1", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"x": elsewhere, "loop": "loop", "gone": "nowhere"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	c, err := Load(os.DirFS(dir), dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Labs) != 1 || c.Labs[0].File != filepath.ToSlash(filepath.Join(dir, "x", lessonFile)) {
		t.Errorf("got %+v", c.Labs)
	}
}

func TestLineEndsAndByteOrderMarkDoNotMatter(t *testing.T) {
	solo, duo := readTestdata(t, "solo.md"), readTestdata(t, "duo.md")
	unix, err := Load(course("solo", solo, "duo", duo), "labs")
	if err != nil {
		t.Fatal(err)
	}
	windows, err := Load(course("solo", "\ufeff"+solo, "duo", strings.ReplaceAll(duo, "\n", "\r\n")), "labs")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dump(unix), dump(windows)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCouldBeReadComesWithTheMistakes(t *testing.T) {
	c, err := Load(course("five", readTestdata(t, "five.md"), "a", small("a", "1", "b"), "b", small("b", "1", "a")), "labs")
	if err == nil || len(c.Labs) != 3 {
		t.Fatalf("%d labs, error %v", len(c.Labs), err)
	}
	five, _ := c.Lab("five")
	if len(five.Steps) != 2 {
		t.Errorf("five has %d steps", len(five.Steps))
	}
}
