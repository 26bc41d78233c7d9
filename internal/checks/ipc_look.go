package checks

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/podlab/podlab/internal/node"
)

// find returns what each container sees, those of seen first, and a result with the evidence, whose verdict is set if it cannot
// be known.
func (k *ipc) find(ctx context.Context, c Cluster) ([]ipcView, Result) {
	var views []ipcView
	places := append(append([]place{}, k.seen...), k.hidden...)
	for _, p := range places {
		v, r := k.view(ctx, c, p)
		if r.Verdict != "" {
			return nil, r
		}
		views = append(views, v)
	}
	return views, Result{Evidence: k.evidence(views)}
}

func (k *ipc) view(ctx context.Context, c Cluster, p place) (ipcView, Result) {
	pod := p.pod
	if pod == "" {
		pod = k.pod
	}
	s, m, r := lookAtOne(ctx, c, pod, p.container)
	if s == nil {
		return ipcView{}, r
	}
	in, r := s.inside(ctx, c)
	if in == nil {
		return ipcView{}, r
	}
	objects, ok := in.IPC[m.id]
	v := ipcView{who: p.String(), pid: m.first.PID, inode: m.first.Namespaces[node.IPC]}
	if !ok || v.inode == 0 {
		return v, cannotTell(fmt.Sprintf("node %s does not show the System V objects of %s", s.node.Node, p), "the container may have ended while it was looked at", "look again")
	}
	for _, o := range objects {
		if o.Kind != string(k.object) {
			continue
		}
		v.all = append(v.all, o)
		if k.key == nil || k.key.of(o) {
			v.objects = append(v.objects, o)
		}
	}
	return v, Result{}
}

// of says whether the object has the key.
func (k ipcKey) of(o node.IPCObject) bool {
	n, err := strconv.ParseUint(o.Key, 0, 32)
	return err == nil && uint32(n) == uint32(k)
}

// evidence has what ipcs prints of the sort, for each ipc namespace once.
func (k *ipc) evidence(views []ipcView) Evidence {
	flag := map[ipcObject]string{"queue": "-q", "semaphore": "-s", "shm": "-m"}[k.object]
	e := Evidence{}
	done := map[uint64]bool{}
	for _, v := range views {
		if done[v.inode] {
			continue
		}
		done[v.inode] = true
		var who []string
		for _, other := range views {
			if other.inode == v.inode {
				who = append(who, other.who)
			}
		}
		command := fmt.Sprintf("nsenter -t %d -i ipcs %s", v.pid, flag)
		e.Command = strings.TrimPrefix(e.Command+"; "+command, "; ")
		e.Rows = append(e.Rows, fmt.Sprintf("# ipc namespace %d: %s", v.inode, strings.Join(who, ", ")))
		e.Rows = append(e.Rows, ipcRows(k.object, v.all)...)
	}
	return e
}

// ipcRows lays the objects out as ipcs does. The owner is a number here.
func ipcRows(object ipcObject, objects []node.IPCObject) []string {
	header := map[ipcObject][]string{
		"queue":     {"key", "msqid", "owner", "perms", "used-bytes", "messages"},
		"shm":       {"key", "shmid", "owner", "perms", "bytes", "nattch"},
		"semaphore": {"key", "semid", "owner", "perms", "nsems"},
	}[object]
	rows := [][]string{header}
	for _, o := range objects {
		row := []string{o.Key, strconv.Itoa(o.ID), strconv.Itoa(o.UID), o.Perms}
		if object != "semaphore" {
			row = append(row, strconv.Itoa(o.Size))
		}
		rows = append(rows, append(row, strconv.Itoa(o.Count)))
	}
	return table(rows...)
}

type ipcFact struct {
	*ipc
	messages bool
}

// Value returns the number.
func (f ipcFact) Value(ctx context.Context, c Cluster) (string, Result) {
	views, r := f.find(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	number := strconv.Itoa(len(views[0].objects))
	said := f.what(number)
	if f.messages {
		number = strconv.Itoa(views[0].messages())
		said = numbered(number, "message")
	}
	r.Verdict, r.Got = Pass, said
	return number, r
}
