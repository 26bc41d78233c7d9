package checks

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/node"
)

// find returns what is mounted at each point, and a result with the evidence, whose verdict is set if it cannot be known.
func (k *mount) find(ctx context.Context, c Cluster, points []mountPoint) ([]mounted, Result) {
	var names []string
	for _, p := range points {
		names = append(names, p.container)
	}
	s, r := lookFor(ctx, c, k.pod, names...)
	if s == nil {
		return nil, r
	}
	in, r := s.inside(ctx, c)
	if in == nil {
		return nil, r
	}
	var found []mounted
	for _, p := range points {
		m, ok := s.member(p.container)
		if !ok {
			return nil, torn("%s is not on node %s", p.container, s.node.Node)
		}
		if len(in.Mounts[m.id]) == 0 {
			return nil, cannotTell(fmt.Sprintf("node %s does not show the mounts of %s", s.node.Node, p.container), "the container may have ended while it was looked at", "look again")
		}
		f, r := mountAt(ctx, c, s, m, in.Mounts[m.id], p)
		if r.Verdict != "" {
			return nil, r
		}
		found = append(found, f)
	}
	return found, Result{Evidence: mountEvidence(found)}
}

// mountAt finds the mount at the path. A path that is no mount point may be a symbolic link to one: /var/run/secrets is
// /run/secrets in most images.
func mountAt(ctx context.Context, c Cluster, s *sight, m member, all []node.Mount, at mountPoint) (mounted, Result) {
	f := mounted{at: at, s: s, m: m}
	found, ok, doubtful := mountOn(all, at.path)
	if ok && !doubtful {
		f.Mount, f.there = found, true
		return f, Result{}
	}
	target, err := c.File(ctx, s.node.Node, m.first.PID, at.path)
	if err != nil {
		return f, cannotTell("the path "+at.String()+" could not be looked at", err.Error(), "podlab doctor")
	}
	if ok && target.Device == found.Device {
		f.Mount, f.there = found, true
		return f, Result{}
	}
	f.above = owner(all, at.path)
	if !target.Exists {
		f.above += ", and nothing is there"
		return f, Result{}
	}
	for _, mount := range likely(all, at.path, target.Device) {
		linked, err := c.File(ctx, s.node.Node, m.first.PID, mount.Path)
		if err != nil {
			return f, cannotTell("the path "+at.container+":"+mount.Path+" could not be looked at", err.Error(), "podlab doctor")
		}
		if linked.Exists && linked.Device == target.Device && linked.Inode == target.Inode {
			f.Mount, f.there = mount, true
			return f, Result{}
		}
	}
	return f, Result{}
}

// mountOn returns the last mount at the path, which is the one that is seen. It is doubtful if something was mounted later on
// a directory above it, which may hide it.
func mountOn(all []node.Mount, at string) (found node.Mount, ok, doubtful bool) {
	for _, m := range all {
		switch {
		case m.Path == at:
			found, ok, doubtful = m, true, false
		case m.Path != "/" && strings.HasPrefix(at, m.Path+"/"):
			doubtful = true
		}
	}
	return found, ok, ok && doubtful
}

// owner names the mount that a path without a mount of its own belongs to.
func owner(all []node.Mount, at string) string {
	for dir := at; ; dir = path.Dir(dir) {
		if found, ok, _ := mountOn(all, dir); ok {
			return fmt.Sprintf("the mount at %s (%s)", found.Path, found.Type)
		}
		if dir == "/" {
			return "no mount"
		}
	}
}

// likely returns the mounts of the device, those whose path ends alike first: a link to a mount usually has its name.
func likely(all []node.Mount, at, device string) []node.Mount {
	var same, rest []node.Mount
	for _, m := range all {
		switch {
		case m.Device != device || m.Path == "/":
		case path.Base(m.Path) == path.Base(at):
			same = append(same, m)
		default:
			rest = append(rest, m)
		}
	}
	const most = 8
	list := append(same, rest...)
	return list[:min(len(list), most)]
}

