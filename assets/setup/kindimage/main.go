// Kindimage prints the name of the node image that kind uses by default, as the release in go.mod has it.
package main

import (
	"fmt"

	"sigs.k8s.io/kind/pkg/apis/config/defaults"
)

func main() {
	fmt.Println(defaults.Image)
}
