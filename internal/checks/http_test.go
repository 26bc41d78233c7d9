package checks_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podlab/podlab/internal/checks"
	"github.com/podlab/podlab/internal/checks/checkstest"
)

// serves lets a server stand at each address; at any other, nobody listens.
func serves(c *checkstest.Cluster, servers map[checks.Address]func(net.Conn)) {
	c.Port = func(to checks.Address) (net.Conn, error) {
		server, ok := servers[to]
		if !ok {
			return nil, fmt.Errorf("dial: %w", checks.ErrRefused)
		}
		here, there := net.Pipe()
		go func() {
			defer there.Close()
			server(there)
		}()
		return here, nil
	}
}

// says answers every request with the same, as a server does.
func says(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			return
		}
		_, _ = io.WriteString(conn, strings.ReplaceAll(answer, "\n", "\r\n")) // the other side may hang up
	}
}

// echoes answers with what it was asked.
func echoes(conn net.Conn) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	body := fmt.Sprintf("%s %s host=%s mood=%s", r.Method, r.RequestURI, r.Host, r.Header.Get("X-Mood"))
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body) // the other side may hang up
}

func forwarded(pod string, port int) checks.Address { return checks.Address{Pod: pod, Port: port} }

func onNode(host string, port int) checks.Address {
	return checks.Address{Node: "dev-control-plane", Host: host, Port: port}
}

const hello = "HTTP/1.1 200 OK\nX-Served-By: demox\nContent-Length: 6\n\nhello\n"

// webs: demox of demoduo answers at 9081, demoy at 9082, a Service leads to demox, and so on.
func webs(t testing.TB, c *checkstest.Cluster) {
	t.Helper()
	ports(t, c)
	opens(t, c, "tcp", "0.0.0.0", 8080, firstPID(t, c, "demoduo", "demox"))
	local := checks.Address{Node: "dev-control-plane", PID: firstPID(t, c, "demoduo", "demoy"), Host: "127.0.0.1", Port: 9081}
	c.Pods["demoduo"].Status.HostIP = "172.18.0.2"
	service(t, c, "web", corev1.ServiceSpec{Type: corev1.ServiceTypeNodePort, ClusterIP: "10.96.0.7", Ports: []corev1.ServicePort{{Port: 80, NodePort: 30080}}}, "demoduo", 8080)
	service(t, c, "two", corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, ClusterIP: "10.96.0.8", Ports: []corev1.ServicePort{{Name: "http", Port: 80}, {Name: "admin", Port: 81}}}, "demoduo", 8080)
	service(t, c, "empty", corev1.ServiceSpec{ClusterIP: "10.96.0.9", Ports: []corev1.ServicePort{{Port: 80}}}, "", 8080)
	service(t, c, "headless", corev1.ServiceSpec{ClusterIP: "None", Ports: []corev1.ServicePort{{Port: 80}}}, "demoduo", 8080)
	service(t, c, "none", corev1.ServiceSpec{ClusterIP: "10.96.0.10", Ports: []corev1.ServicePort{{Port: 53, Protocol: corev1.ProtocolUDP}}}, "demoduo", 8080)
	serves(c, map[checks.Address]func(net.Conn){
		forwarded("demoduo", 9081):  says(hello),
		forwarded("demoduo", 9082):  says("HTTP/1.1 404 Not Found\nX-Served-By: demoy\nContent-Length: 4\n\nnone"),
		forwarded("demoduo", 9083):  says(hello),
		forwarded("demoduo", 7001):  says("HTTP/1.1 302 Found\nLocation: /\nContent-Length: 0\n\n"),
		forwarded("demoduo", 7002):  says("hello\n"),
		forwarded("demoduo", 7003):  says(""),
		forwarded("demoduo", 7004):  says("HTTP/1.1 200 OK\nContent-Length: 100\n\nhello"),
		forwarded("demoduo", 7005):  says("HTTP/1.1 200 OK\n\n" + strings.Repeat("x", 70000)),
		forwarded("demoduo", 7006):  echoes,
		forwarded("duovisited", 80): says(hello),
		local:                       says(hello),
		onNode("10.96.0.7", 80):     says(hello),
		onNode("172.18.0.2", 30080): says(hello),
		onNode("10.96.0.8", 81):     says(hello),
	})
}

