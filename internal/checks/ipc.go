package checks

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/podlab/podlab/internal/lesson"
	"github.com/podlab/podlab/internal/node"
)

// ipc claims which containers see a System V object.
type ipc struct {
	pod           string
	object        ipcObject
	key           *ipcKey
	seen, hidden  []place
	count, inside comparison
}

type ipcFields struct {
	Pod       podName    `yaml:"pod" doc:"name of the pod"`
	Object    ipcObject  `yaml:"object" doc:"queue, semaphore or shm"`
	Key       *ipcKey    `yaml:"key" doc:"its key, as 0x162e or 5678; without it, any object of the sort is meant"`
	SeenBy    []place    `yaml:"seen-by" doc:"containers that all see the very same objects; POD/CONTAINER for one of another pod"`
	NotSeenBy []place    `yaml:"not-seen-by" doc:"containers that see none of them; POD/CONTAINER for one of another pod"`
	Count     comparison `yaml:"count" doc:"how many objects those in seen-by see, as 1 or >= 1 (default >= 1)"`
	Messages  comparison `yaml:"messages" doc:"how many messages wait in these queues together"`
}

type ipcAsk struct {
	Pod       podName       `yaml:"pod" doc:"name of the pod"`
	Container containerName `yaml:"container" doc:"name of the container that sees them"`
	Object    ipcObject     `yaml:"object" doc:"queue, semaphore or shm"`
	Key       *ipcKey       `yaml:"key" doc:"its key, as 0x162e or 5678"`
	Which     string        `yaml:"which" doc:"objects (the default), how many there are, or messages, how many wait in the queues"`
}

// ipcObject is a sort of System V object.
type ipcObject string

// UnmarshalText accepts what podlab can count.
func (o *ipcObject) UnmarshalText(text []byte) error {
	known := []string{"queue", "semaphore", "shm"}
	if !slices.Contains(known, string(text)) {
		return fmt.Errorf("unknown object %q%s", text, orOneOf(string(text), known))
	}
	*o = ipcObject(text)
	return nil
}

// ipcKey is the key of a System V object.
type ipcKey uint32

// UnmarshalText reads a number, decimal or with 0x. The kernel's keys are 32 bits, with or without a sign.
func (k *ipcKey) UnmarshalText(text []byte) error {
	n, err := strconv.ParseInt(string(text), 0, 64)
	if err != nil || n < -1<<31 || n >= 1<<32 {
		return fmt.Errorf("want a key, as 0x162e or 5678, found %q", text)
	}
	*k = ipcKey(uint32(n)) //nolint:gosec // the range is checked, and a negative key is meant to wrap
	return nil
}

func (k ipcKey) String() string { return fmt.Sprintf("0x%08x", uint32(k)) }

// place is a container, of the check's pod or of another.
type place struct{ pod, container string }

// UnmarshalText reads CONTAINER or POD/CONTAINER.
func (p *place) UnmarshalText(text []byte) error {
	pod, name, other := strings.Cut(string(text), "/")
	if !other {
		pod, name = "", pod
	}
	var asPod podName
	var asName containerName
	if other {
		if err := asPod.UnmarshalText([]byte(pod)); err != nil {
			return err
		}
	}
	if err := asName.UnmarshalText([]byte(name)); err != nil {
		return err
	}
	*p = place{pod, name}
	return nil
}

func (p place) String() string {
	if p.pod == "" {
		return p.container
	}
	return p.pod + "/" + p.container
}

func placeNames(places []place) string {
	var names []string
	for _, p := range places {
		names = append(names, p.String())
	}
	return strings.Join(names, ", ")
}

func ipcKind() Kind {
	return Kind{
		Name: "ipc",
		Says: "The containers of `seen-by` see so many System V objects of the sort (and with the key), and they are the very same ones for all of them: same ID in " +
			"the same ipc namespace. The containers of `not-seen-by` see none of these; without `seen-by` they see none of the sort (and with the key) at all. " +
			"An object of another ipc namespace never counts, though it may have the same key.",
		Fields: ipcFields{},
		Examples: []string{
			"ipc: {pod: demoduo, object: queue, key: 0x162e, seen-by: [demox, demoy], messages: 3}",
			"ipc: {pod: demoduo, object: shm, not-seen-by: [demosolo/demox]}",
		},
		Shows:       "The rows of `ipcs`, for each ipc namespace that the containers are in.",
		CannotTell:  "The node does not show the System V objects of a container.",
		AskSays:     "The answer is a number of objects or messages.",
		AskFields:   ipcAsk{},
		AskExamples: []string{"answer: {ipc: {pod: demoduo, container: demox, object: queue, which: messages}}"},
		check:       parseIPC,
		fact:        parseIPCFact,
	}
}

func parseIPC(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f ipcFields, wrong func(string, string, ...any)) {
		needObject(f.Pod, f.Object, wrong)
		if len(f.SeenBy)+len(f.NotSeenBy) == 0 {
			wrong("", "no container is named (seen-by: [NAMES] or not-seen-by: [NAMES])")
		}
		for _, p := range f.NotSeenBy {
			if slices.Contains(f.SeenBy, p) {
				wrong("not-seen-by", "%s cannot both see and not see it", p)
			}
		}
		if len(f.SeenBy) == 0 && !f.Count.none() {
			wrong("count", "count says nothing without seen-by")
		}
		if !f.Messages.none() && (f.Object != "queue" || len(f.SeenBy) == 0) {
			wrong("messages", "messages are those of queues that are seen (object: queue, seen-by: [NAMES])")
		}
	})
	if f.Count.none() {
		f.Count = comparison{">=", 1}
	}
	k := &ipc{string(f.Pod), f.Object, f.Key, f.SeenBy, f.NotSeenBy, f.Count, f.Messages}
	for _, places := range [][]place{k.seen, k.hidden} {
		for i := range places {
			if places[i].pod == k.pod {
				places[i].pod = ""
			}
		}
	}
	return k, mistakes
}

