package node

import "strings"

// podAndContainer finds the pod's UID and the container's ID in a cgroup path, whichever driver wrote it:
//
//	/kubelet.slice/…/kubelet-kubepods-burstable-pod6ed6_….slice/cri-containerd-<id>.scope   systemd
//	/kubepods/burstable/pod6ed6-…/<id>                                                      cgroupfs
//	/system.slice/containerd.service/kubepods-besteffort-pod6ed6_….slice:cri-containerd:<id>  the two mixed
//
// On cgroup v1 the path can begin with the node's own container. So only what stands after "kubepods" counts.
func podAndContainer(cgroup string) (podUID, containerID string) {
	parts := strings.FieldsFunc(cgroup, func(r rune) bool { return r == '/' || r == ':' })
	inPods := false
	for i, part := range parts {
		inPods = inPods || strings.Contains(part, "kubepods")
		if uid := uidOf(part); inPods && uid != "" {
			return uid, firstID(parts[i+1:])
		}
	}
	return "", ""
}

func uidOf(part string) string {
	name := strings.TrimSuffix(part, ".slice")
	at := strings.LastIndex(name, "pod")
	if at < 0 {
		return ""
	}
	uid := strings.ReplaceAll(name[at+len("pod"):], "_", "-")
	if len(uid) < 32 || strings.Trim(uid, "0123456789abcdef-") != "" {
		return ""
	}
	return uid
}

func firstID(parts []string) string {
	for _, part := range parts {
		name := strings.TrimSuffix(part, ".scope")
		name = name[strings.LastIndex(name, "-")+1:]
		if len(name) == 64 && strings.Trim(name, "0123456789abcdef") == "" {
			return name
		}
	}
	return ""
}
