#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What both kinds of first process start: unpacks the payload, runs the tests, and switches the machine off.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mkdir -p /payload && tar -xf /dev/vdb -C /payload
sh /payload/tests/vm/guest.sh $(cat /payload/arguments)
echo "vm: exit $?"
sync
echo o >/proc/sysrq-trigger
sleep 10
