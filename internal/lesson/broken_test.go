package lesson

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// head is a front matter without mistakes, for a lab in the folder "x". It takes 6 lines; what follows begins on line 7.
const head = `---
format: 1
id: x
title: X
minutes: 5
---
`

// step is the beginning of a step: what follows begins on line 8.
const step = head + "## Step one\n"

func TestBrokenFrontMatter(t *testing.T) { refuse(t, brokenFrontMatter()) }

func brokenFrontMatter() []broken {
	return []broken{
		{"no front matter", "## Step one\ntext\n", "1:1: a lesson begins with front matter: a line ---, the fields, a line ---"},
		{"front matter never ends", "---\nformat: 1\n", "1:1: the front matter never ends: it needs a second line ---"},
		{"empty file", "", "1:1: this lesson is empty"},
		{"nothing in it", "---\n---\n## Step\ntext\n", "1:1: the front matter has no \"format\"\n1:1: the front matter has no \"id\"\n1:1: the front matter has no \"title\"\n1:1: the front matter has no \"minutes\""},
		{"fields missing", "---\nformat: 1\nid: x\n---\n## Step\ntext\n", "1:1: the front matter has no \"title\"\n1:1: the front matter has no \"minutes\""},
		{"unknown field", strings.Replace(step, "title", "titel", 1) + "text\n", `4:1: unknown field "titel" (did you mean "title"?)`},
		{"far-off field", strings.Replace(step, "minutes: 5", "minutes: 5\nauthor: me", 1) + "text\n", `6:1: unknown field "author"`},
		{"field twice", strings.Replace(step, "minutes: 5", "minutes: 5\nminutes: 6", 1) + "text\n", `6:1: field "minutes" is given twice`},
		{"wrong type", strings.Replace(step, "5", "five", 1) + "text\n", `5:10: minutes: want a whole number, found "five"`},
		{"list wanted", strings.Replace(step, "minutes: 5", "minutes: 5\nimages: demo:1.0.0", 1) + "text\n", `6:9: images: want a list, found "demo:1.0.0"`},
		{"mapping for text", strings.Replace(step, "title: X", "title: {a: b}", 1) + "text\n", "4:8: title: want a text, found a mapping"},
		{"list for all", "---\n- a\n---\n## Step\ntext\n", "2:1: want a mapping of fields, found a list"},
		{"empty and repeated items", strings.Replace(step, "minutes: 5", "minutes: 5\nimages: [a, '', a]", 1) + "text\n", "6:13: images: an item is empty\n6:17: images: \"a\" is given twice"},
		{"minutes out of range", strings.Replace(step, "5", "0", 1) + "text\n", "5:10: minutes: want 1 to 600, found 0"},
		{"newer format", strings.Replace(step, "1", "2", 1) + "~~~sh zap\n~~~\n", "2:9: format 2 is newer than this podlab, which reads format 1: update podlab"},
		{"older format", strings.Replace(step, "1", "0", 1) + "~~~sh zap\n~~~\n", "2:9: format 0 is too old: this podlab reads format 1"},
		{"format is no number", strings.Replace(step, "1", "one", 1) + "text\n", `2:9: format: want a whole number, found "one"`},
		{"id is not the folder", strings.Replace(step, "id: x", "id: y", 1) + "text\n", `3:5: id "y" is not the name of the lab's folder, "x"`},
		{"id with capitals", strings.Replace(step, "id: x", "id: X y", 1) + "text\n", `3:5: id "X y": want small letters and digits, joined by single dashes`},
		{"unknown need", strings.Replace(step, "minutes: 5", "minutes: 5\nneeds: [y]", 1) + "text\n", `6:9: needs: there is no lab "y" in this course`},
		{"needs itself", strings.Replace(step, "minutes: 5", "minutes: 5\nneeds:\n- x", 1) + "text\n", "7:3: needs go round in a circle: x needs x"},
		{"syntax", strings.Replace(step, "title: X", "title: a: b", 1) + "text\n", "4:8: bad YAML: mapping value is not allowed in this context"},
		{"anchor", strings.Replace(step, "title: X", "title: &a X", 1) + "text\n", "4:8: podlab reads no anchors (&name): write the text out"},
		{"not UTF-8", step + "caf\xe9\n", "8:4: byte 0xe9 is not UTF-8 text"},
		{"brackets", strings.Replace(step, "title: X", "title: "+strings.Repeat("[", 300), 1) + "text\n", "2:1: brackets are nested too deep here"},
		{"question mark", strings.Replace(step, "title: X", "? title\n: X", 1) + "text\n", `4:1: a field's name is a plain text: write it without "?"`},
		{"id too long", strings.Replace(step, "id: x", "id: "+strings.Repeat("a", 41), 1) + "text\n", `3:5: id "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": want at most 40 characters`},
		{"id of podlab's own", strings.Replace(step, "id: x", "id: verify-x", 1) + "text\n", `3:5: id "verify-x": ids that begin with "verify-" would be taken for podlab's own`},
		{"title of two lines", strings.Replace(step, "title: X", `title: "a\nb"`, 1) + "text\n", "4:8: title: want one line"},
		{"image of two lines", strings.Replace(step, "minutes: 5", "minutes: 5\nimages: [\"a\\nb\"]", 1) + "text\n", "6:10: images: want one line for each item"},
		{"escape in a title", strings.Replace(step, "title: X", `title: "\e[31mX"`, 1) + "text\n", "4:8: this text holds the control character U+001B"},
		{"a zero byte", step + "a\x00b\n", "8:2: byte 0x00 is not UTF-8 text"},
	}
}

