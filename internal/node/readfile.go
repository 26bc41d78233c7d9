package node

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

const (
	limitBody = 64 << 10
	// limitRead is how much Script reads of a file. From there on it sends the hash as well.
	limitRead = limitBody + 2
)

// ParseFile reads what Script's file printed on the named node for that process and path.
func ParseFile(node string, pid int, path string, output []byte) (File, error) {
	f, err := parseFile(output)
	if err != nil {
		return File{}, fmt.Errorf("read %s in the container of process %d on node %s: %w", path, pid, node, err)
	}
	return f, nil
}

func parseFile(output []byte) (File, error) {
	parts, err := split("file 1", []string{"file"}, output)
	if err != nil {
		return File{}, err
	}
	found := parts["file"]
	if found.code != 0 {
		return File{}, fmt.Errorf("%s", found.message)
	}
	lines := nonEmpty(found.body)
	switch {
	case len(lines) == 1 && lines[0] == "absent":
		return File{}, nil
	case len(lines) == 0:
		return File{}, fmt.Errorf("there is no answer")
	}
	f, err := readStat(lines[0])
	if err != nil || f.Kind != "file" {
		return f, err
	}
	return f, f.readContent(lines[1:])
}

// kinds are the words of stat for what node.File names.
func kindOf(word string) string {
	switch word {
	case "regular file", "regular empty file":
		return "file"
	case "character special file", "block special file":
		return "device"
	}
	return word // directory, socket, fifo
}

// readStat reads "regular file:644:0:7:65024:1089569:2026-11-21 03:53:14.832402452 +0000": kind, mode, owner, size, device,
// inode and birth, which is "-" where nobody knows it.
func readStat(row string) (File, error) {
	fields := strings.SplitN(row, ":", 7)
	if len(fields) < 6 {
		return File{}, fmt.Errorf("%q is not what stat prints", row)
	}
	numbers, err := atois(fields[2:4])
	if err != nil {
		return File{}, err
	}
	var device, inode uint64
	if _, err := fmt.Sscan(fields[4]+" "+fields[5], &device, &inode); err != nil {
		return File{}, fmt.Errorf("%q is not what stat prints: %w", row, err)
	}
	born := strings.Trim(strings.Join(fields[6:], ""), "-")
	return File{
		Exists: true, Born: born, Kind: kindOf(fields[0]), Mode: fields[1], UID: numbers[0], Size: int64(numbers[1]),
		Device: deviceName(device), Inode: inode,
	}, nil
}

// deviceName splits a number as the C library does.
func deviceName(device uint64) string {
	major := device>>8&0xfff | device>>32&^0xfff
	minor := device&0xff | device>>12&^0xff
	return fmt.Sprintf("%d:%d", major, uint32(minor)) //nolint:gosec // it has 32 bits
}

// readContent reads the beginning of the content, with head's exit code behind it, and the hash of what is longer.
func (f *File) readContent(lines []string) error {
	if len(lines) == 0 {
		return fmt.Errorf("there is no content")
	}
	content, err := base64.StdEncoding.DecodeString(lines[0])
	if err != nil || len(content) == 0 || content[len(content)-1] != '0' {
		return fmt.Errorf("the content could not be read")
	}
	content = content[:len(content)-1]
	if len(content) >= limitRead {
		if len(lines) < 2 || len(lines[1]) < 2*sha256.Size {
			return fmt.Errorf("there is no hash of the content")
		}
		f.SHA256 = lines[1][:2*sha256.Size]
	} else {
		// A file may have changed since its size was taken: what was read counts.
		sum := sha256.Sum256(content)
		f.SHA256, f.Size = hex.EncodeToString(sum[:]), int64(len(content))
	}
	f.Body, f.Cut = content[:min(len(content), limitBody)], len(content) > limitBody
	return nil
}

// ParseCreated reads what Script's created printed on the named node for these containers. Those that containerd has
// forgotten are left out.
func ParseCreated(node string, ids []string, output []byte) (Births, error) {
	b, err := parseCreated(ids, output)
	if err != nil {
		return Births{}, fmt.Errorf("ask node %s when it created containers: %w", node, err)
	}
	return b, nil
}

func parseCreated(ids []string, output []byte) (Births, error) {
	parts, err := split("created 2", append([]string{"btime"}, ids...), output)
	if err != nil {
		return Births{}, err
	}
	var boot int64
	row := strings.TrimSpace(parts["btime"].body)
	if _, err := fmt.Sscanf(row, "btime %d", &boot); err != nil || boot < 1 {
		return Births{}, fmt.Errorf("%q is not when the kernel booted: %s", row, parts["btime"].message)
	}
	b := Births{At: map[string]time.Time{}, Boot: time.Unix(boot, 0)}
	for _, id := range ids {
		found := parts[id]
		if found.code != 0 && strings.Contains(found.message, "not found") {
			continue
		}
		if b.At[id], err = found.createdAt(); err != nil {
			return Births{}, fmt.Errorf("container %.12s: %w", id, err)
		}
	}
	return b, nil
}

// createdAt reads what "ctr containers info" prints.
func (p part) createdAt() (time.Time, error) {
	if p.code != 0 {
		return time.Time{}, fmt.Errorf("exit %d: %s", p.code, p.message)
	}
	var info struct{ CreatedAt time.Time }
	err := json.Unmarshal([]byte(p.body), &info)
	if err == nil && info.CreatedAt.IsZero() {
		err = fmt.Errorf("containerd does not say when it created it")
	}
	return info.CreatedAt, err
}
