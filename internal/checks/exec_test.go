package checks_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// inContainers is judge on the recorded demoduo and its near-misses, which prepare completes.
func inContainers(t *testing.T, prepare spoil, tests []judged) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.check, func(t *testing.T) {
			c := prepared(t, prepare, test.spoil)
			r := eval(t, c, test.check)
			for range 2 { // what a claim about time asks for
				if r.Again > 0 {
					c.Clock = c.Clock.Add(r.Again)
					r = eval(t, c, test.check)
				}
			}
			said, err := json.Marshal([]any{r.Got, r.Why, r.Mismatches})
			if err != nil {
				t.Fatal(err)
			}
			plain := strings.NewReplacer(`\"`, `"`, `\\`, `\`, `\u003e`, ">", `\u003c`, "<").Replace(string(said))
			if r.Verdict != test.verdict || len(r.Mismatches) != test.off || !strings.Contains(plain, test.says) {
				t.Errorf("%s, %d mismatches: %s;\nwant %s, %d, ...%s...", r.Verdict, len(r.Mismatches), plain, test.verdict, test.off, test.says)
			}
			sound(t, r)
		})
	}
}

// factsInContainers is judgeFacts on the same.
func factsInContainers(t *testing.T, prepare spoil, tests []judged) {
	t.Helper()
	for _, test := range tests {
		t.Run("ask "+test.check, func(t *testing.T) {
			c := prepared(t, prepare, test.spoil)
			got, r := value(t, c, test.check)
			for range 2 { // what a fact about time asks for
				if r.Again > 0 {
					c.Clock = c.Clock.Add(r.Again)
					got, r = value(t, c, test.check)
				}
			}
			known := test.verdict == checks.Pass
			if r.Verdict != test.verdict || known && got != test.says || !known && (got != "" || !strings.Contains(r.Got+r.Why, test.says)) {
				t.Errorf("%q, %+v; want %s, %q", got, r, test.verdict, test.says)
			}
			r.Want = "an answer"
			sound(t, r)
		})
	}
}

func prepared(t *testing.T, prepare, change spoil) *checkstest.Cluster {
	t.Helper()
	c := recorded(t)
	prepare(t, c)
	if change != nil {
		change(t, c)
	}
	return c
}

// ends is a program that ends so, whatever it is called with.
func ends(exit int, stdout, stderr string) spoil {
	return func(_ testing.TB, c *checkstest.Cluster) {
		c.Program = func(_, _ string, _ []string) (checks.Ran, error) {
			return checks.Ran{Exit: exit, Stdout: []byte(stdout), Stderr: []byte(stderr)}, nil
		}
	}
}

func cannotRun(err error) spoil {
	return func(_ testing.TB, c *checkstest.Cluster) {
		c.Program = func(_, _ string, _ []string) (checks.Ran, error) { return checks.Ran{}, err }
	}
}

// writesOnAndOn is a program whose output is longer than podlab reads.
func writesOnAndOn(begin string) spoil {
	return func(_ testing.TB, c *checkstest.Cluster) {
		c.Program = func(_, _ string, _ []string) (checks.Ran, error) {
			return checks.Ran{Stdout: []byte(begin), Cut: true}, nil
		}
	}
}

func stopped(pod, container string) spoil {
	return func(_ testing.TB, c *checkstest.Cluster) { stop(c, pod, container) }
}

func TestExec(t *testing.T) {
	const duo = "exec: {pod: demoduo, container: demox, "
	refusal := errors.New(`pods "demoduo" is forbidden: User "learner" cannot create resource "pods/exec"`)
	notThere := fmt.Errorf(`%w: exec: "curl": executable file not found in $PATH`, checks.ErrNotStarted)
	replaced := func(_ testing.TB, c *checkstest.Cluster) {
		c.Program = func(_, _ string, _ []string) (checks.Ran, error) {
			c.Pods["demoduo"].Status.ContainerStatuses[0].ContainerID = "containerd://" + strings.Repeat("0", 64)
			return checks.Ran{}, nil
		}
	}
	killed := func(_ testing.TB, c *checkstest.Cluster) {
		c.Program = func(_, _ string, _ []string) (checks.Ran, error) {
			id := strings.TrimPrefix(c.Pods["demoduo"].Status.ContainerStatuses[0].ContainerID, "containerd://")
			delete(c.Snapshot.Tasks, id) // the API has not heard of it yet
			return checks.Ran{Exit: 137}, nil
		}
	}
	blind := func(_ testing.TB, c *checkstest.Cluster) {
		ends(1, "", "")(t, c)
		c.NodeErr = errors.New("docker is down")
	}
	inContainers(t, ends(0, "PHP 8.2.35 (cli)\nZend Engine v4.2.35\n", ""), []judged{
		{duo + "command: [php, -v]}", nil, checks.Pass, "exit code 0, stdout \"PHP 8.2.35", 0},
		{duo + "command: [php, -v], contains: PHP 8, matches: '^Zend .*35$'}", nil, checks.Pass, "", 0},
		{duo + `run: "php -v", equals: "PHP 8.2.35 (cli)\nZend Engine v4.2.35"}`, nil, checks.Pass, "", 0},
		{duo + "command: [php, -v], exit: '>= 1', contains: PHP 9, matches: '^Zend$', stderr: {equals: oops}}", nil, checks.NotYet, `{"of":"exit code","want":">= 1","got":"0"}`, 4},
		{duo + "command: [php, -v], equals: PHP}", nil, checks.NotYet, `"of":"stdout","want":"equal to "PHP""`, 1},
		{duo + "command: [cat, /x]}", ends(1, "", "cat: /x: No such file or directory\n"), checks.NotYet, "exit code: 1", 1},
		{duo + "command: [cat, /x], exit: '!= 0', stderr: {contains: No such file}}", ends(1, "", "cat: /x: No such file or directory\n"), checks.Pass, "exit code 1", 0},
		{duo + "run: 'exit 3', exit: 3}", ends(3, "", ""), checks.Pass, "exit code 3", 0},

		{"exec: {pod: nobody, container: demox, command: [php]}", nil, checks.NotYet, "no pod nobody", 0},
		{"exec: {pod: demoduo, container: demoz, command: [php]}", nil, checks.NotYet, "has no container demoz", 1},
		{duo + "command: [php]}", stopped("demoduo", "demox"), checks.NotYet, "waiting: CrashLoopBackOff", 1},
		{duo + "command: [php]} # another container is down", stopped("demoduo", "demoy"), checks.Pass, "exit code 0", 0},
		{duo + "command: [php]} # deleted", deleted("demoduo"), checks.NotYet, "is being deleted", 0},
		{duo + "command: [php]} # replaced", replaced, checks.NotYet, "demox was replaced while php ran in it", 0},

		{duo + "command: [php], exit: '!= 0'} # killed", killed, checks.NotYet, "ended while php ran in it", 0},
		{duo + "command: [php], exit: 137} # killed", killed, checks.NotYet, "ended while php ran in it", 0},
		{"not: {" + duo + "command: [php]}} # killed", killed, checks.NotYet, "ended while php ran in it", 0},

		{duo + "command: [php], exit: 1} # node", blind, checks.CannotTell, "docker is down", 0},
		{duo + "command: [php]} # api", apiDown, checks.CannotTell, "connection refused", 0},
		{duo + "command: [curl, x]}", cannotRun(notThere), checks.CannotTell, "curl could not be started in demox: the image may not have it", 0},
		{duo + "command: [curl, x], exit: '!= 0'}", cannotRun(notThere), checks.CannotTell, "curl could not be started", 0},
		{duo + "command: [curl, x]} # refused", cannotRun(refusal), checks.CannotTell, "cannot create resource", 0},
	})
}

// A shell starts whatever its image has. What it has not must not be held against the learner, nor for her.
func TestExecShellWithoutTheProgram(t *testing.T) {
	const duo = "exec: {pod: demoduo, container: demox, "
	dash := ends(127, "", "sh: 1: curl: not found\n")
	inContainers(t, dash, []judged{
		{duo + "run: curl x}", nil, checks.CannotTell, "curl could not be started in demox", 0},
		{duo + "run: curl x, exit: '!= 0'}", nil, checks.CannotTell, "curl could not be started", 0},
		{duo + "run: curl x, exit: '>= 1'}", nil, checks.CannotTell, "curl could not be started", 0},
		{duo + "run: curl x, exit: 127}", nil, checks.Pass, "", 0},
		{duo + "run: curl x, exit: 127, contains: a}", nil, checks.CannotTell, "curl", 0},
		{duo + "run: curl x, exit: '!= 0', stderr: {contains: not found}}", nil, checks.Pass, "", 0},
		{duo + "run: curl x, exit: '!= 0', stderr: {contains: refused}}", nil, checks.CannotTell, "curl", 0},
		{duo + "run: '! curl x'}", ends(0, "", "sh: 1: curl: not found\n"), checks.CannotTell, "curl could not be started", 0},
		{duo + "run: 'curl x | grep y'}", ends(1, "", "sh: line 1: curl: command not found\n"), checks.CannotTell, "curl could not be started", 0},
		{duo + "run: 'curl x'}", ends(127, "", "sh: curl: not found\n"), checks.CannotTell, "curl could not be started", 0},
		{duo + "run: ./x}", ends(126, "", "sh: 1: ./x: Permission denied\n"), checks.CannotTell, "a program of sh could not be started", 0},
		{duo + "run: 'php x', exit: 1}", ends(1, "", "page: not found\n"), checks.Pass, "", 0},
	})
}

// Of a text that is cut only the beginning is known.
func TestExecCut(t *testing.T) {
	const duo = "exec: {pod: demoduo, container: demox, command: [seq, '100000'], "
	inContainers(t, writesOnAndOn("1\n2\n3\n"), []judged{
		{duo + "contains: '2'}", nil, checks.Pass, "", 0},
		{duo + "matches: '^2$'}", nil, checks.Pass, "", 0},
		{duo + "contains: '99999'}", nil, checks.CannotTell, "longer than the 64 KiB", 0},
		{duo + "matches: '^9+$'}", nil, checks.CannotTell, "longer than the 64 KiB", 0},
		{duo + `matches: '^3\n\z'}`, nil, checks.CannotTell, "longer than the 64 KiB", 0},
		{duo + `equals: "1\n2\n3"}`, nil, checks.CannotTell, "longer than the 64 KiB", 0},
		{duo + `equals: "1\n2\n3\n4\n5"}`, nil, checks.CannotTell, "longer than the 64 KiB", 0},
		{duo + `equals: "1\n3"}`, nil, checks.NotYet, "equal to", 1},
		{duo + `exit: 1, contains: '99999'}`, nil, checks.NotYet, "exit code", 1},
	})
}

func TestExecFact(t *testing.T) {
	const duo = "exec: {pod: demoduo, container: demox, command: [hostname]}"
	factsInContainers(t, ends(0, "demoduo\n", ""), []judged{
		{duo, nil, checks.Pass, "demoduo", 0},
		{duo + " # fails", ends(1, "a", "oops"), checks.NotYet, "ended with exit code 1", 0},
		{duo + " # silent", ends(0, " \n", ""), checks.NotYet, "wrote nothing", 0},
		{duo + " # cut", writesOnAndOn("a"), checks.CannotTell, "64 KiB", 0},
		{duo + " # shell", ends(127, "", "sh: 1: hostname: not found\n"), checks.CannotTell, "hostname could not be started", 0},
		{duo + " # missing", cannotRun(checks.ErrNotStarted), checks.CannotTell, "hostname could not be started", 0},
		{duo + " # down", stopped("demoduo", "demox"), checks.NotYet, "CrashLoopBackOff", 0},
		{duo + " # api", apiDown, checks.CannotTell, "connection refused", 0},
	})
}

func TestExecMistakes(t *testing.T) {
	refused(t, map[string]string{
		"exec: {pod: a, container: b}":                                  "no program is given (command:",
		"exec: {pod: a, container: b, command: [c], run: d}":            `lesson.md:1:46: check "exec": want one of command`,
		"exec: {pod: a, container: b, command: ['']}":                   "the program's name is empty",
		"exec: {command: [c]}":                                          "no pod is named",
		"exec: {pod: a, command: [c]}":                                  "no container is named",
		"exec: {pod: a, container: b, command: [c], exit: bad}":         `lesson.md:1:52: check "exec": exit: want a number or a comparison`,
		"exec: {pod: a, container: b, command: [c], matches: '('}":      "matches: not a regular expression",
		"exec: {pod: a, container: b, command: [c], stderr: {is: bad}}": `unknown field "is"`,
		"ask exec: {pod: a, container: b}":                              "no program is given",
		"ask exec: {pod: a, container: b, run: c, exit: 0}":             `unknown field "exit"`,
	})
}

// What a learner would type runs the same words.
func TestExecEvidence(t *testing.T) {
	c := prepared(t, ends(3, "a\n\nb\n", "one\ntwo\n"), nil)
	r := eval(t, c, `exec: {pod: demoduo, container: demox, run: "echo 'a b' $HOME", exit: 3}`)
	want := checks.Evidence{
		Command: `kubectl exec demoduo -c demox -- sh -c 'echo '\''a b'\'' $HOME'; echo $?`,
		Rows:    []string{"a", "", "b", "3"},
		Notes:   []string{"the last line on stderr: two"},
	}
	if fmt.Sprintf("%q", r.Evidence) != fmt.Sprintf("%q", want) {
		t.Errorf("%q\nwant %q", r.Evidence, want)
	}
}
