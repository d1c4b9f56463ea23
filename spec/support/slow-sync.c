/* Loaded before libc (LD_PRELOAD), makes each wait for the disk last SLOW_SYNC_MS milliseconds longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef int (*sync_function)(int);

static int slowly(const char *name, int descriptor) {
  const char *milliseconds = getenv("SLOW_SYNC_MS");
  if (milliseconds) usleep(1000 * atoi(milliseconds));
  return ((sync_function)dlsym(RTLD_NEXT, name))(descriptor);
}

int fsync(int descriptor) { return slowly("fsync", descriptor); }
int fdatasync(int descriptor) { return slowly("fdatasync", descriptor); }
