# shellcheck shell=bash
# lib.sh - what the commands in tools/ share (sourced, not run): system packages and the virtual environment.
#
# Settings, from the environment:
#   VENV    where the virtual environment goes       .venv in the checkout
#   PYTHON  the Python to make it with (3.11 or newer)  found by itself
# and everything that pip and apt-get read (PIP_*, http_proxy, ...).
ROOT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
VENV=${VENV:-$ROOT/.venv}
BINDEP=$ROOT/bindep.txt

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }
quietly() { # quietly COMMAND...: its output is shown only when it fails
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [ "$status" = 0 ] || cat "$log" >&2
  rm -f "$log"
  return "$status"
}

# --- the right to install ---------------------------------------------------------------------------------------
can_be_root() { [ "$(id -u)" = 0 ] || { command -v sudo && { sudo -n true || [ -t 2 ]; }; } >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
has_init() { [ -d /run/systemd/system ]; }

# --- system packages --------------------------------------------------------------------------------------------
# listed PROFILE...: the packages of bindep.txt for this machine, one per line
listed() {
  local id='' version='' line name selectors selector ok wanted matched
  # shellcheck disable=SC1091
  [ ! -r /etc/os-release ] || { id=$(. /etc/os-release; echo "${ID:-}"); version=$(. /etc/os-release; echo "${VERSION_ID:-}"); }
  while read -r line; do
    line=${line%%#*}
    read -r name selectors <<<"$line"
    [ -n "$name" ] || continue
    selectors=${selectors#[}; selectors=${selectors%]}
    ok=yes wanted='' matched=''
    for selector in $selectors; do
      case $selector in
        platform:dpkg | "platform:$id" | "platform:$id-${version%%.*}" | "platform:$id-$version") ;;
        '!platform:dpkg' | "!platform:$id" | "!platform:$id-${version%%.*}" | "!platform:$id-$version") ok='' ;;
        '!platform:'*) ;;
        platform:*) ok='' ;;
        *) wanted=yes; case " $* " in *" $selector "*) matched=yes ;; esac ;;
      esac
    done
    [ -z "$ok" ] || [ "$wanted" != "$matched" ] || echo "$name"
  done <"$BINDEP"
}

# provided PACKAGE: it is installed, or somebody else's package has brought its commands
provided() {
  local commands c
  case $1 in
    docker.io) commands='dockerd' ;;
    docker-cli) commands='docker' ;;
    containerd) commands='containerd' ;;
    mariadb-client-core) commands='mariadb' ;;
    mariadb-server-core) commands='mariadbd mariadb-install-db' ;;
    runc) commands='runc' ;;
    iptables) commands='iptables' ;;
    iproute2) commands='ip' ;;
    busybox-static) static_busybox >/dev/null; return ;;
    openssh-client) commands='ssh ssh-keygen' ;;
    openssh-server) commands='sshd' ;;
    openssl) commands='openssl' ;;
    git) commands='git' ;;
    procps) commands='pgrep ps' ;;
    util-linux) commands='nsenter unshare' ;;
    *) commands='' ;;
  esac
  if [ -n "$commands" ]; then
    for c in $commands; do PATH=$PATH:/usr/sbin:/sbin command -v "$c" >/dev/null || return 1; done
  else
    dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
  fi
}

# static_busybox: the path of a busybox that needs no library
static_busybox() {
  local path
  path=$(command -v busybox) || return 1
  ! ldd "$path" >/dev/null 2>&1 || return 1
  echo "$path"
}

