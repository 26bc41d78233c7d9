package checks_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
	"github.com/podlab/podlab/internal/lesson"
)

func TestField(t *testing.T) {
	changed := func(t testing.TB, c *checkstest.Cluster) {
		set(t, thing(t, c, "Deployment", "k8s-web"), int64(2), "metadata", "generation")
	}
	secret := func(t testing.TB, c *checkstest.Cluster) {
		set(t, thing(t, c, "Deployment", "k8s-web"), map[string]any{"a": nil, "b": "x"}, "metadata", "annotations")
	}
	judge(t, []judged{
		{`field: {name: k8s-lone, path: .status.podIP, matches: "^10[.]244[.]"}`, nil, checks.Pass, ".status.podIP is ", 0},
		{`field: {name: k8s-lone, path: "{.spec.containers[*].image}", equals: "demo:1.0.0", count: 2}`, nil, checks.Pass, "demo:1.0.0", 0},
		{`field: {name: k8s-lone, path: "spec.containers", count: 2}`, nil, checks.Pass, "", 0},
		{`field: {name: k8s-lone, path: "$.spec.containers[?(@.name=='web')].command[0]", equals: php}`, nil, checks.Pass, "php", 0},
		{`field: {name: k8s-lone, path: .spec.nodeSelector, exists: false}`, nil, checks.Pass, "nothing at .spec.nodeSelector", 0},
		{`field: {name: k8s-lone, path: .status.podIP, exists: true}`, nil, checks.Pass, "", 0},
		{`field: {kind: Service, name: k8s-web, path: ".spec.ports[?(@.name=='http')].port", compare: ">= 80"}`, nil, checks.Pass, "80", 0},
		{`field: {kind: Service, name: k8s-web, path: ".spec.ports[0].targetPort", equals: http}`, nil, checks.Pass, "http", 0},
		{`field: {kind: Deployment, name: k8s-web, path: .status.updatedReplicas, equals: 2}`, nil, checks.Pass, "2", 0},
		{`field: {kind: Deployment, name: k8s-web, path: .spec.selector.matchLabels, equals: '{"app":"k8s-web"}'}`, nil, checks.Pass, "app", 0},
		{`field: {kind: Deployment, name: k8s-web, path: .metadata.annotations.a, exists: false}`, secret, checks.Pass, "", 0},
		{`field: {name: k8s-lone, path: .spec.ephemeralContainers, count: 0}`, nil, checks.Pass, "nothing at", 0},
		{`field: {name: k8s-lone, path: .metadata.deletionTimestamp, exists: true}`, deleted("k8s-lone"), checks.Pass, "", 0},
		{`field: {kind: EndpointSlice, name: k8s-lone-hzrkz, path: ".endpoints[?(@.nodeName)]", count: 0}`, nil, checks.Pass, "", 0},

		{`field: {name: k8s-lone, path: ".spec.containers[*].name", equals: web}`, nil, checks.NotYet, `{"of":".spec.containers[*].name, value 2","want":"equal to "web"","got":""log""}`, 1},
		{`field: {name: k8s-lone, path: ".spec.containers[*].name", equals: demo, count: 3}`, nil, checks.NotYet, `{"of":"number of .spec.containers[*].name","want":"3","got":"2"}`, 3},
		{`field: {name: k8s-lone, path: ".spec.containers[7].name", equals: web}`, nil, checks.NotYet, "nothing at .spec.containers[7].name", 1},
		{`field: {name: k8s-lone, path: .spec.nodeSelector.disk, equals: ssd, count: "<= 1"}`, nil, checks.NotYet, "nothing", 1},
		{`field: {name: k8s-lone, path: .status.podIP, exists: false}`, nil, checks.NotYet, `"want":"nothing"`, 1},
		{`field: {name: k8s-lone, path: .status.message, exists: true}`, nil, checks.NotYet, `"got":"nothing"`, 1},
		{`field: {name: k8s-lone, path: .status.podIP, compare: "> 1"}`, nil, checks.NotYet, `"want":"> 1"`, 1},
		{`field: {name: k8s-lone, path: .metadata.deletionTimestamp, exists: true}`, nil, checks.NotYet, "nothing at .metadata.deletionTimestamp", 1},
		{`field: {name: k8s-lone, path: .status.podIP, exists: true}`, deleted("k8s-lone"), checks.NotYet, "pod k8s-lone is being deleted", 0},
		{`field: {name: k8s-lone, path: .status.message, exists: false}`, deleted("k8s-lone"), checks.NotYet, "pod k8s-lone is being deleted", 0},
		{`field: {kind: Deployment, name: k8s-web, path: .status.updatedReplicas, equals: 2}`, changed, checks.NotYet, "the status is about generation 1, and the object is at 2", 0},
		{`field: {kind: Deployment, name: k8s-web, path: .spec.replicas, equals: 2}`, changed, checks.Pass, "2", 0},
		{`field: {name: nobody, path: .status.podIP, exists: false}`, nil, checks.NotYet, "no pod nobody", 0},
		{`field: {kind: Lease, name: nobody, path: .status.podIp, exists: false}`, nil, checks.NotYet, "no lease nobody", 0},
		{`field: {name: k8s-lone, path: .status.podIP, exists: false}`, apiDown, checks.CannotTell, "connection refused", 0},
		{`field: {name: k8s-lone, path: ".spec..image[0]", exists: true}`, nil, checks.CannotTell, "is not array or slice", 0},
	})
	judgeFacts(t, []judged{
		{"field: {name: k8s-lone, path: .metadata.labels.app}", nil, checks.Pass, "k8s-alone", 0},
		{`field: {name: k8s-lone, path: ".spec.containers[*].name"}`, nil, checks.Pass, "web, log", 0},
		{"field: {kind: Deployment, name: k8s-web, path: .spec.replicas}", nil, checks.Pass, "2", 0},
		{"field: {name: k8s-lone, path: .status.message}", nil, checks.NotYet, "nothing at .status.message", 0},
		{"field: {kind: Deployment, name: k8s-web, path: .status.replicas}", changed, checks.NotYet, "generation 1", 0},
		{"field: {name: nobody, path: .status.message}", nil, checks.NotYet, "no pod nobody", 0},
		{"field: {name: k8s-lone, path: .status.message}", apiDown, checks.CannotTell, "connection refused", 0},
	})
}

