package checks_test

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// wrote lets the present run of a recorded container have written lines.
func wrote(t testing.TB, c *checkstest.Cluster, pod, container string, cut bool, lines ...string) {
	t.Helper()
	if c.Written == nil {
		c.Written = map[string]checks.Log{}
	}
	c.Written[pod+"/"+container] = checks.Log{ContainerID: "containerd://" + idOf(t, c, pod, container), Lines: lines, Cut: cut}
}

func sends(numbers string) []string {
	var lines []string
	for n := range strings.SplitSeq(numbers, "") {
		lines = append(lines, "sent "+n)
	}
	return lines
}

func gets(numbers string) []string {
	lines := []string{"waiting"}
	for n := range strings.SplitSeq(numbers, "") {
		lines = append(lines, "got "+n)
	}
	return lines
}

func queue(t testing.TB, c *checkstest.Cluster) {
	t.Helper()
	wrote(t, c, "demoduo", "demox", false, "starting", "listening on 9081", "error: none", "ready", "error: one\r")
	wrote(t, c, "demoduo", "demoy", false, "ready at last")
	wrote(t, c, "demosolo", "demox", false)
	wrote(t, c, "demotrio", "demox", false, sends("12345")...)
	wrote(t, c, "demotrio", "demoy", false, gets("12345")...)
	wrote(t, c, "demotrio", "demoz", false, gets("51243")...)
}

func TestLogs(t *testing.T) {
	const duo = "logs: {pod: demoduo, container: demox, "
	earlier := func(t testing.TB, c *checkstest.Cluster) {
		log := c.Written["demoduo/demox"]
		log.ContainerID = strings.Repeat("0", 64)
		c.Written["demoduo/demox"] = log
	}
	unread := func(_ testing.TB, c *checkstest.Cluster) { delete(c.Written, "demoduo/demox") }
	refuses := func(_ testing.TB, c *checkstest.Cluster) { c.LogsErr = errors.New("pods/log is forbidden") }
	ended := func(_ testing.TB, c *checkstest.Cluster) {
		c.Pods["demoduo"].Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{Reason: "Completed"}}
	}
	inContainers(t, queue, []judged{
		{duo + "contains: listening}", nil, checks.Pass, "1 line", 0},
		{duo + "equals: ready}", nil, checks.Pass, "1 line", 0},
		{duo + "equals: 'error: one'}", nil, checks.Pass, "1 line", 0},
		{duo + "matches: '^error: .*e$'}", nil, checks.Pass, "2 lines", 0},
		{duo + "contains: error, matches: ' one$', count: 1}", nil, checks.Pass, "1 line", 0},
		{duo + "contains: error, count: '>= 2'}", nil, checks.Pass, "2 lines", 0},
		{duo + "contains: panic, count: 0}", nil, checks.Pass, "0 lines", 0},
		{duo + "count: 5}", nil, checks.Pass, "5 lines", 0},
		{"logs: {pod: demosolo, container: demox, count: 0}", nil, checks.Pass, "0 lines", 0},
		{duo + "in-order: [starting, listening, ready, one]}", nil, checks.Pass, `"starting", then "listening"`, 0},

		{duo + "contains: at last}", nil, checks.NotYet, `0 lines of 5, the last: "error: one"`, 1}, // demoy says so
		{duo + "equals: read}", nil, checks.NotYet, "0 lines of 5", 1},
		{duo + "contains: listening, matches: ^ready}", nil, checks.NotYet, "0 lines of 5", 1}, // never in one line
		{duo + "contains: error, count: 1}", nil, checks.NotYet, `"want":"1 line containing "error"","got":"2 lines of 5"`, 1},
		{duo + "contains: error, count: 0, in-order: [ready, starting]}", nil, checks.NotYet, `no line with "starting" after "ready"`, 2},
		{duo + "in-order: [ready, ready]}", nil, checks.NotYet, `no line with "ready" after "ready"`, 1},
		{duo + "in-order: [done]}", nil, checks.NotYet, `no line with "done"`, 1},
		{"logs: {pod: demosolo, container: demox, contains: a}", nil, checks.NotYet, "0 lines of 0", 1},

		{duo + "contains: ready} # an earlier run", earlier, checks.NotYet, "present run of demox", 0},
		{duo + "contains: panic, count: 0} # an earlier run", earlier, checks.NotYet, "present run of demox", 0},
		{duo + "contains: panic, count: 0} # none read", unread, checks.NotYet, "present run of demox", 0},
		{duo + "contains: ready} # ended", ended, checks.Pass, "1 line", 0},
		{duo + "contains: panic, count: 0} # not started", stopped("demoduo", "demox"), checks.NotYet, "waiting: CrashLoopBackOff", 1},
		{duo + "contains: ready} # the other is down", stopped("demoduo", "demoy"), checks.Pass, "1 line", 0},
		{duo + "contains: ready} # deleted", deleted("demoduo"), checks.NotYet, "is being deleted", 0},
		{"logs: {pod: demoduo, container: demoz, count: 0}", nil, checks.NotYet, "has no container demoz", 1},
		{"logs: {pod: nobody, container: demox, count: 0}", nil, checks.NotYet, "no pod nobody", 0},
		{duo + "count: 0} # api", apiDown, checks.CannotTell, "connection refused", 0},
		{duo + "count: 0} # logs", refuses, checks.CannotTell, "pods/log is forbidden", 0},
	})
}

