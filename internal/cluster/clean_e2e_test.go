//go:build e2e

package cluster

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// cleanOwner keeps this test's images apart from those of the others.
const cleanOwner = "podlab-u"

// Images with the labels that the set-up's own scripts give them: a clean keeps the bases, with all it takes them, and what
// the user made of a lab's image stays in any case.
func TestCleanOfImages(t *testing.T) {
	c := New(Config{StateDir: t.TempDir()})
	c.owner = cleanOwner
	defer func() { _ = c.Close() }()
	const fetched, mine = cleanOwner + "-fetched:1", cleanOwner + "-mine:1"
	debian, node, lab := cleanOwner+"/debian:1", cleanOwner+"/node:1", cleanOwner+"/demo:1"
	importEmpty(t, fetched, "")
	importEmpty(t, debian, strings.Join(setupLabels(t, "debian.sh", `LABEL (.*?)"`), " "))
	buildOf(t, debian, node, "ENV x=1", setupLabels(t, "../node/build.sh", `--label (\S+)`))
	buildOf(t, debian, lab, "ENV old=1", setupLabels(t, "images.sh", `--label (\S+)`))
	old := imageIDOf(t, lab)
	buildOf(t, debian, lab, "ENV new=1", setupLabels(t, "images.sh", `--label (\S+)`))
	buildOf(t, lab, mine, "ENV mine=1", nil)
	nameless := buildOf(t, lab, "", "ENV nameless=1", nil)
	t.Cleanup(func() {
		for _, ref := range []string{mine, nameless, fetched, lab, old, node, debian} {
			_ = exec.Command("docker", "image", "rm", "-f", ref).Run()
		}
	})
	if err := c.ledger.addImage(fetched); err != nil {
		t.Fatal(err)
	}
	if err := c.Clean(t.Context(), false, shown(t)); err != nil {
		t.Fatal(err)
	}
	wantImages(t, []string{debian, node, fetched, mine, nameless}, []string{lab, old})
	if left, err := c.Leftovers(t.Context(), false); err != nil || len(left) > 0 || !c.LedgerNeeded() {
		t.Fatalf("left after a clean: %q, %v, ledger needed %v", left, err, c.LedgerNeeded())
	}
	if err := c.Clean(t.Context(), true, shown(t)); err != nil {
		t.Fatal(err)
	}
	wantImages(t, []string{mine, nameless}, []string{debian, node, fetched, lab, old})
	if left, err := c.Leftovers(t.Context(), true); err != nil || len(left) > 0 || c.LedgerNeeded() {
		t.Fatalf("left after a clean of all: %q, %v, ledger needed %v", left, err, c.LedgerNeeded())
	}
	if _, err := os.Stat(c.ledger.path()); !os.IsNotExist(err) {
		t.Fatalf("the ledger: %v", err)
	}
}

// setupLabels returns the labels that one of the set-up's scripts gives to the image that it builds, for the test's owner.
func setupLabels(t *testing.T, script, pattern string) []string {
	t.Helper()
	data, err := os.ReadFile("../../assets/setup/" + script)
	if err != nil {
		t.Fatal(err)
	}
	var labels []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(string(data), -1) {
		label := regexp.MustCompile(`"?\$\w+"?`).ReplaceAllString(m[1], "abc")
		labels = append(labels, strings.ReplaceAll(label, "podlab.", cleanOwner+"."))
	}
	if got := strings.Join(labels, " "); strings.Count(got, cleanOwner+".") != 3 {
		t.Fatalf("labels of %s: %q", script, got)
	}
	return labels
}

// importEmpty makes an image with nothing in it.
func importEmpty(t *testing.T, ref, labels string) {
	t.Helper()
	args := []string{"import"}
	if labels != "" {
		args = append(args, "--change", "LABEL "+labels)
	}
	cmd := exec.Command("docker", append(args, "-", ref)...)
	cmd.Stdin = strings.NewReader(strings.Repeat("\x00", 1024)) // an empty archive
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker import: %v\n%s", err, out)
	}
}

// buildOf makes an image of another with one more step, as the set-up does, and returns its ID.
func buildOf(t *testing.T, base, ref, step string, labels []string) string {
	t.Helper()
	args := []string{"build", "-q"}
	if ref != "" {
		args = append(args, "-t", ref)
	}
	for _, l := range labels {
		args = append(args, "--label", l)
	}
	cmd := exec.Command("docker", append(args, "-")...)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=0")
	cmd.Stdin = strings.NewReader("FROM " + base + "\n" + step + "\n")
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("docker build: %v\n%s", err, complaint.String())
	}
	return strings.TrimSpace(string(out))
}

func imageIDOf(t *testing.T, ref string) string {
	t.Helper()
	return docker(t, "image", "inspect", "-f", "{{.Id}}", ref)
}

func wantImages(t *testing.T, there, gone []string) {
	t.Helper()
	for _, ref := range there {
		if firstImage(ref) == "" {
			t.Errorf("%s is gone", ref)
		}
	}
	for _, ref := range gone {
		if firstImage(ref) != "" {
			t.Errorf("%s is still there", ref)
		}
	}
}
