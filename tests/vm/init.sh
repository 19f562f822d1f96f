#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The guest's first process: mounts what a host has, unpacks the payload, runs the tests, and switches the machine off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
mount -t securityfs securityfs /sys/kernel/security
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o mode=620,ptmxmode=666,gid=5 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
ip link set lo up
hostname vm
for m in overlay bridge veth nf_tables nft_masq nft_nat nft_ct nft_fib_inet; do modprobe "$m" 2>/dev/null; done
mkdir -p /payload && tar -xf /dev/vdb -C /payload
sh /payload/tests/vm/guest.sh $(cat /payload/arguments)
echo "vm: exit $?"
sync
echo o >/proc/sysrq-trigger
sleep 10
