package node

import (
	"errors"
	"fmt"
	"strings"
)

// SnapshotRequest is the call of Script's function whose answer Parse reads.
const SnapshotRequest = "snapshot"

// TasksRequest is the call of Script's function whose answer ParseTasks reads.
const TasksRequest = "tasks"

// UsageRequest is the call of Script's function whose answer ParseUsage reads.
const UsageRequest = "usage"

// InsideRequest returns the call whose answer ParseInside reads, for containers of one or several pods.
func InsideRequest(targets []Target) (string, error) {
	if len(targets) == 0 {
		return "", errors.New("no container is named")
	}
	var call strings.Builder
	call.WriteString("inside")
	for _, t := range targets {
		if !isID(t.ID) || t.PID < 1 {
			return "", fmt.Errorf("%q with the PID %d is no container", t.ID, t.PID)
		}
		fmt.Fprintf(&call, " %s %d", t.ID, t.PID)
	}
	return call.String(), nil
}

// FileRequest returns the call whose answer ParseFile reads, for an absolute path in the root file system of the process.
func FileRequest(pid int, path string) (string, error) {
	switch {
	case pid < 1:
		return "", fmt.Errorf("%d is no PID", pid)
	case !strings.HasPrefix(path, "/"):
		return "", fmt.Errorf("the path %q does not begin with /", path)
	case strings.ContainsRune(path, 0):
		return "", fmt.Errorf("the path %q has a zero byte", path)
	}
	return fmt.Sprintf("file %d %s", pid, quote(path)), nil
}

// CreatedRequest returns the call whose answer ParseCreated reads.
func CreatedRequest(ids []string) (string, error) {
	for _, id := range ids {
		if !isID(id) {
			return "", fmt.Errorf("%q is no container", id)
		}
	}
	return strings.Join(append([]string{"created"}, ids...), " "), nil
}

// isID says whether the text can be a container's ID, and needs no quotes in a shell.
func isID(text string) bool {
	return text != "" && strings.Trim(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") == ""
}

// quote returns the text as one word of a POSIX shell, on one line: Script has the line end in a variable.
func quote(text string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "\n", `'"$line"'`).Replace(text) + "'"
}
