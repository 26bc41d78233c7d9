package checks

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// target is where a request goes, and who may answer it.
type target struct {
	address Address
	named   string // the host and the port that the request names: "localhost:8080"
	says    string // "port 8080 of pod web"
	behind  []backend
}

// backend is a pod's port that a request may come to.
type backend struct {
	podPort
	ip   string // the address that the connection is made to, in the pod
	then string // the address that is tried next if nobody listens there; "" is none
}

const (
	localhost  = "127.0.0.1"
	localhost6 = "::1"
)

// find returns where the request goes, or the result that says why there is nowhere to go.
func (q request) find(ctx context.Context, c Cluster) (target, Result) {
	switch {
	case q.service != "" || q.nodePort:
		return q.findService(ctx, c)
	case q.from != "":
		return q.findLocal(ctx, c)
	}
	pod, r := findPod(ctx, c, q.pod)
	if pod == nil {
		return target{}, r
	}
	if r := runs(pod); r.Verdict != "" && !someRun(pod) {
		return target{}, r
	}
	port, _ := strconv.Atoi(q.port) // judged while the lesson was read
	return target{
		address: Address{Pod: q.pod, Port: port},
		named:   "localhost:" + q.port,
		says:    fmt.Sprintf("port %d of pod %s", port, q.pod),
		behind:  []backend{{podPort{q.pod, "tcp", port}, localhost, localhost6}}, // as containerd tries "localhost"
	}, Result{}
}

// someRun says whether the pod has a network namespace to connect to.
func someRun(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(containersOf(pod), func(c container) bool { return c.status.State.Running != nil })
}

// findLocal returns the port on localhost, as the container sees it.
func (q request) findLocal(ctx context.Context, c Cluster) (target, Result) {
	s, m, r := lookAtOne(ctx, c, q.pod, q.from)
	if s == nil {
		return target{}, r
	}
	port, _ := strconv.Atoi(q.port) // judged while the lesson was read
	return target{
		address: Address{Node: s.node.Node, PID: m.first.PID, Host: localhost, Port: port},
		named:   "localhost:" + q.port,
		says:    fmt.Sprintf("port %d on localhost of pod %s", port, q.pod),
		behind:  []backend{{podPort{q.pod, "tcp", port}, localhost, ""}},
	}, Result{}
}

// findService returns the Service's port at its cluster IP or on a node.
func (q request) findService(ctx context.Context, c Cluster) (target, Result) {
	found, r := object{"Service", q.service}.living(ctx, c)
	if found == nil {
		return target{}, r
	}
	var svc corev1.Service
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(found.Object, &svc); err != nil {
		return target{}, cannotTell("service "+q.service+" could not be read", err.Error(), "podlab doctor")
	}
	port, wrong := q.portOf(svc)
	if wrong != "" {
		return target{}, Result{Verdict: NotYet, Vacant: true, Got: wrong}
	}
	behind, node, r := q.backends(ctx, c, svc, port)
	if r.Verdict != "" {
		return target{}, r
	}
	t := target{
		address: Address{Node: node.Spec.NodeName, Host: svc.Spec.ClusterIP, Port: int(port.Port)},
		named:   fmt.Sprintf("%s:%d", q.service, port.Port),
		says:    fmt.Sprintf("service %s, port %d", q.service, port.Port),
		behind:  behind,
	}
	if q.nodePort {
		t.address.Host, t.address.Port = node.Status.HostIP, int(port.NodePort)
		t.named = fmt.Sprintf("%s:%d", t.address.Host, t.address.Port)
		t.says = fmt.Sprintf("node port %d of service %s", port.NodePort, q.service)
	}
	return t, Result{}
}

