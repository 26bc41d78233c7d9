//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/checks"
)

const (
	mendHead = "---\nformat: 1\nid: mend\ntitle: Mend a manifest\nminutes: 5\nimages: [demo:1.0.0]\n---\n\n## Mend it\n\n"
	mendPod  = `apiVersion: v1
kind: Pod
metadata:
  name: mended
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: app
    image: demo:1.0.0
    imagePullPolicy: IfNotPresent
    command: [sleep, infinity]
    volumeMounts:
    - {name: site, mountPath: /site}
  volumes:
  - {name: site, emptyDir: {}}
`
	mendChecks = "- ready: {pod: mended, containers: 1/1}\n- mount: {pod: mended, container: app, path: /site}\n"
)

// misplacedPod has its mounts in the wrong place, as the lab shows it.
func misplacedPod() string {
	return strings.ReplaceAll(strings.ReplaceAll(mendPod, "    volumeMounts:", "  volumeMounts:"), "    - {name: site, mount", "  - {name: site, mount")
}

func mendLesson(start string) string {
	return mendHead + "```yaml edit\n" + start + "```\n\n```yaml check\n" + mendChecks + "```\n\n```yaml solution\n" + mendPod + "```\n"
}

// editor makes an editor for the learner: each time that it is opened it waits for a key and leaves the next text in the file.
func editor(t *testing.T, texts ...string) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range texts {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("text%d", i+1)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := fmt.Sprintf(`#!/bin/sh
test -t 0 && test -t 1 || exit 9
cd %q || exit 9
echo x >>opened
n=$(wc -l <opened | tr -d ' ')
echo "editor $n of $(basename "$1"): $(wc -l <"$1" | tr -d ' ') lines; press enter"
read -r key
cp "text$n" "$1"
`, dir)
	path := filepath.Join(dir, "ed")
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", path)
}

// A learner mends a manifest in her editor: the first try is refused with its place, the second turns the checks green.
func TestALearnerMendsAManifest(t *testing.T) {
	dir := course(t, "mend", mendLesson(misplacedPod()))
	editor(t, strings.Replace(mendPod, "volumeMounts", "volumeMount", 1), mendPod)
	run(t, "up")
	defer run(t, "--course", dir, "reset", "mend")
	s := openScreen(t, "--course", dir)
	s.see(10*time.Second, `Mend a manifest`)
	s.press(keyEnter)
	s.see(time.Minute, `▶ enter: edit your manifest with ed`)
	s.press(keyEnter)
	s.see(10*time.Second, `editor 1 of mend-it.yaml: 15 lines; press enter`)
	s.press(keyEnter)
	s.see(10*time.Second, `mend-it.yaml:12:5: Pod "mended": unknown field`)
	s.see(10*time.Second, `▶ enter: mend your manifest with ed`)
	s.keep("mend-mistake")
	s.press(keyEnter)
	s.see(10*time.Second, `editor 2 of mend-it.yaml: 15 lines; press enter`)
	s.press(keyEnter)
	s.see(30*time.Second, `applied: pod/mended created`)
	s.see(time.Minute, `✓ mended: 1/1 containers ready`)
	s.see(time.Minute, `▶ enter: the lab is done`)
	s.keep("mend-done")
	s.press("a")
	s.see(30*time.Second, `applied: pod/mended unchanged`)
	s.press("q")
	s.end(20 * time.Second)
	inAShell(t, dir)
}

// inAShell applies the same file in a shell, and puts it aside.
func inAShell(t *testing.T, dir string) {
	t.Helper()
	if r := run(t, "--course", dir, "apply", "mend"); r.code != 0 || r.out != "pod/mended unchanged\n" {
		t.Errorf("apply: exit %d\n%s%s", r.code, r.out, r.err)
	}
	path := strings.TrimSpace(run(t, "--course", dir, "apply", "mend", "--path").out)
	noVolume, _, _ := strings.Cut(mendPod, "  volumes:")
	if err := os.WriteFile(path, []byte(noVolume), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := run(t, "--course", dir, "apply", "mend"); r.code != 4 || !strings.Contains(r.err, `volumeMounts[0].name: Not found: "site"`) {
		t.Errorf("what the API server refuses: exit %d\n%s", r.code, r.err)
	}
	r := run(t, "--course", dir, "reset", "mend")
	_, kept, _ := strings.Cut(strings.SplitN(r.out, "\n", 2)[0], "what you wrote is kept: ")
	if r.code != 0 || !strings.HasPrefix(kept, filepath.Join(filepath.Dir(path), "kept-")) {
		t.Fatalf("reset: exit %d\n%s%s", r.code, r.out, r.err)
	}
	if read(t, kept) != noVolume {
		t.Error("what the learner wrote is lost")
	}
}

// verify tells a start that leaves something to mend from one that does not.
func TestVerifyTriesWhatTheLearnerBeginsWith(t *testing.T) {
	run(t, "up")
	noMounts := strings.Replace(mendPod, "    volumeMounts:\n    - {name: site, mountPath: /site}\n", "", 1)
	for name, tc := range map[string]struct {
		start   string
		verdict checks.Verdict
		got     string
	}{
		"refused by podlab":         {misplacedPod(), checks.Pass, "podlab refuses it"},
		"no YAML":                   {"# Write it all.\nspec: [\n", checks.Pass, "podlab refuses it"},
		"refused by the API server": {strings.Replace(mendPod, "  - {name: site, emptyDir: {}}", "  - {name: other, emptyDir: {}}", 1), checks.Pass, "the API server refuses it"},
		"something left":            {noMounts, checks.Pass, " of 2 checks hold"},
		"nothing left":              {strings.Replace(mendPod, "name: mended", "name: mended\n  labels: {a: b}", 1), checks.NotYet, "2 of 2 checks hold"},
	} {
		t.Run(name, func(t *testing.T) {
			o, r := verify(t, "--course", course(t, "mend", mendLesson(tc.start)))
			c := claim(t, o, "start")
			if c.Verdict != tc.verdict || !strings.HasSuffix(c.Got, tc.got) || o.Verdict != tc.verdict {
				t.Errorf("exit %d, %s: %+v", r.code, o.Verdict, c)
			}
			if last := claim(t, o, "mount"); last.Verdict != checks.Pass {
				t.Errorf("the solution: %+v", last)
			}
		})
	}
}
