#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A representative part of the system tests with a daemon under a sanitizer: one report of it fails the run.
# usage: sanitize.sh address|thread [pytest arguments]
set -u
kind=${1:-address}; shift || true
here=$(dirname "$(readlink -f "$0")")
cd "$here/../.." || exit 1
case $kind in
address) build=$PWD/build-asan flags="-Db_sanitize=address,undefined -Dbuildtype=debug" ;;
thread) build=$PWD/build-tsan flags="-Db_sanitize=thread -Dbuildtype=debugoptimized" ;;
*) echo "sanitize.sh: address or thread, not $kind" >&2; exit 2 ;;
esac
# shellcheck disable=SC2086
[ -f "$build/build.ninja" ] || meson setup "$build" $flags -Db_lundef=false >/dev/null || exit 1
ninja -C "$build" src/berth src/berthd src/berth-runtime src/berth-init >"$build/programs.log" 2>&1 || { grep -E 'error' -A4 "$build/programs.log" | head -60; exit 1; }
for p in berth berthd berth-runtime berth-init; do ln -sf "src/$p" "$build/$p"; done
reports=$(mktemp -d "$build/reports.XXXXXX")
trap 'rm -rf "$reports"' EXIT
common="log_path=$reports/daemon:exitcode=86"
export ASAN_OPTIONS="$common:detect_leaks=1" UBSAN_OPTIONS="$common:print_stacktrace=1:halt_on_error=1" TSAN_OPTIONS="$common:second_deadlock_stack=1"
# What a sanitizer needs itself is no memory of the daemon.
export BERTH_SANITIZED=1
export BERTH_BUILD=$build PYTHONDONTWRITEBYTECODE=1 BERTH_TEST_PATIENCE=180 BERTH_KILLS=${BERTH_KILLS:-10}
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
unset DOCKER_HOST DOCKER_CONTEXT BERTH_HOST
# What touches most of the daemon, and most of its threads at once, in little time.
/usr/bin/python3 -m pytest -p no:cacheprovider -q --rootdir "$here" "$here"/test_{daemon_away,random_kills}.py \
  --junitxml "$build/sanitize.xml" "$@"
status=$?
for report in "$reports"/*; do
  [ -s "$report" ] || continue
  # The search for leaks says so of a thread that is killed with its daemon meanwhile, as these tests do at any moment; it is no finding.
  grep -v '^==[0-9]*==Unable to get registers from thread [0-9]*\.$' "$report" | grep -q . || continue
  status=1
  cat "$report"
done
exit $status
