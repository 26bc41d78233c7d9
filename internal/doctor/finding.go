package doctor

import "fmt"

// finding is what a probe found, without its name.
type finding struct {
	verdict     Verdict
	detail, fix string
}

func ok(format string, args ...any) finding {
	return finding{verdict: OK, detail: fmt.Sprintf(format, args...)}
}

func problem(fix, format string, args ...any) finding {
	return finding{verdict: Problem, fix: fix, detail: fmt.Sprintf(format, args...)}
}

func cannotTell(fix, format string, args ...any) finding {
	return finding{verdict: CannotTell, fix: fix, detail: fmt.Sprintf(format, args...)}
}

const fixEngine = "start Docker, see that your user may use it (docker info), then run podlab doctor again"

// silent is what a probe finds that needs Docker's answer, when there is none.
func silent() finding {
	return cannotTell(fixEngine, "Docker Engine does not answer")
}

// gib is bytes in one GiB.
const gib = 1 << 30

func size(bytes uint64) string {
	if bytes < gib {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/gib)
}
