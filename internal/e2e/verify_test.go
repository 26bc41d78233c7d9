//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/checks"
)

// ownLabs are the labs that podlab carries.
var ownLabs = []string{"solo", "duo", "trio"}

func TestVerifyProvesEveryLab(t *testing.T) {
	run(t, "down")
	outcome, r := verify(t)
	if r.code != 0 || outcome.Verdict != checks.Pass {
		t.Fatalf("exit %d, verdict %s\n%s\n%s", r.code, outcome.Verdict, r.out, r.err)
	}
	var ids []string
	for _, lab := range outcome.Labs {
		ids = append(ids, lab.ID)
		for _, step := range lab.Steps {
			for _, c := range step.Checks {
				if c.Verdict != checks.Pass || c.Want == "" || c.Got == "" {
					t.Errorf("%s/%s/%s: %+v", lab.ID, step.ID, c.ID, c)
				}
				if isCheck := c.Kind != "apply" && c.Kind != "run" && c.Kind != "ask"; isCheck && c.Before != checks.NotYet {
					t.Errorf("%s/%s/%s said %q before the step", lab.ID, step.ID, c.ID, c.Before)
				}
			}
		}
	}
	if got := strings.Join(ids, " "); got != strings.Join(ownLabs, " ") {
		t.Errorf("verified %s", got)
	}
	for _, lab := range ownLabs {
		again, r := verify(t, lab)
		if r.code != 0 {
			t.Errorf("verify %s alone, with the cluster up: exit %d, %+v", lab, r.code, again)
		}
	}
}

func TestVerifyPrintsLines(t *testing.T) {
	r := run(t, "verify", "solo")
	if r.code != 0 || !strings.Contains(r.out, "1 lab, ") || !strings.Contains(r.out, " 0 not yet, 0 cannot tell") {
		t.Fatalf("exit %d\n%s%s", r.code, r.out, r.err)
	}
}

// A near-miss is applied in place of the step's own manifest; the lesson's checks must not be taken in.
func TestNearMissesAreToldApart(t *testing.T) {
	for _, tc := range []struct {
		lab, nearMiss, kind string
		verdict             checks.Verdict
		want, got           string
		why                 string
	}{
		{"trio", "duo.yaml", "ready", checks.NotYet, "3/3", "2/2", ""},
		{"trio", "same-port.yaml", "ready", checks.NotYet, "3/3", "", ""}, // ready for a blink, to the API
		{"duo", "no-such-image.yaml", "ready", checks.NotYet, "2/2", "", "mage"},
		{"duo", "shared-pid.yaml", "namespaces", checks.NotYet, "pid", "pid", ""},
		{"duo", "shared-pid.yaml", "nprocs", checks.NotYet, "pid 1", "pid 3", ""},
	} {
		t.Run(tc.lab+"/"+tc.nearMiss+"/"+tc.kind, func(t *testing.T) {
			dir := course(t, tc.lab, nearMissLesson(t, tc.lab, tc.nearMiss, tc.kind))
			outcome, r := verify(t, "--course", dir, "--timeout", "12s")
			if r.code != 1 {
				t.Errorf("exit %d\n%s", r.code, r.err)
			}
			c := claim(t, outcome, tc.kind)
			if c.Verdict != tc.verdict || !strings.Contains(c.Want, tc.want) || !strings.Contains(c.Got, tc.got) || !strings.Contains(c.Why, tc.why) {
				t.Errorf("%+v", c)
			}
		})
	}
}

// nearMissLesson is a lesson of one step: the near-miss, and the lab's own check of that kind.
func nearMissLesson(t *testing.T, lab, nearMiss, kind string) string {
	t.Helper()
	own := read(t, filepath.Join("..", "..", "labs", lab, "lesson.md"))
	manifest := read(t, filepath.Join("..", "..", "labs", lab, "near-miss", nearMiss))
	var check string
	for line := range strings.Lines(own) {
		if strings.HasPrefix(line, "- "+kind+":") && check == "" {
			check = line
		}
	}
	if check == "" {
		t.Fatalf("lab %s has no %s check", lab, kind)
	}
	return "---\nformat: 1\nid: " + lab + "\ntitle: a near-miss\nminutes: 1\nimages: [demo:1.0.0]\n---\n\n## One step\n\nA manifest that is not quite right.\n\n" +
		"```yaml apply\n" + strings.TrimRight(manifest, "\n") + "\n```\n\n```yaml check\n" + check + "```\n"
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
