//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/labs"
)

// ownLabs returns the ids of the labs that podlab carries, in the course's order.
func ownLabs(t *testing.T) []string {
	t.Helper()
	own, err := lesson.Load(labs.FS, "labs")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, lab := range own.Labs {
		ids = append(ids, lab.ID)
	}
	return ids
}

// The order is another one each time: no lab may count on what another has left. The course's own order is that of
// TestCommandsWorkInALearnersShell.
func TestVerifyProvesEveryLab(t *testing.T) {
	run(t, "down")
	outcome, r := verify(t, "--shuffle")
	if r.code != 0 || outcome.Verdict != checks.Pass {
		t.Fatalf("exit %d, verdict %s\n%s\n%s", r.code, outcome.Verdict, r.out, r.err)
	}
	var ids []string
	for _, lab := range outcome.Labs {
		ids = append(ids, lab.ID)
		for _, c := range lab.Claims() {
			if c.Verdict != checks.Pass || c.Want == "" || c.Got == "" {
				t.Errorf("%s/%s: %+v", lab.ID, c.ID, c)
			}
			if isKind(c.Kind) && c.Before != checks.NotYet {
				t.Errorf("%s/%s said %q before the step", lab.ID, c.ID, c.Before)
			}
		}
		if lab.Reset == nil {
			t.Errorf("%s was not put back", lab.ID)
			continue
		}
		t.Logf("%s: verified in %.1fs, reset in %.2fs", lab.ID, lab.Seconds, lab.Reset.Seconds)
	}
	t.Logf("in this order: %s", strings.Join(ids, " "))
	want := ownLabs(t)
	slices.Sort(ids)
	slices.Sort(want)
	if !slices.Equal(ids, want) {
		t.Errorf("verified %s", strings.Join(ids, " "))
	}
	for _, lab := range []string{"solo", "duo", "trio"} {
		again, r := verify(t, lab)
		if r.code != 0 {
			t.Errorf("verify %s alone, with the cluster up: exit %d, %+v", lab, r.code, again)
		}
	}
}

// isKind says whether checks of a lesson are of the kind, or it is something else that verify claims.
func isKind(name string) bool {
	return slices.ContainsFunc(checks.Kinds(), func(k checks.Kind) bool { return k.Name == name })
}

func TestVerifyPrintsLines(t *testing.T) {
	r := run(t, "verify", "solo")
	if r.code != 0 || !strings.Contains(r.out, "1 lab, ") || !strings.Contains(r.out, " 0 not yet, 0 cannot tell") {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// The lessons' checks must not be taken in by a manifest that is almost right.
func TestNearMissesAreToldApart(t *testing.T) {
	outcome, r := verify(t, "--near-misses")
	if r.code != 0 || outcome.Verdict != checks.Pass {
		t.Errorf("exit %d, verdict %s\n%s", r.code, outcome.Verdict, r.err)
	}
	for _, lab := range outcome.Labs {
		if len(lab.Steps) > 0 || len(lab.NearMisses) == 0 {
			t.Errorf("%s: %d steps were walked and %d near-misses tried", lab.ID, len(lab.Steps), len(lab.NearMisses))
		}
	}
}

// A near-miss that is none must be found out: one that is right, one that is refused for another reason, one whose text says nothing.
func TestANearMissThatIsNoneIsFoundOut(t *testing.T) {
	manifest, _, _ := strings.Cut(strings.TrimPrefix(duoPod, "```yaml apply\n"), "```")
	text := duoHead + "## Start\n\nThe pod.\n\n" + duoPod + duoReady
	for _, tc := range []struct{ says, manifest, got, why string }{
		{"2/2", manifest, "pass: 2/2 containers ready", "the check took the near-miss for the real thing"},
		{"Address already in use", strings.Replace(manifest, "[php]", "[php, no-such-file]", 1), "not yet: want 2/2", "it said nothing like that within 8s"},
		{"demoduo", strings.Replace(manifest, "demoduo", "another", 1), "not yet: ", "it says so in the empty namespace, too"},
	} {
		dir := course(t, "duo", text)
		if err := os.MkdirAll(filepath.Join(dir, "duo", "near-miss"), 0o755); err != nil {
			t.Fatal(err)
		}
		head := "# near-miss: {step: start, check: ready, says: \"" + tc.says + "\"}\n# It is none.\n"
		if err := os.WriteFile(filepath.Join(dir, "duo", "near-miss", "none.yaml"), []byte(head+tc.manifest), 0o644); err != nil {
			t.Fatal(err)
		}
		outcome, r := verify(t, "--course", dir, "--near-misses", "--timeout", "8s")
		c := outcome.Labs[0].NearMisses[0].Checks[1]
		if r.code != 1 || c.Verdict != checks.NotYet || !strings.HasPrefix(c.Got, tc.got) || !strings.Contains(c.Why, tc.why) {
			t.Errorf("%s: exit %d, %+v", tc.says, r.code, c)
		}
	}
}

func TestMistakesAreToldAllAtOnce(t *testing.T) {
	dir := course(t, "wrong", read(t, filepath.Join("testdata", "five-mistakes.md")))
	r := run(t, "verify", "--course", dir)
	lines := strings.Split(strings.TrimSpace(r.err), "\n")
	if r.code != 4 || len(lines) != 5 {
		t.Fatalf("exit %d, %d lines:\n%s", r.code, len(lines), r.err)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, filepath.ToSlash(dir)+"/wrong/lesson.md:") {
			t.Errorf("a mistake without its place: %s", line)
		}
	}
}

// everythingInDocker lists what Docker holds, by identity.
func everythingInDocker(t *testing.T) string {
	t.Helper()
	held := strings.Join([]string{
		docker(t, "ps", "-a", "--no-trunc", "--format", "container {{.ID}} {{.Names}} {{.State}}"),
		docker(t, "images", "-a", "--no-trunc", "--format", "image {{.ID}} {{.Repository}}:{{.Tag}}"),
		docker(t, "network", "ls", "--no-trunc", "--format", "network {{.ID}} {{.Name}}"),
		docker(t, "volume", "ls", "--format", "volume {{.Name}}"),
	}, "\n")
	lines := strings.Split(held, "\n")
	slices.Sort(lines) // Docker lists in no order that lasts
	return strings.Join(lines, "\n")
}

func TestNothingOfTheUsersIsTouched(t *testing.T) {
	run(t, "down")
	before := everythingInDocker(t)
	home := t.TempDir()
	config := filepath.Join(home, ".kube", "config")
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		t.Fatal(err)
	}
	const theirs = "apiVersion: v1\nkind: Config\ncurrent-context: production\n"
	if err := os.WriteFile(config, []byte(theirs), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := podlab(t.Context(), "verify", "solo")
	cmd.Env = append(cmd.Env, "HOME="+home, "KUBECONFIG="+config)
	if r := runCmd(t, cmd); r.code != 0 {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
	if r := run(t, "down"); r.code != 0 {
		t.Errorf("down: exit %d\n%s", r.code, r.err)
	}
	if after := everythingInDocker(t); after != before {
		t.Errorf("Docker held\n%s\nand holds\n%s", before, after)
	}
	if got := read(t, config); got != theirs {
		t.Errorf("the user's kubeconfig is now:\n%s", got)
	}
	var left []string
	_ = filepath.WalkDir(home, func(path string, d os.DirEntry, _ error) error {
		if !d.IsDir() && path != config {
			left = append(left, path)
		}
		return nil
	})
	if len(left) > 0 {
		t.Errorf("left in the user's home: %v", left)
	}
}
