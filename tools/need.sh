#!/bin/sh
# need.sh COMMAND PACKAGE... sees to it that the command is there: as root on Debian or Ubuntu the packages are installed.
# Exit 1, with a sentence, if it is missing and stays so.
set -u
command=$1
shift
command -v "$command" >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "install $* ..." >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 ||
		{ apt-get update -q && apt-get install -y -q --no-install-recommends "$@"; } >/dev/null
fi
command -v "$command" >/dev/null && exit 0
echo "$command is missing: install it (on Debian and Ubuntu: apt-get install $*)" >&2
exit 1
