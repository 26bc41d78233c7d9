package checks_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// growing is a cluster on which a file or a log grows while a clock goes on.
type growing struct {
	*checkstest.Cluster
	t *testing.T
	k checks.Check
}

func grow(t *testing.T, source string) growing {
	t.Helper()
	c := recorded(t)
	c.Clock, c.Files, c.Written = time.Now(), map[string]node.File{}, map[string]checks.Log{}
	return growing{c, t, check(t, source)}
}

// file puts content at the path of the tests.
func (g growing) file(inode uint64, content string) {
	path := fmt.Sprintf("%d /data/out.log", firstOf(g.t, g.Cluster, "demoduo", "demox").PID)
	g.Files[path] = node.File{Exists: true, Kind: "file", Device: "254:0", Inode: 7 + inode%7, Born: fmt.Sprint(inode), Size: int64(len(content)), Body: []byte(content)}
}

func (g growing) log(cut bool, lines ...string) {
	id := firstOf(g.t, g.Cluster, "demoduo", "demox").ContainerID
	g.Written["demoduo/demox"] = checks.Log{ContainerID: "containerd://" + id, Lines: lines, Cut: cut}
}

// after looks again when that time is over.
func (g growing) after(pause time.Duration, want checks.Verdict, says string) {
	g.t.Helper()
	g.Clock = g.Clock.Add(pause)
	r := g.k.Eval(g.t.Context(), g.Cluster)
	if r.Verdict != want || !strings.Contains(r.Got, says) {
		g.t.Errorf("%s, %q, again in %s; want %s, ...%q...", r.Verdict, r.Got, r.Again, want, says)
	}
	if r.Verdict == checks.Pass && (len(r.Evidence.Rows) < 3 || r.Again <= 0 || r.Again > 5*time.Second) {
		g.t.Errorf("a pass without evidence, or that is not looked at again: %+v", r)
	}
	if want == checks.NotYet && (r.Again < 250*time.Millisecond || r.Again > time.Second || len(r.Mismatches) != 1) {
		g.t.Errorf("again in %s, mismatches %v", r.Again, r.Mismatches)
	}
}

const growsFile = "grows: {pod: demoduo, container: demox, file: /data/out.log}"

func TestGrowsFile(t *testing.T) {
	g := grow(t, growsFile)
	g.file(7, "a\n")
	g.after(0, checks.NotYet, "2 bytes; this is the first look at it")
	g.after(time.Second, checks.NotYet, "2 bytes, and not seen to grow")
	g.file(7, "a\nb\n")
	g.after(time.Second, checks.Pass, "it grew within the last 10s")
	g.after(9*time.Second, checks.Pass, "")
	g.after(100*time.Millisecond, checks.NotYet, "4 bytes, and not seen to grow") // it was between the two looks, 10.1 s ago at the earliest
	g.file(7, "a\nb\nc\n")
	g.after(time.Second, checks.Pass, "")
}

func TestGrowsAnew(t *testing.T) {
	tests := []struct {
		inode   uint64
		content string
		pause   time.Duration
		says    string
	}{
		{7, "a\n", time.Second, "truncated from 4 bytes"},
		{8, "a\nb\nc\n", time.Second, "replaced by another"},
		{7, "x\ny\nz\n", time.Second, "written anew, or replaced"},
		{70, "a\nb\nc\n", time.Second, "replaced by another"}, // the same inode, used again
		{7, "a\nb\nc\n", 11 * time.Second, "too long ago"},
	}
	for _, test := range tests {
		g := grow(t, growsFile)
		g.file(7, "a\n")
		g.after(0, checks.NotYet, "")
		g.file(7, "a\nb\n")
		g.after(time.Second, checks.Pass, "")
		g.file(test.inode, test.content)
		g.after(test.pause, checks.NotYet, test.says)
		g.file(test.inode, test.content+"more\n")
		g.after(time.Second, checks.Pass, "")
	}
}

