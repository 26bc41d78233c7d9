package lesson

import (
	"os"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// course makes a file system of lab id and lesson text.
func course(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]+"/lesson.md"] = &fstest.MapFile{Data: []byte(pairs[i+1])}
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

func TestLoadReadsAWholeLesson(t *testing.T) {
	c, err := Load(course("duo", readTestdata(t, "duo.md")), "labs")
	if err == nil || err.Error() != `labs/duo/lesson.md:6:9: needs: there is no lab "solo" in this course` {
		t.Fatalf("unexpected error: %v", err)
	}
	c, err = Load(course("duo", readTestdata(t, "duo.md"), "solo", readTestdata(t, "solo.md")), "labs")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"solo", "duo"}, []string{c.Labs[0].ID, c.Labs[1].ID}); diff != "" {
		t.Error(diff)
	}
}
