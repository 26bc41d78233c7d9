package node_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/podlab/podlab/internal/node"
)

func file(text string) (node.File, error) { return node.ParseFile("n", 7, "/some/path", []byte(text)) }

func TestFile(t *testing.T) {
	hostname := node.File{Exists: true, Kind: "file", Mode: "644", Size: 7, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("inside\n"))), Body: []byte("inside\n")}
	quoted := node.File{Exists: true, Kind: "file", Mode: "644", Size: 9, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("two\nlines"))), Body: []byte("two\nlines")}
	tests := map[string]node.File{
		"hostname":  hostname,
		"absolute":  hostname,
		"slash":     {}, // "link -> file/" leads to a directory or nowhere
		"loop":      {},
		"quoted":    quoted,
		"empty":     {Exists: true, Kind: "file", Mode: "644", SHA256: fmt.Sprintf("%x", sha256.Sum256(nil)), Body: []byte{}},
		"fifo":      {Exists: true, Kind: "fifo", Mode: "644"},
		"directory": {Exists: true, Kind: "directory", Mode: "777", Size: 4096},
		"device":    {Exists: true, Kind: "device", Mode: "666"},
		"none":      {},
		"below":     {},
	}
	for name, want := range tests {
		got, err := file(recorded(t, "file-"+name+".txt"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(node.File{}, "Device", "Inode")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if got.Exists == (got.Inode == 0) || got.Exists == (got.Device == "") {
			t.Errorf("%s: device %q, inode %d", name, got.Device, got.Inode)
		}
	}
}

// answer returns what the script prints of a file with that content.
func answer(content []byte) string {
	read := content[:min(len(content), 64<<10+2)]
	text := "=== podlab file 1\n=== begin file\nregular file:600:1000:5:65024:3:2026-11-21 03:53:14.832402452 +0000\n" +
		base64.StdEncoding.EncodeToString(append(bytes.Clone(read), '0')) + "\n"
	if len(content) >= 64<<10+2 {
		text += fmt.Sprintf("%x  -\n", sha256.Sum256(content))
	}
	return text + "\n=== end file 0 \n=== done\n"
}

func TestFileCutsWhatIsLong(t *testing.T) {
	for _, size := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1, 64<<10 + 2, 70000} {
		content := bytes.Repeat([]byte("x"), size)
		got, err := file(answer(content))
		if err != nil || got.SHA256 != fmt.Sprintf("%x", sha256.Sum256(content)) || got.UID != 1000 || got.Device != "254:0" || got.Born != "2026-11-21 03:53:14.832402452 +0000" {
			t.Fatalf("%d bytes: %v, hash %s, owner %d, device %s", size, err, got.SHA256, got.UID, got.Device)
		}
		if len(got.Body) != min(size, 64<<10) || got.Cut != (size > 64<<10) {
			t.Errorf("%d bytes: %d in the body, cut %t", size, len(got.Body), got.Cut)
		}
	}
}

func TestFileRefuses(t *testing.T) {
	good := answer([]byte("hello"))
	long := answer(bytes.Repeat([]byte("x"), 70000))
	content := base64.StdEncoding.EncodeToString([]byte("hello0"))
	tests := map[string]struct{ text, want string }{
		"ended":      {recorded(t, "file-ended.txt"), "the process has ended"},
		"not here":   {recorded(t, "file-self.txt"), "the node cannot follow the symbolic link /proc/self"},
		"broken off": {good[:40], "broken off"},
		"nothing":    {"=== podlab file 1\n=== begin file\n\n=== end file 0 \n=== done\n", "no answer"},
		"stat":       {strings.Replace(good, ":65024:3:2026-11-21 03:53:14.832402452 +0000", "", 1), "is not what stat prints"},
		"unread":     {strings.Replace(good, content, base64.StdEncoding.EncodeToString([]byte("hel1")), 1), "could not be read"},
		"garbled":    {strings.Replace(good, content, "!", 1), "could not be read"},
		"no content": {strings.Replace(good, content, "", 1), "no content"},
		"no hash":    {strings.Replace(long, "  -", "", 1)[:len(long)-80] + "\n\n=== end file 0 \n=== done\n", "no hash"},
	}
	for name, test := range tests {
		f, err := file(test.text)
		if err == nil || f.Exists || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "/some/path") {
			t.Errorf("%s: %+v, error %v, want %q", name, f, err, test.want)
		}
	}
}

