package checks

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/podlab/podlab/internal/lesson"
)

// httpCheck claims what a server answers.
type httpCheck struct {
	request
	status   comparison
	body     textFields
	header   map[string]string
	answerer answerer
}

// answerer is who is to answer; "" is whoever it is.
type answerer struct{ pod, container string }

type httpFields struct {
	requestFields
	Status comparison `yaml:"status" doc:"the answer's status, or a comparison with it, such as '< 500'; 200 if it is left out"`
	textFields
	Header     map[string]string `yaml:"header" doc:"headers that the answer has, each with its whole value: {Content-Type: text/html}"`
	AnsweredBy *struct {
		Pod       podName       `yaml:"pod"`
		Container containerName `yaml:"container"`
	} `yaml:"answered-by" doc:"who owns the socket that the answer comes from: {container: NAME}, {pod: NAME}, or both"`
}

// requestFields are the fields of a request and of where it goes.
type requestFields struct {
	Pod      podName           `yaml:"pod" doc:"ask this pod, through a port-forward, on localhost in it"`
	Service  objectName        `yaml:"service" doc:"or ask this Service, from the node, at its cluster IP"`
	NodePort objectName        `yaml:"node-port" doc:"or ask this Service, from the node, at the node's own address and the Service's node port"`
	From     *fromContainer    `yaml:"from" doc:"or ask localhost from this container: {pod: NAME, container: NAME}"`
	Port     portName          `yaml:"port" doc:"the port; of a Service its number or its name, and it may be left out if there is one only"`
	Method   string            `yaml:"method" doc:"GET if it is left out"`
	Path     string            `yaml:"path" doc:"path and query; / if it is left out"`
	Host     string            `yaml:"host" doc:"the Host header, if it is to be another one than the address"`
	With     map[string]string `yaml:"with" doc:"headers that are sent"`
	Scheme   string            `yaml:"scheme" doc:"http or https; http if it is left out. A certificate is not verified"`
}

type fromContainer struct {
	Pod       podName       `yaml:"pod"`
	Container containerName `yaml:"container"`
}

type httpAsk struct {
	requestFields
	Which string `yaml:"which" doc:"status or body; status if it is left out"`
}

func httpKind() Kind {
	return Kind{
		Name: "http",
		Says: "One HTTP request is answered with this status, body and headers. It goes to a pod through a port-forward, to a Service at its cluster IP or its " +
			"node port, from the node, or from a container to localhost in its pod; podlab itself sends it, so that no program is needed in the image. " +
			"`equals`, `contains` and `matches` are about the body. Redirects are not followed: their status is 301 or the like. With `https` no certificate is " +
			"verified. `answered-by` looks at the node, who has the socket open that the request comes to; of a Service, in every pod that is behind it. " +
			"What a Service answers counts once podlab has seen it with the same endpoints for 2 seconds: right after a change kube-proxy may still lead to the pods from before it. " +
			"Nobody listens, the connection is closed without an answer, what comes is not HTTP, or no answer comes within 5 seconds after the connection is made: all that is " +
			"*not yet*, and no proof of the opposite: `not` does not hold either (that nobody listens is for `listening` to say). The request is sent each time that podlab looks, so it must change nothing.",
		Fields: httpFields{},
		Examples: []string{
			"http: {pod: demoduo, port: 8080, contains: hello}",
			"http: {service: demoduo, path: /health, status: '< 300', answered-by: {pod: demoduo, container: demox}}",
			"http: {node-port: demoduo, method: HEAD, header: {X-Served-By: demox}}",
			"http: {from: {pod: demoduo, container: demoy}, port: 9081, answered-by: {container: demox}}",
		},
		Shows: "The answer: status, headers, and the first lines of the body.",
		CannotTell: "No connection could be tried: the API refuses the port-forward, the node or the cluster does not answer. The connection broke, and now podlab " +
			"cannot get there at all. The body is longer than 64 KiB, and the claim is not settled by that part. With `answered-by`, the node could not be looked at.",
		AskSays:     "The answer is the status, or the body without the white space around it.",
		AskFields:   httpAsk{},
		AskExamples: []string{"answer: {http: {service: demoduo, path: /missing}}", "answer: {http: {pod: demoduo, port: 8080, which: body}}"},
		check:       parseHTTP,
		fact:        parseHTTPFact,
	}
}

