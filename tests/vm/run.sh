#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots Debian's cloud kernel under qemu (software emulation) for what the host may not have: pure cgroup v2, AppArmor, an older kernel,
# systemd as the first process, controllers spread over both versions of cgroups, SELinux.
# The build and the tests travel in on a second disk; the guest runs tests/vm/guest.sh and says how it ended.
# usage: run.sh BUILD [--mode v2|mixed|systemd|selinux] [pytest arguments]
set -eu
build=$(readlink -f "${1:-build}"); shift || true
mode=v2
[ "${1:-}" != --mode ] || { mode=$2; shift 2; }
case $mode in v2 | mixed | selinux) init=/init.sh ;; systemd) init=/lib/systemd/systemd ;; *) echo "no such mode: $mode" >&2; exit 2 ;; esac
here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$(dirname "$here")")
vm=$build/vm mirror=${BERTH_DEMO_MIRROR:-http://deb.debian.org/debian}
mkdir -p "$vm"
packages=linux-image-cloud-amd64,python3,python3-pytest,python3-docker,docker.io,crun,runc,systemd-sysv,dbus,uidmap,busybox-static,iproute2,nftables,procps,iputils-ping,util-linux,apparmor,kmod,libmicrohttpd12,libjansson4,libsqlite3-0,libseccomp2,libarchive13,libisal2,libzstd1,libnettle8,libmnl0,libnftnl11,libcurl3-gnutls,libyaml-0-2,libnftables1,libsubunit0,jq,podman,strace
disk=$vm/root lsm="apparmor=1 security=apparmor"
# A disk of its own, whose files have labels.
[ "$mode" != selinux ] || { disk=$vm/root-selinux lsm="selinux=1 security=selinux enforcing=0" packages=$packages,selinux-policy-default,policycoreutils,selinux-utils; }

command -v qemu-system-x86_64 >/dev/null || { apt-get update -q; apt-get install -y -q --no-install-recommends qemu-system-x86; } >/dev/null

make_root() {
  local root
  root=$(mktemp -d "$vm/root-XXXXXX")
  mmdebstrap --variant=minbase --quiet --include="$packages" --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --aptopt='APT::Install-Recommends "false"' --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/boot/initrd*' bookworm "$root" "$mirror"
  cp "$root"/boot/vmlinuz-* "$disk.vmlinuz"
  make_initrd "$root"
  [ "$mode" != selinux ] || label "$root"
  truncate -s 3G "$disk.new"
  mkfs.ext4 -q -O ^metadata_csum -E lazy_itable_init=1 -d "$root" "$disk.new"
  rm -rf "$root"
  mv "$disk.new" "$disk.ext4"
}

# The policy, with the types that Debian's lacks, and its labels on all files.
label() {
  cp "$here/container.cil" "$1/root/"
  chroot "$1" semodule -n -s default -i /root/container.cil
  # setfiles(8) reaches files by way of /proc.
  unshare --mount sh -c 'mount -t proc proc "$1/proc" && exec chroot "$1" setfiles -F /etc/selinux/default/contexts/files/file_contexts /' sh "$1" || :
}

# A few modules and busybox: enough to mount the root disk and change into it.
make_initrd() {
  local root=$1 ram version
  ram=$(mktemp -d "$vm/ram-XXXXXX")
  version=$(basename "$root"/lib/modules/*)
  mkdir -p "$ram"/{bin,dev,proc,sys,root,modules}
  cp "$root/bin/busybox" "$ram/bin/busybox"
  : >"$ram/modules/order"
  for m in virtio_pci virtio_blk ext4; do
    chroot "$root" modprobe -S "$version" --show-depends "$m" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
  done | awk '!seen[$0]++' | while read -r ko; do
    cp "$root$ko" "$ram/modules/"
    basename "$ko" >>"$ram/modules/order"
  done
  cat >"$ram/init" <<'EOT'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
for m in $(/bin/busybox cat /modules/order); do /bin/busybox insmod /modules/$m; done
for i in 1 2 3 4 5 6 7 8 9 10; do [ -b /dev/vda ] && break; /bin/busybox sleep 0.2; done
/bin/busybox mount -t ext4 /dev/vda /root || exec /bin/busybox sh
/bin/busybox mount --move /dev /root/dev
/bin/busybox cp /vm/*.sh /root/
/bin/busybox cp /vm/berth* /root/etc/systemd/system/
init=$(/bin/busybox sed 's/.*berth.init=\([^ ]*\).*/\1/' /proc/cmdline)
/bin/busybox umount /proc
exec /bin/busybox switch_root /root $init
EOT
  chmod +x "$ram/init"
  (cd "$ram" && find . | /bin/busybox cpio -o -H newc) 2>/dev/null | gzip -1 >"$disk.initrd"
  rm -rf "$ram"
}

# Made anew only where what goes into it has changed.
parts=()
[ "$mode" != selinux ] || parts=("$here/container.cil")
key=$(sed -n '/^make_root()/,/^# Made anew/p' "$here/run.sh" | cat - "${parts[@]}" <(printf '%s\n' "$packages") | sha256sum)
[ -s "$disk.ext4" ] && [ "$(cat "$disk.key" 2>/dev/null)" = "$key" ] || { make_root; printf '%s\n' "$key" >"$disk.key"; }

payload=$(mktemp "$vm/payload-XXXXXX")
trap 'rm -rf "$payload" "$payload.d"' EXIT
mkdir "$payload.d"
printf '%s\n' "$*" >"$payload.d/arguments"
cc -static -O1 -D_GNU_SOURCE -o "$payload.d/prowl" "$top/tests/system/prowl.c"
tar -cf "$payload" -C "$build/src" berth berth-dial berthd berth-runtime berth-init -C "$payload.d" arguments prowl -C "$top" tests/system tests/vm tests/compat packaging src/codec/seccomp_default.json
truncate -s %512 "$payload"
# What the guest starts with travels in the initial ram disk, so that a change of it makes no new root.
mkdir "$payload.d/vm"
install -m 755 "$here/init.sh" "$here/session.sh" "$payload.d/vm/"
install -m 644 "$here/berth.target" "$here/berth-tests.service" "$payload.d/vm/"
(cd "$payload.d" && find vm | /bin/busybox cpio -o -H newc) 2>/dev/null | gzip -1 | cat "$disk.initrd" - >"$payload.d/initrd"

# An emulated processor is quicker with fewer features to emulate, and alone: two of them wait for each other at each fork.
quick="mitigations=off tsc=reliable clocksource=tsc init_on_alloc=0 nowatchdog rcupdate.rcu_expedited=1"
timeout "${BERTH_VM_TIMEOUT:-1500}" qemu-system-x86_64 -machine q35 -cpu Nehalem -smp 1 -m 3072 -nographic -no-reboot -net none \
  -kernel "$disk.vmlinuz" -initrd "$payload.d/initrd" -append "console=ttyS0 quiet panic=-1 $quick $lsm berth.init=$init berth.mode=$mode systemd.unit=berth.target systemd.show_status=0" \
  -drive "file=$disk.ext4,if=virtio,format=raw,snapshot=on" -drive "file=$payload,if=virtio,format=raw" </dev/null | stdbuf -o0 tr -d '\r' | tee "$vm/console-$mode.log"
grep -q '^vm: exit 0$' "$vm/console-$mode.log"