// Of a log that is cut, what has been seen is certain, and what is missing is not.
func TestLogsCut(t *testing.T) {
	cut := func(t testing.TB, c *checkstest.Cluster) {
		wrote(t, c, "demoduo", "demox", true, "b", "a", "b")
	}
	const duo, unknown = "logs: {pod: demoduo, container: demox, ", "the lines before decide"
	inContainers(t, cut, []judged{
		{duo + "equals: a}", nil, checks.Pass, "1 line", 0},
		{duo + "equals: b, count: '>= 2'}", nil, checks.Pass, "2 lines", 0},
		{duo + "equals: b, count: '> 1'}", nil, checks.Pass, "2 lines", 0},
		{duo + "equals: b, count: '!= 1'}", nil, checks.Pass, "2 lines", 0},
		{duo + "in-order: [b, a]}", nil, checks.Pass, "", 0},
		{duo + "equals: b, count: 1}", nil, checks.NotYet, "2 lines", 1},
		{duo + "equals: b, count: '< 2'}", nil, checks.NotYet, "2 lines", 1},
		{duo + "equals: b, count: '<= 1'}", nil, checks.NotYet, "2 lines", 1},
		{duo + "equals: c}", nil, checks.CannotTell, unknown, 0},
		{duo + "equals: c, count: 0}", nil, checks.CannotTell, unknown, 0},
		{duo + "equals: b, count: 2}", nil, checks.CannotTell, unknown, 0},
		{duo + "equals: b, count: '<= 2'}", nil, checks.CannotTell, unknown, 0},
		{duo + "equals: b, count: '< 3'}", nil, checks.CannotTell, unknown, 0},
		{duo + "equals: b, count: '> 2'}", nil, checks.CannotTell, unknown, 0},
		{duo + "equals: b, count: '!= 2'}", nil, checks.CannotTell, unknown, 0},
		{duo + "in-order: [a, a]}", nil, checks.CannotTell, unknown, 0},
		{duo + "equals: c, in-order: [b, a]}", nil, checks.CannotTell, unknown, 0},
	})
}