func parseHTTP(spec lesson.CheckSpec) (Check, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f httpFields, wrong func(string, string, ...any)) {
		f.judgeRequest(wrong)
		judgeHeaders("header", f.Header, wrong)
		if a := f.AnsweredBy; a != nil && a.Pod == "" && a.Container == "" {
			wrong("answered-by", "answered-by: want {container: NAME}, {pod: NAME}, or both")
		}
	})
	k := &httpCheck{request: f.request(), status: f.Status, body: f.textFields, header: f.Header}
	if k.status.none() {
		k.status = comparison{"=", http.StatusOK}
	}
	if f.AnsweredBy != nil {
		k.answerer = answerer{string(f.AnsweredBy.Pod), string(f.AnsweredBy.Container)}
	}
	return k, mistakes
}

func parseHTTPFact(spec lesson.CheckSpec) (Fact, lesson.Mistakes) {
	f, mistakes := decode(spec, func(f httpAsk, wrong func(string, string, ...any)) {
		f.judgeRequest(wrong)
		if f.Which != "" && f.Which != "status" && f.Which != "body" {
			wrong("which", "want status or body, found %q", f.Which)
		}
	})
	return &httpFact{f.request(), f.Which == "body"}, mistakes
}

func (f requestFields) judgeRequest(wrong func(string, string, ...any)) {
	targets := 0
	for _, given := range []bool{f.Pod != "", f.Service != "", f.NodePort != "", f.From != nil} {
		if given {
			targets++
		}
	}
	if targets != 1 {
		wrong("", "want one of pod: NAME, service: NAME, node-port: SERVICE and from: {pod: NAME, container: NAME}, found %d", targets)
	}
	inPod := f.Pod != "" || f.From != nil
	switch {
	case f.From != nil && (f.From.Pod == "" || f.From.Container == ""):
		wrong("from", "from: want {pod: NAME, container: NAME}")
	case inPod && f.Port == "":
		wrong("", "no port is given (port: NUMBER)")
	case inPod && strings.Trim(string(f.Port), "0123456789") != "":
		wrong("port", "port: only a Service's has a name, found %q", f.Port)
	}
	if _, err := url.ParseRequestURI(f.Path); f.Path != "" && (err != nil || f.Path[0] != '/' || strings.ContainsAny(f.Path, " #")) {
		wrong("path", "path: want a path that begins with /, without spaces and without #, found %q", f.Path)
	}
	if !isToken(f.method()) || f.method() == http.MethodConnect {
		wrong("method", "method: %q cannot be a method", f.Method)
	}
	if f.Scheme != "" && f.Scheme != "http" && f.Scheme != "https" {
		wrong("scheme", "scheme: want http or https, found %q", f.Scheme)
	}
	if strings.Trim(f.Host, "[]:.-_") == "" && f.Host != "" || strings.ContainsAny(f.Host, " /\t\r\n@?#") {
		wrong("host", "host: %q cannot be a Host header", f.Host)
	}
	judgeHeaders("with", f.With, wrong)
}

func judgeHeaders(field string, headers map[string]string, wrong func(string, string, ...any)) {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		if !isToken(name) || strings.ContainsFunc(headers[name], unicode.IsControl) {
			wrong(field+"."+name, "%s: %q cannot be a header", field, name+": "+headers[name])
		}
	}
}

// isToken says whether the text can be the name of a header, or a method.
func isToken(text string) bool {
	const signs = "!#$%&'*+-.^_`|~"
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(signs, r)
	})
}

