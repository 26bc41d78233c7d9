package checks

// nodeKinds look below Kubernetes, on the node.
func nodeKinds() []Kind {
	return []Kind{namespacesKind(), nprocsKind(), sameParentKind(), pid1Kind(), processKind(), ipcKind(), mountKind(), cgroupKind(), userKind()}
}
