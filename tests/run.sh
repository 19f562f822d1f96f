#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every test. Ends with one line: N passed, N failed. usage: run.sh BUILD
set -u
build=$(readlink -f "${1:-build}")
top=$(dirname "$(dirname "$(readlink -f "$0")")")
cd "$top" || exit 1
passed=0 failed=0
say() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }
result() { if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $*"; fi; }

# Counts the tests of a meson log or of a junit file.
count_meson() {
  local ok bad
  ok=$(grep -c '"result": "OK"' "$1/meson-logs/testlog.json" 2>/dev/null || true)
  bad=$(grep -cE '"result": "(FAIL|TIMEOUT|ERROR)"' "$1/meson-logs/testlog.json" 2>/dev/null || true)
  passed=$((passed + ok)) failed=$((failed + bad))
  [ $((ok + bad)) -gt 0 ] || { echo "no unit test ran in $1"; failed=$((failed + 1)); }
}
count_junit() {
  local line tests bad skipped
  line=$(grep -o '<testsuite [^>]*' "$1" 2>/dev/null | head -1)
  tests=$(sed -n 's/.* tests="\([0-9]*\)".*/\1/p' <<<"$line")
  skipped=$(sed -n 's/.* skipped="\([0-9]*\)".*/\1/p' <<<"$line")
  bad=$(($(sed -n 's/.* failures="\([0-9]*\)".*/\1/p' <<<"$line") + $(sed -n 's/.* errors="\([0-9]*\)".*/\1/p' <<<"$line")))
  [ -n "$tests" ] || { echo "no result in $1"; failed=$((failed + 1)); return; }
  passed=$((passed + tests - bad - ${skipped:-0})) failed=$((failed + bad))
}

say "format"
check_format() { git ls-files '*.c' '*.h' | xargs -r clang-format --dry-run -Werror; }
result check_format

# Before the first test: what the unit tests leave is found here, what the system tests leave by their own run.sh.
/usr/bin/python3 tests/system/leftovers.py "$build/baseline-unit.json" || exit 1

say "unit tests, gcc"
meson test -C "$build" --print-errorlogs -q
count_meson "$build"

say "clang: every warning an error"
compile_clang() {
  [ -f build-clang/build.ninja ] || CC=clang meson setup build-clang >build-clang.log 2>&1 || { cat build-clang.log; rm -f build-clang.log; return 1; }
  rm -f build-clang.log
  ninja -C build-clang >build-clang/ninja.log 2>&1 || { grep -E 'error|warning' -A4 build-clang/ninja.log | head -60; return 1; }
}
result compile_clang

say "unit tests, address and undefined-behaviour sanitizers"
compile_asan() {
  [ -f build-asan/build.ninja ] || meson setup build-asan -Db_sanitize=address,undefined -Db_lundef=false -Dbuildtype=debug >/dev/null || return 1
  ninja -C build-asan >build-asan/ninja.log 2>&1 || { grep -E 'error' -A4 build-asan/ninja.log | head -60; return 1; }
}
result compile_asan
UBSAN_OPTIONS=halt_on_error=1 meson test -C build-asan --print-errorlogs -q --timeout-multiplier 4
count_meson build-asan

say "nothing is left of the unit tests"
BERTH_BASELINE=$build/baseline-unit.json PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -p no:cacheprovider -q --rootdir tests/system \
  tests/system/test_zz_nothing_left.py --junitxml "$build/leftovers-unit.xml"
count_junit "$build/leftovers-unit.xml"

say "system tests, with a daemon under the address and undefined-behaviour sanitizers"
result tests/system/sanitize.sh address
count_junit build-asan/sanitize.xml

say "system tests, with a daemon under the thread sanitizer"
result tests/system/sanitize.sh thread
count_junit build-tsan/sanitize.xml

say "system tests"
tests/system/run.sh "$build"
count_junit "$build/system.xml"
count_junit "$build/leftovers.xml"

say "done"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