# install_packages PACKAGE...: those that are missing
install_packages() {
  local missing=() p
  for p; do provided "$p" || missing+=("$p"); done
  [ ${#missing[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || die "please install, this machine has no apt-get: ${missing[*]}"
  can_be_root || die "please install, or run as root: apt-get install ${missing[*]}"
  say "installing the system packages ${missing[*]}"
  quietly apt_install "${missing[@]}" || die "apt-get cannot install ${missing[*]}, see above"
}

# In a subshell, so that the policy goes whatever happens.
apt_install() (
  set -e
  policy=/usr/sbin/policy-rc.d
  if ! has_init && [ ! -e $policy ]; then
    # Without an init system nothing could start or stop a daemon that a package brings.
    trap 'as_root rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
    as_root chmod 755 $policy
  fi
  install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
      install -y --no-install-recommends "$@"
  }
  install "$@" || { as_root apt-get -o DPkg::Lock::Timeout=600 update && install "$@"; }
)

# --- Python -----------------------------------------------------------------------------------------------------
find_python() {
  local p
  for p in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    "$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$p"; return; }
  done
  return 1
}

make_venv() {
  [ ! -x "$VENV/bin/pip" ] || "$VENV/bin/python" -c '' 2>/dev/null || rm -rf "$VENV"
  [ ! -x "$VENV/bin/pip" ] || return 0
  local python version
  if ! python=$(find_python); then
    [ -z "${PYTHON:-}" ] || die "PYTHON=$PYTHON is not a Python 3.11 or newer"
    # The machine's own may be missing, or too old while a newer one can be had beside it.
    if command -v python3 >/dev/null; then install_packages python3.11 python3.11-venv; else install_packages python3; fi
    python=$(find_python) || die "Python 3.11 or newer is needed; this machine's python3 is $(python3 --version 2>&1)"
  fi
  # Debian keeps the part that puts pip into a virtual environment in a package of its own.
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    install_packages "python$version-venv"
  fi
  say "making the virtual environment $VENV"
  rm -rf "$VENV"
  quietly "$python" -m venv "$VENV" || die "cannot make the virtual environment $VENV, see above"
}

# install_project [EXTRA]: this checkout, so that changes count at once, with the extra's libraries; nothing is fetched
# where the virtual environment is up to date
install_project() {
  local stamp=$VENV/.installed${1:+-$1} digest
  make_venv
  digest=$(cd "$ROOT" && { echo "$ROOT"; "$VENV/bin/python" --version; cat pyproject.toml setup.py setup.cfg; } | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" != "$digest" ] || return 0
  say "installing the Python libraries"
  (
    # pbr takes the version from git: help it where there is no history (an unpacked archive, somebody else's clone).
    [ -n "${PBR_VERSION:-}" ] || git -C "$ROOT" rev-parse -q --verify HEAD >/dev/null 2>&1 || export PBR_VERSION=0.0.1
    quietly "$VENV/bin/pip" install --disable-pip-version-check --no-input -e "$ROOT${1:+[$1]}"
  ) || die "pip cannot install the project, see above"
  echo "$digest" >"$stamp"
}

# install_beside NAME REQUIREMENTS WHAT: a virtual environment of its own below $VENV, apart from the service's libraries
install_beside() {
  local venv=$VENV/$1 wanted=$ROOT/$2
  make_venv
  ! cmp -s "$wanted" "$venv/.installed" || return 0
  say "installing $3"
  rm -rf "$venv"
  quietly "$VENV/bin/python" -m venv "$venv" || die "cannot make the virtual environment $venv, see above"
  quietly "$venv/bin/pip" install --disable-pip-version-check --no-input -r "$wanted" || die "pip cannot install $3, see above"
  cp "$wanted" "$venv/.installed"
}

# install_client: the public command line client; sets CLIENT
install_client() {
  install_beside client tests/compat/requirements.txt "the public client"
  # shellcheck disable=SC2034
  CLIENT=$VENV/client/bin/openstack
}

# install_keystone: a Keystone to test with; sets KEYSTONE_MANAGE
install_keystone() {
  install_beside keystone tests/lab/keystone.txt "Keystone"
  # shellcheck disable=SC2034
  KEYSTONE_MANAGE=$VENV/keystone/bin/keystone-manage
}
