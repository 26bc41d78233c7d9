package checks_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/node"
)

// plain is a file as the dev node shows one. Of a long text podlab has only the beginning.
func plain(text string, inode uint64) node.File {
	sum := sha256.Sum256([]byte(text))
	f := node.File{
		Exists: true, Kind: "file", Mode: "644", Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:]),
		Device: "0:307", Inode: inode, Body: []byte(text),
	}
	if len(text) > 64<<10 {
		f.Body, f.Cut = f.Body[:64<<10], true
	}
	return f
}

// put puts a file into a container of a recorded pod.
func put(t testing.TB, c *checkstest.Cluster, pod, container, path string, f node.File) {
	t.Helper()
	if c.Files == nil {
		c.Files = map[string]node.File{}
	}
	for _, status := range c.Pods[pod].Status.ContainerStatuses {
		if status.Name == container {
			pid := c.Snapshot.Tasks[strings.TrimPrefix(status.ContainerID, "containerd://")]
			c.Files[fmt.Sprintf("%d %s", pid, path)] = f
			return
		}
	}
	t.Fatalf("no container %s in pod %s", container, pod)
}

// volumes: demox and demoy see one volume at /data and /mnt; demoy has another one at /data, with an equal file.
func volumes(t testing.TB, c *checkstest.Cluster) {
	t.Helper()
	put(t, c, "demoduo", "demox", "/data/note", plain("hello\n", 11))
	put(t, c, "demoduo", "demoy", "/mnt/note", plain("hello\n", 11))
	put(t, c, "demoduo", "demoy", "/data/note", plain("hello\n", 12))
	put(t, c, "demoduo", "demoy", "/data/bye", plain("bye\n", 13))
	put(t, c, "demoduo", "demox", "/data/long", plain(strings.Repeat("x", 70000), 14))
	put(t, c, "demoduo", "demoy", "/data/long", plain(strings.Repeat("x", 69999)+"y", 15))
	put(t, c, "demoduo", "demox", "/data/empty", plain("", 16))
	put(t, c, "demoduo", "demox", "/data/blank", plain("hello"+strings.Repeat("\n", 70000), 17))
	directory := node.File{Exists: true, Kind: "directory", Mode: "1777", Size: 4096, Device: "0:307", Inode: 10}
	put(t, c, "demoduo", "demox", "/data", directory)
	put(t, c, "demoduo", "demoy", "/mnt", directory)
	directory.Inode = 20
	put(t, c, "demoduo", "demoy", "/data", directory)
	put(t, c, "demosolo", "demox", "/data/elsewhere", plain("hello\n", 18))
}

func TestFile(t *testing.T) {
	const duo = "file: {pod: demoduo, container: demox, "
	inContainers(t, volumes, []judged{
		{duo + "path: /data/note}", nil, checks.Pass, "a file, mode 644, 6 bytes", 0},
		{duo + "path: /data/../data//note, equals: hello}", nil, checks.Pass, `"hello"`, 0},
		{duo + "path: /data/note, contains: ell, matches: ^h, mode: 0644, size: 6}", nil, checks.Pass, "", 0},
		{duo + "path: /data}", nil, checks.Pass, "a directory", 0},
		{duo + "path: /data, mode: 1777}", nil, checks.Pass, "mode 1777", 0},
		{duo + "path: /data/empty, size: 0}", nil, checks.Pass, "0 bytes", 0},
		{duo + "path: /data/none, exists: false}", nil, checks.Pass, "nothing is there", 0},
		{duo + "path: /data/none}", nil, checks.NotYet, `"want":"it is there","got":"nothing is there"`, 1},
		{duo + "path: /data/note, exists: false}", nil, checks.NotYet, `"want":"nothing is there"`, 1},
		{duo + "path: /data/note, equals: hell, contains: bye, matches: ^o, mode: 600, size: '> 6'}", nil, checks.NotYet, `{"of":"size of /data/note","want":"> 6 bytes","got":"6 bytes"}`, 5},
		{duo + "path: /data, contains: a, mode: 755}", nil, checks.NotYet, "a directory", 2},
		{duo + "path: /data, size: 4096}", nil, checks.NotYet, "a directory", 1},
		{duo + "path: /data/bye, equals: bye}", nil, checks.NotYet, "nothing is there", 1},         // it is in demoy's volume of that path
		{duo + "path: /data/elsewhere, equals: hello}", nil, checks.NotYet, "nothing is there", 1}, // it is in another pod's

		{duo + "path: /data/long, size: 70000}", nil, checks.Pass, "70000 bytes", 0},
		{duo + "path: /data/long, contains: xxx, matches: ^x}", nil, checks.Pass, "", 0},
		{duo + "path: /data/long, contains: y}", nil, checks.CannotTell, "/data/long in demox is longer than the 64 KiB", 0},
		{duo + "path: /data/long, matches: 'x$'}", nil, checks.CannotTell, "64 KiB", 0},
		{duo + "path: /data/long, equals: xxx}", nil, checks.NotYet, "equal to", 1},
		{duo + "path: /data/long, contains: y, size: 1}", nil, checks.NotYet, "70000 bytes", 1},
		{duo + "path: /data/blank, equals: hello}", nil, checks.CannotTell, "64 KiB", 0},

		{duo + "path: /data/note} # demoy is down", stopped("demoduo", "demoy"), checks.Pass, "", 0},
		{"file: {pod: demoduo, container: demoz, path: /data/note, exists: false}", nil, checks.NotYet, "no container demoz", 1},
	})
	nodeFaults(t, duo+"path: /data/none, exists: false}", func(*checkstest.Cluster) {})
}

