package node

// Script is what podlab asks of a node, as root in a POSIX shell. Parse reads what it prints. It needs procps 4, util-linux
// and grep, which kind's node images have. On a node with 50 processes it takes about 30 ms.
//
// Each part stands between two marker lines; the second has the part's exit code and the first line of its stderr. The
// order of the parts matters: a process that the last of those about processes still finds was there for those before it.
// The tasks are containerd's own notes of its containers' first processes: to ask it costs more than all the rest.
const Script = `LC_ALL=C; export LC_ALL
line='
'
part() {
	name=$1
	shift
	echo "=== begin $name"
	{ err=$("$@" 2>&1 1>&3 3>&-); code=$?; } 3>&1
	printf '\n=== end %s %d %s\n' "$name" "$code" "${err%%"$line"*}"
}
echo '=== podlab snapshot 2'
part ps ps -ww -eo pid,ppid,s,uid,cgroupns,ipcns,mntns,netns,pidns,userns,utsns,args
part cgroup grep -s -m 1 kubepods /proc/[0-9]*/cgroup
part status grep -s -E '^(Name|NSpid|(non)?voluntary_ctxt_switches):' /proc/[0-9]*/status
part stat grep -s '' /proc/[0-9]*/stat
part lsns lsns --json -o NS,TYPE,NPROCS,PID,PPID,COMMAND
part tasks grep -s '' /run/containerd/io.containerd.runtime.v2.task/k8s.io/*/init.pid
echo '=== done'
`
