package node

// Script is what podlab asks of a node, in one exec as root: sh -c Script. Parse reads what it prints. It needs procps 4,
// util-linux, grep and containerd's ctr, which kind's node images have, and takes about 0.1 s.
//
// Each part stands between two marker lines; the second has the part's exit code and the first line of its stderr. The
// order of the parts matters: a process that the third part still finds was there for the two before it.
const Script = `LC_ALL=C; export LC_ALL
part() {
	name=$1
	shift
	echo "=== begin $name"
	{ err=$("$@" 2>&1 1>&3 3>&-); code=$?; } 3>&1
	printf '\n=== end %s %d %s\n' "$name" "$code" "$(printf '%s' "$err" | head -n 1)"
}
echo '=== podlab snapshot 1'
part ps ps -ww -eo pid,ppid,s,uid,cgroupns,ipcns,mntns,netns,pidns,userns,utsns,args
part cgroup grep -s -m 1 kubepods /proc/[0-9]*/cgroup
part status grep -s -E '^(Name|NSpid):' /proc/[0-9]*/status
part lsns lsns --json -o NS,TYPE,NPROCS,PID,PPID,COMMAND
part tasks ctr -n k8s.io tasks ls
echo '=== done'
`
