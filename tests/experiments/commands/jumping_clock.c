// Loaded in front of the program (LD_PRELOAD): the time of day jumps by ten years back and forth at
// every look at it, and the clock that never goes back leaps an hour ahead, as after a night
// asleep.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int clock_gettime(clockid_t clock, struct timespec* time) {
  static long looks = 0;
  int (*real)(clockid_t, struct timespec*) = dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(clock, time);
  ++looks;
  if (clock == CLOCK_REALTIME) time->tv_sec += looks % 2 == 0 ? -315360000L : 315360000L;
  if (clock == CLOCK_MONOTONIC) time->tv_sec += 3600 * looks;
  return result;
}
