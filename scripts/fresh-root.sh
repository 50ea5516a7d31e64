# Functions for scripts that try something on a bare Debian made by debootstrap. Sourced, not run.
# A root is an ordinary folder; what is mounted in it lives in the mount namespace of the command that runs there
# and is gone with it, so that removing the folder can never reach outside.

archive="http://deb.debian.org/debian"
apart_pid=""  # of the command that runs in namespaces of its own now

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

# apart COMMAND...: runs it with mounts and process numbers of its own. The shell waits for it in a way that a trap can end.
apart() {
  local rc=0
  unshare --mount --pid --fork --kill-child --mount-proc "$@" &
  apart_pid=$!
  wait "$apart_pid" || rc=$?
  apart_pid=""
  return $rc
}

# make_root SUITE FOLDER PACKAGES: a minimal system of that suite, with PACKAGES (comma-separated) on top
make_root() {
  local log="$2.debootstrap.log"
  apart debootstrap --variant=minbase ${3:+--include="$3"} "$1" "$2" "$archive" >"$log" 2>&1 && return
  tail -5 "$log" >&2
  echo "$(basename "$0"): debootstrap failed (its last lines are above)" >&2
  return 1
}

# make_sysroot SUITE ARCHITECTURE FOLDER PACKAGES: what a compiler for another architecture needs of that suite: PACKAGES and what they depend
# on are unpacked, not set up, so that nothing of theirs has to run here
make_sysroot() {
  local log="$3.debootstrap.log" package link
  if ! apart debootstrap --foreign --arch="$2" --variant=minbase --include="$4" "$1" "$3" "$archive" >"$log" 2>&1; then
    tail -5 "$log" >&2
    echo "$(basename "$0"): debootstrap failed (its last lines are above)" >&2
    return 1
  fi
  for package in "$3"/var/cache/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$3"
  done
  rm -rf --one-file-system "$3"/{boot,dev,debootstrap,etc,home,media,mnt,opt,proc,root,run,srv,sys,tmp,var}
  find "$3/usr" -type l -lname '/*' | while read -r link; do ln -snrf "$3$(readlink "$link")" "$link"; done
}

# in_root FOLDER COMMAND: a shell command inside, with /proc, /dev and /dev/shm of its own; all its processes end with it
in_root() {
  # shellcheck disable=SC2016  # for the inner shell to expand
  apart bash -c '
    set -e
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount --bind /sys "$1/sys"
    mount -t tmpfs tmpfs "$1/dev/shm"
    exec env -i HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      DEBIAN_FRONTEND=noninteractive chroot "$1" bash -c "$2"' in_root "$1" "$2"
}

# remove_root FOLDER: ends what runs there and removes it with its log
remove_root() {
  local tries
  if [ -n "$apart_pid" ]; then
    kill -KILL "$apart_pid" 2>/dev/null || true
    wait "$apart_pid" 2>/dev/null || true
  fi
  rm -f "$1.debootstrap.log"
  for tries in 1 2 3 4 5; do  # the last processes of a namespace end a moment after its first one, and may write until then
    rm -rf --one-file-system "$1" 2>/dev/null && return 0  # in a trap, `return` alone would take the status from before it
    sleep "$tries"
  done
  rm -rf --one-file-system "$1"
}
