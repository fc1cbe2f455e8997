# lib.sh - settings and helpers of the lab's scripts (sourced, not run).
#
# Settings, all from the environment; two labs at a time need all three to differ:
#   LAB_DIR   data and logs
#   LAB_TAG   prefix of every name made (<= 6 characters: it is part of interface names)
#   LAB_NET   first three bytes of the network of the hosts (/24); this machine is .1
: "${LAB_DIR:?set LAB_DIR}" "${LAB_TAG:?set LAB_TAG}" "${LAB_NET:?set LAB_NET}"
export LAB_DIR LAB_TAG LAB_NET
FABRIC=${LAB_TAG}fab

die() { echo "${0##*/}: $*" >&2; exit 1; }
[ ${#LAB_TAG} -le 6 ] || die "LAB_TAG=$LAB_TAG has more than 6 characters"

# need COMMAND...: the commands exist and we are root
need() {
  [ "$(id -u)" = 0 ] || die "must run as root"
  local c
  for c; do command -v "$c" >/dev/null || die "no command '$c': install the packages of bindep.txt"; done
}

# Background processes live in one control group per scope ("host-1", ...): the kernel keeps the list of their pids,
# daemons that fork twice included, so that stopping a scope ends exactly what the scope started.
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then CGROOT=/sys/fs/cgroup; else CGROOT=/sys/fs/cgroup/pids; fi
cgroup() { echo "$CGROOT/$LAB_TAG.$1"; }

# claim_tag: one LAB_DIR per LAB_TAG, because names of control groups, namespaces and interfaces come from the tag
claim_tag() {
  local owner=/run/$LAB_TAG.owner c
  [ "$(cat "$owner" 2>/dev/null)" != "$LAB_DIR" ] || return 0
  for c in "$CGROOT/$LAB_TAG".*; do
    [ ! -d "$c" ] || die "LAB_TAG=$LAB_TAG is in use by the lab in $(cat "$owner"): choose another tag"
  done
  echo "$LAB_DIR" >"$owner"
}
release_tag() { rm -f "/run/$LAB_TAG.owner"; }

# pids SCOPE: the living processes of a scope
pids() { cat "$(cgroup "$1")/cgroup.procs" 2>/dev/null || true; }

# alive SCOPE NAME: is the process started under this name still running?
alive() { [ -s "$LAB_DIR/run/$1/$2.pid" ] && pids "$1" | grep -qx "$(cat "$LAB_DIR/run/$1/$2.pid")"; }

# start SCOPE NAME COMMAND...: run in the background unless it already runs; log/NAME.log, run/SCOPE/NAME.pid
start() {
  local scope=$1 name=$2 cg; shift 2
  ! alive "$scope" "$name" || return 0
  cg=$(cgroup "$scope")
  mkdir -p "$cg" "$LAB_DIR/log" "$LAB_DIR/run/$scope"
  (echo "$BASHPID" >"$cg/cgroup.procs"; exec setsid "$@") >>"$LAB_DIR/log/$name.log" 2>&1 </dev/null &
  echo $! >"$LAB_DIR/run/$scope/$name.pid"
}

# stop SCOPE: SIGKILL to every process of the scope, until there is none
stop() {
  local cg i p
  cg=$(cgroup "$1")
  for ((i = 0; i < 200; i++)); do
    p=$(pids "$1")
    [ -n "$p" ] || break
    # shellcheck disable=SC2086
    kill -KILL $p 2>/dev/null || true
    sleep 0.1
  done
  rm -rf "${LAB_DIR:?}/run/$1"
  [ ! -d "$cg" ] || rmdir "$cg" || die "processes of '$1' do not end: $(pids "$1" | tr '\n' ' ')"
}

# wait_for SECONDS WHAT COMMAND...: poll until the command succeeds
wait_for() {
  local end=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || die "timeout: $what (see $LAB_DIR/log)"
    sleep 0.1
  done
}

# sweep_cgroups PATTERN: remove the empty control groups whose path matches
sweep_cgroups() { find /sys/fs/cgroup -depth -type d -path "$1" -exec rmdir {} + 2>/dev/null || true; }

# Addresses and namespaces of host I.
host_ip() { echo "$LAB_NET.$((10 + $1))"; }
host_dir() { echo "$LAB_DIR/hosts/$LAB_TAG$1"; }
# host_init I: pid, as seen from here, of process 1 of the host; fails when the host is off
host_init() {
  alive "host-$1" "$LAB_TAG$1" || return 1
  pgrep -P "$(cat "$LAB_DIR/run/host-$1/$LAB_TAG$1.pid")"
}
# in_host I COMMAND...: run with all the namespaces of the host. Not `ip netns exec`: that one mounts a fresh /sys and
# so hides the cgroup version 1 mounts.
in_host() {
  local i=$1 p; shift
  p=$(host_init "$i") || die "host $i is off"
  nsenter -t "$p" -m -u -i -n -p "$@"
}
# hosts_known: the numbers of the hosts, in order
hosts_known() {
  local d
  for d in "$LAB_DIR"/hosts/"$LAB_TAG"[0-9]*; do [ ! -d "$d" ] || echo "${d##*/"$LAB_TAG"}"; done | sort -n
}
