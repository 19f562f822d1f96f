#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The guest's first process where that is not systemd: mounts what a host has.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
if grep -q berth.mode=mixed /proc/cmdline; then
  # Some controllers on version 1, the others on version 2: each limit has to find its own.
  mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
  for c in memory devices freezer cpuset; do
    mkdir "/sys/fs/cgroup/$c" && mount -t cgroup -o "$c" "$c" "/sys/fs/cgroup/$c"
  done
  mkdir /sys/fs/cgroup/unified && mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
else
  mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
fi
mount -t securityfs securityfs /sys/kernel/security
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o mode=620,ptmxmode=666,gid=5 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
ip link set lo up
hostname vm
for m in overlay bridge veth nf_tables nft_masq nft_nat nft_ct nft_fib_inet; do modprobe "$m" 2>/dev/null; done
exec sh /session.sh