// service adds a Service and its EndpointSlice.
func service(t testing.TB, c *checkstest.Cluster, name string, is corev1.ServiceSpec, pod string, port int32) {
	t.Helper()
	add(t, c, "Service", &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: is})
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: name + "-x", Labels: map[string]string{discoveryv1.LabelServiceName: name}}}
	for _, p := range is.Ports {
		slice.Ports = append(slice.Ports, discoveryv1.EndpointPort{Name: &p.Name, Port: &port})
	}
	if pod != "" {
		slice.Endpoints = []discoveryv1.Endpoint{{
			Addresses: []string{"10.244.0.5"}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: pod, UID: c.Pods[pod].UID},
		}}
	}
	add(t, c, "EndpointSlice", slice)
}

// behindService puts demoduo behind a Service of its name, with a cluster IP and a node port.
func behindService(c *checkstest.Cluster) {
	named := func(kind, name string, fields map[string]any) {
		fields["kind"], fields["metadata"] = kind, map[string]any{"name": name, "labels": map[string]any{discoveryv1.LabelServiceName: "demoduo"}}
		c.Things = append(c.Things, &unstructured.Unstructured{Object: fields})
	}
	port := map[string]any{"port": int64(8080), "nodePort": int64(30080), "name": ""}
	named("Service", "demoduo", map[string]any{"spec": map[string]any{"clusterIP": "10.96.0.7", "ports": []any{port}}})
	named("EndpointSlice", "demoduo-x", map[string]any{
		"ports": []any{map[string]any{"port": int64(8080), "name": ""}},
		"endpoints": []any{map[string]any{
			"addresses": []any{"10.244.0.5"},
			"targetRef": map[string]any{"kind": "Pod", "name": "demoduo", "uid": string(c.Pods["demoduo"].UID)},
		}},
	})
}

func add(t testing.TB, c *checkstest.Cluster, kind string, typed any) {
	t.Helper()
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		t.Fatal(err)
	}
	o := &unstructured.Unstructured{Object: fields}
	o.SetKind(kind)
	c.Things = append(c.Things, o)
}

func TestHTTP(t *testing.T) {
	const duo = "http: {pod: demoduo, port: "
	inContainers(t, webs, []judged{
		{duo + "9081}", nil, checks.Pass, `status 200, body "hello"`, 0},
		{duo + "9081, equals: hello, contains: ell, matches: ^h, header: {x-served-by: demox}}", nil, checks.Pass, "", 0},
		{duo + "9082, status: 404}", nil, checks.Pass, "status 404", 0},
		{duo + "9082, status: '>= 400'}", nil, checks.Pass, "status 404", 0},
		{duo + "7001, status: 302, header: {Location: /}}", nil, checks.Pass, "status 302", 0},
		{duo + `7006, method: put, path: "/a?b=c", host: shop, with: {X-Mood: good}, equals: PUT /a?b=c host=shop mood=good}`, nil, checks.Pass, "", 0},
		{duo + "7006, equals: GET / host=localhost:7006 mood=}", nil, checks.Pass, "", 0},
		{duo + "7005, contains: xxx, matches: ^x}", nil, checks.Pass, "", 0},
		{duo + "7004, contains: hell}", nil, checks.Pass, "", 0},
		{"http: {service: web, equals: hello}", nil, checks.Pass, "", 0},
		{"http: {service: web, port: 80}", nil, checks.Pass, "", 0},
		{"http: {service: two, port: admin}", nil, checks.Pass, "", 0},
		{"http: {node-port: web}", nil, checks.Pass, "", 0},
		{"http: {from: {pod: demoduo, container: demoy}, port: 9081}", nil, checks.Pass, "", 0},

		{duo + "9082}", nil, checks.NotYet, `{"of":"status","want":"200","got":"404"}`, 1},
		{duo + "9082, equals: hello, header: {X-Served-By: demox, X-None: a}}", nil, checks.NotYet, `{"of":"header X-None","want":"a","got":"<none>"}`, 4},
		{duo + "7001}", nil, checks.NotYet, "302", 1}, // where it leads to is not asked
		{duo + "9084}", nil, checks.NotYet, "nobody listens on port 9084 of pod demoduo", 0},
		{duo + "7002, contains: hello}", nil, checks.NotYet, "what came is no answer to an HTTP request", 0},
		{duo + "7003}", nil, checks.NotYet, "the connection was closed before the answer's end", 0},
		{duo + "7004, equals: hello}", nil, checks.NotYet, "closed before the answer's end", 1},
		{duo + "9081, scheme: https}", nil, checks.NotYet, "port 9081 of pod demoduo: ", 0},
		{"http: {service: empty}", nil, checks.NotYet, "no ready pod is behind service empty, port 80", 0},
		{"http: {service: headless}", nil, checks.NotYet, "has no cluster IP", 0},
		{"http: {service: none}", nil, checks.NotYet, "has no TCP port", 0},
		{"http: {service: two}", nil, checks.NotYet, "has 2 ports (80 http, 81 admin)", 0},
		{"http: {service: two, port: 82}", nil, checks.NotYet, "has no port 82 (it has 80 http, 81 admin)", 0},
		{"http: {service: two, port: http}", nil, checks.NotYet, "nobody listens on service two, port 80", 0},
		{"http: {node-port: two, port: 80}", nil, checks.NotYet, "has no node port: its type is ClusterIP", 0},
		{"http: {service: gone}", nil, checks.NotYet, "no service gone", 0},
		{"http: {pod: nobody, port: 80}", nil, checks.NotYet, "no pod nobody", 0},
		{"http: {pod: duounscheduled, port: 80}", nil, checks.NotYet, "on no node yet", 0},
		{"http: {from: {pod: demoduo, container: demoz}, port: 9081}", nil, checks.NotYet, "no container demoz", 1},
		{duo + "9081} # deleted", deleted("demoduo"), checks.NotYet, "is being deleted", 0},
		{duo + "9081} # the other is down", stopped("demoduo", "demoy"), checks.Pass, "", 0},

		{duo + "7005, contains: y}", nil, checks.CannotTell, "the body is longer than the 64 KiB", 0},
		{duo + "9081} # api", apiDown, checks.CannotTell, "connection refused", 0},
		{"http: {service: web} # api", apiDown, checks.CannotTell, "connection refused", 0},
	})
}

