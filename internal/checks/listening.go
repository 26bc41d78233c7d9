package checks

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
)

// listening claims which container of a pod owns a port.
type listening struct {
	podPort
	container string // "" for any
	address   string // "" for whatever it is, "any" for all of the pod's
	nobody    bool
}

// podPort is a port of a pod.
type podPort struct {
	pod, protocol string
	port          int
}

// Subject returns the pod's name.
func (p podPort) Subject() string { return p.pod }

func (p podPort) String() string {
	if p.protocol == "udp" {
		return fmt.Sprintf("UDP port %d", p.port)
	}
	return fmt.Sprintf("port %d", p.port)
}

// portNumber is the number of a port; 0 while none is given.
type portNumber int

// UnmarshalText refuses what is no port.
func (p *portNumber) UnmarshalText(text []byte) error {
	var n int
	if _, err := fmt.Sscanf(string(text)+"\n", "%d\n", &n); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("want a port, 1 to 65535, found %q", text)
	}
	*p = portNumber(n)
	return nil
}

// protocol is tcp or udp.
type protocol string

// UnmarshalText accepts either case.
func (p *protocol) UnmarshalText(text []byte) error {
	*p = protocol(strings.ToLower(string(text)))
	if *p != "tcp" && *p != "udp" {
		return fmt.Errorf("want tcp or udp, found %q", text)
	}
	return nil
}

// listenAddress is "any" or an IP address.
type listenAddress string

// UnmarshalText takes 0.0.0.0 and :: for any.
func (a *listenAddress) UnmarshalText(text []byte) error {
	ip, err := netip.ParseAddr(string(text))
	switch {
	case string(text) == "any" || err == nil && ip.IsUnspecified():
		*a = "any"
	case err == nil:
		*a = listenAddress(ip.Unmap().String())
	default:
		return fmt.Errorf("want any or an IP address, as 127.0.0.1, found %q", text)
	}
	return nil
}

type listeningFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Port      portNumber    `yaml:"port" doc:"the port"`
	Protocol  protocol      `yaml:"protocol" doc:"tcp or udp; tcp if it is left out"`
	Container containerName `yaml:"container" doc:"name of the container that owns the port; any of the pod's if it is left out"`
	Address   listenAddress `yaml:"address" doc:"the address that it listens on, as 127.0.0.1, or any for all of the pod's; whichever if it is left out"`
	Nobody    bool          `yaml:"nobody" doc:"true: nobody listens on the port in this pod"`
}

type listeningAsk struct {
	Pod      podName    `yaml:"pod" doc:"name of the pod"`
	Port     portNumber `yaml:"port" doc:"the port"`
	Protocol protocol   `yaml:"protocol" doc:"tcp or udp; tcp if it is left out"`
}

func listeningKind() Kind {
	return Kind{
		Name: "listening",
		Says: "A process of the container has a socket open that listens on the port, in the pod's own network namespace; or nobody has. The containers " +
			"of a pod share that namespace, so only one of them can have a port. While one of them does not run, it is not said that nobody listens. podlab looks at the node: no program is needed in the image, and the same port " +
			"in another pod does not count. Neither does what `kubectl exec` or a probe put into a container; the evidence names it.",
		Fields: listeningFields{},
		Examples: []string{
			"listening: {pod: demoduo, port: 9081, container: demox}",
			"listening: {pod: demoduo, port: 9082, container: demoy, address: 127.0.0.1}",
			"listening: {pod: demoduo, port: 9090, nobody: true}",
		},
		Shows:       "All sockets of the pod that listen by that protocol, with the processes and containers that have them open.",
		CannotTell:  "The node could not be looked at. The process that has the socket open was not there a moment before: it is just starting.",
		AskSays:     "The answer is the name of the one container that owns the port.",
		AskFields:   listeningAsk{},
		AskExamples: []string{"answer: {listening: {pod: demoduo, port: 9081}}"},
		check:       parseListening,
		fact:        parseListeningFact,
	}
}

func parseListening(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f listeningFields, wrong func(string, string, ...any)) {
		needPort(f.Pod, f.Port, wrong)
		if f.Nobody && f.Container != "" {
			wrong("nobody", "nobody is no container: leave out container, or nobody")
		}
	})
	return listening{aPort(f.Pod, f.Port, f.Protocol), string(f.Container), string(f.Address), f.Nobody}, mistakes
}

func parseListeningFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f listeningAsk, wrong func(string, string, ...any)) {
		needPort(f.Pod, f.Port, wrong)
	})
	return listeningFact{aPort(f.Pod, f.Port, f.Protocol)}, mistakes
}

func needPort(pod podName, port portNumber, wrong func(string, string, ...any)) {
	if pod == "" {
		wrong("", "no pod is named (pod: NAME)")
	}
	if port == 0 {
		wrong("", "no port is given (port: NUMBER)")
	}
}

