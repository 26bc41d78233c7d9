package checks

// changeKinds compare two moments.
func changeKinds() []Kind {
	return []Kind{changedKind(), unchangedKind(), growsKind()}
}
