package checks

import (
	"reflect"

	"github.com/podlab/podlab/internal/node"
)

// wordsOf returns the types of fields that have few values, with all of them.
func wordsOf() map[reflect.Type][]string {
	var namespaces []string
	for _, t := range node.Types() {
		namespaces = append(namespaces, string(t))
	}
	return map[reflect.Type][]string{
		reflect.TypeFor[nsType]():          namespaces,
		reflect.TypeFor[conditionStatus](): {"True", "False", "Unknown"},
		reflect.TypeFor[eventType]():       {"Normal", "Warning"},
		reflect.TypeFor[phaseName]():       {"Pending", "Running", "Succeeded", "Failed", "Unknown"},
		reflect.TypeFor[workload]():        {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"},
		reflect.TypeFor[replicaCount]():    {"ready", "updated", "available", "total"},
		reflect.TypeFor[changing]():        {"pod-uid", "pod-ip", "sandbox-id", "container-id", "restarts", "pid", "processes"},
		reflect.TypeFor[ipcObject]():       {"queue", "semaphore", "shm"},
	}
}

// patternsOf returns the types of fields whose text has a form. A pattern may allow more than the type does, never less.
func patternsOf() map[reflect.Type]string {
	const label = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
	const number = `[-+]?[0-9.][-+0-9a-fA-FxXpP._]*`
	return map[reflect.Type]string{
		reflect.TypeFor[podName]():       `^` + label + `(\.` + label + `)*$`,
		reflect.TypeFor[containerName](): `^` + label + `$`,
		reflect.TypeFor[place]():         `^(` + label + `(\.` + label + `)*/)?` + label + `$`,
		reflect.TypeFor[objectKind]():    `^[A-Z][A-Za-z0-9]*$`,
		reflect.TypeFor[objectName]():    `^[^/%\s]+$`,
		reflect.TypeFor[envName]():       `^[^=$\s]+$`,
		reflect.TypeFor[filePath]():      `^/`,
		reflect.TypeFor[ratio]():         `^[0-9]+/[0-9]+$`,
		reflect.TypeFor[count]():         `^[+]?[0-9]+$`,
		reflect.TypeFor[id]():            `^[0-9]+$`,
		reflect.TypeFor[comparison]():    `^\s*(>=|<=|!=|==|>|<|=)?\s*` + number + `\s*$`,
		reflect.TypeFor[shimName]():      `^containerd-shim[^/]*$`,
		reflect.TypeFor[ipcKey]():        `^[-+]?[0-9][0-9a-fA-FxXoObB_]*$`,
		reflect.TypeFor[window]():        `^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`,
		reflect.TypeFor[fileMode]():      `^(0o)?[0-7]+$`,
	}
}
