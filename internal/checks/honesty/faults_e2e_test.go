//go:build e2e

package honesty

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/kube"
	"github.com/podlab/podlab/internal/ports"
)

func openAPI(t *testing.T, kubeconfig string) ports.API {
	t.Helper()
	client, err := kube.Open(kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return ports.API{Client: client}
}

// fault is one thing that breaks, and is mended afterwards.
type fault struct {
	name       string
	blinds     func(*Trial) bool
	lanes      int
	begin, end func()
}

// many is for faults that make every look wait.
const many = 99

// faults breaks one thing after the other and looks at the first pass of each kind meanwhile.
func (s *setting) faults(t *testing.T, h *Harness, trials, first []*Trial, say func(string, ...any)) {
	t.Helper()
	first = h.Right(t.Context(), first)
	s.rights(t, h, trials, first, say)
	s.jump(t, h, trials, say)
	broken := s.dockerFaults(t)
	if s.own {
		broken = slices.Concat(broken, s.nodeFaults(t), s.serverFaults(t))
	}
	for _, f := range broken {
		say("fault: %s", f.name)
		f.begin()
		h.Fault(t.Context(), f.name, first, f.lanes, f.blinds)
		f.end()
		h.Recover(t.Context(), f.name, first)
	}
}

// needs is true of a trial that needs one of the senses.
func needs(senses ...Sense) func(*Trial) bool {
	return func(t *Trial) bool {
		return slices.ContainsFunc(senses, func(s Sense) bool { return slices.Contains(t.Case.Looks, s) })
	}
}

// dockerFaults take Docker away from the checks, and from nobody else.
func (s *setting) dockerFaults(t *testing.T) []fault {
	return []fault{
		{"Docker refuses", needs(Node), lanes, s.proxy.stop, func() { s.proxy.start(t) }},
		{"Docker is silent", needs(Node), many, s.proxy.hush, s.proxy.speak},
	}
}

// frost stops every process that podlab starts on the node, for as long as its file is there.
const frost = `
my (%seen, @stopped);
while (-e "/run/podlab-frost") {
	opendir(my $proc, "/proc") or die;
	for my $pid (grep { /^\d+$/ && !$seen{$_} } readdir $proc) {
		open(my $f, "<", "/proc/$pid/environ") or next;
		local $/;
		my $environment = <$f> // "";
		next if $environment eq "";
		$seen{$pid} = 1 if $environment !~ /PODLAB_EXEC=/;
		kill "STOP", $pid if $environment =~ /PODLAB_EXEC=/;
	}
	select(undef, undef, undef, 0.002);
}
`

const thaw = `
rm -f /run/podlab-frost
for e in $(grep -lzF PODLAB_EXEC= /proc/[0-9]*/environ 2>/dev/null); do p=${e#/proc/}; kill -CONT "${p%/environ}" || true; done`

// nodeFaults make the node slow, or still. Only a cluster of the test's own may be treated so.
func (s *setting) nodeFaults(t *testing.T) []fault {
	return []fault{
		{
			"the node is too slow", needs(Node), many,
			func() {
				s.stage.onNode(t, "touch /run/podlab-frost")
				mustDocker(t, "exec", "-d", s.stage.node, "perl", "-e", frost)
				time.Sleep(200 * time.Millisecond) // until it has begun
			},
			func() { s.stage.onNode(t, thaw) },
		},
		{
			"the node is paused", func(*Trial) bool { return true }, many,
			func() { mustDocker(t, "pause", s.stage.node) }, func() { mustDocker(t, "unpause", s.stage.node) },
		},
	}
}

// serverFaults stop the API server. What the node shows is no verdict then: nobody knows which containers it is about.
func (s *setting) serverFaults(t *testing.T) []fault {
	all := func(*Trial) bool { return true }
	const back = `for i in $(seq 300); do kubectl get --raw /readyz >/dev/null 2>&1 && exit 0; sleep 0.2; done; exit 1`
	return []fault{
		{
			"the API server is silent", all, many,
			func() { s.stage.onNode(t, `kill -STOP "$(pgrep -x kube-apiserver)"`) },
			func() { s.stage.onNode(t, `kill -CONT "$(pgrep -x kube-apiserver)";`+back) },
		},
		{
			"the API server is gone", all, lanes,
			func() {
				s.stage.onNode(t, `mv /etc/kubernetes/manifests/kube-apiserver.yaml /root/
				for still in $(seq 20); do kill -9 $(pgrep -x kube-apiserver) 2>/dev/null || true; sleep 0.1; done`)
			},
			func() { s.stage.onNode(t, `mv /root/kube-apiserver.yaml /etc/kubernetes/manifests/;`+back) },
		},
	}
}

// rights looks with accounts that may not do all: one may see objects only, one may see pods and events only.
func (s *setting) rights(t *testing.T, h *Harness, trials, first []*Trial, say func(string, ...any)) {
	t.Helper()
	look := func(name, rules string, trials []*Trial, blinds func(*Trial) bool) {
		say("fault: %s", name)
		narrow := *h
		narrow.Place = newStage(t, s.namespace, s.account(t, strings.ReplaceAll(name, " ", "-"), rules), s.cluster)
		narrow.Fault(t.Context(), name, trials, lanes, blinds)
	}
	look("not allowed to exec", s.objectRules(t), first, needs(Exec, Logs, Forward))
	pods := `
- {apiGroups: [""], resources: [pods, events], verbs: [get, list, watch]}
- {apiGroups: [""], resources: [pods/exec, pods/portforward, pods/log], verbs: [get, create]}`
	others := slices.DeleteFunc(slices.Clone(trials), func(trial *Trial) bool {
		return trial.Case.Want != checks.Pass || !asksForMore(trial) && !slices.Contains(first, trial)
	})
	look("not allowed to list", pods, h.Right(t.Context(), others), asksForMore)
}

// asksForMore is true of a trial that asks for objects other than pods and events.
func asksForMore(t *Trial) bool {
	return slices.ContainsFunc(t.Kinds(), func(kind string) bool { return kind != "Pod" && kind != "Event" })
}
