#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs what is missing, by Debian's packages. usage: setup.sh build|all
set -eu
build="gcc clang make meson ninja-build pkg-config libmicrohttpd-dev libjansson-dev libyaml-dev libsqlite3-dev libseccomp-dev libarchive-dev
  libisal-dev libzstd-dev liblzma-dev libbz2-dev nettle-dev libmnl-dev libnftnl-dev libcurl4-gnutls-dev libgnutls28-dev libcap-dev check"
all="$build clang-format libclang-rt-14-dev docker.io docker-registry mmdebstrap busybox-static python3 python3-pytest python3-pytest-xdist python3-docker
  nftables iptables ufw firewalld dbus iproute2 iputils-ping procps curl jq strace openssl skopeo umoci runc crun podman conmon dnsutils dnsmasq-base wrk docker-compose ansible uidmap zsh fish"
case "${1:-all}" in build) want=$build ;; all) want=$all ;; *) echo "usage: setup.sh build|all" >&2; exit 2 ;; esac
missing=
for p in $want; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing="$missing $p"
done
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] || { echo "berth needs these packages:$missing (run as root, or install them)" >&2; exit 1; }
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
# No service of these packages may start: the tests bring their own daemons.
policy=/usr/sbin/policy-rc.d made=
[ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; made=1; }
trap '[ -z "$made" ] || rm -f $policy' EXIT
apt-get update -q >/dev/null
# shellcheck disable=SC2086
apt-get install -y -q --no-install-recommends $missing >/dev/null
