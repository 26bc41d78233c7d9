package labs_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/labs"
)

// In each lab there is a step in which the learner writes or mends YAML with three hints at hand.
func TestTheLearnerIsNotLeftAlone(t *testing.T) {
	for _, lab := range course(t).Labs {
		if !slices.ContainsFunc(lab.Steps, func(s lesson.Step) bool {
			return len(blocks[lesson.Edit](s)) > 0 && len(blocks[lesson.Hint](s)) >= 3
		}) {
			t.Errorf("%s: no step with a manifest to mend has three hints", lab.ID)
		}
	}
}

// objects returns every object that a lab applies: its manifests, its solutions, and what can be read of its edits.
func objects(lab lesson.Lab) []*unstructured.Unstructured {
	var all []*unstructured.Unstructured
	for _, step := range lab.Steps {
		for _, b := range step.Blocks {
			switch b := b.(type) {
			case lesson.Apply:
				all = append(all, b.Objects...)
			case lesson.Edit:
				all = append(all, b.Objects...)
			case lesson.Solution:
				all = append(all, b.Objects...)
			}
		}
	}
	return all
}

// A learner who has done three labs still knows which pod is which.
func TestNoTwoLabsHaveAPodOfOneName(t *testing.T) {
	owner := map[string]string{}
	for _, lab := range course(t).Labs {
		for _, o := range objects(lab) {
			if o.GetKind() != "Pod" {
				continue
			}
			if other, taken := owner[o.GetName()]; taken && other != lab.ID {
				t.Errorf("%s: pod %q is named as one of lab %s", lab.ID, o.GetName(), other)
			}
			owner[o.GetName()] = lab.ID
		}
	}
}

// podSpec returns the spec of a pod, or of the pods that an object makes; nil for an object of another kind.
func podSpec(o *unstructured.Unstructured) map[string]any {
	path := []string{"spec"}
	switch o.GetKind() {
	case "Pod":
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job":
		path = []string{"spec", "template", "spec"}
	default:
		return nil
	}
	spec, _, _ := unstructured.NestedMap(o.Object, path...)
	return spec
}

// An image is one that podlab puts on the node: by tag, listed by the lab, and never pulled.
func TestImagesAreThere(t *testing.T) {
	c := course(t)
	misses, err := lesson.LoadNearMisses(labs.FS, "labs", c)
	if err != nil {
		t.Fatal(err)
	}
	for _, lab := range c.Labs {
		all := objects(lab)
		for _, o := range all {
			for _, image := range imagesOf(t, lab.ID, o) {
				if !slices.Contains(lab.Images, image) {
					t.Errorf("%s: %s %q wants image %q, which is not in the front matter", lab.ID, o.GetKind(), o.GetName(), image)
				}
			}
		}
	}
	for _, miss := range misses {
		for _, o := range miss.Objects {
			imagesOf(t, miss.File, o) // which may be one that is nowhere
		}
	}
}

// imagesOf returns the images of an object's containers, and demands that each has a tag and is not pulled where it is there.
func imagesOf(t *testing.T, where string, o *unstructured.Unstructured) []string {
	t.Helper()
	var images []string
	for _, list := range []string{"initContainers", "containers"} {
		containers, _, _ := unstructured.NestedSlice(podSpec(o), list)
		for _, c := range containers {
			container, _ := c.(map[string]any)
			image, _ := container["image"].(string)
			_, tag, _ := strings.Cut(image, ":")
			if tag == "" || tag == "latest" {
				t.Errorf("%s: %s %q: image %q has no tag of its own", where, o.GetKind(), o.GetName(), image)
			}
			if container["imagePullPolicy"] != "IfNotPresent" {
				t.Errorf("%s: %s %q: container %v has no imagePullPolicy: IfNotPresent", where, o.GetKind(), o.GetName(), container["name"])
			}
			images = append(images, image)
		}
	}
	return images
}

// The page that lists the labs lists all of them, in the order of the course.
func TestThePageListsEveryLab(t *testing.T) {
	var want []string
	for _, lab := range course(t).Labs {
		want = append(want, "["+lab.ID+"]("+lab.ID+"/lesson.md) "+strconv.Itoa(lab.Minutes))
	}
	var got []string
	for _, row := range table(t, "| lab | minutes | the question |") {
		got = append(got, row[0]+" "+row[1])
	}
	for i := range max(len(want), len(got)) {
		if i >= len(want) || i >= len(got) || want[i] != got[i] {
			t.Fatalf("README.md lists\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// table returns the rows of the table of labs/README.md that begins with the header, cell by cell.
func table(t *testing.T, header string) [][]string {
	t.Helper()
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "\n"+header+"\n|")
	if !found {
		t.Fatalf("README.md has no table %s", header)
	}
	var rows [][]string
	for line := range strings.SplitSeq(rest, "\n") {
		if !strings.HasPrefix(line, "| ") {
			if len(rows) > 0 {
				break
			}
			continue // the rule under the header
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "| "), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows
}
