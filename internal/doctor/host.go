package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Host is what doctor reads of the machine itself. ThisHost returns the real one.
type Host struct {
	OS        string // as Go names it: "linux", "darwin", "windows"
	Getenv    func(name string) string
	LookPath  func(name string) (string, error)
	Output    func(ctx context.Context, name string, args ...string) (string, error)
	ReadFile  func(path string) ([]byte, error)
	Stat      func(path string) (fs.FileInfo, error)
	FreeDisk  func(dir string) (uint64, error) // bytes that this user may still write
	TryWrite  func(dir string) error           // makes a file and removes it
	TryListen func() error                     // opens a port on 127.0.0.1 and closes it
	// RootInotify counts root's inotify instances, if this user may see them.
	RootInotify func() (n int, known bool)
}

// ThisHost returns the machine that podlab runs on.
func ThisHost() Host {
	return Host{
		OS: runtime.GOOS, Getenv: os.Getenv, LookPath: exec.LookPath, Output: output, ReadFile: os.ReadFile, Stat: os.Stat,
		FreeDisk: freeDisk, TryWrite: tryWrite, TryListen: tryListen, RootInotify: rootInotify,
	}
}

// output returns what the command printed. Its error carries the first line that the command said about it.
func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		first, _, _ := strings.Cut(string(exit.Stderr), "\n")
		return "", fmt.Errorf("%w: %s", err, first)
	}
	return string(out), err
}

func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".podlab-doctor-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func tryListen() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	return l.Close()
}
