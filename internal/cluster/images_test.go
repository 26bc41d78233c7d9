package cluster

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podlab/podlab/assets/images"
)

func TestFullName(t *testing.T) {
	for name, want := range map[string]string{
		"demo:1.0.0":          "docker.io/library/demo:1.0.0",
		"demo":                "docker.io/library/demo:latest",
		"podlab/demo:1.0.0":   "docker.io/podlab/demo:1.0.0",
		"localhost/demo":      "localhost/demo:latest",
		"localhost:5000/a/b":  "localhost:5000/a/b:latest",
		"podlab.local/demo:1": "podlab.local/demo:1",
		"demo@sha256:abc":     "docker.io/library/demo@sha256:abc",
	} {
		if got := fullName(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}

func TestDistinct(t *testing.T) {
	names := []string{"demo:1.0.0", "nginx", "demo:1.0.0", "docker.io/library/nginx:latest", "demo:1.0.1"}
	if got := distinct(names); !slices.Equal(got, []string{"demo:1.0.0", "nginx", "demo:1.0.1"}) || names[2] != "demo:1.0.0" {
		t.Errorf("got %q of %q", got, names)
	}
}

// The way out of a missing image fits: the set-up builds what is under assets/images, and nothing else.
func TestNoImage(t *testing.T) {
	c := New(Config{})
	want := map[string]string{"nginx:1": "docker pull nginx:1", "demo:9": "docker pull demo:9"}
	for _, name := range images.Names() {
		want[name] = "make setup"
	}
	for name, try := range want {
		var e *Error
		if err := c.noImage(name); !errors.Is(err, ErrNoImage) || !errors.As(err, &e) || e.Try != try {
			t.Errorf("%s: %+v, want the way out %q", name, e, try)
		}
	}
}

// The names in the archive go from the node, unless a manifest means that very name.
func TestImportArgs(t *testing.T) {
	got := importArgs([]source{
		{name: "demo:1.0.0", ref: "docker.io/library/demo:1.0.0", from: "podlab/demo:1.0.0", id: "a"},
		{name: "podlab/demo:1.0.0", ref: "docker.io/podlab/demo:1.0.0", from: "podlab/demo:1.0.0", id: "a"},
		{name: "queue:1.0.0", ref: "docker.io/library/queue:1.0.0", from: "podlab/queue:1.0.0", id: "b"},
		{name: "mine:1", ref: "docker.io/library/mine:1", from: "mine:1", id: "c"},
	})
	want := []string{
		"docker.io/podlab/demo:1.0.0", "docker.io/library/demo:1.0.0", "a",
		"docker.io/podlab/demo:1.0.0", "docker.io/podlab/demo:1.0.0", "a",
		"docker.io/podlab/queue:1.0.0", "docker.io/library/queue:1.0.0", "b",
		"docker.io/library/mine:1", "docker.io/library/mine:1", "c",
		"--", "docker.io/podlab/queue:1.0.0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFollowed(t *testing.T) {
	var said []int64
	data := strings.Repeat("x", 25e6)
	n, err := io.Copy(io.Discard, struct{ io.Reader }{&followed{Reader: strings.NewReader(data), say: func(mb int64) { said = append(said, mb) }}})
	if err != nil || n != 25e6 || !slices.Equal(said, []int64{10, 20}) {
		t.Errorf("%d bytes, %v, said %d", n, err, said)
	}
}

func TestIsKindImage(t *testing.T) {
	for ref, want := range map[string]bool{
		"kindest/node:v1.37.0":           true,
		"kindest/node@sha256:abc":        true,
		"docker.io/kindest/node:v1.37.0": true,
		"podlab/node:v1.37.0":            false,
		"somebody/kindest-node:v1.37.0":  false,
		"kindest/node-of-mine:v1":        false,
	} {
		if got := isKindImage(ref); got != want {
			t.Errorf("%s: got %v", ref, got)
		}
	}
}

// testdata/ctr-images.txt is what ctr printed on a node, with the rows of two images.
func TestParseImages(t *testing.T) {
	data, err := os.ReadFile("testdata/ctr-images.txt")
	if err != nil {
		t.Fatal(err)
	}
	const id = "sha256:f5a76ad054a4d7d31e81433c32d8d072776eca6c4bacbc8b7d3c0ab3751eb11b"
	have := parseImages(string(data))
	if mark, there := have["docker.io/library/demo:1.0.0"]; !there || mark != "" {
		t.Errorf("an image without a mark: %q, %v", mark, there)
	}
	marked := strings.Replace(string(data), "io.cri-containerd.image=managed", "io.cri-containerd.image=managed,podlab.id="+id, 1)
	if got := parseImages(marked)["docker.io/library/demo:1.0.0"]; got != id {
		t.Errorf("an image with a mark: %q", got)
	}
	if _, there := have["REF"]; there {
		t.Error("the header is no image")
	}
}

func TestFollowPull(t *testing.T) {
	var said []string
	say := func(s string) { said = append(said, s) }
	lines := `{"status":"Pulling from kindest/node","id":"v1.37.0"}
{"status":"Downloading","progressDetail":{"current":1000000,"total":4000000},"id":"a"}
{"status":"Downloading","progressDetail":{"current":2000000,"total":6000000},"id":"b"}
{"status":"Download complete","progressDetail":{},"id":"a"}
`
	if err := followPull(strings.NewReader(lines), say); err != nil || strings.Join(said, "; ") != "1 of 4 MB; 3 of 10 MB; 6 of 10 MB" {
		t.Errorf("said %q, %v", said, err)
	}
	if err := followPull(strings.NewReader(`{"error":"no space left"}`), say); err == nil || err.Error() != "no space left" {
		t.Errorf("got %v", err)
	}
	if err := followPull(strings.NewReader(`{"status":`), say); err == nil {
		t.Error("no error for a stream that was cut")
	}
}

func TestComplaint(t *testing.T) {
	const kubeadm = `[kubelet-check] The kubelet is not healthy after 4m0.000574432s
error: error execution phase wait-control-plane: failed while waiting for the kubelet to start
k8s.io/kubernetes/cmd/kubeadm/app/cmd/phases/workflow.(*Runner).Run.func1
runtime.goexit
	runtime/asm_amd64.s:1771
`
	want := "error: error execution phase wait-control-plane: failed while waiting for the kubelet to start"
	if got := complaint([]byte(kubeadm)); got != want {
		t.Errorf("got %q", got)
	}
	if got := phrase([]string{"docker", "exec", "--privileged", "podlab-control-plane", "kubeadm", "init", "--v=6"}); got != "podlab-control-plane kubeadm init" {
		t.Errorf("got %q", got)
	}
}
