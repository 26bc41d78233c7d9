package checks

// groupKinds are made of other checks, or of an expression.
func groupKinds() []Kind {
	return []Kind{notKind(), allKind(), anyKind(), exprKind()}
}