func TestCreated(t *testing.T) {
	text := recorded(t, "created.txt")
	id := regexp.MustCompile(`=== begin ([0-9a-f]{64})`).FindStringSubmatch(text)[1]
	created, err := node.ParseCreated("n", []string{id, "none"}, []byte(text))
	at := created.At[id]
	if err != nil || len(created.At) != 1 || at.Nanosecond() == 0 || at.Before(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("created %v, %v; want the first alone, with nanoseconds", created, err)
	}
	if up := at.Sub(created.Boot); up < time.Minute || up > 1000*time.Hour {
		t.Errorf("the node's kernel booted at %s, %s before", created.Boot, up)
	}
	if began := created.Began(node.Process{Start: 12345}); began.Sub(created.Boot) != 123450*time.Millisecond {
		t.Errorf("12345 hundredths of a second after %s it is %s", created.Boot, began)
	}
	for name, changed := range map[string]string{
		"cannot dial":                 strings.Replace(text, "not found", "cannot dial", 1),
		"does not say":                strings.Replace(text, `"CreatedAt"`, `"Created"`, 1),
		"broken off":                  text[:len(text)/2],
		"is not when the kernel boot": strings.Replace(text, "btime 1", "btime x1", 1),
	} {
		created, err := node.ParseCreated("n", []string{id, "none"}, []byte(changed))
		if created.At != nil || err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, %v", name, created, err)
		}
	}
}

func TestRequests(t *testing.T) {
	got, err := node.FileRequest(7, "/it's\n$(x)")
	if want := `file 7 '/it'\''s'"$line"'$(x)'`; err != nil || got != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	id := strings.Repeat("a", 64)
	if got, err := node.InsideRequest([]node.Target{{ID: id, PID: 3}, {ID: "b", PID: 4}}); err != nil || got != "inside "+id+" 3 b 4" {
		t.Errorf("%s, %v", got, err)
	}
	refused := func(_ string, err error) bool { return err != nil }
	for name, ok := range map[string]bool{
		"relative":      refused(node.FileRequest(7, "etc")),
		"no path":       refused(node.FileRequest(7, "")),
		"zero byte":     refused(node.FileRequest(7, "/a\x00")),
		"no process":    refused(node.FileRequest(0, "/a")),
		"no container":  refused(node.InsideRequest(nil)),
		"no ID":         refused(node.InsideRequest([]node.Target{{PID: 3}})),
		"an ID that is": refused(node.InsideRequest([]node.Target{{ID: "a;b", PID: 3}})),
		"no PID":        refused(node.InsideRequest([]node.Target{{ID: "a", PID: 0}})),
		"created":       refused(node.CreatedRequest([]string{"a b"})),
	} {
		if !ok {
			t.Errorf("%s is not refused", name)
		}
	}
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte(recorded(f, "file-hostname.txt")))
	f.Add([]byte(recorded(f, "file-device.txt")))
	f.Add([]byte(answer(bytes.Repeat([]byte("x"), 70000))))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := file(string(text))
		if err != nil && got.Body != nil {
			t.Error("content beside an error")
		}
		if err == nil && got.Kind == "file" && (len(got.SHA256) != 64 || len(got.Body) > 64<<10) {
			t.Errorf("file %+v", got)
		}
	})
}

func FuzzParseCreated(f *testing.F) {
	// What was recorded is too long to be changed quickly.
	text := "=== podlab created 2\n=== begin btime\nbtime 1795221464\n\n=== end btime 0 \n=== begin one\n{\"CreatedAt\": \"2026-11-21T04:28:54.1Z\"}\n\n=== end one 0 \n" +
		"=== begin none\n\n=== end none 1 ctr: container \"none\": not found\n=== done\n"
	if created, err := node.ParseCreated("n", []string{"one", "none"}, []byte(text)); err != nil || len(created.At) != 1 {
		f.Fatal(created, err)
	}
	f.Add([]byte(text))
	f.Fuzz(func(t *testing.T, text []byte) {
		created, err := node.ParseCreated("n", []string{"one", "none"}, text)
		if (created.At == nil) == (err == nil) || created.Boot.IsZero() == (err == nil) {
			t.Fatalf("ParseCreated = %v, %v; want one of the two", created, err)
		}
	})
}
