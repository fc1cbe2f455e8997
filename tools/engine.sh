# shellcheck shell=bash
# engine.sh - a Docker engine for the demo (sourced after lib.sh): the machine's own, or one of ours where there is none.
#
# Reads STATE (a directory that exists) and PY (a Python). engine_find sets ENGINE to the path of a socket, ENGINE_ROOT
# to "yes" where only root may use it. Ours lives below STATE with a root and a socket of its own, so it meets no other.

# engine_state SOCKET: prints "ok", "denied" or "none"
engine_state() {
  "$PY" - "$1" <<'P'
import socket
import sys

try:
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(sys.argv[1])
        s.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
        answer = b""
        while chunk := s.recv(4096):
            answer += chunk
        print("ok" if b" 200 OK" in answer and b"Api-Version" in answer else "none")
except PermissionError:
    print("denied")
except OSError:
    print("none")
P
}

# engine_find: is there an engine on this machine?
engine_find() {
  local candidates=() socket state
  ENGINE='' ENGINE_ROOT=''
  case ${DOCKER_HOST:-} in
    unix://*) candidates+=("${DOCKER_HOST#unix://}") ;;
    ?*) say "DOCKER_HOST=$DOCKER_HOST is another machine's engine; the demo looks for one on this machine" ;;
  esac
  candidates+=(/var/run/docker.sock "${XDG_RUNTIME_DIR:-/nonexistent}/docker.sock")
  for socket in "${candidates[@]}"; do
    state=$(engine_state "$socket")
    case $state in
      ok) ENGINE=$socket ENGINE_ROOT=''; return ;;
      denied) [ -n "$ENGINE" ] || ENGINE=$socket ENGINE_ROOT=yes ;;
    esac
  done
  [ -n "$ENGINE" ]
}

# engine_start: where an init system runs, by it; else an engine of our own
engine_start() {
  can_be_root || die "no Docker engine answers, and only root can start one: run as root, or install sudo"
  if has_init && systemctl cat docker.service >/dev/null 2>&1; then
    if ! systemctl is-active -q docker.service; then
      say "starting docker.service"
      quietly as_root systemctl start docker.service || die "docker.service does not start, see: journalctl -u docker"
      touch "$STATE/docker.service"
    fi
    engine_find || die "docker.service runs, and yet no engine answers at /var/run/docker.sock"
    return
  fi
  ENGINE=$STATE/docker.sock ENGINE_ROOT=''
  [ "${#ENGINE}" -le 100 ] || die "the path $ENGINE is too long for a socket: set DEMO_DIR to a shorter directory"
  network_remember
  echo '{}' >"$STATE/daemon.json"
  : >"$STATE/dockerd.log"
  as_root env "PATH=$PATH:/usr/sbin:/sbin" setsid dockerd --config-file "$STATE/daemon.json" --data-root "$STATE/docker" \
    --exec-root "$STATE/exec" --pidfile "$STATE/dockerd.pid" -H "unix://$ENGINE" --group "$(id -g)" \
    >>"$STATE/dockerd.log" 2>&1 </dev/null 9>&- &
  local starter=$! end=$((SECONDS + 60))
  until [ "$(engine_state "$ENGINE")" = ok ]; do
    if ! kill -0 $starter 2>/dev/null || [ $SECONDS -ge $end ]; then
      tail -n 15 "$STATE/dockerd.log" >&2
      die "dockerd does not start, see above"
    fi
    sleep 0.1
  done
}

# engine_pid: the pid of our dockerd, while it runs
engine_pid() {
  local pid
  pid=$(cat "$STATE/dockerd.pid" 2>/dev/null) && tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null |
    grep -qF -- "--pidfile $STATE/dockerd.pid" && echo "$pid"
}

# engine_stop: ends what engine_start started and takes its traces away
engine_stop() {
  local pid mount i
  if [ -e "$STATE/docker.service" ]; then
    quietly as_root systemctl stop docker.socket docker.service || true
    rm -f "$STATE/docker.service"
  fi
  [ -e "$STATE/daemon.json" ] || return 0
  if pid=$(engine_pid); then
    as_root kill -TERM "$pid" || true
    for ((i = 0; i < 300; i++)); do [ -d "/proc/$pid" ] || break; sleep 0.1; done
    [ ! -d "/proc/$pid" ] || as_root kill -KILL "$pid" || true
  fi
  # shellcheck disable=SC2013
  for mount in $(awk -v state="$STATE/" 'index($2, state) == 1 {print $2}' /proc/self/mounts | sort -r); do
    as_root umount -l "$mount" || true
  done
  as_root rm -rf "$STATE/docker" "$STATE/exec" "$STATE/dockerd.pid" "$STATE/docker.sock" "$STATE/daemon.json"
  network_restore
}

# dockerd leaves its bridge, rules of the packet filter, and forwarding switched on. What was not there goes again.
network_tables() { # calls "$@ IPTABLES TABLE" for each that this machine has
  local filter table
  for filter in iptables ip6tables; do
    for table in filter nat raw mangle; do
      ! as_root "$filter" -w -t $table -S >/dev/null 2>&1 || "$@" "$filter" $table
    done
  done
}
network_has_docker() { as_root "$1" -w -t "$2" -S | grep -q DOCKER && echo yes >>"$STATE/network/rules"; true; }
network_remember() {
  local PATH=$PATH:/usr/sbin:/sbin filter
  rm -rf "$STATE/network"
  mkdir "$STATE/network"
  [ ! -e /sys/class/net/docker0 ] || touch "$STATE/network/docker0"
  cat /proc/sys/net/ipv4/ip_forward >"$STATE/network/ip_forward"
  for filter in iptables ip6tables; do
    { as_root $filter -w -S FORWARD 2>/dev/null || true; } | awk '$1 == "-P" {print $3}' >"$STATE/network/$filter"
  done
  network_tables network_has_docker
}
network_clean() {
  local chain chains sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  as_root "$1" -w -t "$2" -S | sed -n -E '/DOCKER|docker0/s/^-A/-D/p' | while read -r rule; do
    xargs "${sudo[@]}" "$1" -w -t "$2" <<<"$rule" || true
  done
  chains=$(as_root "$1" -w -t "$2" -S | awk '$1 == "-N" && $2 ~ /^DOCKER/ {print $2}')
  for chain in $chains; do as_root "$1" -w -t "$2" -F "$chain"; done
  for chain in $chains; do as_root "$1" -w -t "$2" -X "$chain"; done
}
network_restore() {
  local PATH=$PATH:/usr/sbin:/sbin filter
  [ -d "$STATE/network" ] || return 0
  if [ ! -e "$STATE/network/docker0" ] && [ ! -e "$STATE/network/rules" ]; then
    network_tables network_clean
    [ ! -e /sys/class/net/docker0 ] || as_root ip link del docker0
    for filter in iptables ip6tables; do
      [ ! -s "$STATE/network/$filter" ] || as_root $filter -w -P FORWARD "$(cat "$STATE/network/$filter")"
    done
    [ "$(cat "$STATE/network/ip_forward")" = "$(cat /proc/sys/net/ipv4/ip_forward)" ] ||
      as_root tee /proc/sys/net/ipv4/ip_forward <"$STATE/network/ip_forward" >/dev/null
  fi
  rm -rf "$STATE/network"
}