func TestGrowsLog(t *testing.T) {
	g := grow(t, "grows: {pod: demoduo, container: demox, log: true, within: 2s}")
	g.log(false)
	g.after(0, checks.NotYet, "0 lines; this is the first look")
	g.log(false, "a")
	g.after(time.Second, checks.Pass, "within the last 2s")
	g.after(1500*time.Millisecond, checks.NotYet, "1 line, and not seen to grow")
	g.log(true, "b", "c")
	g.after(time.Second, checks.Pass, "")
	g.log(true, "c", "d")
	g.after(time.Second, checks.Pass, "")
	g.after(2*time.Second, checks.NotYet, "more than 2 lines, and not seen to grow")

	renew(t, g.Cluster)
	g.log(false, "a", "b", "c", "d", "e")
	g.after(time.Second, checks.NotYet, "started again")
	g.log(true, "e", "e")
	g.after(time.Second, checks.Pass, "")
	g.after(2*time.Second, checks.CannotTell, "not the only one of its kind")

	stop(g.Cluster, "demoduo", "demox")
	r := g.k.Eval(t.Context(), g.Cluster)
	if r.Verdict != checks.NotYet || !strings.Contains(r.Got, "CrashLoopBackOff") {
		t.Errorf("%+v, want not yet of a container that does not run", r)
	}
}

func TestGrowsFaults(t *testing.T) {
	nodeFaults(t, growsFile, func(*checkstest.Cluster) {})
	g := grow(t, growsFile)
	sighted{growsFile, checks.NotYet, "nothing is there"}.hold(t, g.Cluster)
	g.Files[fmt.Sprintf("%d /data/out.log", firstOf(t, g.Cluster, "demoduo", "demox").PID)] = node.File{Exists: true, Kind: "fifo"}
	sighted{growsFile, checks.NotYet, "a fifo"}.hold(t, g.Cluster)
	if r := eval(t, brokenFiles{g.Cluster}, growsFile); r.Verdict != checks.CannotTell || !strings.Contains(r.Why, "no file from") {
		t.Errorf("%+v, want cannot tell", r)
	}
	ofLog := "grows: {pod: demoduo, container: demox, log: true}"
	g.LogsErr = errors.New("pods/log is forbidden")
	sighted{ofLog, checks.CannotTell, "forbidden"}.hold(t, g.Cluster)
	g.PodErr = errors.New("connection refused")
	sighted{ofLog, checks.CannotTell, "refused"}.hold(t, g.Cluster)
}

func TestGrowsMistakes(t *testing.T) {
	mistaken(t, map[string]string{
		"grows: {pod: demoduo, container: demox}":                           `lesson.md:1:3: check "grows": want one of file: PATH and log: true`,
		"grows: {pod: demoduo, container: demox, log: true, file: /a}":      `lesson.md:1:3: check "grows": want one of file: PATH and log: true`,
		"grows: {pod: demoduo, container: demox, log: true, within: 10}":    `lesson.md:1:62: check "grows": within: want a duration of 1s or more, as 10s, found "10"`,
		"grows: {pod: demoduo, container: demox, log: true, within: 100ms}": `lesson.md:1:62: check "grows": within: want a duration of 1s or more, as 10s, found "100ms"`,
	})
}

func TestGrowsFact(t *testing.T) {
	g := grow(t, growsFile)
	fact, _ := checks.ParseFact(spec(t, growsFile))
	answers := func(pause time.Duration, want string) {
		t.Helper()
		g.Clock = g.Clock.Add(pause)
		got, r := fact.Value(t.Context(), g.Cluster)
		if got != want || (r.Verdict == checks.Pass) != (want != "") {
			t.Errorf("%q, %+v; want %q", got, r, want)
		}
	}
	g.file(7, "a\n")
	answers(0, "")
	answers(time.Second, "")
	g.file(7, "a\nb\n")
	answers(time.Second, "yes")
	answers(9500*time.Millisecond, "no")
}