func aPort(pod podName, port portNumber, p protocol) podPort {
	if p == "" {
		p = "tcp"
	}
	return podPort{string(pod), string(p), int(port)}
}

func (listening) Kind() string { return "listening" }

func (k listening) Title() string { return k.pod + ": " + k.want() }

func (k listening) want() string {
	text := fmt.Sprintf("%s listens on %s", k.container, k.podPort)
	switch {
	case k.nobody:
		text = fmt.Sprintf("nobody listens on %s", k.podPort)
	case k.container == "":
		text = fmt.Sprintf("a container listens on %s", k.podPort)
	}
	switch k.address {
	case "":
		return text
	case "any":
		return text + " of any address"
	}
	return text + " of " + k.address
}

func (k listening) Eval(ctx context.Context, c Cluster) Result {
	all, down, r := k.listeners(ctx, c, k.container)
	if r.Verdict == Pass {
		r = k.judge(all, r)
		if k.container == "" {
			r = k.doubt(r, down)
		}
	}
	r.Want = k.want()
	return r
}

// doubt takes it for no proof that nobody listens while a container that may is down.
func (k listening) doubt(r Result, down []Mismatch) Result {
	switch {
	case len(down) == 0:
	case k.nobody && r.Verdict == Pass:
		r.Vacant = true
		return unlike(r, down)
	case !k.nobody && r.Verdict == NotYet:
		r.Vacant = true
	}
	return r
}

func (k listening) judge(all []listener, r Result) Result {
	var here, elsewhere []listener
	for _, l := range all {
		switch {
		case l.port != k.port:
		case l.at(k.address):
			here = append(here, l)
		default:
			elsewhere = append(elsewhere, l)
		}
	}
	owns := func(l listener) bool {
		return len(l.containers) > 0 && (k.container == "" || slices.Contains(l.containers, k.container))
	}
	taken := func(l listener) bool { return len(l.containers)+len(l.strangers) > 0 }
	unknown := slices.ContainsFunc(here, func(l listener) bool { return l.unknown })
	r.Got = whoListens(k.podPort, slices.Concat(here, elsewhere))
	switch {
	case !k.nobody && slices.ContainsFunc(here, owns):
		return r
	case k.nobody && slices.ContainsFunc(here, taken):
	case unknown:
		return justCame(r, k.podPort)
	case k.nobody:
		return r
	}
	return unlike(r, []Mismatch{{k.podPort.String(), k.want(), r.Got}})
}

// justCame says that nobody knows yet whose a socket is.
func justCame(r Result, port podPort) Result {
	r.Verdict, r.Got = CannotTell, fmt.Sprintf("whose socket listens on %s is not known", port)
	r.Why, r.Try = "its process came or went while podlab looked", "look again"
	return r
}

// whoListens says in a few words who has the port.
func whoListens(port podPort, on []listener) string {
	var parts []string
	for _, l := range on {
		parts = append(parts, fmt.Sprintf("%s listens on %s of %s", l.who(), port, l.address))
	}
	if parts == nil {
		return fmt.Sprintf("nobody listens on %s", port)
	}
	return strings.Join(parts, ", ")
}

// listeners returns the sockets of the pod that listen by the protocol, with a pass, or the result that says why they are not known.
// The container must run, if one is named; down are those of the pod that do not.
func (p podPort) listeners(ctx context.Context, c Cluster, container string) (all []listener, down []Mismatch, r Result) {
	pod, r := findPod(ctx, c, p.pod)
	switch {
	case pod == nil:
		return nil, nil, r
	case hasEnded(pod):
		return nil, nil, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("pod %s has ended (%s)", p.pod, pod.Status.Phase)}
	}
	var named []string
	if container != "" {
		named = []string{container}
	}
	s, r := lookFor(ctx, c, p.pod, named...)
	if s == nil {
		return nil, nil, r
	}
	in, r := s.inside(ctx, c)
	if in == nil {
		return nil, nil, r
	}
	all = s.listenersOf(in, p.protocol)
	return all, s.missing(), Result{Verdict: Pass, Evidence: s.listenEvidence(all, p.protocol)}
}

type listeningFact struct{ podPort }

func (listeningFact) Kind() string { return "listening" }

func (f listeningFact) Value(ctx context.Context, c Cluster) (string, Result) {
	all, _, r := f.listeners(ctx, c, "")
	if r.Verdict != Pass {
		return "", r
	}
	all = slices.DeleteFunc(all, func(l listener) bool { return l.port != f.port })
	r.Got = whoListens(f.podPort, all)
	owners := map[string]bool{}
	for _, l := range all {
		if l.unknown {
			return "", justCame(r, f.podPort)
		}
		for _, name := range l.containers {
			owners[name] = true
		}
	}
	if len(owners) != 1 {
		r.Verdict = NotYet
		return "", r
	}
	for name := range owners {
		return name, r
	}
	return "", r
}
