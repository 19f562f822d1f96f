#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Inside the guest: the same system tests, on pure cgroup v2 and with AppArmor.
export BERTH_BUILD=/payload BERTH_TEST_CACHE=/tmp/cache BERTH_TEST_PATIENCE=300 PYTHONDONTWRITEBYTECODE=1
# Debian 12's tmpfs cannot be mounted id-mapped; the root disk, thrown away afterwards, can.
case " $*" in *userns*) export TMPDIR=/var/tmp ;; esac
cd /payload/tests/system || exit 1
echo "vm: kernel $(uname -r), cgroup $(stat -fc %T /sys/fs/cgroup), lsm $(cat /sys/kernel/security/lsm)"
grep -q berth.mode=systemd /proc/cmdline && [ $# -eq 0 ] && set -- test_systemd_cgroup.py test_oci_runtime.py
grep -q berth.mode=mixed /proc/cmdline && [ $# -eq 0 ] && set -- test_oci_runtime.py test_options.py
[ $# -gt 0 ] || set -- test_apparmor.py test_isolation.py test_life.py test_security.py test_options.py test_init.py test_other_runtimes.py test_oci_runtime.py
exec python3 -m pytest -p no:cacheprovider -q "$@"