// ties says whether what is mounted is the pod's volume of the name. Where that is not known, the result has a verdict.
func (f mounted) ties(ctx context.Context, c Cluster, name string) (bool, Result) {
	at := slices.IndexFunc(f.s.pod.Spec.Volumes, func(v corev1.Volume) bool { return v.Name == name })
	if at < 0 {
		return false, Result{}
	}
	volume, sort := f.s.pod.Spec.Volumes[at], volumeSort(f.s.pod.Spec.Volumes[at])
	pod, found, _ := kubeletVolume(f.Root)
	switch {
	case volume.PersistentVolumeClaim != nil:
		return f.isClaimed(ctx, c, volume, found)
	case found != "":
		return pod == string(f.s.pod.UID) && found == name, Result{}
	case volume.HostPath != nil:
		return f.isHostPath(ctx, c, volume)
	case sort != "":
		return f.isFileSystem(ctx, c, "/var/lib/kubelet/pods/"+string(f.s.pod.UID)+"/volumes", sort+"/"+name)
	}
	return false, f.untold(name)
}

func (f mounted) untold(volume string) Result {
	return cannotTell(fmt.Sprintf("the node does not show whether %s is volume %s", f.source(), volume), "a volume of this sort leaves no name on the node", "")
}

// volumeSort is the directory of the kubelet's for the sorts of volumes that it fills itself, or "".
func volumeSort(v corev1.Volume) string {
	switch {
	case v.EmptyDir != nil:
		return "kubernetes.io~empty-dir"
	case v.ConfigMap != nil:
		return "kubernetes.io~configmap"
	case v.Secret != nil:
		return "kubernetes.io~secret"
	case v.Projected != nil:
		return "kubernetes.io~projected"
	case v.DownwardAPI != nil:
		return "kubernetes.io~downward-api"
	}
	return ""
}

// isFileSystem compares with the file system that the kubelet mounted for the volume. Each has a device number of its own. A
// volume that has none is a directory of the kubelet's, and mountinfo would name it.
func (f mounted) isFileSystem(ctx context.Context, c Cluster, parent, name string) (bool, Result) {
	above, err1 := c.File(ctx, f.s.node.Node, 1, parent)
	there, err2 := c.File(ctx, f.s.node.Node, 1, path.Join(parent, name))
	if err := cmp.Or(err1, err2); err != nil {
		return false, cannotTell("the kubelet's directory "+path.Join(parent, name)+" could not be looked at", err.Error(), "podlab doctor")
	}
	if !there.Exists || there.Device == "" {
		return false, cannotTell("node "+f.s.node.Node+" has no "+path.Join(parent, name), "the kubelet of this node keeps its volumes elsewhere", "")
	}
	return there.Device == f.Device && there.Device != above.Device, Result{}
}

// isHostPath compares the directory that the container sees with the one of the node.
func (f mounted) isHostPath(ctx context.Context, c Cluster, volume corev1.Volume) (bool, Result) {
	part, known := f.subPath(volume.Name)
	if !known {
		return false, f.untold(volume.Name)
	}
	below, err1 := c.File(ctx, f.s.node.Node, 1, path.Join(volume.HostPath.Path, part))
	seen, err2 := c.File(ctx, f.s.node.Node, f.m.first.PID, f.at.path)
	if err := cmp.Or(err1, err2); err != nil {
		return false, cannotTell("the path "+volume.HostPath.Path+" of the node could not be compared with "+f.at.String(), err.Error(), "podlab doctor")
	}
	return below.Exists && seen.Exists && below.Device == seen.Device && below.Inode == seen.Inode, Result{}
}