func TestSameFile(t *testing.T) {
	const duo = "file: {pod: demoduo, container: demox, "
	unread := func(t testing.TB, c *checkstest.Cluster) {
		put(t, c, "demoduo", "demox", "/data/note", node.File{Exists: true, Kind: "file"})
	}
	inContainers(t, volumes, []judged{
		{duo + "path: /data/note, same-as: {container: demoy, path: /mnt/note}}", nil, checks.Pass, "one file: inode 11 on device 0:307", 0},
		{duo + "path: /data, same-as: {container: demoy, path: /mnt}}", nil, checks.Pass, "one directory: inode 10", 0},
		{duo + "path: /data/note, same-as: {container: demoy}}", nil, checks.NotYet, "another file with the same bytes", 1},
		{duo + "path: /data/note, content: true, same-as: {container: demoy}}", nil, checks.Pass, "two files with the same 6 bytes", 0},
		{duo + "path: /data/note, content: true, same-as: {container: demoy, path: /mnt/note}}", nil, checks.Pass, "one file", 0},
		{duo + "path: /data/note, content: true, same-as: {container: demoy, path: /data/bye}}", nil, checks.NotYet, "4 bytes", 1},
		{duo + "path: /data/long, content: true, same-as: {container: demoy}}", nil, checks.NotYet, "70000 bytes", 1},
		{duo + "path: /data/note, same-as: {container: demoy, path: /data/bye}}", nil, checks.NotYet, "inode 11 on device 0:307, and there inode 13", 1},
		{duo + "path: /data, same-as: {container: demoy}}", nil, checks.NotYet, "inode 20", 1},
		{duo + "path: /data, content: true, same-as: {container: demoy}}", nil, checks.NotYet, "a directory and a directory", 1},
		{duo + "path: /data/none, same-as: {container: demoy}}", nil, checks.NotYet, "/data/none in demox", 2},
		{duo + "path: /data/note, same-as: {container: demoy, path: /mnt/none}}", nil, checks.NotYet, "/mnt/none in demoy", 1},
		{"not: {" + duo + "path: /data/none, same-as: {container: demoy}}}", nil, checks.NotYet, "nothing is there", 0},
		{"not: {" + duo + "path: /data/note, same-as: {container: demoy, path: /mnt/none}}}", nil, checks.NotYet, "nothing is there", 0},
		{duo + "path: /data/note, same-as: {container: demoy}} # down", stopped("demoduo", "demoy"), checks.NotYet, "CrashLoopBackOff", 1},
		{duo + "path: /data/note, same-as: {container: demoy}} # unread", unread, checks.CannotTell, "not read to its end", 0},
	})
	nodeFaults(t, duo+"path: /data/none, same-as: {container: demoy}}", func(*checkstest.Cluster) {})
}

func TestFileFact(t *testing.T) {
	const duo = "file: {pod: demoduo, container: demox, "
	factsInContainers(t, volumes, []judged{
		{duo + "path: /data/note}", nil, checks.Pass, "hello", 0},
		{duo + "path: /data/note, which: content}", nil, checks.Pass, "hello", 0},
		{duo + "path: /data/note, which: size}", nil, checks.Pass, "6", 0},
		{duo + "path: /data/long, which: size}", nil, checks.Pass, "70000", 0},
		{duo + "path: /data, which: mode}", nil, checks.Pass, "1777", 0},
		{duo + "path: /data, which: size}", nil, checks.NotYet, "is a directory", 0},
		{duo + "path: /data/none, which: mode}", nil, checks.NotYet, "nothing is there", 0},
		{duo + "path: /data/empty}", nil, checks.NotYet, "is empty", 0},
		{duo + "path: /data/long}", nil, checks.CannotTell, "64 KiB", 0},
		{duo + "path: /data/note} # api", apiDown, checks.CannotTell, "connection refused", 0},
	})
}

func TestFileMistakes(t *testing.T) {
	refused(t, map[string]string{
		"file: {pod: a, container: b}":                                                   "no path is given",
		"file: {pod: a, path: /c}":                                                       "no container is named",
		"file: {pod: a, container: b, path: c}":                                          `lesson.md:1:38: check "file": path: want an absolute path`,
		"file: {pod: a, container: b, path: /c, mode: rw}":                               "mode: want permissions in octal",
		"file: {pod: a, container: b, path: /c, mode: 888}":                              "mode: want permissions in octal",
		"file: {pod: a, container: b, path: /c, exists: false, equals: d}":               "nothing else can be claimed",
		"file: {pod: a, container: b, path: /c, exists: false, same-as: {container: d}}": "nothing else can be claimed",
		"file: {pod: a, container: b, path: /c, content: true}":                          "content says nothing without same-as",
		"file: {pod: a, container: b, path: /c, same-as: {path: /d}}":                    "no container is named (same-as",
		"file: {pod: a, container: b, path: /c, same-as: {container: b}}":                "always the same as itself",
		"file: {pod: a, container: b, path: /c, same-as: {container: d}, contains: e}":   "by a check of its own",
		"file: {pod: a, container: b, path: /c, same-as: {container: d, path: e}}":       "same-as.path: want an absolute path",
		"ask file: {pod: a, container: b, path: /c, which: owner}":                       `want content, size or mode, found "owner"`,
		"ask file: {container: b, path: /c}":                                             "no pod is named",
	})
}
