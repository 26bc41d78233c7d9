package checks

import (
	"context"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// fileCheck claims what is at a path in a container.
type fileCheck struct {
	spot
	absent bool
	text   textFields
	mode   fileMode
	size   comparison
}

// spot is a path in a container.
type spot struct{ pod, container, path string }

// Subject returns the pod's name.
func (p spot) Subject() string { return p.pod }

func (p spot) String() string { return fmt.Sprintf("%s in %s", p.path, p.container) }

// filePath is an absolute path in a container.
type filePath string

// UnmarshalText refuses a path that depends on where somebody is.
func (p *filePath) UnmarshalText(text []byte) error {
	if !path.IsAbs(string(text)) || strings.ContainsAny(string(text), "\x00\n") {
		return fmt.Errorf("want an absolute path, as /data/note, found %q", text)
	}
	*p = filePath(path.Clean(string(text)))
	return nil
}

// fileMode is the permissions of a file, octal and without leading zeros: "644". "" claims nothing.
type fileMode string

// UnmarshalText accepts what chmod accepts as a number.
func (m *fileMode) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(strings.TrimPrefix(string(text), "0o"), 8, 12)
	if err != nil {
		return fmt.Errorf("want permissions in octal, as 644, found %q", text)
	}
	*m = fileMode(strconv.FormatUint(n, 8))
	return nil
}

type fileFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container that sees the file"`
	Path      filePath      `yaml:"path" doc:"absolute path in the container; symbolic links are followed there"`
	Exists    *bool         `yaml:"exists" doc:"false: nothing is there (default true)"`
	textFields
	Mode    fileMode   `yaml:"mode" doc:"permissions in octal, as 644"`
	Size    comparison `yaml:"size" doc:"bytes, as 6 or '> 0'"`
	SameAs  *sameAs    `yaml:"same-as" doc:"another container of the pod that sees the very same file, and where: {container: NAME, path: PATH}; the path may be left out if it is the same"`
	Content bool       `yaml:"content" doc:"with same-as, true: two files with the same bytes are enough"`
}

type sameAs struct {
	Container containerName `yaml:"container"`
	Path      filePath      `yaml:"path"`
}

type fileAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container that sees the file"`
	Path      filePath      `yaml:"path" doc:"absolute path in the container"`
	Which     string        `yaml:"which" doc:"content, size or mode; content if it is left out"`
}

func fileKind() Kind {
	return Kind{
		Name: "file",
		Says: "Something is at the path in the container, and is as claimed; or nothing is there. podlab reads it on the node, in the root file system " +
			"of the container's first process: what the container sees there, volumes included, and nothing of another container or volume. No " +
			"program is needed in the image. `equals`, `contains`, `matches` and `size` are claims about a plain file. With `same-as`, the two " +
			"paths lead to the very same file or directory, so the same volume is behind both: the same inode on the same device. Two files " +
			"that are merely equal are not the same, unless `content: true` asks for no more.",
		Fields: fileFields{},
		Examples: []string{
			"file: {pod: demoduo, container: demox, path: /data/note, equals: hello, mode: 644}",
			"file: {pod: demoduo, container: demox, path: /tmp/lock, exists: false}",
			"file: {pod: demoduo, container: demox, path: /data/note, same-as: {container: demoy, path: /mnt/note}}",
		},
		Shows: "Permissions, size, device, inode and path, as `stat` prints them, and the first lines of a text that is claimed.",
		CannotTell: "The node could not be looked at, or the container's first process ended meanwhile. The file is longer than 64 KiB, and what is claimed " +
			"of its text is not settled by that part; `same-as` goes by size and SHA-256 sum, and is told all the same.",
		AskSays:     "The answer is the file's text without the white space around it, or its size in bytes, or its permissions.",
		AskFields:   fileAsk{},
		AskExamples: []string{"answer: {file: {pod: demoduo, container: demox, path: /data/note}}", "answer: {file: {pod: demoduo, container: demox, path: /data/note, which: size}}"},
		check:       parseFile,
		fact:        parseFileFact,
	}
}