func TestBrokenStructure(t *testing.T) { refuse(t, brokenStructure()) }

func brokenStructure() []broken {
	return []broken{
		{"no step", head + "text\n", `1:1: a lab has at least one step: begin it with a "##" heading`},
		{"empty step", head + "## One\n## Two\ntext\n", `7:1: step "One" has no content`},
		{"step without title", head + "##\ntext\n", `7:1: a step needs a title after "##"`},
		{"title too long", head + "## " + strings.Repeat("ab ", 34) + "\ntext\n", "7:1: the step's id has 101 characters: want at most 100; a short one goes after the title, such as {#first-step}"},
		{"step id too long", head + "## T {#" + strings.Repeat("a", 101) + "}\ntext\n", "7:1: the step's id has 101 characters: want at most 100; a short one goes after the title, such as {#first-step}"},
		{"title without letters", head + "## ???\ntext\n", `7:1: no id can be made of the title "???": add one, such as {#first-step}`},
		{"same title", head + "## One\na\n## One\nb\n", `9:1: step id "one" is taken by line 7: change the title, or add an id such as {#one-again}`},
		{"same id", head + "## One\na\n## Two {#one}\nb\n", `9:1: step id "one" is taken by line 7: change the title, or add an id such as {#one-again}`},
		{"bad id", head + "## One {#One}\na\n", `7:1: step id "One": want small letters and digits, joined by single dashes`},
		{"work before the first step", head + "~~~yaml apply\na\n~~~\n~~~sh run\na\n~~~\n~~~yaml check\na\n~~~\n## Step\ntext\n", "7:1: \"apply\" belongs in a step, after the first \"##\" heading\n10:1: \"run\" belongs in a step, after the first \"##\" heading\n13:1: \"check\" belongs in a step, after the first \"##\" heading"},
		{"unknown word", step + "~~~yaml aply\na: 1\n~~~\n", `8:9: unknown word "aply" after the language (did you mean "apply"?)`},
		{"unknown far-off word", step + "~~~go linenos\na\n~~~\n", `8:7: unknown word "linenos" after the language`},
		{"two words", step + "~~~sh run now\nls\n~~~\n", `8:7: nothing may follow the word "run"`},
		{"wrong language", step + "~~~sh apply\nls\n~~~\n\n~~~bash run\nls\n~~~\n", "8:4: \"apply\" does not go with \"sh\": write ```yaml apply\n12:4: \"run\" does not go with \"bash\": write ```sh run"},
		{"no language", step + "~~~check\n- a\n~~~\n", "8:4: the language comes first: write ```yaml check"},
		{"empty blocks", step + "~~~sh run\n~~~\n\n~~~yaml check\n\n~~~\n", "8:1: this \"run\" block is empty\n11:1: this \"check\" block is empty"},
		{"output without run", step + "~~~text output\na\n~~~\n", `8:1: this output follows no "sh run" block of its step`},
		{"output of another step", step + "~~~sh run\nls\n~~~\n## Two\n~~~text output\na\n~~~\n", `12:1: this output follows no "sh run" block of its step`},
		{"diagram without words", step + "~~~mermaid\nflowchart LR\n  a --> b\n~~~\n", `8:1: a diagram needs a line "accDescr: ..." that says the same in words`},
		{"never closed", step + "~~~sh run\nls\n", "8:1: this block is never closed: it needs a line ~~~ at its end"},
		{"in a list", step + "- a\n  ~~~sh run\n  ls\n  ~~~\n", `9:6: "run" must not stand inside a list or a quote`},
		{"escapes as they are", step + "a \x1b[31mb\x1b[0m\n\u009bc\n~~~sh run\nls \x7f\n~~~\n", "8:3: control character U+001B: a lesson is plain text\n9:1: control character U+009B: a lesson is plain text\n11:4: control character U+007F: a lesson is plain text"},
		{"writing direction", step + "~~~sh run\nls \u202edr- mr\n~~~\n", "9:4: control character U+202E: a lesson is plain text"},
		{"escapes by number", step + "a &#9; &amp; &#65; &#27;[31m\n&#x1B\n&#4294967323;\n", "8:20: &#27; stands for a control character: a lesson is plain text\n9:1: &#x1B stands for a control character: a lesson is plain text\n10:1: &#4294967323; stands for a control character: a lesson is plain text"},
		{"nested too deep", step + strings.Repeat("> ", 150) + "a\n", "8:1: lists and quotes are nested too deep here"},
	}
}

