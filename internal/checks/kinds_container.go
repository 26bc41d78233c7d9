package checks

// containerKinds look at what goes on in containers.
func containerKinds() []Kind {
	return []Kind{
		execKind(),
		fileKind(),
		envKind(),
		logsKind(),
		httpKind(),
		listeningKind(),
	}
}