// isClaimed looks for the name of the persistent volume in the directory's: the kubelet's own for it, or the provisioner's.
func (f mounted) isClaimed(ctx context.Context, c Cluster, volume corev1.Volume, kubelets string) (bool, Result) {
	claim, err := c.Object(ctx, "PersistentVolumeClaim", volume.PersistentVolumeClaim.ClaimName)
	if err != nil {
		return false, cannotTell("the API could not be asked about the claim of volume "+volume.Name, err.Error(), "podlab doctor")
	}
	bound, _, _ := unstructured.NestedString(claim.Object, "spec", "volumeName")
	switch {
	case bound != "" && (kubelets == bound || f.isUnder(bound)):
		return true, Result{}
	case kubelets != "":
		return false, Result{}
	}
	return false, f.untold(volume.Name)
}

// isUnder says whether the directory lies in one of the persistent volume's name, or, as local-path writes it, one whose name
// goes on with an underscore: the names of two volumes may begin alike.
func (f mounted) isUnder(bound string) bool {
	return slices.ContainsFunc(strings.Split(f.Root, "/"), func(part string) bool {
		return part == bound || strings.HasPrefix(part, bound+"_")
	})
}

// subPath returns the part of the volume that the container's spec mounts at the path. The kubelet alone knows what became of
// a subPathExpr.
func (f mounted) subPath(volume string) (part string, known bool) {
	for _, v := range f.specMounts() {
		if v.Name == volume && path.Clean(v.MountPath) == f.at.path {
			return v.SubPath, v.SubPathExpr == ""
		}
	}
	return "", true
}

// inSpec says what the pod's spec mounts at the path.
func (f mounted) inSpec() string {
	for _, v := range f.specMounts() {
		if path.Clean(v.MountPath) == f.at.path {
			return fmt.Sprintf("the pod's spec mounts volume %s at %s", v.Name, f.at)
		}
	}
	return "the pod's spec mounts no volume at " + f.at.String()
}

func (f mounted) specMounts() []corev1.VolumeMount {
	for _, c := range slices.Concat(f.s.pod.Spec.InitContainers, f.s.pod.Spec.Containers) {
		if c.Name == f.at.container {
			return c.VolumeMounts
		}
	}
	return nil
}

func mountEvidence(found []mounted) Evidence {
	var commands []string
	rows := [][]string{{"MAJ:MIN", "FSROOT", "TARGET", "VFS-OPTIONS", "FSTYPE", "OF"}}
	for _, f := range found {
		if f.there {
			rows = append(rows, []string{f.Device, f.Root, f.Path, f.Options, f.Type, f.at.container})
			commands = append(commands, fmt.Sprintf("findmnt -N %d -o MAJ:MIN,FSROOT,TARGET,VFS-OPTIONS,FSTYPE %s", f.m.first.PID, f.Path))
		}
	}
	return Evidence{Command: strings.Join(commands, "; "), Rows: table(rows...)}
}

type mountFact struct {
	*mount
	which string
}

// Value returns the name of the volume, the type or the access.
func (f mountFact) Value(ctx context.Context, c Cluster) (string, Result) {
	found, r := f.find(ctx, c, []mountPoint{f.at})
	if r.Verdict != "" {
		return "", r
	}
	if !found[0].there {
		return "", unlike(r, f.differs(found))
	}
	answer := map[string]string{"type": found[0].Type, "access": access(found[0].readOnly())}[f.which]
	if answer == "" {
		name, unsure := found[0].volumeName(ctx, c)
		if name == "" {
			unsure.Evidence = r.Evidence
			return "", unsure
		}
		answer = name
	}
	r.Verdict, r.Got = Pass, f.at.String()+": "+answer
	return answer, r
}

// volumeName returns which of the pod's volumes is mounted, or why that is not known.
func (f mounted) volumeName(ctx context.Context, c Cluster) (string, Result) {
	r := Result{Verdict: NotYet, Got: f.source() + " is none of the pod's volumes"}
	for _, v := range f.s.pod.Spec.Volumes {
		ties, unsure := f.ties(ctx, c, v.Name)
		if ties {
			return v.Name, Result{}
		}
		if unsure.Verdict != "" {
			r = unsure
		}
	}
	return "", r
}
