package checks

import (
	"context"
	"fmt"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
)

// logCheck claims what the present run of a container has written.
type logCheck struct {
	journal
	text    textFields
	count   comparison
	inOrder []string
	each    pattern // "" claims nothing about answers
	answers answers
}

// journal is a container's log.
type journal struct{ pod, container string }

// Subject returns the pod's name.
func (j journal) Subject() string { return j.pod }

type logsFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	textFields
	Count    comparison  `yaml:"count" doc:"how many lines are so, as 3 or '>= 3' (default '>= 1')"`
	InOrder  []string    `yaml:"in-order" doc:"texts; a line contains the first, a later line the second, and so on"`
	Each     pattern     `yaml:"each" doc:"with answered-in, the lines that are to be answered: a regular expression with groups in brackets"`
	Answered *answeredIn `yaml:"answered-in" doc:"whose log answers each of those lines, and how: {container: NAME, by: PATTERN}; pod: NAME if it is another's, in-order: true if the order counts"`
}

// answeredIn is where each line of another log is answered.
type answeredIn struct {
	Pod       podName       `yaml:"pod"`
	Container containerName `yaml:"container"`
	By        pattern       `yaml:"by"`
	InOrder   bool          `yaml:"in-order"`
}

type logsAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container"`
	textFields
}

func logsKind() Kind {
	return Kind{
		Name: "logs",
		Says: "The container's log has so many lines that are as `equals` (the whole line), `contains` and `matches` say, all that are given in one line; or lines with these " +
			"texts in this order; or each of its lines of one sort is answered in another log. An answer is a line that `by` matches and " +
			"whose groups have the same texts as the groups of `each` in the line that it answers. No line may be without an answer or be answered twice, and there must be " +
			"at least one. Answers to lines that nobody wrote do not matter. Only what the container's present run has written counts, " +
			"or, while none runs, the last one: what it wrote before it was restarted is no proof.",
		Fields: logsFields{},
		Examples: []string{
			"logs: {pod: demoduo, container: demox, contains: Development Server}",
			"logs: {pod: demoduo, container: demox, matches: 'error|warning', count: 0}",
			"logs: {pod: demoduo, container: demox, in-order: [starting, listening, ready]}",
			`logs: {pod: demoduo, container: demox, each: 'sent (\d+)', answered-in: {container: demoy, by: 'got (\d+)', in-order: true}}`,
		},
		Shows: "The lines that are meant, or the log's last ones if there are none.",
		CannotTell: "The API does not give the log. There was more of it than podlab keeps (10,000 lines, 1 MiB), and the lines before decide: that is so whenever " +
			"the claim is that a line is missing, that there are only so many, or that every line is answered.",
		AskSays:     "The answer is the number of lines that are as claimed, or of all lines.",
		AskFields:   logsAsk{},
		AskExamples: []string{"answer: {logs: {pod: demoduo, container: demox, contains: Accepted}}"},
		check:       parseLogs,
		fact:        parseLogsFact,
	}
}

func parseLogs(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, judgeLogs)
	k := &logCheck{
		journal: journal{string(f.Pod), string(f.Container)}, text: f.textFields, count: f.Count, inOrder: f.InOrder, each: f.Each,
	}
	if a := f.Answered; a != nil {
		k.answers = answers{journal{string(a.Pod), string(a.Container)}, a.By, a.InOrder}
		if a.Pod == "" {
			k.answers.pod = k.pod
		}
	}
	return k, mistakes
}

func judgeLogs(f logsFields, wrong func(string, string, ...any)) {
	needContainer(f.Pod, f.Container, wrong)
	if f.none() && f.Count.none() && len(f.InOrder) == 0 && f.Each.re == nil && f.Answered == nil {
		wrong("", "nothing is claimed of the log (contains: TEXT, count: NUMBER, in-order: [TEXT, ...], or each and answered-in)")
	}
	for i, text := range f.InOrder {
		if text == "" {
			wrong(fmt.Sprintf("in-order.%d", i), "in-order[%d]: an empty text is in every line", i)
		}
	}
	a := f.Answered
	switch {
	case (a == nil) != (f.Each.re == nil):
		wrong("each", "each and answered-in belong together")
	case a == nil:
	case a.Container == "" || a.By.re == nil:
		wrong("answered-in", "answered-in: want {container: NAME, by: PATTERN}")
	case f.Each.re.NumSubexp() == 0 || a.By.re.NumSubexp() != f.Each.re.NumSubexp():
		wrong("each", "each and by need the same number of groups in brackets, one at least: each has %d, by has %d",
			f.Each.re.NumSubexp(), a.By.re.NumSubexp())
	case a.Container == f.Container && (a.Pod == "" || a.Pod == f.Pod) && a.By.source() == f.Each.source():
		wrong("answered-in", "every line would answer itself")
	}
}

func parseLogsFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f logsAsk, wrong func(string, string, ...any)) {
		needContainer(f.Pod, f.Container, wrong)
	})
	return &logsFact{journal{string(f.Pod), string(f.Container)}, f.textFields}, mistakes
}

func (*logCheck) Kind() string { return "logs" }

func (k *logCheck) Title() string {
	return fmt.Sprintf("%s: the log of %s has %s", k.pod, k.container, k.want())
}

func (k *logCheck) want() string {
	var parts []string
	if !k.text.none() || !k.count.none() {
		parts = append(parts, wantedLines(k.count, k.text))
	}
	if len(k.inOrder) > 0 {
		parts = append(parts, "lines with "+k.order(len(k.inOrder)))
	}
	if k.each.re != nil {
		parts = append(parts, fmt.Sprintf("lines matching /%s/, %s", k.each.source(), k.answers.want()))
	}
	return strings.Join(parts, "; ")
}

func wantedLines(count comparison, text textFields) string {
	how := "a line"
	switch {
	case count.none():
	case count.op == "=" && count.number == 1:
		how = "1 line"
	default:
		how = count.String() + " lines"
	}
	return strings.TrimSpace(how + " " + text.want())
}

// order names the first n texts: `"a", then "b"`.
func (k *logCheck) order(n int) string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = quote(k.inOrder[i])
	}
	return strings.Join(texts, ", then ")
}

// read returns what the container's present run has written, or the result that says why that is not known.
func (j journal) read(ctx context.Context, c Cluster) (Log, Result) {
	pod, r := findPod(ctx, c, j.pod)
	switch {
	case pod == nil:
		return Log{}, r
	case pod.DeletionTimestamp != nil:
		return Log{}, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("pod %s is being deleted", j.pod)}
	}
	status, _ := anyStatus(pod, j.container)
	if status.ContainerID == "" {
		off := notRunning(pod, []string{j.container})
		off[0].Want = "started"
		return Log{}, unlike(Result{Vacant: true}, off)
	}
	log, err := c.Logs(ctx, j.pod, j.container)
	switch {
	case err != nil:
		return Log{}, cannotTell(fmt.Sprintf("the log of %s could not be read", j.container), err.Error(), "podlab doctor")
	case bareID(log.ContainerID) != bareID(status.ContainerID):
		return Log{}, Result{Verdict: NotYet, Vacant: true, Got: fmt.Sprintf("what the present run of %s writes is not there yet", j.container)}
	}
	return log, Result{}
}

func (k *logCheck) Eval(ctx context.Context, c Cluster) Result {
	r := k.judge(ctx, c)
	r.Want = k.want()
	return r
}

func (k *logCheck) judge(ctx context.Context, c Cluster) Result {
	log, r := k.read(ctx, c)
	if r.Verdict != "" {
		return r
	}
	var all findings
	if !k.text.none() || !k.count.none() {
		all.add(k.judgeLines(log))
	}
	if len(k.inOrder) > 0 {
		all.add(k.judgeOrder(log))
	}
	if k.each.re != nil {
		there, r := k.answers.read(ctx, c)
		if r.Verdict != "" {
			return r
		}
		all.add(k.answers.judge(k.each, k.journal, log, there))
	}
	r = Result{Verdict: Pass, Got: strings.Join(all.got, "; "), Evidence: all.evidence(k.journal, log)}
	r = unlike(r, all.off)
	if r.Verdict == Pass && all.open {
		return unkept(r, k.container)
	}
	return r
}

// unkept says that lines which podlab has not kept may decide.
func unkept(r Result, container string) Result {
	r.Verdict, r.Got = CannotTell, fmt.Sprintf("podlab does not know the whole log of %s, and the lines before decide", container)
	r.Why, r.Try = "it keeps a log's last 10,000 lines, 1 MiB at most", "restart the pod, so that its log begins anew"
	return r
}

// findings are what became of a log's claims.
type findings struct {
	off   []Mismatch
	open  bool // lines that podlab has not kept may decide
	got   []string
	lines []string // that are meant
}

func (f *findings) add(other findings) {
	f.off = append(f.off, other.off...)
	f.got = append(f.got, other.got...)
	f.lines = append(f.lines, other.lines...)
	f.open = f.open || other.open
}

func (f findings) evidence(j journal, log Log) Evidence {
	e := Evidence{Command: fmt.Sprintf("kubectl logs %s -c %s", j.pod, j.container)}
	lines := f.lines
	if len(lines) == 0 {
		lines = log.Lines[max(0, len(log.Lines)-10):]
	}
	if len(log.Lines) == 0 {
		return Evidence{Command: e.Command + " | wc -l", Rows: []string{"0"}}
	}
	e.Notes = []string{fmt.Sprintf("the log of container %.12s has %s", bareID(log.ContainerID), lineCount(len(log.Lines)))}
	if log.Cut {
		e.Notes[0] += " that podlab has kept, and more before them"
	}
	e.add(strings.Join(lines, "\n"))
	return e
}