// portOf returns the Service's port that is meant, or why there is none.
func (q request) portOf(svc corev1.Service) (corev1.ServicePort, string) {
	var has []string
	var meant []corev1.ServicePort
	for _, p := range svc.Spec.Ports {
		has = append(has, strings.TrimSpace(fmt.Sprintf("%d %s", p.Port, p.Name)))
		if p.Protocol != corev1.ProtocolUDP && p.Protocol != corev1.ProtocolSCTP && (q.port == "" || q.port == p.Name || q.port == fmt.Sprint(p.Port)) {
			meant = append(meant, p)
		}
	}
	list := orNone(strings.Join(has, ", "))
	switch {
	case len(meant) == 0 && q.port == "":
		return corev1.ServicePort{}, fmt.Sprintf("service %s has no TCP port (it has %s)", q.service, list)
	case len(meant) == 0:
		return corev1.ServicePort{}, fmt.Sprintf("service %s has no port %s (it has %s)", q.service, q.port, list)
	case len(meant) > 1:
		return corev1.ServicePort{}, fmt.Sprintf("service %s has %d ports (%s), and the check names none", q.service, len(meant), list)
	case q.nodePort && meant[0].NodePort == 0:
		return corev1.ServicePort{}, fmt.Sprintf("service %s has no node port: its type is %s", q.service, svc.Spec.Type)
	case svc.Spec.ClusterIP == "" || svc.Spec.ClusterIP == corev1.ClusterIPNone:
		return corev1.ServicePort{}, fmt.Sprintf("service %s has no cluster IP", q.service)
	}
	return meant[0], ""
}

// backends returns the pods' ports that are behind the Service's, and the pod from whose node the Service is asked.
func (q request) backends(ctx context.Context, c Cluster, svc corev1.Service, port corev1.ServicePort) ([]backend, *corev1.Pod, Result) {
	of := service{q.service, port.Name}
	found, r := object{"Service", q.service}.living(ctx, c)
	if found == nil {
		return nil, nil, r
	}
	all, r := of.slices(ctx, c, found)
	if r.Verdict != "" {
		return nil, nil, r
	}
	var behind []backend
	for _, slice := range all {
		for _, e := range slice.Endpoints {
			name, why, r := of.judge(ctx, c, slice, e)
			if r.Verdict != "" {
				return nil, nil, r
			}
			for _, p := range slice.Ports {
				sameName := p.Name == nil && port.Name == "" || p.Name != nil && *p.Name == port.Name
				if why == "ready" && sameName && p.Port != nil && podOf(e) == name && len(e.Addresses) > 0 {
					behind = append(behind, backend{podPort{name, "tcp", int(*p.Port)}, e.Addresses[0], ""})
				}
			}
		}
	}
	if len(behind) == 0 {
		return nil, nil, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("no ready pod is behind service %s, port %d", svc.Name, port.Port)}
	}
	pod, r := findPod(ctx, c, behind[0].pod)
	return behind, pod, r
}

// judge looks who owns the sockets that the request may have come to. It returns what differs, or the result that says why
// that is not known.
func (a answerer) judge(ctx context.Context, c Cluster, at target) ([]Mismatch, Result) {
	var off []Mismatch
	for _, b := range at.behind {
		if a.pod != "" && b.pod != a.pod {
			off = append(off, Mismatch{"answered by", a.String(), "pod " + b.pod})
			continue
		}
		if a.container == "" {
			continue
		}
		all, _, r := b.listeners(ctx, c, "")
		if r.Verdict != Pass {
			return off, r
		}
		one, ok := b.answering(all)
		switch {
		case !ok:
			off = append(off, Mismatch{"answered by", a.String(), fmt.Sprintf("nobody listens on %s of pod %s any more", b.podPort, b.pod)})
		case one.unknown && !slices.Equal(one.containers, []string{a.container}):
			return off, justCame(r, b.podPort)
		case !slices.Equal(one.containers, []string{a.container}):
			off = append(off, Mismatch{"answered by", a.String(), fmt.Sprintf("%s, in pod %s", one.who(), b.pod)})
		}
	}
	return off, Result{}
}

// answering returns the socket that a connection to the backend comes to: the one on just that address goes first.
func (b backend) answering(all []listener) (listener, bool) {
	var one listener
	found := false
	for _, l := range all {
		if l.port == b.port && l.answers(b.ip) && (!found || l.address == b.ip) {
			one, found = l, true
		}
	}
	if !found && b.then != "" {
		return backend{podPort: b.podPort, ip: b.then}.answering(all)
	}
	return one, found
}
