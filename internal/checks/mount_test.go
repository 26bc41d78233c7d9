package checks_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

const kubeletDisk = "/var/lib/docker/volumes/b670/_data/lib/kubelet/pods/"

// mounts gives demoduo the volumes and mounts that a real pod had: on the disk, in memory, of a config map, of the node.
func mounts(t *testing.T) func(*checkstest.Cluster) {
	return func(c *checkstest.Cluster) {
		pod := c.Pods["demoduo"]
		x, y := firstOf(t, c, "demoduo", "demox"), firstOf(t, c, "demoduo", "demoy")
		dir := kubeletDisk + string(pod.UID) + "/volumes/"
		pod.Spec.Volumes = []corev1.Volume{
			{Name: "shared", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{Name: "other", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{Name: "mem", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory}}},
			{Name: "token", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}},
			{Name: "host", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/var/tmp"}}},
			{Name: "claim", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}},
			{Name: "far", VolumeSource: corev1.VolumeSource{NFS: &corev1.NFSVolumeSource{}}},
		}
		pod.Spec.Containers[0].VolumeMounts = []corev1.VolumeMount{{Name: "shared", MountPath: "/data"}, {Name: "host", MountPath: "/host", SubPath: "sub"}}
		root := node.Mount{Device: "0:192", Root: "/", Path: "/", Options: "rw,relatime", Type: "overlay", Source: "overlay"}
		disk := func(root, path, options string) node.Mount {
			return node.Mount{Device: "254:0", Root: root, Path: path, Options: options, Type: "ext4", Source: "/dev/vda"}
		}
		mem := node.Mount{Device: "0:180", Root: "/", Path: "/mem", Options: "rw,relatime", Type: "tmpfs", Source: "tmpfs"}
		token := node.Mount{Device: "0:181", Root: "/", Path: "/run/secrets/kubernetes.io/serviceaccount", Options: "ro,relatime", Type: "tmpfs", Source: "tmpfs"}
		c.Within = &node.Inside{Mounts: map[string][]node.Mount{
			x.ContainerID: {
				root, disk(dir+"kubernetes.io~empty-dir/shared", "/data", "rw,relatime"), mem,
				disk("/var/lib/docker/volumes/b670/_data/tmp/sub", "/host", "rw,relatime"), token,
				disk("/var/local-path-provisioner/pvc-7_ns_data", "/claim", "rw"),
			},
			y.ContainerID: {
				root, disk(dir+"kubernetes.io~empty-dir/shared", "/in", "ro,relatime"), disk(dir+"kubernetes.io~empty-dir/shared/x", "/sub", "rw"), mem,
				disk(kubeletDisk+"0e4306cd-4e83-49d3-b355-41468d2063ae/volumes/kubernetes.io~empty-dir/shared", "/stolen", "rw"),
				disk(dir+"kubernetes.io~empty-dir/other", "/mem/deep", "rw"),
			},
		}}
		c.Things = append(c.Things, &unstructured.Unstructured{Object: map[string]any{
			"kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": "data"}, "spec": map[string]any{"volumeName": "pvc-7"},
		}})
		volumes := "/var/lib/kubelet/pods/" + string(pod.UID) + "/volumes"
		file := func(pid int, path, device string, inode uint64) {
			c.Files[fmt.Sprintf("%d %s", pid, path)] = node.File{Exists: true, Kind: "directory", Device: device, Inode: inode}
		}
		c.Files = map[string]node.File{}
		file(1, volumes, "254:0", 11)
		file(1, volumes+"/kubernetes.io~empty-dir/mem", "0:180", 1)
		file(1, volumes+"/kubernetes.io~empty-dir/shared", "254:0", 12)
		file(1, volumes+"/kubernetes.io~empty-dir/other", "254:0", 13)
		file(1, volumes+"/kubernetes.io~projected/token", "0:181", 1)
		file(1, "/var/tmp/sub", "254:0", 21)
		file(x.PID, "/host", "254:0", 21)
		file(x.PID, "/data", "254:0", 12)
		file(x.PID, "/data/deep", "254:0", 31)
		file(x.PID, "/var/run/secrets/kubernetes.io/serviceaccount", "0:181", 1)
		file(x.PID, "/run/secrets/kubernetes.io/serviceaccount", "0:181", 1)
	}
}

