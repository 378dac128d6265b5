#!/usr/bin/env bash
# The README's two commands in a bare Debian 12: debootstrap, a clean clone, ./dev demo, ./dev test. Slow. Needs root.
set -euo pipefail
[ "$(id -u)" -eq 0 ] || { echo "./dev fresh needs root (debootstrap, chroot)" >&2; exit 1; }
command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap
root="${FRESH_ROOT:-$(mktemp -d /var/tmp/penstock-fresh.XXXXXX)}"
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null || true; } | awk '/^deb / {print $2; exit} /^URIs:/ {print $2; exit}')
[ -n "$mirror" ] || { echo "no Debian mirror in /etc/apt/sources.list*" >&2; exit 1; }
cleanup() {
  local mount
  for mount in proc sys dev/pts dev; do mountpoint -q "$root/$mount" && umount -l "$root/$mount"; done
  [ -n "${FRESH_KEEP:-}" ] || rm -rf --one-file-system "$root"
}
trap cleanup EXIT
debootstrap --variant=minbase --include=ca-certificates bookworm "$root" "$mirror"
mount -t proc proc "$root/proc"; mount -t sysfs sysfs "$root/sys"; mount --rbind /dev "$root/dev"
# The registries of this machine are used inside too: package sources, their keys and proxies are settings, not tools.
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
{ cat "$HOME/.npmrc" /usr/local/etc/npmrc /etc/npmrc 2>/dev/null | grep -vE '^(cafile|nodedir)' || true; echo cafile=/etc/ssl/certs/ca-certificates.crt; } >"$root/root/.npmrc"
cp -r /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/" 2>/dev/null && chroot "$root" update-ca-certificates >/dev/null
cp /etc/apt/sources.list.d/debian.sources "$root/etc/apt/sources.list.d/" 2>/dev/null && : >"$root/etc/apt/sources.list"
echo '127.0.0.1 localhost' >"$root/etc/hosts"
git clone -q . "$root/penstock"
run() { chroot "$root" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
  ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} ${no_proxy:+no_proxy="$no_proxy"} \
  ${NODE_EXTRA_CA_CERTS:+NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt} bash -c "cd /penstock && $1"; }
run './dev demo'
run './dev test'
echo "a bare Debian 12 runs ./dev demo and ./dev test"
