package checks

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
)

// execution claims how a program ends that podlab runs in a container.
type execution struct {
	program
	exit           comparison
	stdout, stderr textFields
}

type execFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	Command   []string      `yaml:"command" doc:"the program and its arguments, as a list: no shell reads it"`
	Run       string        `yaml:"run" doc:"instead of command, a text that the container's own sh runs (sh -c)"`
	Exit      comparison    `yaml:"exit" doc:"the exit code, or a comparison with it, such as '!= 0'; 0 if it is left out"`
	textFields
	Stderr textFields `yaml:"stderr" doc:"what it writes to stderr, by the same three fields: {contains: TEXT}"`
}

type execAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	Command   []string      `yaml:"command" doc:"the program and its arguments, as a list: no shell reads it"`
	Run       string        `yaml:"run" doc:"instead of command, a text that the container's own sh runs (sh -c)"`
}

func execKind() Kind {
	return Kind{
		Name: "exec",
		Says: "A program that podlab runs in the container, as `kubectl exec` does, ends with the exit code and writes the text: `equals`, `contains` " +
			"and `matches` are about stdout. The program must be in the container's image. The kinds `file`, `env` and `listening` need no program there. " +
			"It runs each time that podlab looks, so it must change nothing, and it has 10 seconds. " +
			"With `command` no shell is needed; with `run` the container's `sh` reads the text, so pipes and variables work.",
		Fields: execFields{},
		Examples: []string{
			"exec: {pod: demoduo, container: demox, command: [php, -v], contains: PHP 8}",
			`exec: {pod: demoduo, container: demox, run: "ls /shared | wc -l", equals: "3"}`,
			`exec: {pod: demoduo, container: demox, command: [cat, /secret], exit: "!= 0", stderr: {contains: Permission denied}}`,
		},
		Shows: "What it wrote to stdout, with the exit code as the last line, and the last line of stderr.",
		CannotTell: "The program could not be started: most often, the image does not have it. That is so as well if it ends with 126 or 127, by which a shell says the same, or if a " +
			"shell says on stderr that it did not find a program; unless that exit code or that stderr is what the check claims. Nobody could run it: the API refuses " +
			"`exec` or does not answer, or it took longer than 10 seconds. It ended with another code than 0, and the node could not be looked at for whether the container runs still. It wrote more than 64 KiB, and what is claimed is not in the part that podlab read.",
		AskSays:     "The answer is what the program writes to stdout, without the white space around it. It must end with exit code 0.",
		AskFields:   execAsk{},
		AskExamples: []string{"answer: {exec: {pod: demoduo, container: demox, command: [hostname]}}"},
		check:       parseExec,
		fact:        parseExecFact,
	}
}

func parseExec(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f execFields, wrong func(string, string, ...any)) {
		judgeProgram(f.Pod, f.Container, f.Command, f.Run, wrong)
	})
	if f.Exit.none() {
		f.Exit = comparison{op: "="}
	}
	return &execution{aProgram(f.Pod, f.Container, f.Command, f.Run), f.Exit, f.textFields, f.Stderr}, mistakes
}

func parseExecFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f execAsk, wrong func(string, string, ...any)) {
		judgeProgram(f.Pod, f.Container, f.Command, f.Run, wrong)
	})
	return execFact{aProgram(f.Pod, f.Container, f.Command, f.Run)}, mistakes
}

func judgeProgram(pod podName, container containerName, argv []string, run string, wrong func(string, string, ...any)) {
	needContainer(pod, container, wrong)
	switch {
	case len(argv) > 0 && run != "":
		wrong("run", "want one of command: [PROGRAM, ARGUMENT] and run: TEXT, found both")
	case len(argv) == 0 && run == "":
		wrong("", "no program is given (command: [PROGRAM, ARGUMENT], or run: TEXT for sh)")
	case run == "" && argv[0] == "":
		wrong("command", "the program's name is empty")
	}
}

// program is a command line in a container.
type program struct {
	pod, container string
	argv           []string
}

func aProgram(pod podName, container containerName, argv []string, run string) program {
	if run != "" {
		argv = []string{"sh", "-c", run}
	}
	return program{string(pod), string(container), argv}
}

// String returns what a learner would type to run it in a shell of the container.
func (p program) String() string { return shellWords(p.argv) }

// Subject returns the pod's name.
func (p program) Subject() string { return p.pod }

// run runs it in the container that the API says runs now, or returns the result that says why it has not run there.
func (p program) run(ctx context.Context, c Cluster) (Ran, Result) {
	before, r := runningID(ctx, c, p.pod, p.container)
	if r.Verdict != "" {
		return Ran{}, r
	}
	ran, err := c.Exec(ctx, p.pod, p.container, p.argv)
	switch {
	case errors.Is(err, ErrNotStarted):
		return Ran{}, p.missing(p.argv[0], err.Error())
	case err != nil:
		return Ran{}, cannotTell(fmt.Sprintf("podlab could not run %s in %s", p.argv[0], p.container), err.Error(), "podlab doctor")
	}
	after, r := runningID(ctx, c, p.pod, p.container)
	switch {
	case r.Verdict != "":
		return Ran{}, r
	case after != before:
		return Ran{}, torn("%s was replaced while %s ran in it", p.container, p.argv[0])
	case ran.Exit != 0:
		r = p.alive(ctx, c, after)
	}
	return ran, r
}