func TestMount(t *testing.T) {
	c := recorded(t)
	mounts(t)(c)
	x := func(rest string) string { return "mount: {pod: demoduo, container: demox, path: " + rest + "}" }
	y := func(rest string) string { return "mount: {pod: demoduo, container: demoy, path: " + rest + "}" }
	holdAll(t, c, []sighted{
		{x("/data, volume: shared, read-only: false, type: ext4, same-as: {container: demoy, path: /in}"), checks.Pass, ""},
		{x("/data/"), checks.Pass, ""},
		{y("/in, read-only: true, volume: shared"), checks.Pass, ""},
		{y("/sub, volume: shared"), checks.Pass, ""},
		{x("/mem, volume: mem, type: tmpfs, same-as: {container: demoy}"), checks.Pass, ""},
		{x("/run/secrets/kubernetes.io/serviceaccount, volume: token, read-only: true"), checks.Pass, ""},
		{x("/var/run/secrets/kubernetes.io/serviceaccount, volume: token, read-only: true"), checks.Pass, ""},
		{x("/host, volume: host"), checks.Pass, ""},
		{x("/claim, volume: claim"), checks.Pass, ""},

		{
			x("/data, volume: other, read-only: true, type: tmpfs, same-as: {container: demoy, path: /nowhere}"), checks.NotYet,
			"[{demoy:/nowhere a mount none, the path belongs to the mount at / (overlay), and nothing is there} {demox:/data read-only read-write (rw,relatime)} " +
				"{demox:/data type tmpfs type ext4} {demox:/data volume other volume shared}]",
		},
		{x("/data, same-as: {container: demoy, path: /sub}"), checks.NotYet, "volume shared, and the other is /x of volume shared"},
		{x("/data, same-as: {container: demoy, path: /stolen}"), checks.NotYet, "volume shared of another pod (UID 0e4306cd"},
		{y("/stolen, volume: shared"), checks.NotYet, "of another pod"},
		{x("/data, volume: nothing"), checks.NotYet, "{demox:/data volume nothing volume shared}"},
		{x("/data, volume: mem"), checks.NotYet, "the pod's spec mounts volume shared at demox:/data"},
		{x("/mem, volume: shared"), checks.NotYet, "/ of tmpfs 0:180"},
		{x("/mem, volume: token"), checks.NotYet, "/ of tmpfs 0:180"},
		{x("/data, volume: host"), checks.NotYet, "volume shared"},
		{x("/host, volume: shared"), checks.NotYet, "/tmp/sub of ext4 254:0"},
		{x("/data/deep"), checks.NotYet, "none, the path belongs to the mount at /data (ext4)"},
		{x("/data, volume: claim"), checks.NotYet, "volume shared"},
		{"mount: {pod: demoduo, container: demoz, path: /data}", checks.NotYet, "no container demoz"},

		{x("/host, volume: claim"), checks.CannotTell, "leaves no name on the node"},
		{x("/mem, volume: far"), checks.CannotTell, "does not show whether / of tmpfs 0:180 is volume far"},
		{"mount: {pod: demosolo, container: demox, path: /data}", checks.CannotTell, "does not show the mounts of demox"},
	})
}

// The names of two persistent volumes may begin alike.
func TestMountOfAnotherClaim(t *testing.T) {
	c := recorded(t)
	mounts(t)(c)
	claim := "mount: {pod: demoduo, container: demox, path: /claim, volume: claim}"
	all := c.Within.Mounts[firstOf(t, c, "demoduo", "demox").ContainerID]
	last := &all[len(all)-1]
	for root, verdict := range map[string]checks.Verdict{
		"/var/local-path-provisioner/pvc-7_ns_data": checks.Pass, "/srv/pvc-7/sub": checks.Pass,
		"/var/local-path-provisioner/pvc-70_ns_other": checks.CannotTell, "/srv/pvc-7-old": checks.CannotTell,
	} {
		last.Root = root
		if r := eval(t, c, claim); r.Verdict != verdict {
			t.Errorf("%s: %+v, want %s", root, r, verdict)
		}
	}
}