// The right answer from the wrong container is the wrong answer.
func TestHTTPAnsweredBy(t *testing.T) {
	const duo = "http: {pod: demoduo, port: "
	blind := func(_ testing.TB, c *checkstest.Cluster) { c.NodeErr = errors.New("docker is down") }
	another := func(t testing.TB, c *checkstest.Cluster) {
		opens(t, c, "tcp", "10.244.0.5", 8080, firstPID(t, c, "demoduo", "demoy"))
	}
	newcomer := func(_ testing.TB, c *checkstest.Cluster) {
		for i := range c.Within.Sockets {
			c.Within.Sockets[i].Owners = []int{999999}
		}
	}
	six := func(addresses ...string) spoil {
		return func(t testing.TB, c *checkstest.Cluster) {
			for i, address := range addresses {
				opens(t, c, "tcp", address, 7006, firstPID(t, c, "demoduo", []string{"demox", "demoy"}[i]))
			}
		}
	}
	inContainers(t, webs, []judged{
		{duo + "7006, answered-by: {container: demox}} # IPv6 alone", six("::1"), checks.Pass, "", 0},
		{duo + "7006, answered-by: {container: demoy}} # IPv4 goes first", six("::1", "127.0.0.1"), checks.Pass, "", 0},
		{duo + "9081, answered-by: {container: demox}}", nil, checks.Pass, "", 0},
		{duo + "9081, answered-by: {container: demox, pod: demoduo}}", nil, checks.Pass, "", 0},
		{"http: {from: {pod: demoduo, container: demoy}, port: 9081, answered-by: {container: demox}}", nil, checks.Pass, "", 0},
		{"http: {service: web, answered-by: {pod: demoduo, container: demox}}", nil, checks.Pass, "", 0},
		{"http: {node-port: web, answered-by: {pod: demoduo}}", nil, checks.Pass, "", 0},
		{"http: {service: web, answered-by: {pod: demosolo}}", nil, checks.NotYet, `"want":"pod demosolo","got":"pod demoduo"`, 1},
		{"http: {service: web, answered-by: {container: demoy}}", nil, checks.NotYet, `"want":"demoy","got":"demox, in pod demoduo"`, 1},
		{"http: {service: web, answered-by: {container: demox}} # a closer socket", another, checks.NotYet, "demoy, in pod demoduo", 1},
		{duo + "9081, answered-by: {container: demoy}}", nil, checks.NotYet, "demox, in pod demoduo", 1},
		{duo + "9083, answered-by: {container: demoy}}", nil, checks.NotYet, "demox and demoy, in pod demoduo", 1},
		{duo + "9082, answered-by: {container: demox}}", nil, checks.NotYet, "demoy, in pod demoduo", 2},
		{duo + "7006, answered-by: {container: demox}}", nil, checks.NotYet, "nobody listens on port 7006", 1},
		{duo + "9081, answered-by: {container: demox}} # node", blind, checks.CannotTell, "docker is down", 0},
		{duo + "9082, answered-by: {container: demox}} # node", blind, checks.NotYet, "404", 1},
		{duo + "9081, answered-by: {container: demox}} # newcomer", newcomer, checks.CannotTell, "whose socket listens on port 9081", 0},
	})
}

