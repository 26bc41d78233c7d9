//go:build e2e

package honesty

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// objectRules allow to see every object of a namespace, and to go into no container. A star would allow that as well, so
// the core group's resources are named.
func (s *setting) objectRules(t *testing.T) string {
	t.Helper()
	core := strings.Fields(s.stage.onNode(t, "kubectl api-resources --namespaced --api-group= --verbs=watch -o name"))
	return fmt.Sprintf(`
- {apiGroups: [""], resources: [%s], verbs: [get, list, watch]}
- {apiGroups: [apps, batch, discovery.k8s.io, events.k8s.io, networking.k8s.io, policy, autoscaling], resources: ["*"], verbs: [get, list, watch]}`,
		strings.Join(core, ", "))
}

// account makes a service account with these rules, and returns the path of a kubeconfig that is its own.
func (s *setting) account(t *testing.T, name, rules string) string {
	t.Helper()
	manifest := fmt.Sprintf(`cat <<'END' | kubectl apply -f - >/dev/null
apiVersion: v1
kind: ServiceAccount
metadata: {name: %[1]s}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: %[1]s}
rules: %[2]s
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: %[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: %[1]s}
subjects: [{kind: ServiceAccount, name: %[1]s}]
END
kubectl create token %[1]s`, name, rules)
	token := s.stage.onNode(t, manifest)
	text, err := os.ReadFile(s.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	var config map[string]any
	if err := yaml.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	user := config["users"].([]any)[0].(map[string]any)
	user["user"] = map[string]any{"token": token}
	text, err = yaml.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".kubeconfig")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
