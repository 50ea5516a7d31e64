# Functions for scripts that try something on a bare Debian made by debootstrap. Sourced, not run.
# A root is an ordinary folder; what is mounted in it lives in the mount namespace of the command that runs there
# and is gone with it, so that removing the folder can never reach outside.

archive="http://deb.debian.org/debian"

refuse() {
  echo "$(basename "$0"): $1" >&2
  exit 2
}

# suite_of 12|13: Debian's name of that release
suite_of() {
  case "$1" in
    12) echo bookworm ;;
    13) echo trixie ;;
    *) refuse "'$1' is no release that this script knows (known: 12, 13)" ;;
  esac
}

need_root_and_debootstrap() {
  [ "$(id -u)" -eq 0 ] || refuse "needs root: debootstrap and chroot do"
  command -v debootstrap >/dev/null || refuse "needs debootstrap (apt-get install debootstrap)"
  command -v unshare >/dev/null || refuse "needs unshare (Debian's util-linux)"
}

# make_root SUITE FOLDER PACKAGES: a minimal system of that suite, with PACKAGES (comma-separated) on top
make_root() {
  local log="$2.debootstrap.log"
  if debootstrap --variant=minbase ${3:+--include="$3"} "$1" "$2" "$archive" >"$log" 2>&1; then
    rm -f "$log"
  else
    tail -5 "$log" >&2
    rm -f "$log"
    echo "$(basename "$0"): debootstrap failed (its last lines are above)" >&2
    return 1
  fi
}

# in_root FOLDER COMMAND: a shell command inside, with /proc, /dev and /dev/shm of its own; all its processes end with it
in_root() {
  unshare --mount --pid --fork --kill-child bash -c '
    set -e
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    exec env -i HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      DEBIAN_FRONTEND=noninteractive chroot "$1" bash -c "$2"' in_root "$1" "$2"
}
