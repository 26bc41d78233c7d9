package checks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// mount claims what is mounted at a path in a container.
type mount struct {
	pod      string
	at       mountPoint
	readOnly *bool
	fsType   string
	volume   string
	sameAs   mountPoint
}

// mountPoint is a path in a container.
type mountPoint struct{ container, path string }

func (p mountPoint) String() string { return p.container + ":" + p.path }

type mountFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	Path      filePath      `yaml:"path" doc:"where it is mounted in the container"`
	ReadOnly  *bool         `yaml:"read-only" doc:"true if the container cannot write through it, false if it can"`
	Type      string        `yaml:"type" doc:"type of the file system, as tmpfs or ext4"`
	Volume    string        `yaml:"volume" doc:"name of the volume in the pod's spec"`
	SameAs    sameAs        `yaml:"same-as" doc:"another mount that is the same directory: {container: NAME, path: PATH}; the path may be left out if it is the same"`
}

type mountAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	Path      filePath      `yaml:"path" doc:"where it is mounted in the container"`
	Which     string        `yaml:"which" doc:"volume, the name in the pod's spec (the default), type, of the file system, or access, read-only or read-write"`
}

func mountKind() Kind {
	return Kind{
		Name: "mount",
		Says: "Something is mounted at the path in the container, as its `/proc/PID/mountinfo` says; a path below a mount does not count, a symbolic link " +
			"to a mount does. `volume` claims that it is this volume of the pod, or a part of it: the kubelet's directory for the volume, or the file system " +
			"that is mounted there, or for a hostPath the very directory of the node. `same-as` claims that both mounts are the same directory of the same " +
			"file system: another directory of one volume is not the same. All that is given must hold.",
		Fields: mountFields{},
		Examples: []string{
			"mount: {pod: demoduo, container: demox, path: /data, volume: shared, same-as: {container: demoy, path: /in}}",
			"mount: {pod: demoduo, container: demoy, path: /in, read-only: true}",
		},
		Shows: "The rows of `findmnt` for the mounts: device, directory in it, path, options, type.",
		CannotTell: "The node does not show the mounts of a container. The volume is of a sort that cannot be told from the node: of those from a claim only the ones " +
			"whose directory has the persistent volume's name, and none of a CSI driver, an image or the network.",
		AskSays:     "The answer is the volume's name, a file system's type, or `read-only` or `read-write`.",
		AskFields:   mountAsk{},
		AskExamples: []string{"answer: {mount: {pod: demoduo, container: demox, path: /data}}"},
		check:       parseMount,
		fact:        parseMountFact,
	}
}

func parseMount(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f mountFields, wrong func(string, string, ...any)) {
		needPath(f.Pod, f.Container, f.Path, wrong)
		if f.SameAs.Path != "" && f.SameAs.Container == "" {
			wrong("same-as", "no container is named (same-as: {container: NAME, path: PATH})")
		}
		if f.SameAs.Container == f.Container && (f.SameAs.Path == f.Path || f.SameAs.Path == "") && f.Container != "" {
			wrong("same-as", "want another mount than the one that is looked at")
		}
	})
	if f.SameAs.Container != "" && f.SameAs.Path == "" {
		f.SameAs.Path = f.Path
	}
	return &mount{
		pod: string(f.Pod), at: mountPoint{string(f.Container), string(f.Path)}, readOnly: f.ReadOnly, fsType: f.Type, volume: f.Volume,
		sameAs: mountPoint{string(f.SameAs.Container), string(f.SameAs.Path)},
	}, mistakes
}

func needPath(pod podName, container containerName, at filePath, wrong func(string, string, ...any)) {
	needContainer(pod, container, wrong)
	if at == "" {
		wrong("", "no path is given (path: /PATH)")
	}
}

func parseMountFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f mountAsk, wrong func(string, string, ...any)) {
		needPath(f.Pod, f.Container, f.Path, wrong)
		if known := []string{"volume", "type", "access"}; f.Which != "" && !slices.Contains(known, f.Which) {
			wrong("which", "want volume, type or access, found %q", f.Which)
		}
	})
	return mountFact{&mount{pod: string(f.Pod), at: mountPoint{string(f.Container), string(f.Path)}}, f.Which}, mistakes
}

// Kind returns "mount".
func (*mount) Kind() string { return "mount" }

// Subject returns the pod.
func (k *mount) Subject() string { return k.pod }

