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
if grep -q berth.mode=selinux /proc/cmdline; then
  # What the kernel would load by itself, which its policy does not let it in a guest without udev.
  for m in nft_chain_nat nft_redir nft_numgen nft_limit nft_log nft_hash nft_objref nft_reject nft_reject_inet nft_reject_ipv4 nft_reject_ipv6 nft_fib nft_fib_ipv4 nft_fib_ipv6 nf_conntrack_netlink nf_nat nf_conntrack macvlan ipvlan dummy; do
    modprobe "$m" 2>/dev/null
  done
  # This process stays the kernel's; what it starts is what a session of root's is.
  load_policy -i
  restorecon -R /dev
  exec runcon system_u:system_r:unconfined_t:s0 sh /session.sh
fi
exec sh /session.sh