func TestBrokenEdits(t *testing.T) { refuse(t, brokenEdits()) }

func brokenEdits() []broken {
	const (
		edit     = "~~~yaml edit\na: [\n~~~\n"
		solution = "~~~yaml solution\n" + pod + "~~~\n"
		check    = "~~~yaml check\n- ready: {pod: a}\n~~~\n"
	)
	return []broken{
		{"no solution", step + edit + check, `8:1: this "yaml edit" needs a "yaml solution" after it, in the same step`},
		{"a solution in words only", step + edit + check + "~~~md solution\na\n~~~\n", `8:1: this "yaml edit" needs a "yaml solution" after it, in the same step`},
		{"no check", step + edit + solution, `8:1: this "yaml edit" needs a "yaml check" in its step, which tells when it is right`},
		{"solution before", step + solution + edit + check, `8:1: this solution stands before its "yaml edit" on line 18: put it after that`},
		{"two solutions", step + edit + solution + solution + check, `21:1: a "yaml edit" has one solution: this step has one on line 11 already`},
		{"two edits", step + edit + edit + solution + check, `11:1: this step has a "yaml edit" on line 8 already: put this one into a step of its own`},
		{"apply beside", step + "~~~yaml apply\n" + pod + "~~~\n" + edit + solution + check, `8:1: no "yaml apply" stands in a step with "yaml edit": the learner applies her own (line 18)`},
		{"solution with a mistake", step + edit + strings.Replace(solution, "image", "imagee", 1) + check, `19:5: Pod "a": unknown field "spec.containers[0].imagee" (did you mean "image"?)`},
		{"solution is the start", step + "~~~yaml edit\n" + pod + "~~~\n" + solution + check, `18:1: this solution says the same as its "yaml edit" on line 8: nothing is left to mend`},
		{"solution is the start with a comment", step + "~~~yaml edit\n# mend it\n" + pod + "~~~\n" + solution + check, `19:1: this solution says the same as its "yaml edit" on line 8: nothing is left to mend`},
		{"empty", step + "~~~yaml edit\n\n~~~\n" + check, `8:1: this "edit" block is empty`},
		{"too large", step + "~~~yaml edit\n# " + strings.Repeat("a", maxYAML) + "\n~~~\n" + solution + check, "9:1: 65539 bytes of YAML are too many: the most is 65536"},
	}
}

func TestBrokenChecksAndQuestions(t *testing.T) { refuse(t, brokenChecksAndQuestions()) }

