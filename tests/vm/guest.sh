#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Inside the guest: the same system tests, on pure cgroup v2 and with AppArmor.
export BERTH_BUILD=/payload BERTH_TEST_CACHE=/tmp/cache BERTH_TEST_PATIENCE=300 PYTHONDONTWRITEBYTECODE=1
# Debian 12's tmpfs cannot be mounted id-mapped; the root disk, thrown away afterwards, can.
case " $*" in *userns*) export TMPDIR=/var/tmp ;; esac
cd /payload/tests/system || exit 1
echo "vm: kernel $(uname -r), cgroup $(stat -fc %T /sys/fs/cgroup), lsm $(cat /sys/kernel/security/lsm)"
if grep -q berth.mode=selinux /proc/cmdline; then
  # As an installed one is labelled: containers run it as their init.
  chcon -t bin_t /payload/berth-init
  setenforce 1
  echo "vm: SELinux $(getenforce), $(cat /proc/self/attr/current | tr -d '\0')"
  [ $# -gt 0 ] || set -- test_selinux.py test_isolation.py
fi
grep -q berth.mode=systemd /proc/cmdline && [ $# -eq 0 ] && set -- test_systemd_units.py test_systemd_cgroup.py test_oci_runtime.py
grep -q berth.mode=mixed /proc/cmdline && [ $# -eq 0 ] && set -- test_oci_runtime.py test_options.py
[ $# -gt 0 ] || set -- test_apparmor.py test_isolation.py test_life.py test_security.py test_options.py test_init.py test_other_runtimes.py test_oci_runtime.py
python3 -m pytest -p no:cacheprovider -q "$@"
code=$?
# What the policy forbade, for who looks for the reason of a failure.
[ ! -e /sys/fs/selinux/enforce ] || dmesg | grep 'avc:  denied' | sed 's/.*denied/vm: denied/; s/pid=[0-9]* //; s/ino=[0-9]* //; s/c[0-9]*,c[0-9]*//g' | sort | uniq -c | sort -rn | head -40
exit $code
