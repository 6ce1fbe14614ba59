/* Stands between a program and what it writes to the files of a folder: writes down what it does, or fails it.
 *
 * PAPERWIRE_DISK_FOLDER  whose files are meant, but those named *-shm, which a power cut takes with the memory
 * PAPERWIRE_DISK_RECORD  where what succeeds is written down, as struct record, the name and what was written
 * PAPERWIRE_DISK_FAIL    the how many-th write, truncation or sync fails with EIO; 0 or unset: none
 * PAPERWIRE_DISK_LASTS   if set, all those after it fail too
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
    uint64_t file, offset;
    uint32_t length, named;
    char kind; /* w: write, t: truncate to offset, s: sync, u: unlink, f: failed */
    char unused[7];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* Whether a path is of the folder; its name goes to the end. */
static const char *ours(const char *path) {
    const char *folder = getenv("PAPERWIRE_DISK_FOLDER");
    size_t length = folder ? strlen(folder) : 0, whole = strlen(path);
    if (!length || strncmp(path, folder, length) || (path[length] != '/' && path[length] != 0)) return NULL;
    if (whole > 4 && !strcmp(path + whole - 4, "-shm")) return NULL;
    return path[length] ? path + length + 1 : "";
}

static const char *name_of(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    return ours(path);
}

static int fails(void) {
    const char *at = getenv("PAPERWIRE_DISK_FAIL");
    long wanted = at ? atol(at) : 0;
    count++;
    return wanted && (count == wanted || (count > wanted && getenv("PAPERWIRE_DISK_LASTS")));
}

static void note(char kind, const char *name, uint64_t file, uint64_t offset, const void *data, size_t length) {
    const char *path = getenv("PAPERWIRE_DISK_RECORD");
    int before = errno, fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
    if (fd >= 0) {
        struct record head = {file, offset, (uint32_t)length, (uint32_t)strlen(name), kind, {0}};
        struct iovec parts[] = {{&head, sizeof head}, {(void *)name, head.named}, {(void *)data, length}};
        if (writev(fd, parts, 3) < 0) abort();
        close(fd);
    }
    errno = before;
}

static uint64_t file_of(int fd) {
    struct stat found;
    return fstat(fd, &found) ? 0 : found.st_ino;
}

/* Does CALL unless it is to fail; a call that succeeds is written down by NOTE, where `done` is what it returned. */
#define GUARDED(FD, TYPE, CALL, NOTE)                                          \
    char path[4096];                                                           \
    const char *name = name_of(FD, path, sizeof path);                         \
    if (!name) return CALL;                                                    \
    TYPE done = -1;                                                            \
    pthread_mutex_lock(&lock);                                                 \
    if (fails()) {                                                             \
        note('f', name, file_of(FD), 0, "", 0);                                \
        errno = EIO;                                                           \
    } else if ((done = CALL) >= 0) {                                           \
        NOTE;                                                                  \
    }                                                                          \
    pthread_mutex_unlock(&lock);                                               \
    return done

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    GUARDED(fd, ssize_t, REAL(pwrite64)(fd, data, length, offset), note('w', name, file_of(fd), offset, data, done));
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }

ssize_t write(int fd, const void *data, size_t length) {
    GUARDED(fd, ssize_t, REAL(write)(fd, data, length),
            note('w', name, file_of(fd), (uint64_t)(lseek(fd, 0, SEEK_CUR) - done), data, done));
}

int ftruncate64(int fd, off64_t length) {
    GUARDED(fd, int, REAL(ftruncate64)(fd, length), note('t', name, file_of(fd), length, "", 0));
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int fsync(int fd) { GUARDED(fd, int, REAL(fsync)(fd), note('s', name, file_of(fd), 0, "", 0)); }

int fdatasync(int fd) { GUARDED(fd, int, REAL(fdatasync)(fd), note('s', name, file_of(fd), 0, "", 0)); }

int unlink(const char *path) {
    struct stat found = {0};
    const char *name = ours(path);
    if (!name || stat(path, &found)) return REAL(unlink)(path);
    pthread_mutex_lock(&lock);
    int done = REAL(unlink)(path);
    if (!done) note('u', name, found.st_ino, 0, "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}
