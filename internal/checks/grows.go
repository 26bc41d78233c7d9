package checks

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/podlab/podlab/internal/lesson"
)

// grows claims that a file or a container's log goes on growing.
type grows struct {
	pod, container string
	file           string // "" for the log
	within         time.Duration
}

type growsFields struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container that sees the file, or writes the log"`
	File      filePath      `yaml:"file" doc:"absolute path in the container; symbolic links are followed there"`
	Log       bool          `yaml:"log" doc:"true: the container's log, instead of a file"`
	Within    window        `yaml:"within" doc:"it must have grown in this time before each look, as 10s (the default); 1s or more"`
}

// window is a time in which something must happen.
type window time.Duration

// UnmarshalText reads a duration of a second or more.
func (w *window) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil || d < time.Second {
		return fmt.Errorf("want a duration of 1s or more, as 10s, found %q", text)
	}
	*w = window(d)
	return nil
}

func growsKind() Kind {
	return Kind{
		Name: "grows",
		Says: "The file, or what the container's present run has written, goes on growing: at the last look podlab can prove that it grew within the time before. For this it compares " +
			"two looks that are no further apart than that. They must be at the same file, by its inode, its time of birth and its first 64 KiB, or at the same run of the container: a file that " +
			"was truncated, written anew or replaced, and the log of a container that was started again, begin anew. It is looked at again and again, so a check that passed is not " +
			"so any more once the growth stops.",
		Fields:     growsFields{},
		Examples:   []string{"grows: {pod: demoduo, container: demox, file: /data/out.log}", "grows: {pod: demoduo, container: demoy, log: true, within: 5s}"},
		Shows:      "The size at the two looks between which it grew.",
		CannotTell: "The log is longer than what podlab keeps of it, and ends in lines that are all alike: a new one could not be told from an old one.",
		AskSays:    "The answer is yes or no. It is no when podlab has looked for the whole time and seen no growth.",
		AskFields:  growsFields{}, AskExamples: []string{"answer: {grows: {pod: demoduo, container: demoy, log: true}}"},
		check: parseGrows,
		fact:  parseGrowsFact,
	}
}

func decodeGrows(spec lesson.CheckSpec) (*grows, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f growsFields, wrong func(string, string, ...any)) {
		needContainer(f.Pod, f.Container, wrong)
		if (f.File == "") == !f.Log {
			wrong("", "want one of file: PATH and log: true")
		}
	})
	if f.Within == 0 {
		f.Within = window(10 * time.Second)
	}
	return &grows{string(f.Pod), string(f.Container), string(f.File), time.Duration(f.Within)}, mistakes
}

func parseGrows(spec lesson.CheckSpec) (Check, lesson.Mistakes) { return decodeGrows(spec) }

func parseGrowsFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	k, mistakes := decodeGrows(spec)
	return growsFact{k}, mistakes
}

// Kind returns "grows".
func (*grows) Kind() string { return "grows" }

// Subject returns the pod.
func (k *grows) Subject() string { return k.pod }

// Title returns what the check list shows.
func (k *grows) Title() string { return k.pod + ": " + k.what() + " goes on growing" }

func (k *grows) what() string {
	if k.file == "" {
		return "the log of " + k.container
	}
	return k.file + " in " + k.container
}

func (k *grows) want() string { return fmt.Sprintf("%s grew within the last %s", k.what(), k.within) }

// size is how big it is at one look.
type size struct {
	at    time.Time
	of    string // the file or the run: only sizes of the same one are compared
	bytes int64
	head  []byte   // of a file, its first bytes
	last  []string // of a log, the lines that were kept
	text  string   // "12 bytes"
}

// growth is what is remembered of it.
type growth struct {
	since    time.Time // the first look at this file or run
	last     size      // the look before
	from, to size      // between which it grew last; zero if it was not seen to grow
}

// Eval looks once and compares with the looks before.
func (k *grows) Eval(ctx context.Context, c Cluster) Result {
	r, _ := k.look(ctx, c)
	r.Want = k.want()
	return r
}

// look returns the verdict, and whether podlab has looked for the whole time.
func (k *grows) look(ctx context.Context, c Cluster) (r Result, whole bool) {
	now, r := k.measure(ctx, c)
	if r.Verdict != "" {
		return r, false
	}
	memory, _ := c.Memory().Kept("growth").(growth)
	fresh := k.anew(memory, now)
	if fresh != "" {
		memory = growth{since: now.at}
	} else if now.grew(memory.last) {
		memory.from, memory.to = memory.last.short(), now.short()
	}
	memory.last = now
	c.Memory().Keep("growth", memory)

	watched := now.at.Sub(memory.since)
	r.Evidence.Rows = memory.rows()
	r.Verdict, r.Got, r.Again = NotYet, now.text+", and not seen to grow", pauseAfter(watched)
	switch {
	case fresh != "":
		r.Got = now.text + "; " + fresh
	case !memory.to.at.IsZero() && now.at.Sub(memory.from.at) <= k.within:
		r.Verdict, r.Got, r.Again = Pass, "it grew within the last "+k.within.String(), k.within/4
		return r, true
	case memory.last.unsure():
		r.Verdict, r.Again = CannotTell, 0
		r.Got = k.what() + " is longer than what podlab keeps of it, and its last line is not the only one of its kind"
		r.Why, r.Try = "it keeps a log's last 10,000 lines, 1 MiB at most", "restart the pod, so that its log begins anew"
		return r, false
	}
	r.Vacant = watched < k.within // nobody can say yet that it does not grow
	r.Mismatches = []Mismatch{{k.what(), "grew within the last " + k.within.String(), r.Got}}
	return r, !r.Vacant
}