func needObject(pod podName, object ipcObject, wrong func(string, string, ...any)) {
	if pod == "" {
		wrong("", "no pod is named (pod: NAME)")
	}
	if object == "" {
		wrong("", "no object is named (object: queue, semaphore or shm)")
	}
}

func parseIPCFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f ipcAsk, wrong func(string, string, ...any)) {
		needObject(f.Pod, f.Object, wrong)
		if f.Container == "" {
			wrong("", "no container is named (container: NAME)")
		}
		if f.Which != "" && f.Which != "objects" && f.Which != "messages" {
			wrong("which", "want objects or messages, found %q", f.Which)
		}
		if f.Which == "messages" && f.Object != "queue" {
			wrong("which", "only a queue has messages")
		}
	})
	return ipcFact{&ipc{pod: string(f.Pod), object: f.Object, key: f.Key, seen: []place{{container: string(f.Container)}}}, f.Which == "messages"}, mistakes
}

// Kind returns "ipc".
func (*ipc) Kind() string { return "ipc" }

// Subject returns the pod.
func (k *ipc) Subject() string { return k.pod }

// Title returns what the check list shows.
func (k *ipc) Title() string { return k.pod + ": " + k.want() }

func (k *ipc) want() string {
	want := k.what("")
	if len(k.seen) > 0 {
		want = k.what(k.count.String()) + " seen by " + placeNames(k.seen)
		if len(k.hidden) > 0 {
			want += ","
		}
	}
	if len(k.hidden) > 0 {
		want += " not seen by " + placeNames(k.hidden)
	}
	if !k.inside.none() {
		want += ", " + numbered(k.inside.String(), "message")
	}
	return want
}

// what names the objects that are meant: "message queue 0x0000162e", with a number before it or "".
func (k *ipc) what(count string) string {
	name := map[ipcObject]string{"queue": "message queue", "semaphore": "semaphore set", "shm": "shared memory segment"}[k.object]
	if count != "" {
		name = numbered(count, name)
	}
	if k.key != nil {
		name += " " + k.key.String()
	}
	return name
}

// Eval looks at what the containers see on their node.
func (k *ipc) Eval(ctx context.Context, c Cluster) Result {
	views, r := k.find(ctx, c)
	if r.Verdict == "" {
		r.Verdict, r.Got = Pass, k.want()
		r = unlike(r, k.differs(views))
	}
	r.Want = k.want()
	return r
}

func (k *ipc) differs(views []ipcView) []Mismatch {
	seen, hidden := views[:len(k.seen)], views[len(k.seen):]
	off := k.unseen(seen)
	meant := meantBy(seen)
	if len(seen) > 0 && len(off) == 0 && !k.inside.none() {
		waiting := meant.messages()
		if !k.inside.holds(float64(waiting)) {
			off = append(off, Mismatch{k.what(""), numbered(k.inside.String(), "message"), numbered(fmt.Sprint(waiting), "message")})
		}
	}
	for _, v := range hidden {
		too := v
		if len(seen) > 0 {
			too = v.common(meant)
		}
		if len(too.objects) > 0 {
			off = append(off, Mismatch{v.who, "does not see it", "sees " + too.list()})
		}
	}
	return off
}

// unseen says which of the containers do not see so many objects, and which see others than the first one does.
func (k *ipc) unseen(views []ipcView) []Mismatch {
	var off []Mismatch
	want := k.what(k.count.String()) + " seen"
	for _, v := range views {
		same := v.common(views[0])
		switch {
		case !k.count.holds(float64(len(v.objects))):
			off = append(off, Mismatch{v.who, want, v.list()})
		case len(same.objects) < len(v.objects):
			off = append(off, Mismatch{v.who, "the same that " + views[0].who + " sees", fmt.Sprintf("others, in ipc namespace %d: %s", v.inode, v.list())})
		}
	}
	return off
}

// ipcView is what one container sees of the objects that are meant.
type ipcView struct {
	who     string
	pid     int
	inode   uint64 // of its ipc namespace
	objects []node.IPCObject
	all     []node.IPCObject // of the same sort
}

// meantBy returns the objects that all the views have.
func meantBy(views []ipcView) ipcView {
	if len(views) == 0 {
		return ipcView{}
	}
	meant := views[0]
	for _, v := range views[1:] {
		meant = meant.common(v)
	}
	return meant
}

// common returns the objects of v that the other sees as well.
func (v ipcView) common(other ipcView) ipcView {
	objects := v.objects
	v.objects = nil
	for _, o := range objects {
		same := func(p node.IPCObject) bool { return p.ID == o.ID && p.Kind == o.Kind }
		if v.inode == other.inode && slices.ContainsFunc(other.objects, same) {
			v.objects = append(v.objects, o)
		}
	}
	return v
}

func (v ipcView) messages() int {
	total := 0
	for _, o := range v.objects {
		total += o.Count
	}
	return total
}

// list names the objects, or says which there are instead.
func (v ipcView) list() string {
	name := func(list []node.IPCObject) string {
		var keys []string
		for _, o := range list {
			keys = append(keys, fmt.Sprintf("%s (ID %d)", o.Key, o.ID))
		}
		return strings.Join(keys, ", ")
	}
	switch {
	case len(v.objects) > 0:
		return fmt.Sprintf("%d: %s", len(v.objects), name(v.objects))
	case len(v.all) > 0:
		return "none with the key; there is " + name(v.all)
	}
	return "none"
}
