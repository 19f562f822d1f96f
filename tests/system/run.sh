#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The system tests, in two workers, and then the proof that nothing is left. usage: run.sh BUILD [pytest arguments]
set -u
build=$(readlink -f "${1:-build}"); shift || true
here=$(dirname "$(readlink -f "$0")")
export BERTH_BUILD=$build BERTH_BASELINE=$build/baseline.json PYTHONDONTWRITEBYTECODE=1
export PATH=/usr/sbin:/usr/bin:/sbin:/bin:$PATH
unset DOCKER_HOST DOCKER_CONTEXT BERTH_HOST
/usr/bin/python3 "$here/leftovers.py" "$BERTH_BASELINE" || exit 1
workers="-n 2 --dist loadfile"
/usr/bin/python3 -c 'import xdist' 2>/dev/null || workers=
status=0
# shellcheck disable=SC2086
/usr/bin/python3 -m pytest -p no:cacheprovider -q $workers --rootdir "$here" "$here" --deselect "$here/test_zz_nothing_left.py" \
  --ignore "$here/test_zz_nothing_left.py" --junitxml "$build/system.xml" "$@" || status=1
# The first `ip netns add` of a machine mounts the place of the names, for ever.
if ! grep -q '"/run/netns"' "$BERTH_BASELINE" && mountpoint -q /run/netns && [ -z "$(ls /run/netns)" ]; then
  umount /run/netns && rmdir /run/netns
fi
/usr/bin/python3 -m pytest -p no:cacheprovider -q --rootdir "$here" "$here/test_zz_nothing_left.py" --junitxml "$build/leftovers.xml" || status=1
exit $status
