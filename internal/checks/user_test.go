package checks_test

import (
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// users gives demoduo's containers what containerd gives root, and what it gives a user without privileges that the
// manifest adds NET_RAW for.
func users(t *testing.T) func(*checkstest.Cluster) {
	return func(c *checkstest.Cluster) {
		if c.Within == nil {
			c.Within = &node.Inside{}
		}
		c.Within.Users = map[int]node.Credentials{
			firstOf(t, c, "demoduo", "demox").PID: {Groups: []int{0, 1, 26}, CapEff: 0xa80425fb},
			firstOf(t, c, "demoduo", "demoy").PID: {UID: 1000, GID: 2000, Groups: []int{2000, 3000}, NoNewPrivs: true},
		}
	}
}

func TestUser(t *testing.T) {
	c := recorded(t)
	users(t)(c)
	holdAll(t, c, []sighted{
		{"user: {pod: demoduo, container: demox, uid: 0, gid: 0}", checks.Pass, ""},
		{"user: {pod: demoduo, container: demoy, uid: 1000, gid: 2000, groups: [3000], no-new-privileges: true}", checks.Pass, ""},
		{
			"user: {pod: demoduo, container: demoy, uid: 0, gid: 0, groups: [2000, 26, 0]}", checks.NotYet,
			"[{demoy's uid 0 1000} {demoy's gid 0 2000} {demoy's groups with 26 2000, 3000} {demoy's groups with 0 2000, 3000}]",
		},
		{"user: {pod: demoduo, container: demox, capabilities: {has: [CAP_NET_RAW, chown], lacks: [SYS_ADMIN]}}", checks.Pass, ""},
		{
			"user: {pod: demoduo, container: demox, capabilities: {has: [NET_RAW, NET_ADMIN], lacks: [KILL, SYS_TIME]}}", checks.NotYet,
			"[{demox's capabilities with NET_ADMIN, NET_RAW without NET_ADMIN} {demox's capabilities without KILL, SYS_TIME with KILL}]",
		},
		{"user: {pod: demoduo, container: demoy, capabilities: {has: [NET_RAW]}}", checks.NotYet, "without NET_RAW"},
		{"user: {pod: demoduo, container: demoy, capabilities: {lacks: [ALL]}}", checks.Pass, ""},
		{"user: {pod: demoduo, container: demox, capabilities: {lacks: [ALL]}}", checks.NotYet, "without ALL with CHOWN, DAC_OVERRIDE"},
		{"user: {pod: demoduo, container: demox, no-new-privileges: true}", checks.NotYet, "{demox's no-new-privileges yes no}"},
		{"user: {pod: demoduo, container: demox, same-as: demoy}", checks.NotYet, "[{demox's uid 1000, as demoy has 0} {demox's gid 2000, as demoy has 0}]"},
		{"user: {pod: demoduo, container: demoz, uid: 0}", checks.NotYet, "no container demoz"},
		{"user: {pod: demosolo, container: demox, uid: 0}", checks.CannotTell, "does not show who demox's first process"},
		{"user: {pod: triomissing, container: demox, same-as: demoz}", checks.NotYet, "demoz"},
	})
	same := c.Within.Users[firstOf(t, c, "demoduo", "demoy").PID]
	same.CapEff = 1
	c.Within.Users[firstOf(t, c, "demoduo", "demox").PID] = same
	holdAll(t, c, []sighted{{"user: {pod: demoduo, container: demox, same-as: demoy}", checks.Pass, ""}})
}

func TestUserFaults(t *testing.T) {
	nodeFaults(t, "user: {pod: demoduo, container: demox, uid: 0}", users(t))
}

func TestUserMistakes(t *testing.T) {
	mistaken(t, map[string]string{
		"user: {pod: demoduo, container: demox}":                                                      `lesson.md:1:3: check "user": nothing is claimed of the user (uid: NUMBER, and the like)`,
		"user: {pod: demoduo, container: demox, uid: root}":                                           `lesson.md:1:47: check "user": uid: want the number of a user or a group, 0 or more, found "root"`,
		"user: {pod: demoduo, container: demox, uid: -1}":                                             `lesson.md:1:47: check "user": uid: want the number of a user or a group, 0 or more, found "-1"`,
		"user: {pod: demoduo, container: demox, same-as: demox}":                                      `lesson.md:1:42: check "user": want another container than demox`,
		"user: {pod: demoduo, container: demox, capabilities: {has: [NET_ROW]}}":                      `lesson.md:1:63: check "user": capabilities.has[0]: unknown capability "NET_ROW" (did you mean "NET_RAW"?)`,
		"user: {pod: demoduo, container: demox, capabilities: {has: [CAP_KILL], lacks: [ALL, kill]}}": `lesson.md:1:42: check "user": it cannot both have and lack KILL`,
	})
}

func TestUserFact(t *testing.T) {
	c := recorded(t)
	users(t)(c)
	worth(t, c, map[string]string{
		"user: {pod: demoduo, container: demoy}":                           "1000",
		"user: {pod: demoduo, container: demoy, which: gid}":               "2000",
		"user: {pod: demoduo, container: demox, which: groups}":            "0, 1, 26",
		"user: {pod: demoduo, container: demoy, which: capabilities}":      "none",
		"user: {pod: demoduo, container: demoy, which: no-new-privileges}": "yes",
		"user: {pod: demosolo, container: demox}":                          "",
	})
}
