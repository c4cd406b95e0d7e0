#!/bin/sh
# Installs Debian packages as root and leaves the machine otherwise as it was: what the packages bring as services is
# neither started now nor at the next boot, since Sideband only ever runs servers of its own, and never the machine's.
#   install-packages.sh (update|as-is) PACKAGE...     as-is: the package lists were fetched a moment ago
set -eu
lists=$1
shift
export DEBIAN_FRONTEND=noninteractive

# One at a time: the other's policy-rc.d would be taken away under it.
exec 9>/run/sideband-install.lock
flock 9

# Debian's packages ask this program before they start anything. An administrator's own is left as it is; one that a
# killed run of ours left behind is ours to take away.
policy=/usr/sbin/policy-rc.d
marker='made by install-packages.sh for as long as it runs'
if [ ! -e "$policy" ] || grep -q "$marker" "$policy"; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 130' HUP INT TERM
  printf '#!/bin/sh\n# %s\nexit 101\n' "$marker" >"$policy"
  chmod 755 "$policy"
fi

# Installing also enables a service for the next boot; a unit that was there before is the administrator's affair.
units='docker.service docker.socket containerd.service redis-server.service podman.service podman.socket
podman-restart.service podman-auto-update.service podman-auto-update.timer podman-clean-transient.service'
added=''
for unit in $units; do
  [ -e "/lib/systemd/system/$unit" ] || added="$added $unit"
done

# A package list that cannot be fetched (a third party's, say) need not matter for what is wanted.
if [ "$lists" = update ]; then
  apt-get update -q || echo 'Could not update all package lists; going on with those that are there.'
fi
# --no-remove: rather fail than take something away for it. Another apt may hold the lock for a while.
apt-get install -q -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=120 "$@"

if command -v systemctl >/dev/null; then
  for unit in $added; do
    [ ! -e "/lib/systemd/system/$unit" ] || systemctl --quiet disable "$unit"
  done
fi
