#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What berth is, in a minute, on real input: a Debian made from the distribution's mirror, containers in it, and nothing left behind.
# usage: demo.sh BUILD        BERTH_DEMO_MIRROR names another mirror of Debian.
set -eu
build=$(readlink -f "${1:-build}")
[ "$(id -u)" = 0 ] || { echo "the demo makes containers: run it as root" >&2; exit 1; }
mirror=${BERTH_DEMO_MIRROR:-http://deb.debian.org/debian}
top=$(mktemp -d /tmp/berth-demo-XXXXXX)
export BERTH_HOST=unix://$top/sock PATH=$build:$PATH
unset DOCKER_HOST DOCKER_CONTEXT
daemon= number=0

cleanup() {
  status=$?
  trap - EXIT INT TERM
  if [ -n "$daemon" ]; then
    berth ps -aq 2>/dev/null | xargs -r berth rm -f >/dev/null 2>&1 || true
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
  fi
  ip link del berthdemo0 2>/dev/null || true
  # The parent of the containers' groups, of the demo's own name.
  rmdir /sys/fs/cgroup/"${top##*/}" /sys/fs/cgroup/*/"${top##*/}" 2>/dev/null || true
  [ $status = 0 ] || { echo; echo "the demo failed; the daemon said:"; tail -20 "$top/log" 2>/dev/null; }
  rm -rf "$top"
  exit $status
}
trap cleanup EXIT INT TERM

now() { date +%s%N; }
# step TITLE COMMAND...: shows the command, its output and how long it took.
step() {
  number=$((number + 1))
  printf '\n\033[1m%d. %s\033[0m\n' "$number" "$1"
  shift
  printf '   $'; printf ' %s' "$@"; printf '\n'
  local start end status=0
  start=$(now)
  "$@" 2>&1 | sed 's/^/   | /' || status=$?
  end=$(now)
  printf '   %s ms\n' "$(((end - start) / 1000000))"
  return $status
}
# expect CODE COMMAND...: the command must end with this code, which is shown.
expect() {
  local want=$1 got=0
  shift
  "$@" || got=$?
  echo "exit code $got"
  [ "$got" = "$want" ]
}
set -o pipefail

make_debian() {
  mmdebstrap --variant=minbase --quiet bookworm "$top/debian.tar" "$mirror"
  ls -lh "$top/debian.tar" | cut -d' ' -f5
}
serve() {
  berthd --cgroup-parent "/${top##*/}" --data-root "$top/data" --exec-root "$top/run" -H "unix://$top/sock" --pidfile "$top/pid" --config-file "$top/daemon.json" \
    --bridge berthdemo0 --bip 10.213.0.1/24 >"$top/log" 2>&1 &
  daemon=$!
  for _ in $(seq 500); do [ -S "$top/sock" ] && berth version >/dev/null 2>&1 && break; sleep 0.01; done
  tail -1 "$top/log"
}
on_a_terminal() { script -qec "berth run --rm -it debian:12 sh -c 'tty; stty size'" /dev/null </dev/null; }
follow() { timeout 30 berth logs -f counter; }

step "A Debian root file system, straight from the distribution's mirror" make_debian
number=$((number + 1)); printf '\n\033[1m%d. The engine, in roots of its own\033[0m\n' "$number"
serve
step "Import it as an image" berth import "$top/debian.tar" debian:12
rm -f "$top/debian.tar"
step "The images" berth images
step "A command in a container, and its output" berth run --rm debian:12 cat /etc/debian_version
step "One that fails: its exit code is the container's" expect 42 berth run --rm debian:12 sh -c 'echo about to fail; exit 42'
step "One that is not there" expect 127 berth run --rm debian:12 no-such-program
step "On a terminal" on_a_terminal
step "Through the bridge to the outside: apt-get update" berth run --rm debian:12 apt-get -q update
step "In the background" berth run -d --name counter debian:12 sh -c 'for i in 1 2 3; do echo tick $i; sleep 0.3; done; sleep 600'
step "What runs" berth ps
step "Its log" berth logs counter
step "A second process in it" berth exec counter sh -c 'echo inside $(hostname), pid $$; ps -e 2>/dev/null || ls /proc | grep -c "^[0-9]"'
step "The daemon is killed with SIGKILL; the container does not notice" kill -9 "$daemon"
wait "$daemon" 2>/dev/null || true
number=$((number + 1)); printf '\n\033[1m%d. A new daemon finds it\033[0m\n' "$number"
serve
step "What runs" berth ps
step "In the background, its log followed to the end" sh -c 'berth run -d --name short debian:12 sh -c "for i in 1 2 3 4 5; do echo tock \$i; sleep 0.2; done" >/dev/null; berth logs -f short'
step "Stop (one second for the program, then SIGKILL)" berth stop -t 1 counter
step "Remove" berth rm counter short
step "How long does a container take? Ten times, on no network" sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do berth run --rm --network none debian:12 true; done'
printf '\nNothing is left behind: no mount, no cgroup, no network, no file. Next: README.md, "The first ten minutes".\n'
