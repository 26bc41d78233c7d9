package checks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// user claims who a container's first process is, and what it may do.
type user struct {
	pod, container string
	uid, gid       *int
	groups         []int
	has, lacks     capabilities
	noNewPrivs     *bool
	sameAs         string
}

type userFields struct {
	Pod          podName       `yaml:"pod" doc:"name of the pod"`
	Container    containerName `yaml:"container" doc:"name of the container"`
	UID          *id           `yaml:"uid" doc:"effective user ID"`
	GID          *id           `yaml:"gid" doc:"effective group ID"`
	Groups       []id          `yaml:"groups" doc:"group IDs that must be among the supplementary ones; there may be more"`
	Capabilities capsFields    `yaml:"capabilities" doc:"has: [NAMES] and lacks: [NAMES], of the effective set; CAP_NET_RAW or NET_RAW, or ALL"`
	NoNewPrivs   *bool         `yaml:"no-new-privileges" doc:"true if no program that it starts can gain privileges, as by a setuid bit"`
	SameAs       containerName `yaml:"same-as" doc:"name of another container of the pod whose user and group it has"`
}

type capsFields struct {
	Has   []capability `yaml:"has"`
	Lacks []capability `yaml:"lacks"`
}

// id is the number of a user or a group.
type id int

// UnmarshalText reads a whole number from 0.
func (n *id) UnmarshalText(text []byte) error {
	var number uint32
	if _, err := fmt.Sscanf(string(text)+" ", "%d ", &number); err != nil || fmt.Sprint(number) != string(text) {
		return fmt.Errorf("want the number of a user or a group, 0 or more, found %q", text)
	}
	*n = id(number)
	return nil
}

type userAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	Which     string        `yaml:"which" doc:"uid (the default), gid, groups, capabilities, or no-new-privileges, which is yes or no"`
}

func userKind() Kind {
	return Kind{
		Name: "user",
		Says: "The container's first process has this user, this group, these supplementary groups, these capabilities in its effective set, and " +
			"can or cannot gain new privileges. All that is given must hold. The numbers are the node's: in a pod with `hostUsers: false` they are not those " +
			"that the container sees. A capability that the manifest adds for a user other than 0 is not effective until the program has it itself.",
		Fields: userFields{},
		Examples: []string{
			"user: {pod: demoduo, container: demox, uid: 0, capabilities: {has: [NET_RAW], lacks: [SYS_ADMIN]}}",
			"user: {pod: demoduo, container: demox, same-as: demoy}",
		},
		Shows:       "What `/proc/PID/status` has of the process: its IDs, groups, effective capabilities and NoNewPrivs.",
		CannotTell:  "The node does not show the credentials of the first process.",
		AskSays:     "The answer is a number, a list of numbers in any order, a list of capabilities without `CAP_`, or yes or no.",
		AskFields:   userAsk{},
		AskExamples: []string{"answer: {user: {pod: demoduo, container: demox}}", "answer: {user: {pod: demoduo, container: demox, which: gid}}"},
		check:       parseUser,
		fact:        parseUserFact,
	}
}

func parseUser(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f userFields, wrong func(string, string, ...any)) {
		needContainer(f.Pod, f.Container, wrong)
		has, lacks := capabilitiesOf(f.Capabilities.Has), capabilitiesOf(f.Capabilities.Lacks)
		if both := has & lacks; both != 0 {
			wrong("capabilities", "it cannot both have and lack %s", both)
		}
		if f.UID == nil && f.GID == nil && len(f.Groups) == 0 && has|lacks == 0 && f.NoNewPrivs == nil && f.SameAs == "" {
			wrong("", "nothing is claimed of the user (uid: NUMBER, and the like)")
		}
		if f.SameAs != "" && f.SameAs == f.Container {
			wrong("same-as", "want another container than %s", f.Container)
		}
	})
	k := &user{pod: string(f.Pod), container: string(f.Container), uid: (*int)(f.UID), gid: (*int)(f.GID), noNewPrivs: f.NoNewPrivs, sameAs: string(f.SameAs)}
	k.has, k.lacks = capabilitiesOf(f.Capabilities.Has), capabilitiesOf(f.Capabilities.Lacks)
	for _, g := range f.Groups {
		k.groups = append(k.groups, int(g))
	}
	return k, mistakes
}

func parseUserFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f userAsk, wrong func(string, string, ...any)) {
		needContainer(f.Pod, f.Container, wrong)
		known := []string{"", "uid", "gid", "groups", "capabilities", "no-new-privileges"}
		if !slices.Contains(known, f.Which) {
			wrong("which", "unknown %q%s", f.Which, orOneOf(f.Which, known[1:]))
		}
	})
	return userFact{&user{pod: string(f.Pod), container: string(f.Container)}, f.Which}, mistakes
}

// Kind returns "user".
func (*user) Kind() string { return "user" }

// Subject returns the pod.
func (k *user) Subject() string { return k.pod }

// Title returns what the check list shows.
func (k *user) Title() string { return k.pod + ": " + k.want() }

