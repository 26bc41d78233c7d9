package checks_test

import (
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// queues gives demoduo a queue with three messages, which both containers see, and demosolo one of the same key and ID.
func queues(t *testing.T) func(*checkstest.Cluster) {
	return func(c *checkstest.Cluster) {
		duo := []node.IPCObject{
			{Kind: "queue", Key: "0x0000162e", ID: 0, Perms: "666", Size: 12, Count: 3},
			{Kind: "queue", Key: "0x8fbd3876", ID: 1, Perms: "644"},
			{Kind: "shm", Key: "0x00000000", ID: 0, Perms: "600", Size: 4096, Count: 1},
		}
		solo := []node.IPCObject{{Kind: "queue", Key: "0x0000162e", ID: 0, Perms: "666"}}
		c.Within = &node.Inside{IPC: map[string][]node.IPCObject{
			firstOf(t, c, "demoduo", "demox").ContainerID:  duo,
			firstOf(t, c, "demoduo", "demoy").ContainerID:  duo,
			firstOf(t, c, "demosolo", "demox").ContainerID: solo,
			firstOf(t, c, "demotrio", "demox").ContainerID: {},
		}}
	}
}

func TestIPC(t *testing.T) {
	c := recorded(t)
	queues(t)(c)
	holdAll(t, c, []sighted{
		{"ipc: {pod: demoduo, object: queue, key: 0x162e, seen-by: [demox, demoy]}", checks.Pass, ""},
		{"ipc: {pod: demoduo, object: queue, key: 5678, count: 1, seen-by: [demoy], messages: 3}", checks.Pass, ""},
		{"ipc: {pod: demoduo, object: queue, key: -1883424650, seen-by: [demoy]}", checks.Pass, ""},
		{"ipc: {pod: demoduo, object: queue, count: 2, seen-by: [demox, demoy], not-seen-by: [demosolo/demox, demotrio/demox]}", checks.Pass, ""},
		{"ipc: {pod: demoduo, object: shm, seen-by: [demox], not-seen-by: [demosolo/demox]}", checks.Pass, ""},
		{"ipc: {pod: demotrio, object: queue, not-seen-by: [demox]}", checks.Pass, ""},

		{
			"ipc: {pod: demoduo, object: queue, key: 0x162f, seen-by: [demox, demoy]}", checks.NotYet,
			"{demox >= 1 message queue 0x0000162f seen none with the key; there is 0x0000162e (ID 0), 0x8fbd3876 (ID 1)} {demoy ",
		},
		{"ipc: {pod: demoduo, object: queue, key: 0x162e, seen-by: [demox, demosolo/demox]}", checks.NotYet, "{demosolo/demox the same that demox sees others, in ipc namespace"},
		{"ipc: {pod: demoduo, object: queue, key: 0x162e, seen-by: [demox], messages: 4}", checks.NotYet, "{message queue 0x0000162e 4 messages 3 messages}"},
		{"ipc: {pod: demoduo, object: semaphore, seen-by: [demox]}", checks.NotYet, "{demox >= 1 semaphore set seen none}"},
		{"ipc: {pod: demoduo, object: queue, seen-by: [demox], not-seen-by: [demoy]}", checks.NotYet, "{demoy does not see it sees 2: 0x0000162e (ID 0), 0x8fbd3876 (ID 1)}"},
		{"ipc: {pod: demosolo, object: queue, key: 0x162e, not-seen-by: [demox]}", checks.NotYet, "sees 1: 0x0000162e"},
		{"ipc: {pod: demosolo, object: queue, key: 0x162e, seen-by: [demox], messages: 3}", checks.NotYet, "0 messages"},
		{"ipc: {pod: demoduo, object: queue, seen-by: [demoz]}", checks.NotYet, "no container demoz"},
		{"ipc: {pod: demoduo, object: queue, seen-by: [demox, nobody/demox]}", checks.NotYet, "no pod nobody"},
		{"ipc: {pod: demotrio, object: queue, seen-by: [demoy]}", checks.CannotTell, "does not show the System V objects of demoy"},
	})
}

func TestIPCEvidence(t *testing.T) {
	c := recorded(t)
	queues(t)(c)
	r := eval(t, c, "ipc: {pod: demoduo, object: queue, key: 0x162e, seen-by: [demox, demoy]}")
	want := "0x0000162e   0       0       666     12           3"
	if len(r.Evidence.Rows) != 4 || r.Evidence.Rows[2] != want {
		t.Errorf("rows %q, want the third to be %q", r.Evidence.Rows, want)
	}
}

func TestIPCFaults(t *testing.T) {
	nodeFaults(t, "ipc: {pod: demoduo, object: queue, seen-by: [demox]}", queues(t))
}

func TestIPCMistakes(t *testing.T) {
	mistaken(t, map[string]string{
		"ipc: {pod: demoduo, object: queue}":                                       `lesson.md:1:3: check "ipc": no container is named (seen-by: [NAMES] or not-seen-by: [NAMES])`,
		"ipc: {pod: demoduo, object: pipe, seen-by: [demox]}":                      `lesson.md:1:31: check "ipc": object: unknown object "pipe" (there are queue, semaphore, shm)`,
		"ipc: {pod: demoduo, object: shm, key: 0x1ffffffff, seen-by: [demox]}":     `lesson.md:1:41: check "ipc": key: want a key, as 0x162e or 5678, found "0x1ffffffff"`,
		"ipc: {pod: demoduo, object: shm, seen-by: [demox], messages: 1}":          `lesson.md:1:54: check "ipc": messages are those of queues that are seen (object: queue, seen-by: [NAMES])`,
		"ipc: {pod: demoduo, object: shm, seen-by: [demox], not-seen-by: [demox]}": `lesson.md:1:54: check "ipc": demox cannot both see and not see it`,
		"ipc: {pod: demoduo, object: shm, not-seen-by: [demox], count: 0}":         `lesson.md:1:58: check "ipc": count says nothing without seen-by`,
		"ipc: {pod: demoduo, object: shm, seen-by: [Demo/demox]}":                  `lesson.md:1:46: check "ipc": seen-by[0]: "Demo" cannot be the name of a pod: small letters, digits, - and . only`,
	})
}

func TestIPCFact(t *testing.T) {
	c := recorded(t)
	queues(t)(c)
	worth(t, c, map[string]string{
		"ipc: {pod: demoduo, container: demox, object: queue}":                               "2",
		"ipc: {pod: demoduo, container: demox, object: queue, which: messages, key: 0x162e}": "3",
		"ipc: {pod: demosolo, container: demox, object: queue, which: messages}":             "0",
		"ipc: {pod: demosolo, container: demox, object: shm}":                                "0",
		"ipc: {pod: demotrio, container: demoy, object: shm}":                                "",
	})
}
