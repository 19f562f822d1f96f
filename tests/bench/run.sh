#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Figures, side by side in one run: berth, the kernel's floor, and with PEER=docker Docker (Debian's docker.io, or the daemon at
# the socket that PEER_SOCKET names). usage: run.sh BUILD [list | all | PART...]; bench.py says more.
set -eu
build=$(readlink -f "${1:-build}")
shift || true
here=$(dirname "$(readlink -f "$0")")
export PYTHONDONTWRITEBYTECODE=1 BERTH_BUILD=$build
mkdir -p "$build/bench"
cc -O2 -D_GNU_SOURCE -o "$build/bench/floor" "$here/floor.c"
cc -O2 -D_GNU_SOURCE -o "$build/bench/spent" "$here/spent.c"
cc -O2 -D_GNU_SOURCE -o "$build/bench/steps" "$here/steps.c"
cc -O2 -static -o "$build/bench/true" "$here/true.c"
cc -O2 -static -o "$build/bench/lines" "$here/lines.c"
exec /usr/bin/python3 "$here/bench.py" "$@"