// alive returns a result without a verdict if the container runs still. A program that is killed along with its container ends
// with 137, and the API goes on for a while to call the container running.
func (p program) alive(ctx context.Context, c Cluster, id string) Result {
	pod, r := findPod(ctx, c, p.pod)
	if pod == nil {
		return r
	}
	tasks, err := c.TasksNow(ctx, pod.Spec.NodeName)
	if err != nil {
		return cannotTell("node "+pod.Spec.NodeName+" could not be looked at", err.Error(), "podlab doctor")
	}
	if tasks[id].PodUID != string(pod.UID) {
		return torn("%s's container %.12s ended while %s ran in it", p.container, id, p.argv[0])
	}
	return Result{}
}

// missing says that a program is not there. That is never the learner's fault.
func (p program) missing(name, why string) Result {
	return cannotTell(fmt.Sprintf("%s could not be started in %s: the image may not have it", name, p.container), why,
		fmt.Sprintf("use the kind file, env or listening, which need no program in the image, or an image that has %s", name))
}

// notFound returns the program that a shell says it could not start, or "".
func (p program) notFound(ran Ran) string {
	// dash: "sh: 1: curl: not found"; bash: "sh: line 1: curl: command not found"; busybox: "sh: curl: not found"
	said := regexp.MustCompile(`(?m)^\S*sh: (?:(?:line )?\d+: )?(\S+): (?:command )?not found\r?$`).FindSubmatch(ran.Stderr)
	switch {
	case said != nil:
		return string(said[1])
	case ran.Exit == 126 || ran.Exit == 127:
		return "a program of " + p.argv[0]
	}
	return ""
}

// runningID returns the ID of the container that runs, or the result that says why there is none.
func runningID(ctx context.Context, c Cluster, podName, container string) (string, Result) {
	pod, r := findPod(ctx, c, podName)
	switch {
	case pod == nil:
		return "", r
	case pod.DeletionTimestamp != nil:
		return "", Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("pod %s is being deleted", podName)}
	}
	if off := notRunning(pod, []string{container}); len(off) > 0 {
		return "", unlike(Result{Vacant: true}, off)
	}
	status, _ := anyStatus(pod, container)
	return bareID(status.ContainerID), Result{}
}

func (*execution) Kind() string { return "exec" }

func (k *execution) Title() string {
	return fmt.Sprintf("%s: %s in %s: %s", k.pod, k.program, k.container, k.want())
}

func (k *execution) want() string {
	parts := []string{"exit code " + k.exit.String()}
	if !k.stdout.none() {
		parts = append(parts, "stdout "+k.stdout.want())
	}
	if !k.stderr.none() {
		parts = append(parts, "stderr "+k.stderr.want())
	}
	return strings.Join(parts, ", ")
}

func (k *execution) Eval(ctx context.Context, c Cluster) Result {
	ran, r := k.run(ctx, c)
	if r.Verdict == "" {
		r = k.judge(ran)
	}
	r.Want = k.want()
	return r
}

func (k *execution) judge(ran Ran) Result {
	r := Result{Verdict: Pass, Evidence: k.evidence(ran)}
	r.Got = fmt.Sprintf("exit code %d, stdout %s", ran.Exit, quote(string(ran.Stdout)))
	var off []Mismatch
	if !k.exit.holds(float64(ran.Exit)) {
		off = append(off, Mismatch{"exit code", k.exit.String(), fmt.Sprint(ran.Exit)})
	}
	out, more := k.stdout.judge("stdout", string(ran.Stdout), ran.Cut)
	errors, evenMore := k.stderr.judge("stderr", string(ran.Stderr), ran.Cut)
	r = unlike(r, append(append(off, out...), errors...))
	if name := k.notFound(ran); name != "" && !(r.Verdict == Pass && k.means(ran)) {
		missing := k.missing(name, lastLine(ran.Stderr, fmt.Sprintf("it ended with exit code %d", ran.Exit)))
		missing.Evidence = r.Evidence
		return missing
	}
	if r.Verdict == Pass && (more || evenMore) {
		return unseen(r, "what "+k.argv[0]+" wrote")
	}
	return r
}

// means says whether the lesson claims just what a program that is not there leads to.
func (k *execution) means(ran Ran) bool {
	return k.exit.op == "=" && k.exit.holds(float64(ran.Exit)) && ran.Exit >= 126 || !k.stderr.none()
}

func (p program) evidence(ran Ran) Evidence {
	e := Evidence{Command: fmt.Sprintf("kubectl exec %s -c %s -- %s; echo $?", p.pod, p.container, p)}
	e.add(string(ran.Stdout))
	e.Rows = append(e.Rows, fmt.Sprint(ran.Exit))
	if last := lastLine(ran.Stderr, ""); last != "" {
		e.Notes = append(e.Notes, "the last line on stderr: "+last)
	}
	return e
}

type execFact struct{ program }

func (execFact) Kind() string { return "exec" }

func (f execFact) Value(ctx context.Context, c Cluster) (string, Result) {
	ran, r := f.run(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	text := strings.TrimSpace(string(ran.Stdout))
	name := f.notFound(ran)
	switch {
	case name != "":
		r = f.missing(name, lastLine(ran.Stderr, fmt.Sprintf("it ended with exit code %d", ran.Exit)))
	case ran.Exit != 0:
		r = Result{Verdict: NotYet, Got: fmt.Sprintf("%s ended with exit code %d", f.argv[0], ran.Exit), Why: lastLine(ran.Stderr, "")}
	case ran.Cut:
		r = unseen(Result{}, "what "+f.argv[0]+" wrote")
	case text == "":
		r = Result{Verdict: NotYet, Got: f.argv[0] + " wrote nothing to stdout"}
	default:
		r = Result{Verdict: Pass, Got: quote(text)}
	}
	r.Evidence = f.evidence(ran)
	if r.Verdict != Pass {
		return "", r
	}
	return text, r
}