// A connection that breaks says something about the server only while the way to it is whole.
func TestHTTPBrokenWay(t *testing.T) {
	const duo = "http: {pod: demoduo, port: "
	dials := func(first func(net.Conn), then error) spoil {
		return func(_ testing.TB, c *checkstest.Cluster) {
			serves(c, map[checks.Address]func(net.Conn){forwarded("demoduo", 80): first})
			whole := c.Port
			c.Port = func(to checks.Address) (net.Conn, error) {
				if to.Port == 80 {
					return whole(to)
				}
				return nil, then
			}
		}
	}
	down, late := errors.New("the API server does not answer"), fmt.Errorf("read: %w", checks.ErrRefused)
	cut := says("HTTP/1.1 200 OK\nContent-Length: 100\n\nhello")
	never := func(_ testing.TB, c *checkstest.Cluster) {
		c.Port = func(checks.Address) (net.Conn, error) { return nil, down }
	}
	refusedLate := func(_ testing.TB, c *checkstest.Cluster) {
		c.Port = func(checks.Address) (net.Conn, error) { return failing{err: late}, nil }
	}
	inContainers(t, webs, []judged{
		{duo + "80} # closed", dials(says(""), checks.ErrRefused), checks.NotYet, "closed before the answer's end", 0},
		{duo + "80} # broken", dials(says(""), down), checks.CannotTell, "the API server does not answer", 0},
		{duo + "80} # garbage", dials(says("hello\n"), down), checks.CannotTell, "the API server does not answer", 0},
		{duo + "80} # in the body", dials(cut, down), checks.CannotTell, "the API server does not answer", 0},
		{duo + "80} # never there", never, checks.CannotTell, "podlab could not connect to port 80 of pod demoduo", 0},
		{duo + "80} # refused late", refusedLate, checks.NotYet, "nobody listens on port 80 of pod demoduo", 0},
	})
}

// failing is a connection that only fails.
type failing struct {
	net.Conn
	err error
}

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }
func (failing) Close() error                { return nil }

// A server that speaks before it is asked is no HTTP server, and leaves no line in the program's log.
func TestHTTPSpeaksFirst(t *testing.T) {
	var logged strings.Builder
	log.SetOutput(&logged)
	defer log.SetOutput(os.Stderr)
	r := eval(t, prepared(t, webs, func(_ testing.TB, c *checkstest.Cluster) {
		serves(c, map[checks.Address]func(net.Conn){forwarded("demoduo", 80): func(conn net.Conn) {
			gone := make(chan struct{})
			go func() {
				defer close(gone)
				_, _ = io.Copy(io.Discard, conn) // until the other side hangs up: this one must not be the first
			}()
			_, _ = io.WriteString(conn, "hello\n")
			<-gone
		}})
	}), "http: {pod: demoduo, port: 80}")
	if r.Verdict != checks.NotYet || !strings.Contains(r.Got, "no answer to an HTTP request") || logged.String() != "" {
		t.Errorf("%s, %q; logged %q", r.Verdict, r.Got, logged.String())
	}
}