func brokenChecksAndQuestions() []broken {
	return []broken{
		{"not a list", step + "~~~yaml check\nready: {pod: a}\n~~~\n", `9:1: want a list of checks, each as "- kind: {field: value}", found a mapping`},
		{"only a comment", step + "~~~yaml check\n# later\n~~~\n", `8:1: want a list of checks, each as "- kind: {field: value}", found nothing`},
		{"item is a text", step + "~~~yaml check\n- ready\n- ready: {pod: a}\n~~~\n", `9:3: want a check as "- kind: {field: value}", found "ready"`},
		{"two kinds", step + "~~~yaml check\n- ready: {pod: a}\n  nprocs: {pod: a}\n~~~\n", `10:3: a check has one kind, found "ready" and "nprocs"`},
		{"fields not indented", step + "~~~yaml check\n- ready:\n  pod: a\n~~~\n", `10:3: the fields of "ready" must be indented further than "ready"`},
		{"id only", step + "~~~yaml check\n- id: a\n~~~\n", "9:3: a check needs a kind, such as ready: {pod: web, containers: 2/2}"},
		{"bad id", step + "~~~yaml check\n- id: A b\n  ready: {pod: a}\n~~~\n", `9:7: check id "A b": want small letters and digits, joined by single dashes`},
		{"modifier without a unit", step + "~~~yaml check\n- {for: 5, within: 0s, once: maybe, ready: {pod: a}}\n~~~\n", "9:9: for: want a time with its unit, as 5s or 1m30s, more than 0, found \"5\"\n9:20: within: want a time with its unit, as 5s or 1m30s, more than 0, found \"0s\"\n9:30: once: want true or false, found \"maybe\""},
		{"modifier without a value", step + "~~~yaml check\n- for:\n  ready: {pod: a}\n~~~\n", `9:3: "for" says nothing: leave it out, or give it a value`},
		{"modifier twice", step + "~~~yaml check\n- {once: true, ready: {pod: a}, once: true}\n~~~\n", `9:33: field "once" is given twice`},
		{"time limit too short", step + "~~~yaml check\n- ready: {pod: a}\n  for: 10s\n  within: 5s\n~~~\n", "11:3: nothing can hold for 10s within 5s: give it more time"},
		{"id twice in a step", step + "~~~yaml check\n- {id: a, ready: {pod: a}}\n~~~\n\n~~~yaml check\n- {id: a, ready: {pod: a}}\n~~~\n", `13:8: check id "a" is taken by another check of this step`},
		{"syntax", step + "~~~yaml check\n- ready: {pod: a\n~~~\n\n~~~yaml check\n- ready: [\n~~~\n", "9:10: bad YAML: could not find flow mapping end token '}'\n13:10: bad YAML: sequence end token ']' not found"},
		{"two documents", step + "~~~yaml check\n- ready: {pod: a}\n---\n- ready: {pod: a}\n~~~\n", "11:1: want one YAML document here, found a second one"},
		{"no prompt, no answer", step + "~~~yaml ask\nexplain: a\n~~~\n", "8:1: this question has no \"prompt\"\n8:1: this question has no \"answer\""},
		{"misspelt answer", step + "~~~yaml ask\nprompt: a\nanwser: b\n~~~\n", `10:1: unknown field "anwser" (did you mean "answer"?)`},
		{"answer of two kinds", step + "~~~yaml ask\nprompt: a\nanswer: {ready: {pod: a}, nprocs: {pod: a}}\n~~~\n", `10:27: an answer has one kind, found "ready" and "nprocs"`},
		{"answer is a list", step + "~~~yaml ask\nprompt: a\nanswer: [b]\n~~~\n", "10:9: answer: want a text, or a fact as {kind: {field: value}}, found a list: several right choices need several: true"},
		{"answer is empty", step + "~~~yaml ask\nprompt: a\nanswer: {}\n~~~\n", "10:9: an answer needs a kind, such as ready: {pod: web, containers: 2/2}"},
		{"one choice", step + "~~~yaml ask\nprompt: a\nchoices: [b]\nanswer: b\n~~~\n", "10:1: choices: want two or more, found 1"},
		{"answer not among the choices", step + "~~~yaml ask\nprompt: a\nchoices: [pause, php]\nanswer: pasue\n~~~\n", `11:9: answer "pasue" is not one of the choices (did you mean "pause"?)`},
		{"several without choices", step + "~~~yaml ask\nprompt: a\nseveral: true\nanswer: [b]\n~~~\n", "10:1: several: there are no choices to choose from"},
		{"several, one text", step + "~~~yaml ask\nprompt: a\nseveral: true\nchoices: [b, c]\nanswer: b\n~~~\n", `12:9: answer: want a list of the right choices, or a fact as {kind: {field: value}}, found "b"`},
		{"several, none right", step + "~~~yaml ask\nprompt: a\nseveral: true\nchoices: [b, c]\nanswer: []\n~~~\n", "12:9: answer: want one or more of the choices, found none"},
		{"several, not among the choices", step + "~~~yaml ask\nprompt: a\nseveral: true\nchoices: [pause, php]\nanswer:\n- php\n- pasue\n- php\n- {a: b}\n~~~\n", "14:3: answer \"pasue\" is not one of the choices (did you mean \"pause\"?)\n15:3: answer: \"php\" is given twice\n16:3: answer[3]: want a text, found a mapping"},
		{"wrong answers", step + "~~~yaml ask\nprompt: a\nchoices: [pause, php]\nanswer: php\nwrong:\n  pasue: It is not.\n  pause:\n~~~\n", "13:3: wrong: \"pasue\" is not one of the choices (did you mean \"pause\"?)\n14:3: wrong: \"pause\" has no explanation"},
		{"wrong is a list", step + "~~~yaml ask\nprompt: a\nanswer: b\nwrong: [c]\n~~~\n", "11:8: wrong: want a mapping of fields, found a list"},
		{"condition never ends", step + "~~~md hint\nwhen:\n- ready: {pod: a}\ntext\n~~~\n", "8:1: the condition of this hint never ends: it needs a line --- before the hint's text"},
		{"condition without a text", step + "~~~md hint\nwhen:\n- ready: {pod: a}\n---\n\n~~~\n", "8:1: this hint has a condition and no text"},
		{"condition without a check", step + "~~~md hint\nwhen:\n---\ntext\n~~~\n", `9:1: want a list of checks, each as "- kind: {field: value}", found nothing`},
		{"more than a condition", step + "~~~md hint\nwhen:\n- {within: 5s, ready: {pod: a}}\n- pod\nthen: b\n---\ntext\n~~~\n", "10:16: the condition of a hint has no time limit: leave \"within\" out\n11:3: want a check as \"- kind: {field: value}\", found \"pod\"\n12:1: only the list of checks may stand under \"when\", found \"then\""},
		{"syntax in a condition", step + "~~~md hint\nwhen:\n- ready: {pod: a\n---\ntext\n~~~\n", "10:10: bad YAML: could not find flow mapping end token '}'"},
		{"escape in a prompt", step + "~~~yaml ask\nprompt: \"a\\x1b[2J\"\nchoices: [b, \"c\\u009b\"]\nanswer: b\n~~~\n", "9:9: this text holds the control character U+001B\n10:14: this text holds the control character U+009B"},
		{"escape in a check", step + "~~~yaml check\n- \"re\\eady\": {pod: a}\n~~~\n", "9:3: this text holds the control character U+001B"},
		{"question is a text", step + "~~~yaml ask\nwhat?\n~~~\n", `9:1: want a mapping of fields, found "what?"`},
	}
}

const pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\nspec:\n  containers:\n  - name: a\n    image: a\n"

func TestBrokenManifests(t *testing.T) { refuse(t, brokenManifests()) }

func brokenManifests() []broken {
	apply := func(yaml string) string { return step + "~~~yaml apply\n" + yaml + "~~~\n" }
	return []broken{
		{"unknown field", apply(pod + "  volumeMounts: []\n"), `17:3: Pod "a": unknown field "spec.volumeMounts" (did you mean "spec.containers[].volumeMounts"?)`},
		{"field of a level above", apply(pod + "    volumes: []\n"), `17:5: Pod "a": unknown field "spec.containers[0].volumes" (did you mean "spec.volumes"?)`},
		{"field of the level below", apply(pod + "labels: {a: b}\n"), `17:1: Pod "a": unknown field "labels" (did you mean "metadata.labels"?)`},
		{"field of a level far above", apply("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    spec:\n      replicas: 2\n"), `15:7: Deployment "a": unknown field "spec.template.spec.replicas" (did you mean "spec.replicas"?)`},
		{"field of what is there", apply(pod + "  initContainers:\n  - name: b\n    port: 80\n"), `19:5: Pod "a": unknown field "spec.initContainers[0].port" (did you mean "ports"?)`},
		{"field of any of many", apply(pod + "  volumes:\n  - name: b\n    path: /a\n"), `19:5: Pod "a": unknown field "spec.volumes[0].path"`},
		{"field of the one that is there", apply(pod + "  volumes:\n  - {name: b, emptyDir: {}, sizeLimit: 1Mi}\n"), `18:29: Pod "a": unknown field "spec.volumes[0].sizeLimit" (did you mean "spec.volumes[0].emptyDir.sizeLimit"?)`},
		{"misspelt field", apply(strings.Replace(pod, "containers", "contaners", 1)), `14:3: Pod "a": unknown field "spec.contaners" (did you mean "containers"?)`},
		{"misspelt deep field", apply(pod + "    ports:\n    - containerport: 80\n"), `18:7: Pod "a": unknown field "spec.containers[0].ports[0].containerport" (did you mean "containerPort"?)`},
		{"field twice", apply(pod + "    image: b\n"), `17:5: Pod "a": field "image" is given twice`},
		{"number for text", apply(pod + "    env:\n    - {name: a, value: 1}\n"), `18:24: Pod "a": spec.containers[0].env[0].value: want a text, found 1, which is a number: put it in quotes`},
		{"yes is a boolean", apply(pod + "    env:\n    - {name: a, value: yes}\n"), `18:24: Pod "a": spec.containers[0].env[0].value: want a text, found yes, which is a boolean: put it in quotes`},
		{"text for number", apply(pod + "    ports:\n    - containerPort: http\n"), `18:22: Pod "a": spec.containers[0].ports[0].containerPort: want a whole number, found "http"`},
		{"text for list", apply(pod + "    args: a\n"), `17:11: Pod "a": spec.containers[0].args: want a list, found "a"`},
		{"list for mapping", apply(pod + "    resources: []\n"), `17:16: Pod "a": spec.containers[0].resources: want a mapping of fields, found a list`},
		{"bad quantity", apply(pod + "    resources: {limits: {memory: much}}\n"), `17:34: Pod "a": spec.containers[0].resources.limits.memory: want a value of type Quantity, found "much"`},
		{"bad boolean", apply(pod + "  hostPID: 1\n"), `17:12: Pod "a": spec.hostPID: want true or false, found 1`},
		{"number too large", apply(pod + "    ports:\n    - containerPort: 99999999999\n"), `18:22: Pod "a": spec.containers[0].ports[0].containerPort: want a whole number, found 99999999999`},
		{"bytes", apply("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: '?'}\n"), `12:11: Secret "a": data.a: want base64 text, found "?"`},
		{"unknown kind", apply(strings.Replace(pod, "Pod", "Pdo", 1)), `10:7: unknown kind "Pdo" (did you mean "Pod"?)`},
		{"kind of another version", apply("apiVersion: v1\nkind: Deployment\nmetadata: {name: a}\n"), `9:13: kind "Deployment" is not in apiVersion "v1": it is in apps/v1`},
		{"a kind that is no object", apply("apiVersion: v1\nkind: DeleteOptions\n"), `10:7: unknown kind "DeleteOptions"`},
		{"List", apply("apiVersion: v1\nkind: List\nitems: []\n"), `10:7: kind "List" is not read: write each object as a document of its own, with --- between them`},
		{"no kind", apply("apiVersion: v1\nmetadata: {name: a}\n"), "9:1: kind is missing"},
		{"misspelt apiVersion", apply("apiversion: v1\nkind: Pod\nmetadata: {name: a}\n"), `9:1: unknown field "apiversion" (did you mean "apiVersion"?)`},
		{"empty kind", apply("apiVersion: v1\nkind:\n"), "10:1: kind: want a text, found nothing"},
		{"no metadata", apply("apiVersion: v1\nkind: Pod\n"), "9:1: Pod: metadata.name is missing"},
		{"no name", apply("apiVersion: v1\nkind: Pod\nmetadata: {labels: {a: b}}\n"), "11:1: Pod: metadata.name is missing"},
		{"misspelt name", apply(strings.Replace(pod, "  name: a", "  naem: a", 1)), `12:3: Pod: unknown field "metadata.naem" (did you mean "name"?)`},
		{"namespace", apply(strings.Replace(pod, "  name: a\n", "  name: a\n  namespace: b\n", 1)), `13:3: Pod "a": podlab puts every object into the lab's own namespace: leave "namespace" out`},
		{"kind of the whole cluster", apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"), `10:7: kind "Namespace" belongs to the whole cluster: podlab applies only what can be in the lab's own namespace`},
		{"kind without objects", apply("apiVersion: policy/v1\nkind: Eviction\nmetadata: {name: a}\n"), `10:7: kind "Eviction" cannot be applied: the API keeps no objects of this kind`},
		{"finalizers", apply(strings.Replace(pod, "  name: a\n", "  name: a\n  finalizers: [a.b/c]\n", 1)), `13:3: Pod "a": finalizers would keep the lab from being reset: leave "finalizers" out`},
		{"finalizers of a template", apply("apiVersion: v1\nkind: PodTemplate\nmetadata: {name: a}\ntemplate:\n  metadata: {finalizers: [a.b/c]}\n"), `13:14: PodTemplate "a": finalizers would keep the lab from being reset: leave "finalizers" out`},
		{"bad name", apply(strings.Replace(pod, "  name: a\n", "  name: A_b\n", 1)), `12:9: Pod "A_b": metadata.name: want small letters, digits, dashes and dots, a letter or digit first and last, at most 253 characters, found "A_b"`},
		{"name with dots", apply("apiVersion: v1\nkind: Service\nmetadata: {name: a.b}\n"), `11:18: Service "a.b": metadata.name: want small letters, digits and dashes, a letter or digit first and last, at most 63 characters, found "a.b"`},
		{"name too long", apply("apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: " + strings.Repeat("a", 53) + "}\n"), `11:18: CronJob "` + strings.Repeat("a", 40) + `...": metadata.name: want small letters, digits, dashes and dots, a letter or digit first and last, at most 52 characters, found "` + strings.Repeat("a", 40) + `..."`},
		{"name with a slash", apply("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a/b}\n"), `11:18: Role "a/b": metadata.name: want a text without / and %, and not . or .., found "a/b"`},
		{"name is a number", apply(strings.Replace(pod, "  name: a\n", "  name: 1\n", 1)), `12:9: Pod 1: metadata.name: want a text, found 1, which is a number: put it in quotes`},
		{"same object twice", apply(pod + "---\n" + pod), `18:1: Pod "a" is in this manifest twice`},
		{"not an object", apply("- a\n"), "9:1: want an object with apiVersion and kind, found a list"},
		{"comments only", apply("# a\n---\n# b\n"), "9:1: no object in this manifest"},
		{"each document by itself", apply("a: [\n---\n" + pod + "---\nb: [\n"), "9:4: bad YAML: sequence end token ']' not found\n20:4: bad YAML: sequence end token ']' not found"},
		{"alias", apply(pod + "    args: &x [a]\n    command: *x\n"), "17:11: podlab reads no anchors (&name): write the text out\n18:14: podlab reads no aliases (*name): write the text out"},
		{"merge", apply(pod + "    <<: {tty: true}\n"), "17:5: podlab reads no merge keys (<<): write the fields out"},
		{"tag", apply(pod + "    workingDir: !!str 1\n"), "17:17: podlab reads no tags (!name): quote a text to keep it a text"},
		{"tab", apply(pod + "\ttty: true\n"), "17:1: bad YAML: found character '\\t' that cannot start any token"},
		{"too large", apply("# " + strings.Repeat("a", maxYAML) + "\n"), "9:1: 65539 bytes of YAML are too many: the most is 65536"},
		{"solution", step + "~~~yaml solution\n" + pod + "    imagee: b\n~~~\n", `17:5: Pod "a": unknown field "spec.containers[0].imagee" (did you mean "image"?)`},
		{"indented fence", step + "  ~~~yaml apply\n  apiVersion: v1\n  kind: Pdo\n  ~~~\n", `10:9: unknown kind "Pdo" (did you mean "Pod"?)`},
	}
}

// broken is a lesson with mistakes and the lines that name them, without "labs/x/lesson.md:".
type broken struct{ name, lesson, want string }

func refuse(t *testing.T, table []broken) {
	t.Helper()
	for _, b := range table {
		t.Run(b.name, func(t *testing.T) {
			_, err := Load(course("x", b.lesson), "labs")
			if err == nil {
				t.Fatal("the lesson was accepted")
			}
			got := strings.ReplaceAll(err.Error(), "labs/x/lesson.md:", "")
			if diff := cmp.Diff(b.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