func (f requestFields) method() string {
	if f.Method == "" {
		return http.MethodGet
	}
	return strings.ToUpper(f.Method)
}

func (*httpCheck) Kind() string { return "http" }

func (k *httpCheck) Title() string { return k.request.String() + ": " + k.want() }

func (k *httpCheck) want() string {
	parts := []string{"status " + k.status.String()}
	if !k.body.none() {
		parts = append(parts, "body "+k.body.want())
	}
	for _, name := range slices.Sorted(maps.Keys(k.header)) {
		parts = append(parts, fmt.Sprintf("%s: %s", name, k.header[name]))
	}
	if k.answerer != (answerer{}) {
		parts = append(parts, "answered by "+k.answerer.String())
	}
	return strings.Join(parts, ", ")
}

func (a answerer) String() string {
	switch {
	case a.container == "":
		return "pod " + a.pod
	case a.pod == "":
		return a.container
	}
	return a.container + " of pod " + a.pod
}

func (k *httpCheck) Eval(ctx context.Context, c Cluster) Result {
	at, r := k.find(ctx, c)
	if r.Verdict == "" {
		rest := k.unsettled(c, at)
		var got reply
		if got, r = k.ask(ctx, c, at); r.Verdict == "" {
			r = k.judge(ctx, c, at, got)
		}
		r = early(r, rest)
	}
	r.Want = k.want()
	return r
}

func (k *httpCheck) judge(ctx context.Context, c Cluster, at target, got reply) Result {
	r := Result{Verdict: Pass, Got: got.String(), Evidence: k.evidence(at, got)}
	var off []Mismatch
	if !k.status.holds(float64(got.status)) {
		off = append(off, Mismatch{"status", k.status.String(), fmt.Sprint(got.status)})
	}
	wrong, open := k.body.judge("body", string(got.body), got.cut || got.failed != nil)
	off = append(off, wrong...)
	if open && got.failed != nil {
		off = append(off, Mismatch{"body", k.body.want(), quote(string(got.body)) + ", and then: " + endOf(got.failed)})
		open = false
	}
	for _, name := range slices.Sorted(maps.Keys(k.header)) {
		if values := got.header.Values(name); !slices.Contains(values, strings.TrimSpace(k.header[name])) {
			off = append(off, Mismatch{"header " + name, k.header[name], orNone(strings.Join(values, ", "))})
		}
	}
	by, notTold := k.answerer.judge(ctx, c, at)
	r = unlike(r, append(off, by...))
	switch {
	case r.Verdict != Pass:
		return r
	case notTold.Verdict != "":
		notTold.Evidence = r.Evidence
		return notTold
	case open:
		return unseen(r, "the body")
	}
	return r
}

type httpFact struct {
	request
	body bool
}

func (*httpFact) Kind() string { return "http" }

func (f *httpFact) Value(ctx context.Context, c Cluster) (string, Result) {
	at, r := f.find(ctx, c)
	if r.Verdict != "" {
		return "", r
	}
	rest := f.unsettled(c, at)
	text, r := f.value(ctx, c, at)
	if r = early(r, rest); r.Verdict != Pass {
		return "", r
	}
	return text, r
}

func (f *httpFact) value(ctx context.Context, c Cluster, at target) (string, Result) {
	got, r := f.ask(ctx, c, at)
	if r.Verdict != "" {
		return "", r
	}
	r = Result{Verdict: Pass, Got: got.String(), Evidence: f.evidence(at, got)}
	text := strings.TrimSpace(string(got.body))
	switch {
	case !f.body:
		return fmt.Sprint(got.status), r
	case got.failed != nil:
		r.Verdict, r.Got = NotYet, endOf(got.failed)
	case got.cut:
		r = unseen(r, "the body")
	case text == "":
		r.Verdict, r.Got = NotYet, "the body is empty"
	default:
		return text, r
	}
	return "", r
}