// Where nothing is mounted, there is nothing to compare: that is no proof of another mount.
func TestMountSameAsNothing(t *testing.T) {
	c := recorded(t)
	mounts(t)(c)
	const nowhere = "mount: {pod: demoduo, container: demox, path: /data/deep"
	holdAll(t, c, []sighted{
		{"not: {" + nowhere + ", same-as: {container: demoy, path: /in}}}", checks.NotYet, ""},
		{"not: {mount: {pod: demoduo, container: demox, path: /data, same-as: {container: demoy, path: /nowhere}}}", checks.NotYet, ""},
		{nowhere + "}", checks.NotYet, ""},
	})
}

// A mount on a directory above hides what was mounted before it.
func TestMountHidden(t *testing.T) {
	c := recorded(t)
	mounts(t)(c)
	y := firstOf(t, c, "demoduo", "demoy")
	deep := "mount: {pod: demoduo, container: demoy, path: /mem/deep}"
	holdAll(t, c, []sighted{{deep, checks.Pass, ""}})
	all := c.Within.Mounts[y.ContainerID]
	above := all[3]
	above.Device = "0:300"
	c.Within.Mounts[y.ContainerID] = append(all, above)
	holdAll(t, c, []sighted{{deep, checks.NotYet, "nothing is there"}})
	c.Files[fmt.Sprintf("%d /mem/deep", y.PID)] = node.File{Exists: true, Device: "254:0"}
	holdAll(t, c, []sighted{{deep, checks.Pass, ""}})
}

// brokenFiles is a cluster whose files cannot be looked at.
type brokenFiles struct{ *checkstest.Cluster }

func (b brokenFiles) File(_ context.Context, name string, _ int, _ string) (node.File, error) {
	return node.File{}, errors.New("no file from " + name)
}

func TestMountFaults(t *testing.T) {
	nodeFaults(t, "mount: {pod: demoduo, container: demox, path: /data}", mounts(t))
	c := recorded(t)
	mounts(t)(c)
	for _, source := range []string{
		"mount: {pod: demoduo, container: demox, path: /mem, volume: mem}",
		"mount: {pod: demoduo, container: demox, path: /host, volume: host}",
		"mount: {pod: demoduo, container: demox, path: /data/deep}",
	} {
		if r := eval(t, brokenFiles{c}, source); r.Verdict != checks.CannotTell || !strings.Contains(r.Why, "no file from") {
			t.Errorf("%s: %+v, want cannot tell", source, r)
		}
	}
	c.Things = nil
	sighted{"mount: {pod: demoduo, container: demox, path: /claim, volume: claim}", checks.CannotTell, "not found"}.hold(t, c)
	for path := range c.Files {
		if strings.HasPrefix(path, "1 /var/lib/kubelet") {
			delete(c.Files, path)
		}
	}
	sighted{"mount: {pod: demoduo, container: demox, path: /mem, volume: mem}", checks.CannotTell, "keeps its volumes elsewhere"}.hold(t, c)
}

func TestMountMistakes(t *testing.T) {
	mistaken(t, map[string]string{
		"mount: {pod: demoduo, container: demox}":                                                         `lesson.md:1:3: check "mount": no path is given (path: /PATH)`,
		"mount: {pod: demoduo, container: demox, path: data}":                                             `lesson.md:1:49: check "mount": path: want an absolute path, as /data/note, found "data"`,
		"mount: {pod: demoduo, container: demox, path: /data, same-as: {path: /in}}":                      `lesson.md:1:56: check "mount": no container is named (same-as: {container: NAME, path: PATH})`,
		"mount: {pod: demoduo, container: demox, path: /data, same-as: {container: demox, path: /data/}}": `lesson.md:1:56: check "mount": want another mount than the one that is looked at`,
	})
}

func TestMountFact(t *testing.T) {
	c := recorded(t)
	mounts(t)(c)
	c.Pods["demoduo"].Spec.Volumes = c.Pods["demoduo"].Spec.Volumes[:6]
	worth(t, c, map[string]string{
		"mount: {pod: demoduo, container: demox, path: /data}":              "shared",
		"mount: {pod: demoduo, container: demox, path: /mem}":               "mem",
		"mount: {pod: demoduo, container: demoy, path: /in, which: access}": "read-only",
		"mount: {pod: demoduo, container: demox, path: /mem, which: type}":  "tmpfs",
		"mount: {pod: demoduo, container: demox, path: /data/deep}":         "",
		"mount: {pod: demoduo, container: demoy, path: /stolen}":            "",
	})
}