func TestLogsAnswered(t *testing.T) {
	const (
		trio    = `logs: {pod: demotrio, container: demox, each: 'sent (\d+)', answered-in: {container: demoy, by: 'got (\d+)'}}`
		ordered = `logs: {pod: demotrio, container: demox, each: 'sent (\d+)', answered-in: {container: demoy, by: 'got (\d+)', in-order: true}}`
	)
	got := func(lines []string, cut bool) spoil {
		return func(t testing.TB, c *checkstest.Cluster) { wrote(t, c, "demotrio", "demoy", cut, lines...) }
	}
	sent := func(lines []string, cut bool) spoil {
		return func(t testing.TB, c *checkstest.Cluster) { wrote(t, c, "demotrio", "demox", cut, lines...) }
	}
	inContainers(t, queue, []judged{
		{trio, nil, checks.Pass, "5 lines, each answered", 0},
		{ordered, nil, checks.Pass, "5 lines, each answered", 0},
		{strings.Replace(trio, "demoy", "demoz", 1), nil, checks.Pass, "", 0},
		{strings.Replace(ordered, "demoy", "demoz", 1), nil, checks.NotYet, `{"of":"answer 1","want":"to "sent 1"","got":""got 5""}`, 1},
		{trio + " # one more", got(gets("123456"), false), checks.Pass, "", 0},
		{trio + " # two alike", sent(sends("112345"), false), checks.NotYet, `{"of":""sent 1"","want":"answered twice","got":"answered once"}`, 1},
		{trio + " # all but one", got(gets("1245"), false), checks.NotYet, `{"of":""sent 3"","want":"answered once","got":"answered never"}`, 1},
		{trio + " # twice", got(gets("123345"), false), checks.NotYet, `"got":"answered twice"`, 1},
		{trio + " # the number is right, the message is not", got(gets("12346"), false), checks.NotYet, "sent 5", 1},
		{trio + " # two are wrong", got(gets("1444"), false), checks.NotYet, `"got":"answered 3 times"`, 4},
		{trio + " # nothing was sent", sent([]string{"starting"}, false), checks.NotYet, "no such line", 1},
		{strings.Replace(trio, "container: demoy", "pod: demoduo, container: demoy", 1), nil, checks.NotYet, "answered never", 5},
		{strings.Replace(trio, "container: demoy", "pod: nobody, container: demoy", 1), nil, checks.NotYet, "no pod nobody", 0},

		{trio + " # cut, answered so far", got(gets("12345"), true), checks.CannotTell, "the lines before decide", 0},
		{trio + " # cut, the answer may have been before", got(gets("345"), true), checks.CannotTell, "the lines before decide", 0},
		{trio + " # cut, twice all the same", got(gets("33"), true), checks.NotYet, "answered twice", 1},
		{trio + " # the sender is cut", sent(sends("45"), true), checks.CannotTell, "the lines before decide", 0},
		{trio + " # the sender is cut, one has no answer", sent(sends("456"), true), checks.NotYet, "sent 6", 1},
		{ordered + " # the sender is cut", sent(sends("54"), true), checks.CannotTell, "the lines before decide", 0},
	})
}

func TestLogsFact(t *testing.T) {
	const duo = "logs: {pod: demoduo, container: demox"
	factsInContainers(t, queue, []judged{
		{duo + "}", nil, checks.Pass, "5", 0},
		{duo + ", contains: error}", nil, checks.Pass, "2", 0},
		{duo + ", contains: panic}", nil, checks.Pass, "0", 0},
		{duo + "} # cut", func(t testing.TB, c *checkstest.Cluster) { wrote(t, c, "demoduo", "demox", true, "a") }, checks.CannotTell, "whole log of demox", 0},
		{duo + "} # down", stopped("demoduo", "demox"), checks.NotYet, "CrashLoopBackOff", 0},
		{duo + "} # api", apiDown, checks.CannotTell, "connection refused", 0},
	})
}

func TestLogsMistakes(t *testing.T) {
	refused(t, map[string]string{
		"logs: {pod: a, container: b}":                                                         "nothing is claimed of the log",
		"logs: {pod: a, contains: c}":                                                          "no container is named",
		"logs: {container: b, contains: c}":                                                    "no pod is named",
		"logs: {pod: a, container: b, in-order: [c, '']}":                                      `lesson.md:1:46: check "logs": in-order[1]: an empty text`,
		"logs: {pod: a, container: b, each: '(c)'}":                                            "each and answered-in belong together",
		"logs: {pod: a, container: b, answered-in: {container: c, by: '(d)'}}":                 "each and answered-in belong together",
		"logs: {pod: a, container: b, each: '(c)', answered-in: {container: c}}":               "want {container: NAME, by: PATTERN}",
		"logs: {pod: a, container: b, each: c, answered-in: {container: c, by: d}}":            "one at least",
		"logs: {pod: a, container: b, each: '(c)', answered-in: {container: c, by: '(d)(e)'}}": "each has 1, by has 2",
		"logs: {pod: a, container: b, each: '(c)', answered-in: {container: b, by: '(c)'}}":    "every line would answer itself",
		"logs: {pod: a, container: b, each: '(c', answered-in: {container: b, by: '(c)'}}":     "not a regular expression",
		"logs: {pod: a, container: b, count: few}":                                             "want a number or a comparison",
		"ask logs: {pod: a, container: b, count: 1}":                                           `unknown field "count"`,
		"ask logs: {pod: a}": "no container is named",
	})
}
