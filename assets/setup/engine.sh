# shellcheck shell=bash
# shellcheck disable=SC2154 # root, here, work and cache come from setup.sh
# Docker Engine: used if it answers; installed and started on Debian and Ubuntu if this is root; else one sentence.

engine() {
  local start=$SECONDS
  if ! answers; then
    linux_root
    install_engine
    start_engine
  fi
  bound_runtime
  say "Docker Engine $(docker version -f '{{.Server.Version}}') answers ($(took "$start"))"
}

answers() { command -v docker >/dev/null && docker version >/dev/null 2>&1; }

# linux_root stops with the right sentence where set-up cannot install or start an engine by itself.
linux_root() {
  if [[ -n ${DOCKER_HOST:-} ]]; then
    stop "Docker does not answer at DOCKER_HOST=$DOCKER_HOST: start it there, or type: unset DOCKER_HOST"
  elif [[ $(uname) != Linux ]]; then
    stop "Docker does not answer: start Docker Desktop (or install it), then type: make setup"
  elif docker version 2>&1 | grep -qi 'permission denied'; then
    stop "Docker is running, but $(id -un) may not use it; type: sudo usermod -aG docker $(id -un), and log in again"
  elif ((EUID != 0)) && command -v dockerd >/dev/null; then
    stop "Docker Engine is installed but does not answer; type: sudo systemctl start docker"
  elif ((EUID != 0)); then
    stop "Docker Engine is missing; type: sudo make setup (Debian, Ubuntu), or install it from your system's packages"
  fi
}

install_engine() {
  command -v dockerd >/dev/null && command -v docker >/dev/null && return
  command -v apt-get >/dev/null ||
    stop "Docker Engine is missing, and this is neither Debian nor Ubuntu: install it from your system's packages"
  long 'package lists' apt-get update -q || stop 'Debian packages cannot be fetched: check the network, then type: make setup'
  local packages=(docker.io iptables ca-certificates)
  # Newer releases ship the client in a package of its own.
  if apt-cache show docker-cli >/dev/null 2>&1 && ! command -v docker >/dev/null; then packages+=(docker-cli); fi
  DEBIAN_FRONTEND=noninteractive long 'Docker Engine from packages' apt-get install -y -q --no-install-recommends "${packages[@]}" ||
    stop 'Docker Engine could not be installed; the lines above say why'
}

start_engine() {
  local log=/var/log/dockerd.log pidfile=${PIDFILE:-/var/run/docker.pid} pid
  answers && return # the package may have started it
  if [[ -d /run/systemd/system ]]; then
    systemctl start docker || stop 'Docker Engine does not start; type: journalctl -u docker'
    return
  fi
  # A daemon that is just stopping stops its containers first; one that is just starting needs a moment to answer.
  pid=$(cat "$pidfile" 2>/dev/null || true)
  for ((i = 0; i < 150; i++)); do
    if answers; then return; fi
    [[ -n $pid && $(cat "/proc/$pid/comm" 2>/dev/null) == dockerd ]] || break
    sleep 0.2
  done
  # A machine that was stopped leaves its pid file, and dockerd refuses to start while another process has that number.
  pid=$(cat "$pidfile" 2>/dev/null || true)
  if [[ -n $pid && $(cat "/proc/$pid/comm" 2>/dev/null) != dockerd ]]; then rm -f "$pidfile"; fi
  bound_runtime_config
  # A session and streams of its own (9 is the lock): it outlives make, and no pipe waits for it.
  setsid dockerd >"$log" 2>&1 </dev/null 9>&- &
  pid=$!
  for ((i = 0; i < 150; i++)); do
    if answers; then return; fi
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  stop "Docker Engine does not start: $(tail -n 1 "$log") (all of it: $log)"
}

# bound_runtime: --privileged asks for every capability, and runc refuses when the host withholds one from Docker. There
# the default runtime becomes runc-bounded, which asks only for what there is. Elsewhere nothing is changed.
bound_runtime() {
  local pid
  pid=$(cat "${PIDFILE:-/var/run/docker.pid}" 2>/dev/null || true)
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) == dockerd ]] || return 0 # not a daemon of this machine
  withheld "$pid" || return 0
  [[ $(docker info -f '{{.DefaultRuntime}}') == runc ]] || return 0
  ((EUID == 0)) || stop "this host withholds a capability from Docker; type: sudo make setup"
  bound_runtime_config
  kill -HUP "$pid" # dockerd reads its runtimes again, and keeps its containers
  for ((i = 0; i < 50; i++)); do
    if [[ $(docker info -f '{{.DefaultRuntime}}') == bounded ]]; then return; fi
    sleep 0.1
  done
  stop 'Docker Engine did not take the runtime of /etc/docker/daemon.json; restart it, then type: make setup'
}

# withheld PID: the process may not have every capability that this kernel knows.
withheld() {
  local bound last
  bound=$((16#$(sed -n 's/^CapBnd:\t//p' "/proc/$1/status")))
  last=$(cat /proc/sys/kernel/cap_last_cap)
  ((bound != (1 << (last + 1)) - 1))
}

bound_runtime_config() {
  local config=${DAEMON_JSON:-/etc/docker/daemon.json} program=${RUNC_BOUNDED:-/usr/local/sbin/runc-bounded}
  local wanted="\"default-runtime\": \"bounded\", \"runtimes\": {\"bounded\": {\"path\": \"$program\"}}"
  withheld self || return 0
  (cd "$root" && CGO_ENABLED=0 go build -buildvcs=false -o "$program" ./assets/setup/runc-bounded)
  if [[ -e $config ]]; then
    grep -q '"default-runtime"' "$config" || stop "this host withholds a capability from Docker; add to $config: $wanted"
    return 0
  fi
  mkdir -p "$(dirname "$config")"
  echo "{$wanted}" >"$config"
}
