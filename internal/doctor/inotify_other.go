//go:build !linux

package doctor

// rootInotify knows nothing: inotify is Linux's.
func rootInotify() (n int, known bool) { return 0, false }
