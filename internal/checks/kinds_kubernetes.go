package checks

// kubernetesKinds look at what the API server says.
func kubernetesKinds() []Kind {
	return []Kind{
		readyKind(),
		phaseKind(),
		conditionKind(),
		fieldKind(),
		absentKind(),
		eventKind(),
		restartsKind(),
		replicasKind(),
		endpointsKind(),
		startedBeforeKind(),
	}
}