// Title returns what the check list shows.
func (k *mount) Title() string { return k.pod + ": " + k.want() }

func (k *mount) want() string {
	want := "a mount at " + k.at.String()
	if k.volume != "" {
		want = "volume " + k.volume + " at " + k.at.String()
	}
	if k.fsType != "" {
		want += ", " + k.fsType
	}
	if k.readOnly != nil {
		want += ", " + access(*k.readOnly)
	}
	if k.sameAs.path != "" {
		want += ", the same as " + k.sameAs.String()
	}
	return want
}

func access(readOnly bool) string {
	if readOnly {
		return "read-only"
	}
	return "read-write"
}

// Eval looks at the containers' mounts on the pod's node.
func (k *mount) Eval(ctx context.Context, c Cluster) Result {
	r := k.judge(ctx, c)
	r.Want = k.want()
	return r
}

func (k *mount) judge(ctx context.Context, c Cluster) Result {
	points := []mountPoint{k.at}
	if k.sameAs.path != "" {
		points = append(points, k.sameAs)
	}
	found, r := k.find(ctx, c, points)
	if r.Verdict != "" {
		return r
	}
	off := k.differs(found)
	if k.volume != "" && found[0].there {
		ties, unsure := found[0].ties(ctx, c, k.volume)
		if unsure.Verdict != "" && len(off) == 0 {
			unsure.Evidence = r.Evidence
			return unsure
		}
		if !ties && unsure.Verdict == "" {
			off = append(off, Mismatch{k.at.String(), "volume " + k.volume, found[0].source()})
			r.Why = found[0].inSpec()
		}
	}
	// Where nothing is mounted, there is nothing to compare with the other.
	r.Vacant = k.sameAs.path != "" && slices.ContainsFunc(found, func(f mounted) bool { return !f.there })
	r.Verdict, r.Got = Pass, k.want()
	return unlike(r, off)
}

// differs compares all but the volume.
func (k *mount) differs(found []mounted) []Mismatch {
	var off []Mismatch
	for _, f := range found {
		if !f.there {
			off = append(off, Mismatch{f.at.String(), "a mount", "none, the path belongs to " + f.above})
		}
	}
	first := found[0]
	if !first.there {
		return off
	}
	of := k.at.String()
	if k.readOnly != nil && *k.readOnly != first.readOnly() {
		off = append(off, Mismatch{of, access(*k.readOnly), access(first.readOnly()) + " (" + first.Options + ")"})
	}
	if k.fsType != "" && k.fsType != first.Type {
		off = append(off, Mismatch{of, "type " + k.fsType, "type " + first.Type})
	}
	if last := found[len(found)-1]; last.there && (last.Device != first.Device || last.Root != first.Root) {
		off = append(off, Mismatch{of, "the same as " + k.sameAs.String(), fmt.Sprintf("%s, and the other is %s", first.source(), last.source())})
	}
	return off
}

// mounted is what is mounted at a path.
type mounted struct {
	node.Mount
	at    mountPoint
	there bool
	above string // where nothing is mounted: what the path belongs to

	s *sight
	m member
}

func (f mounted) readOnly() bool { return slices.Contains(strings.Split(f.Options, ","), "ro") }

// source names what is mounted as well as mountinfo can: a volume, or a directory of a device.
func (f mounted) source() string {
	pod, volume, rest := kubeletVolume(f.Root)
	switch {
	case volume != "" && pod != string(f.s.pod.UID):
		return fmt.Sprintf("volume %s%s of another pod (UID %s)", volume, rest, pod)
	case volume != "" && rest != "":
		return fmt.Sprintf("%s of volume %s", rest, volume)
	case volume != "":
		return "volume " + volume
	}
	return fmt.Sprintf("%s of %s %s", f.Root, f.Type, f.Device)
}

// kubeletVolume finds UID/volumes/kubernetes.io~SORT/NAME/REST in a path.
func kubeletVolume(root string) (podUID, volume, rest string) {
	parts := strings.Split(root, "/")
	for i := range len(parts) - 3 {
		if parts[i+1] == "volumes" && strings.Contains(parts[i+2], "~") {
			if rest = strings.Join(parts[i+4:], "/"); rest != "" {
				rest = "/" + rest
			}
			return parts[i], parts[i+3], rest
		}
	}
	return "", "", ""
}