// pauseAfter is when to look again: soon at first, then once a second.
func pauseAfter(watched time.Duration) time.Duration {
	return max(250*time.Millisecond, min(watched/4, time.Second)).Round(50 * time.Millisecond)
}

// anew says why there is no earlier look to compare with, or "".
func (k *grows) anew(before growth, now size) string {
	switch {
	case before.since.IsZero():
		return "this is the first look at it"
	case before.last.of != now.of && k.file == "":
		return "the container was started again, and its log began anew"
	case before.last.of != now.of:
		return "the file was replaced by another"
	case k.file != "" && now.bytes < before.last.bytes:
		return "the file was truncated from " + before.last.text
	case !bytes.HasPrefix(now.head, before.last.head):
		return "the file was written anew, or replaced"
	case now.at.Sub(before.last.at) > k.within:
		return "the look before was too long ago"
	}
	return ""
}

// grew says whether there is more than at the look before. A log is only ever added to, so any difference is growth, also
// where podlab keeps no more than its end.
func (s size) grew(before size) bool {
	if s.last != nil {
		return s.bytes > before.bytes || !slices.Equal(s.last, before.last)
	}
	return s.bytes > before.bytes
}

// short leaves out what was read.
func (s size) short() size {
	s.head, s.last = nil, nil
	return s
}

// unsure says that the end of a log might have been added to without a difference.
func (s size) unsure() bool {
	n := len(s.last)
	return n > 0 && s.bytes < 0 && slices.Contains(s.last[:n-1], s.last[n-1])
}

func (g growth) rows() []string {
	rows := [][]string{{"LOOK", "SIZE", "OF"}}
	first := g.from
	if g.to.at.IsZero() {
		return table(append(rows, []string{"last", g.last.text, g.last.of})...)
	}
	rows = append(rows, []string{"before it grew", first.text, first.of}, []string{"after", g.to.text, g.to.of})
	return table(rows...)
}

// measure returns the size at this look, or a result with a verdict.
func (k *grows) measure(ctx context.Context, c Cluster) (size, Result) {
	if k.file == "" {
		return k.measureLog(ctx, c)
	}
	s, m, r := lookAtOne(ctx, c, k.pod, k.container)
	if s == nil {
		return size{}, r
	}
	file, err := c.File(ctx, s.node.Node, m.first.PID, k.file)
	switch {
	case err != nil:
		return size{}, cannotTell(k.what()+" could not be looked at", err.Error(), "podlab doctor")
	case !file.Exists:
		return size{}, unlike(Result{Vacant: true}, []Mismatch{{k.what(), "a file", "nothing is there"}})
	case file.Kind != "file":
		return size{}, unlike(Result{Vacant: true}, []Mismatch{{k.what(), "a file", "a " + file.Kind}})
	}
	now := size{at: c.Now(), bytes: file.Size, head: file.Body, text: numbered(fmt.Sprint(file.Size), "byte")}
	now.of = strings.TrimSpace(fmt.Sprintf("inode %d of device %s %s", file.Inode, file.Device, file.Born))
	return now, Result{Evidence: Evidence{Command: fmt.Sprintf("stat -Lc '%%s %%i %%d %%w' /proc/%d/root%s", m.first.PID, k.file)}}
}

// measureLog takes the log of the run that goes on.
func (k *grows) measureLog(ctx context.Context, c Cluster) (size, Result) {
	pod, r := findPod(ctx, c, k.pod)
	if pod == nil {
		return size{}, r
	}
	if off := notRunning(pod, []string{k.container}); len(off) > 0 {
		return size{}, unlike(Result{Vacant: true}, off)
	}
	log, r := journal{k.pod, k.container}.read(ctx, c)
	if r.Verdict != "" {
		return size{}, r
	}
	now := size{at: c.Now(), last: append([]string{}, log.Lines...), bytes: int64(len(log.Lines)), text: numbered(fmt.Sprint(len(log.Lines)), "line")}
	if log.Cut {
		now.bytes, now.text = -1, "more than "+now.text
	}
	now.of = fmt.Sprintf("container %.12s", bareID(log.ContainerID))
	return now, Result{Evidence: Evidence{Command: strings.Join([]string{"kubectl logs", k.pod, "-c", k.container, "| wc -l"}, " ")}}
}

// growsFact is growth as an answer. It needs a memory from look to look, as the check does.
type growsFact struct{ *grows }

// Value returns yes or no.
func (f growsFact) Value(ctx context.Context, c Cluster) (string, Result) {
	r, whole := f.look(ctx, c)
	if r.Verdict == CannotTell || !whole {
		return "", r
	}
	holds := r.Verdict == Pass
	r.Verdict, r.Mismatches = Pass, nil
	return yesNo(holds), r
}