// A server that takes the connection and says nothing, or does not end, has its time.
func TestHTTPTimeout(t *testing.T) {
	mute := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) } // until the other side hangs up
	endless := func(conn net.Conn) {
		says("HTTP/1.1 200 OK\n\nhello")(conn)
		mute(conn)
	}
	tests := map[string]struct {
		server  func(net.Conn)
		then    error
		verdict checks.Verdict
		says    string
	}{
		"http: {pod: demoduo, port: 80}":                            {mute, checks.ErrRefused, checks.NotYet, "within 5s after the connection was made"},
		"http: {pod: demoduo, port: 80} # the way is broken":        {mute, context.DeadlineExceeded, checks.CannotTell, "deadline exceeded"},
		"http: {pod: demoduo, port: 80, contains: hello}":           {endless, checks.ErrRefused, checks.Pass, "hello"},
		"http: {pod: demoduo, port: 80, contains: bye}":             {endless, checks.ErrRefused, checks.NotYet, "hello"},
		"http: {pod: demoduo, port: 80, contains: bye} # is broken": {endless, context.DeadlineExceeded, checks.CannotTell, "deadline exceeded"},
	}
	for source, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			c := prepared(t, webs, nil)
			serves(c, map[checks.Address]func(net.Conn){forwarded("demoduo", 80): test.server})
			whole := c.Port
			c.Port = func(to checks.Address) (net.Conn, error) {
				if to.Port == 80 {
					return whole(to)
				}
				return nil, test.then
			}
			r := eval(t, c, source)
			if r.Verdict != test.verdict || !strings.Contains(r.Got+r.Why, test.says) {
				t.Errorf("%s: %+v\nwant %s, ...%s...", source, r, test.verdict, test.says)
			}
		})
	}
}

func TestHTTPEvidence(t *testing.T) {
	tests := map[string]string{
		"http: {pod: demoduo, port: 9081, with: {A: b c}}": "kubectl port-forward demoduo 9081 & curl -isk -H 'A: b c' http://localhost:9081/",
		"http: {service: web, path: '/a?b'}":               "curl -isk -H 'Host: web:80' 'http://10.96.0.7:80/a?b'",
		"http: {node-port: web, method: head}":             "curl -isk -X HEAD http://172.18.0.2:30080/",
	}
	for source, want := range tests {
		r := eval(t, prepared(t, webs, nil), source)
		if r.Evidence.Command != want || r.Evidence.Rows[0] != "HTTP/1.1 200 OK" {
			t.Errorf("%s: %q", source, r.Evidence)
		}
	}
}

func TestHTTPFact(t *testing.T) {
	const duo = "http: {pod: demoduo, port: "
	factsInContainers(t, webs, []judged{
		{duo + "9082}", nil, checks.Pass, "404", 0},
		{duo + "9081, which: body}", nil, checks.Pass, "hello", 0},
		{"http: {service: web, which: status}", nil, checks.Pass, "200", 0},
		{duo + "7001, which: body}", nil, checks.NotYet, "the body is empty", 0},
		{duo + "7004, which: body}", nil, checks.NotYet, "closed before the answer's end", 0},
		{duo + "7005, which: body}", nil, checks.CannotTell, "64 KiB", 0},
		{duo + "9084}", nil, checks.NotYet, "nobody listens", 0},
		{"http: {service: empty}", nil, checks.NotYet, "no ready pod", 0},
		{duo + "9082} # api", apiDown, checks.CannotTell, "connection refused", 0},
	})
}

func TestHTTPMistakes(t *testing.T) {
	refused(t, map[string]string{
		"http: {port: 80}":                                "want one of pod: NAME, service: NAME, node-port: SERVICE and from: {pod: NAME, container: NAME}, found 0",
		"http: {pod: a, service: b, port: 80}":            "found 2",
		"http: {pod: a}":                                  "no port is given",
		"http: {pod: a, port: http}":                      "only a Service's has a name",
		"http: {pod: a, port: 99999}":                     "want the number or the name of a port",
		"http: {from: {pod: a}, port: 80}":                "from: want {pod: NAME, container: NAME}",
		"http: {from: {pod: a, container: b}}":            "no port is given",
		"http: {service: a, path: b}":                     "want a path that begins with /",
		"http: {service: a, path: /%zz}":                  "want a path that begins with /",
		"http: {service: a, path: '/a#b'}":                "want a path that begins with /",
		"http: {service: a, method: G T}":                 "cannot be a method",
		"http: {service: a, method: connect}":             "cannot be a method",
		"http: {service: a, scheme: ftp}":                 "want http or https",
		"http: {service: a, host: b c}":                   "cannot be a Host header",
		"http: {service: a, with: {'b c': d}}":            `lesson.md:1:29: check "http": with: "b c: d" cannot be a header`,
		"http: {service: a, header: {'b c': d}}":          "cannot be a header",
		`http: {service: a, with: {b: "c\nd"}}`:           "cannot be a header",
		"http: {service: a, answered-by: {}}":             "answered-by: want",
		"http: {service: a, answered-by: {container: B}}": "cannot be the name of a container",
		"http: {service: a, status: ok}":                  "want a number or a comparison",
		"ask http: {service: a, which: header}":           `want status or body, found "header"`,
		"ask http: {which: body}":                         "found 0",
	})
}
