// Package labs holds podlab's own course: one folder per lab, with the lesson and its near-misses in it.
package labs

import "embed"

// FS holds every lab's files, under the lab's id: "duo/lesson.md", "duo/near-miss/same-port.yaml".
//
//go:embed */lesson.md */near-miss/*.yaml
var FS embed.FS
