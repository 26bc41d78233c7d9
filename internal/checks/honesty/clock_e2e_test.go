//go:build e2e

package honesty

import (
	"testing"
	"time"
	"unsafe"
)

// The clock of a shared machine cannot be set. What a set clock does to a time.Time is that its time of day moves while its
// monotonic reading does not; package time has no way to make such a value, so this one is made by hand.

// wallSecond is one second in the first word of a time.Time that has a monotonic reading.
const wallSecond = 1 << 30

// set returns the time as it would read if the clock had been set ahead by so much.
func set(now time.Time, by time.Duration) time.Time {
	word := (*uint64)(unsafe.Pointer(&now))
	*word += uint64(int64(by/time.Second) * wallSecond)
	return now
}

func TestASetClockMovesTheTimeOfDayAlone(t *testing.T) {
	now := time.Now()
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		moved := set(now, by)
		if monotonic, wall := moved.Sub(now), moved.Round(0).Sub(now.Round(0)); monotonic != 0 || wall != by {
			t.Errorf("set by %s: monotonic %s, time of day %s", by, monotonic, wall)
		}
	}
}
