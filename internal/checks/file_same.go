package checks

import (
	"context"
	"fmt"
	"strings"

	"github.com/podlab/podlab/internal/node"
)

// sameFile claims that two containers see the same file.
type sameFile struct {
	spot
	other   spot
	content bool // equal bytes are enough
}

func (sameFile) Kind() string { return "file" }

func (k sameFile) Title() string { return fmt.Sprintf("%s: %s: %s", k.pod, k.spot, k.want()) }

func (k sameFile) want() string {
	if k.content {
		return "the same bytes as " + k.other.String()
	}
	return "the same file as " + k.other.String()
}

func (k sameFile) Eval(ctx context.Context, c Cluster) Result {
	r := k.judge(ctx, c)
	r.Want = k.want()
	return r
}

func (k sameFile) judge(ctx context.Context, c Cluster) Result {
	one, r := k.read(ctx, c)
	if r.Verdict != "" {
		return r
	}
	two, r := k.other.read(ctx, c)
	if r.Verdict != "" {
		return r
	}
	var off []Mismatch
	for _, side := range []struct {
		at spot
		is node.File
	}{{k.spot, one}, {k.other, two}} {
		if !side.is.Exists {
			off = append(off, Mismatch{side.at.String(), "something is there", "nothing is there"})
		}
	}
	a, b := fileEvidence(k.spot, one, false), fileEvidence(k.other, two, false)
	r = Result{Verdict: Pass, Evidence: Evidence{Command: a.Command + "; " + b.Command, Rows: append(a.Rows, b.Rows...)}}
	if len(off) > 0 {
		r.Vacant = true // where nothing is, there is nothing to compare
		return unlike(r, off)
	}
	return k.compare(r, one, two)
}

func (k sameFile) compare(r Result, one, two node.File) Result {
	files := one.Kind == "file" && two.Kind == "file"
	equal := files && one.Size == two.Size && one.SHA256 == two.SHA256
	switch {
	case one.Inode == 0 || two.Inode == 0 || files && (one.SHA256 == "" || two.SHA256 == ""):
		return cannotTell("one of the two files was not read to its end", "it has no inode number or no sum", "look again")
	case one.Device == two.Device && one.Inode == two.Inode:
		r.Got = fmt.Sprintf("one %s: inode %d on device %s", one.Kind, one.Inode, one.Device)
		return r
	case k.content && equal:
		r.Got = fmt.Sprintf("two files with the same %d bytes", one.Size)
		return r
	case k.content && files:
		return unlike(r, []Mismatch{{k.spot.String(), "the same bytes as " + k.other.String(), describeFile(one) + ", and there " + describeFile(two)}})
	case k.content:
		return unlike(r, []Mismatch{{k.spot.String(), "two files", fmt.Sprintf("a %s and a %s", one.Kind, two.Kind)}})
	}
	got := fmt.Sprintf("inode %d on device %s, and there inode %d on device %s", one.Inode, one.Device, two.Inode, two.Device)
	if equal {
		got = "another file with the same bytes: " + got
	}
	return unlike(r, []Mismatch{{k.spot.String(), "the same file as " + k.other.String(), got}})
}

// fileEvidence returns what stat prints in the container and, if asked for, the text.
func fileEvidence(at spot, f node.File, text bool) Evidence {
	look := shellWords([]string{"stat", "-L", "-c", "%a %s %Hd:%Ld %i %n", at.path})
	if !f.Exists {
		return Evidence{
			Command: fmt.Sprintf("kubectl exec %s -c %s -- %s", at.pod, at.container, look),
			Rows:    []string{fmt.Sprintf("stat: cannot statx '%s': No such file or directory", at.path)},
		}
	}
	e := Evidence{Rows: []string{fmt.Sprintf("%s %d %s %d %s", f.Mode, f.Size, f.Device, f.Inode, at.path)}}
	if text && f.Kind == "file" {
		look = shellWords([]string{"sh", "-c", look + "; " + shellWords([]string{"cat", at.path})})
		e.add(string(f.Body))
	}
	e.Command = fmt.Sprintf("kubectl exec %s -c %s -- %s", at.pod, at.container, look)
	return e
}

type fileFact struct {
	spot
	which string
}

func (fileFact) Kind() string { return "file" }

func (f fileFact) Value(ctx context.Context, c Cluster) (string, Result) {
	is, r := f.read(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	r = Result{Verdict: Pass, Got: describeFile(is), Evidence: fileEvidence(f.spot, is, f.which == "")}
	text := strings.TrimSpace(string(is.Body))
	switch {
	case !is.Exists:
		r.Verdict, r.Got = NotYet, f.spot.String()+": nothing is there"
	case f.which == "mode":
		return is.Mode, r
	case is.Kind != "file":
		r.Verdict, r.Got = NotYet, fmt.Sprintf("%s is a %s", f.spot, is.Kind)
	case f.which == "size":
		return fmt.Sprint(is.Size), r
	case is.Cut:
		r = unseen(r, f.spot.String())
	case text == "":
		r.Verdict, r.Got = NotYet, f.spot.String()+" is empty"
	default:
		return text, r
	}
	return "", r
}
