// Package labs holds podlab's own course: one folder per lab, with the lesson in it.
package labs

import "embed"

// FS holds every lab's lesson.md, under the lab's id: "duo/lesson.md".
//
//go:embed */lesson.md
var FS embed.FS
