// Loaded in front of the program (LD_PRELOAD): the call that FAIL_AT counts, of those that bring
// bytes or names to a disk, fails as on a full one. Those behind it work again, so that nobody else
// finds out. Standard streams, pipes and devices go on.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int fails(void) {
  static int calls = 0;
  const char* first = getenv("FAIL_AT");
  if (first == NULL || ++calls != atoi(first)) return 0;
  errno = ENOSPC;
  return 1;
}

static int is_on_disk(int file) {
  struct stat about;
  return file > 2 && fstat(file, &about) == 0 && S_ISREG(about.st_mode);
}

ssize_t write(int file, const void* bytes, size_t count) {
  ssize_t (*real)(int, const void*, size_t) = dlsym(RTLD_NEXT, "write");
  return is_on_disk(file) && fails() ? -1 : real(file, bytes, count);
}

ssize_t writev(int file, const struct iovec* parts, int count) {
  ssize_t (*real)(int, const struct iovec*, int) = dlsym(RTLD_NEXT, "writev");
  return is_on_disk(file) && fails() ? -1 : real(file, parts, count);
}

int fsync(int file) {
  int (*real)(int) = dlsym(RTLD_NEXT, "fsync");
  return is_on_disk(file) && fails() ? -1 : real(file);
}

int rename(const char* from, const char* to) {
  int (*real)(const char*, const char*) = dlsym(RTLD_NEXT, "rename");
  return fails() ? -1 : real(from, to);
}