func TestFieldMistakes(t *testing.T) {
	refused(t, map[string]string{
		`field: {name: a, path: .status.podIp, exists: false}`:                         `lesson.md:1:20: check "field": path: PodStatus has no field "podIp" (did you mean "podIP"?)`,
		`field: {name: a, path: .spec.containers.image, equals: b}`:                    `path: .image follows a list: write [0] or [*] before it`,
		`field: {name: a, path: ".spec.containers[?(@.nam=='web')].image", equals: b}`: `path: Container has no field "nam" (did you mean "name"?)`,
		`field: {name: a, path: ".spec['containers','volums']", exists: true}`:         `PodSpec has no field "volums" (did you mean "volumes"?)`,
		`field: {name: a, path: ".spec.nodeName[0]", exists: true}`:                    `a text is not a list`,
		`field: {name: a, path: .metadata.creationTimestamp.year, exists: true}`:       `.year follows a Time, which has no fields`,
		`field: {kind: Service, name: a, path: .spec.containers, exists: true}`:        `ServiceSpec has no field "containers"`,
		`field: {name: a, path: "{.spec.containers[", exists: true}`:                   `lesson.md:1:26: check "field": path: not a JSONPath of kubectl's: unterminated array`,
		`field: {name: a, path: "{range .spec.containers[*]}{.name}{end}", count: 1}`:  `want one path such as {.status.podIP}`,
		`field: {name: a, path: ".status.podIP me", exists: true}`:                     `want a path such as {.status.podIP}`,
		`field: {name: a, path: "{}", exists: true}`:                                   `want a path such as {.status.podIP}, found nothing`,
		`field: {name: a, path: "..*..*..*..*"}`:                                       "with at most one ..",
		`field: {name: a, path: .status.podIP}`:                                        "nothing is claimed of the value",
		`field: {name: a, path: .status.podIP, exists: false, equals: b}`:              "where nothing is, nothing else can be claimed",
		`field: {name: a, path: .status.podIP, matches: "("}`:                          "not a regular expression",
		`field: {name: a, path: .status.podIP, compare: many}`:                         "want a number or a comparison",
		`field: {path: .status.podIP, exists: true}`:                                   "no object is named",
		`field: {name: a, exists: true}`:                                               "no path is given",
		`ask field: {name: a}`:                                                         "no path is given",
		`ask field: {name: a, path: .spec.nodename}`:                                   `did you mean "nodeName"?`,
	})
	for _, path := range []string{
		".metadata.labels.app", `.metadata.labels['app\.kubernetes\.io/name']`, ".status.containerStatuses[-1:].state.waiting.reason", "..image",
		".spec.containers[*].resources.limits.memory", ".status.hostIPs[0].ip", ".metadata.ownerReferences[0].kind", ".kind", ".spec.*",
		".spec.initContainers[?(@.restartPolicy=='Always')].name", ".spec.containers[?(@.ports[0].containerPort==8080)].name",
	} {
		if _, mistakes := checks.Parse(spec(t, fmt.Sprintf("field: {name: a, exists: true, path: %q}", path))); len(mistakes) > 0 {
			t.Errorf("%s: %v", path, mistakes)
		}
	}
}

// FuzzFieldPath holds that no path of an author's brings podlab down, and that none that is refused is looked at.
func FuzzFieldPath(f *testing.F) {
	for _, path := range []string{".status.podIP", "{.spec.containers[?(@.name=='web')].command[0:2]}", "..image", ".spec['a','b'][*]", "{range .x}", "[", "$.[-1:]"} {
		f.Add(path)
	}
	c := objects(f)
	f.Fuzz(func(t *testing.T, path string) {
		text, err := json.Marshal(path)
		if err != nil {
			return
		}
		specs, mistakes := lesson.ParseChecks("lesson.md", "- field: {name: k8s-lone, exists: true, path: "+string(text)+"}")
		if len(mistakes) > 0 {
			return
		}
		k, mistakes := checks.Parse(specs[0])
		if len(mistakes) > 0 {
			return
		}
		r := k.Eval(t.Context(), c)
		switch {
		case r.Verdict == checks.Pass && len(r.Evidence.Rows) == 0, r.Verdict == checks.NotYet && len(r.Mismatches) == 0, r.Verdict == checks.CannotTell && r.Why == "":
			t.Errorf("%q: %+v", path, r)
		}
	})
}