func (k *user) want() string {
	var parts []string
	add := func(given bool, format string, args ...any) {
		if given {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(k.uid != nil, "uid %s", number(k.uid))
	add(k.gid != nil, "gid %s", number(k.gid))
	add(len(k.groups) > 0, "groups with %s", numbers(k.groups))
	add(k.has != 0, "has %s", k.has)
	add(k.lacks != 0, "lacks %s", k.lacks)
	add(k.noNewPrivs != nil, "no-new-privileges %s", yesNo(k.noNewPrivs != nil && *k.noNewPrivs))
	add(k.sameAs != "", "the user and group of %s", k.sameAs)
	return k.container + ": " + strings.Join(parts, ", ")
}

func number(n *int) string {
	if n == nil {
		return ""
	}
	return fmt.Sprint(*n)
}

func numbers(list []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Eval looks at the first process on the pod's node.
func (k *user) Eval(ctx context.Context, c Cluster) Result {
	who, other, r := k.find(ctx, c)
	if r.Verdict == "" {
		r.Verdict, r.Got = Pass, k.want()
		r = unlike(r, k.differs(who, other))
	}
	r.Want = k.want()
	return r
}

// find returns the credentials of the container and, if one is named, of the other.
func (k *user) find(ctx context.Context, c Cluster) (who, other node.Credentials, r Result) {
	wanted := []string{k.container}
	if k.sameAs != "" {
		wanted = append(wanted, k.sameAs)
	}
	s, r := lookFor(ctx, c, k.pod, wanted...)
	if s == nil {
		return who, other, r
	}
	in, r := s.inside(ctx, c)
	if in == nil {
		return who, other, r
	}
	var rows []string
	found := make([]node.Credentials, 2)
	for i, name := range wanted {
		m, ok := s.member(name)
		if !ok {
			return who, other, torn("%s is not on node %s", name, s.node.Node)
		}
		if found[i], ok = in.Users[m.first.PID]; !ok {
			return who, other, cannotTell(fmt.Sprintf("node %s does not show who %s's first process (PID %d) is", s.node.Node, name, m.first.PID),
				"the process may have ended while it was looked at", "look again")
		}
		rows = append(rows, credentialRows(m, found[i])...)
	}
	return found[0], found[1], Result{Evidence: Evidence{
		Command: "grep -E '^(Uid|Gid|Groups|CapEff|NoNewPrivs):' /proc/PID/status", Rows: rows,
	}}
}

func credentialRows(m member, c node.Credentials) []string {
	bit := map[bool]int{true: 1}[c.NoNewPrivs]
	return []string{
		fmt.Sprintf("# %s, PID %d, %s", m.name, m.first.PID, m.first.Args),
		fmt.Sprintf("Uid:        %d", c.UID),
		fmt.Sprintf("Gid:        %d", c.GID),
		"Groups:     " + strings.ReplaceAll(numbers(c.Groups), ",", ""),
		fmt.Sprintf("CapEff:     %016x (%s)", c.CapEff, capabilities(c.CapEff)),
		fmt.Sprintf("NoNewPrivs: %d", bit),
	}
}

func (k *user) differs(who, other node.Credentials) []Mismatch {
	var off []Mismatch
	add := func(wrong bool, of, want string, got any) {
		if wrong {
			off = append(off, Mismatch{k.container + "'s " + of, want, fmt.Sprint(got)})
		}
	}
	add(k.uid != nil && *k.uid != who.UID, "uid", number(k.uid), who.UID)
	add(k.gid != nil && *k.gid != who.GID, "gid", number(k.gid), who.GID)
	for _, g := range k.groups {
		add(!slices.Contains(who.Groups, g), "groups", "with "+fmt.Sprint(g), cmp.Or(numbers(who.Groups), "none"))
	}
	has := capabilities(who.CapEff)
	add(k.has&^has != 0, "capabilities", "with "+k.has.String(), "without "+(k.has&^has).String())
	add(k.lacks&has != 0, "capabilities", "without "+k.lacks.String(), "with "+(k.lacks&has).String())
	add(k.noNewPrivs != nil && *k.noNewPrivs != who.NoNewPrivs, "no-new-privileges", yesNo(!who.NoNewPrivs), yesNo(who.NoNewPrivs))
	if k.sameAs != "" {
		add(who.UID != other.UID, "uid", fmt.Sprintf("%d, as %s has", other.UID, k.sameAs), who.UID)
		add(who.GID != other.GID, "gid", fmt.Sprintf("%d, as %s has", other.GID, k.sameAs), who.GID)
	}
	return off
}

type userFact struct {
	*user
	which string
}

// Value returns the number or the list.
func (f userFact) Value(ctx context.Context, c Cluster) (string, Result) {
	who, _, r := f.find(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	answer := map[string]string{
		"": fmt.Sprint(who.UID), "uid": fmt.Sprint(who.UID), "gid": fmt.Sprint(who.GID), "groups": cmp.Or(numbers(who.Groups), "none"),
		"capabilities": capabilities(who.CapEff).String(), "no-new-privileges": yesNo(who.NoNewPrivs),
	}[f.which]
	r.Verdict, r.Got = Pass, f.container+": "+answer
	return answer, r
}
