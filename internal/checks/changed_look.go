package checks

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/node"
)

// valued is one value: what it is compared by, and how it is shown.
type valued struct{ key, text string }

func only(text string) valued { return valued{text, text} }

// read returns the value of this moment, and a result with how it was read, whose verdict is set if it is gone or cannot be known.
func (k *change) read(ctx context.Context, c Cluster) (noted, Result) {
	switch k.of {
	case ofPodUID, ofPodIP:
		return k.readPod(ctx, c)
	case ofRestarts:
		return k.readRestarts(ctx, c)
	}
	return k.readNode(ctx, c)
}

func (k *change) readPod(ctx context.Context, c Cluster) (noted, Result) {
	pod, r := findPod(ctx, c, k.pod)
	if pod == nil {
		return noted{}, r
	}
	switch {
	case pod.DeletionTimestamp != nil:
		return noted{}, Result{Verdict: NotYet, Vacant: true, Got: "pod " + k.pod + " is being deleted"}
	case k.of == ofPodUID:
		r.Evidence.Command = "kubectl get pod " + k.pod + " -o jsonpath='{.metadata.uid}'"
		return noted{pod: string(pod.UID), values: []valued{only(string(pod.UID))}}, r
	case hasEnded(pod):
		return noted{}, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("pod %s has ended (%s)", k.pod, pod.Status.Phase)}
	case pod.Status.PodIP == "":
		return noted{}, Result{Verdict: NotYet, Vacant: true, Got: "pod " + k.pod + " has no IP address"}
	}
	r.Evidence.Command = "kubectl get pod " + k.pod + " -o jsonpath='{.status.podIP}'"
	return noted{pod: string(pod.UID), values: []valued{only(pod.Status.PodIP)}}, r
}

// readRestarts takes the API's count. That it stayed the same is only known while the container runs on the node: after a
// crash the API goes on for a moment as if nothing had happened.
func (k *change) readRestarts(ctx context.Context, c Cluster) (noted, Result) {
	pod, r := findPod(ctx, c, k.pod)
	if pod == nil {
		return noted{}, r
	}
	status, has := anyStatus(pod, k.container)
	switch {
	case pod.DeletionTimestamp != nil:
		return noted{}, Result{Verdict: NotYet, Vacant: true, Got: "pod " + k.pod + " is being deleted"}
	case !has:
		return noted{}, unlike(Result{Vacant: true}, []Mismatch{{k.container, "a container", fmt.Sprintf("pod %s has no container %s", k.pod, k.container)}})
	case status.Name == "":
		return noted{}, Result{Verdict: NotYet, Vacant: true, Got: k.container + " was not created yet"}
	}
	if k.stays {
		if s, _, r := lookAtOne(ctx, c, k.pod, k.container); s == nil {
			return noted{}, r
		}
	}
	count := only(strconv.Itoa(int(status.RestartCount)))
	r.Evidence.Command = k.statusCommand(pod, "restartCount")
	return noted{pod: string(pod.UID), values: []valued{count}}, r
}

// statusCommand prints a field of the container's status, which stands in a list of its own for init containers.
func (k *change) statusCommand(pod *corev1.Pod, field string) string {
	list := "containerStatuses"
	if slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == k.container }) {
		list = "initContainerStatuses"
	}
	return fmt.Sprintf("kubectl get pod %s -o jsonpath='{.status.%s[?(@.name==%q)].%s}'", k.pod, list, k.container, field)
}

func (k *change) readNode(ctx context.Context, c Cluster) (noted, Result) {
	var wanted []string
	if k.container != "" {
		wanted = append(wanted, k.container)
	}
	s, r := lookFor(ctx, c, k.pod, wanted...)
	if s == nil {
		return noted{}, r
	}
	now := noted{pod: string(s.pod.UID)}
	if k.of == ofSandbox {
		r.Evidence.Command = "ctr -n k8s.io tasks ls"
		now.values = []valued{{s.sandbox().id, fmt.Sprintf("%.12s", s.sandbox().id)}}
		return now, r
	}
	m, ok := s.member(k.container)
	if !ok {
		return noted{}, torn("%s's container is not on node %s", k.container, s.node.Node)
	}
	if k.of == ofContainer {
		r.Evidence.Command = k.statusCommand(s.pod, "containerID")
		now.values = []valued{{m.id, fmt.Sprintf("%.12s", m.id)}}
		return now, r
	}
	found := []node.Process{m.first}
	if k.of == ofProcesses {
		found = s.running(m, k.program)
	}
	r.Evidence.Command = "ps -eo pid,lstart,args"
	for _, p := range found {
		if p.Start == 0 {
			return noted{}, cannotTell(fmt.Sprintf("node %s does not show when PID %d (%s) was started", s.node.Node, p.PID, p.Args), "", "look again")
		}
		now.values = append(now.values, valued{
			fmt.Sprintf("%d@%d", p.PID, p.Start),
			fmt.Sprintf("PID %d (%s, started %d.%02d s after the node's kernel)", p.PID, p.Args, p.Start/100, p.Start%100),
		})
	}
	return now, r
}