func parseFile(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f fileFields, wrong func(string, string, ...any)) {
		needFile(f.Pod, f.Container, f.Path, wrong)
		claims := !f.none() || f.Mode != "" || !f.Size.none()
		switch {
		case f.Exists != nil && !*f.Exists && (claims || f.SameAs != nil):
			wrong("exists", "nothing else can be claimed of a file that is not there")
		case f.SameAs == nil && f.Content:
			wrong("content", "content says nothing without same-as: {container: NAME}")
		case f.SameAs != nil && claims:
			wrong("same-as", "claim what is in the file by a check of its own")
		case f.SameAs != nil && f.SameAs.Container == "":
			wrong("same-as", "no container is named (same-as: {container: NAME})")
		case f.SameAs != nil && f.SameAs.Container == f.Container && (f.SameAs.Path == "" || f.SameAs.Path == f.Path):
			wrong("same-as", "a file is always the same as itself: want another container or another path")
		}
	})
	at := spot{string(f.Pod), string(f.Container), string(f.Path)}
	if f.SameAs == nil {
		return &fileCheck{at, f.Exists != nil && !*f.Exists, f.textFields, f.Mode, f.Size}, mistakes
	}
	other := spot{at.pod, string(f.SameAs.Container), string(f.SameAs.Path)}
	if other.path == "" {
		other.path = at.path
	}
	return sameFile{at, other, f.Content}, mistakes
}

func parseFileFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f fileAsk, wrong func(string, string, ...any)) {
		needFile(f.Pod, f.Container, f.Path, wrong)
		if f.Which != "" && f.Which != "content" && f.Which != "size" && f.Which != "mode" {
			wrong("which", "want content, size or mode, found %q", f.Which)
		}
	})
	return fileFact{spot{string(f.Pod), string(f.Container), string(f.Path)}, f.Which}, mistakes
}

func needFile(pod podName, container containerName, at filePath, wrong func(string, string, ...any)) {
	needContainer(pod, container, wrong)
	if at == "" {
		wrong("", "no path is given (path: /PATH)")
	}
}

func (*fileCheck) Kind() string { return "file" }

func (k *fileCheck) Title() string { return fmt.Sprintf("%s: %s: %s", k.pod, k.spot, k.want()) }

func (k *fileCheck) want() string {
	if k.absent {
		return "nothing is there"
	}
	var parts []string
	if !k.text.none() {
		parts = append(parts, k.text.want())
	}
	if k.mode != "" {
		parts = append(parts, "mode "+string(k.mode))
	}
	if !k.size.none() {
		parts = append(parts, fmt.Sprintf("size %s", k.size))
	}
	if parts == nil {
		return "it is there"
	}
	return strings.Join(parts, ", ")
}

func (k *fileCheck) Eval(ctx context.Context, c Cluster) Result {
	f, r := k.read(ctx, c)
	if r.Verdict == "" {
		r = k.judge(f)
		r.Evidence = fileEvidence(k.spot, f, !k.text.none())
	}
	r.Want = k.want()
	return r
}

func (k *fileCheck) judge(f node.File) Result {
	r := Result{Verdict: Pass, Got: describeFile(f)}
	switch {
	case f.Exists == k.absent:
		return unlike(r, []Mismatch{{k.spot.String(), k.want(), r.Got}})
	case k.absent:
		return r
	}
	var off []Mismatch
	if k.mode != "" && string(k.mode) != f.Mode {
		off = append(off, Mismatch{"mode of " + k.path, string(k.mode), f.Mode})
	}
	if f.Kind != "file" && (!k.size.none() || !k.text.none()) {
		return unlike(r, append(off, Mismatch{k.spot.String(), "a file " + k.want(), "a " + f.Kind}))
	}
	if !k.size.none() && !k.size.holds(float64(f.Size)) {
		off = append(off, Mismatch{"size of " + k.path, k.size.String() + " bytes", fmt.Sprintf("%d bytes", f.Size)})
	}
	wrong, open := k.text.judge(k.path, string(f.Body), f.Cut)
	r = unlike(r, append(off, wrong...))
	if r.Verdict == Pass && open {
		return unseen(r, k.spot.String())
	}
	return r
}

func describeFile(f node.File) string {
	switch {
	case !f.Exists:
		return "nothing is there"
	case f.Kind != "file":
		return fmt.Sprintf("a %s, mode %s", f.Kind, f.Mode)
	}
	return fmt.Sprintf("a file, mode %s, %d bytes: %s", f.Mode, f.Size, quote(strings.ToValidUTF8(string(f.Body), "�")))
}

// read looks at the place, or returns the result that says why it cannot be judged.
func (p spot) read(ctx context.Context, c Cluster) (node.File, Result) {
	s, m, r := lookAtOne(ctx, c, p.pod, p.container)
	if s == nil {
		return node.File{}, r
	}
	f, err := c.File(ctx, s.node.Node, m.first.PID, p.path)
	if err != nil {
		return node.File{}, cannotTell(fmt.Sprintf("%s could not be read", p), err.Error(), "look again, or podlab doctor")
	}
	return f, Result{}
}
