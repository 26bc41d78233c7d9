package checks_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// ruling is one row of the table in docs/checks.md: what stands in the way of a check, and what the check says then.
type ruling struct {
	what    string
	verdict checks.Verdict
	says    string
	kinds   []string // whom it concerns; nil: every kind
	not     []string // but not these, whose own words say why
	spoil   func(c *checkstest.Cluster)
}

// below are the kinds whose examples look at the node.
func below() []string {
	return []string{"nprocs", "same-parent", "namespaces", "pid1", "process", "ipc", "mount", "cgroup", "user", "env", "file", "listening"}
}

func apiErr(err error) func(*checkstest.Cluster) {
	return func(c *checkstest.Cluster) { c.PodErr, c.EventsErr, c.LogsErr = err, err, err }
}

func eachPod(change func(*corev1.Pod)) func(*checkstest.Cluster) {
	return func(c *checkstest.Cluster) {
		for _, pod := range c.Pods {
			change(pod)
		}
	}
}

func rulings() []ruling {
	refused := apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("no rights"))
	timeout := fmt.Errorf("no answer: %w", context.DeadlineExceeded)
	return []ruling{
		{
			what: "The API server does not answer, or the connection to it is lost.", verdict: checks.CannotTell,
			spoil: apiErr(errors.New("connection refused")),
		},
		{what: "The API server refuses the request (403).", verdict: checks.CannotTell, spoil: apiErr(refused)},
		{what: "No answer in time: a look takes at most 10 seconds.", verdict: checks.CannotTell, spoil: apiErr(timeout)},
		{
			what: "There is no such pod or object.", verdict: checks.NotYet,
			says: "It is no proof of the opposite: `not` does not hold either. Only `absent` claims it.", not: []string{"absent", "expr"},
			spoil: func(c *checkstest.Cluster) { clear(c.Pods); c.Things = nil },
		},
		{
			what: "The pod is being deleted.", verdict: checks.NotYet, says: "Nor is it a proof of the opposite. For `event` and `field` the object is still one.",
			kinds: append(below(), "ready", "phase", "restarts", "started-before", "exec", "logs", "changed", "unchanged", "grows", "not"),
			spoil: eachPod(func(pod *corev1.Pod) { pod.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)} }),
		},
		{
			what: "A container that the check looks into does not run.", verdict: checks.NotYet, says: "With the container's state and the reason for it.",
			kinds: append(below(), "ready", "exec"), not: []string{"listening"}, // which may look into the pod as a whole
			spoil: eachPod(func(pod *corev1.Pod) {
				for i := range pod.Status.ContainerStatuses {
					s := &pod.Status.ContainerStatuses[i]
					s.Ready, s.State = false, corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}
				}
			}),
		},
		{
			what: "Docker or the node does not answer.", verdict: checks.CannotTell, says: "Kinds that do not look at the node are not concerned.",
			kinds: append(below(), "ready"),
			spoil: func(c *checkstest.Cluster) { c.NodeErr = errors.New("docker does not answer") },
		},
		{
			what: "The API says that a pod runs, and its node shows nothing of it.", verdict: checks.CannotTell, kinds: append(below(), "ready"),
			spoil: eachPod(func(pod *corev1.Pod) { pod.UID = "00000000-0000-0000-0000-000000000000" }),
		},
		{
			what: "Only one of the API and the node knows a container.", verdict: checks.NotYet, says: "It is starting, ending or being replaced.",
			kinds: append(below(), "ready"),
			spoil: eachPod(func(pod *corev1.Pod) {
				for i := range pod.Status.ContainerStatuses {
					pod.Status.ContainerStatuses[i].ContainerID = "containerd://" + strings.Repeat("0", 64)
				}
			}),
		},
		{
			what: "The program of an `exec` cannot be started in the container.", verdict: checks.CannotTell,
			says: "That the image lacks a program is nobody's mistake.", kinds: []string{"exec"},
			spoil: func(c *checkstest.Cluster) {
				c.Program = func(string, string, []string) (checks.Ran, error) { return checks.Ran{}, checks.ErrNotStarted }
			},
		},
		{
			what: "An `exec` is refused, or the connection breaks while it runs.", verdict: checks.CannotTell, kinds: []string{"exec"},
			spoil: func(c *checkstest.Cluster) {
				c.Program = func(string, string, []string) (checks.Ran, error) { return checks.Ran{}, refused }
			},
		},
		{
			what: "A log cannot be read.", verdict: checks.CannotTell, kinds: []string{"logs"},
			spoil: func(c *checkstest.Cluster) { c.LogsErr = refused },
		},
		{
			what: "Nobody listens on the port that `http` connects to.", verdict: checks.NotYet, kinds: []string{"http"},
			spoil: func(c *checkstest.Cluster) {
				behindService(c)
				c.Port = func(checks.Address) (net.Conn, error) { return nil, checks.ErrRefused }
			},
		},
		{
			what: "`http` cannot try to connect: the port-forward is refused, the node does not answer.", verdict: checks.CannotTell, kinds: []string{"http"},
			spoil: func(c *checkstest.Cluster) {
				behindService(c)
				c.Port = func(checks.Address) (net.Conn, error) { return nil, refused }
			},
		},
	}
}

// concerns says whether the row speaks of the kind.
func (r ruling) concerns(kind string) bool {
	return (r.kinds == nil || slices.Contains(r.kinds, kind)) && !slices.Contains(r.not, kind)
}

// Every row is held against every example of every kind that it concerns, on the recorded cluster.
func TestRulings(t *testing.T) {
	for _, row := range rulings() {
		for _, kind := range checks.Kinds() {
			if !row.concerns(kind.Name) {
				continue
			}
			for _, example := range kind.Examples {
				r := row.look(t, example)
				if r.Verdict != row.verdict {
					t.Errorf("%s\n%s: %s, want %s: %+v", row.what, example, r.Verdict, row.verdict, r)
				}
				if r.Got == "" || (r.Verdict == checks.CannotTell) != (r.Try != "") {
					t.Errorf("%s\n%s: got %q, try %q: a way out belongs to cannot-tell, and to it alone", row.what, example, r.Got, r.Try)
				}
				if r.Verdict == checks.CannotTell && r.Why == "" {
					t.Errorf("%s\n%s: it does not say why", row.what, example)
				}
			}
		}
	}
}

// What is no proof of a claim is none of its opposite either.
func TestRulingsNegated(t *testing.T) {
	for _, row := range rulings() {
		for _, kind := range checks.Kinds() {
			// ready judges containers that do not run: they are not ready, which is the opposite.
			ready := kind.Name == "ready" && strings.Contains(row.what, "does not run")
			if !row.concerns(kind.Name) || kind.Name == "absent" || kind.Name == "not" || ready {
				continue
			}
			for _, example := range kind.Examples {
				if r := row.look(t, "not: {"+example+"}"); r.Verdict == checks.Pass {
					t.Errorf("%s\nnot: %s passes: %+v", row.what, example, r)
				}
			}
		}
	}
}

func (r ruling) look(t *testing.T, source string) checks.Result {
	t.Helper()
	c := recorded(t)
	c.Program = func(string, string, []string) (checks.Ran, error) { return checks.Ran{}, nil }
	c.Port = func(checks.Address) (net.Conn, error) { return nil, checks.ErrRefused }
	r.spoil(c)
	return check(t, source).Eval(t.Context(), c)
}
