// Preloaded into a process: logs what it writes to data.mdb and when it syncs. LMDB's one
// writer is one thread at a time.
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/disk/write_log.hpp"

namespace {

using flok::testing::log_header;
using flok::testing::logged;

template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

bool is_data(int fd) {
  const auto link = "/proc/self/fd/" + std::to_string(fd);
  char path[4096];
  const auto size = ::readlink(link.c_str(), path, sizeof path);
  return size > 0 &&
         std::string_view{path, static_cast<std::size_t>(size)}.ends_with("/data.mdb");
}

void append(const log_header& header, const iovec* parts, int count) {
  static const int log = [] {
    const char* path = std::getenv(flok::testing::write_log_variable);
    return path == nullptr ? -1 : ::open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  }();
  std::string entry{reinterpret_cast<const char*>(&header), sizeof header};
  for (int i = 0; i < count; ++i)
    entry.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  entry.resize(sizeof header + header.size); // a write may come out short
  static const auto write_bytes = real<ssize_t(int, const void*, std::size_t)>("write");
  if (write_bytes(log, entry.data(), entry.size()) != static_cast<ssize_t>(entry.size()))
    std::abort();
}

ssize_t note_write(int fd, const iovec* parts, int count, off_t offset, ssize_t written) {
  if (written > 0 && is_data(fd))
    append({(::fcntl(fd, F_GETFL) & O_DSYNC) != 0 ? logged::synced_write : logged::write,
            static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(written)},
           parts, count);
  return written;
}

int note_sync(int fd, int result) {
  if (result == 0 && is_data(fd))
    append({logged::sync, 0, 0}, nullptr, 0);
  return result;
}

} // namespace

extern "C" {

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  static const auto next = real<ssize_t(int, const void*, size_t, off_t)>("pwrite");
  const iovec part{const_cast<void*>(bytes), size};
  return note_write(fd, &part, 1, offset, next(fd, bytes, size, offset));
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  static const auto next = real<ssize_t(int, const iovec*, int, off_t)>("pwritev");
  return note_write(fd, parts, count, offset, next(fd, parts, count, offset));
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto next = real<ssize_t(int, const void*, size_t)>("write");
  const off_t offset = ::lseek(fd, 0, SEEK_CUR);
  const iovec part{const_cast<void*>(bytes), size};
  return note_write(fd, &part, 1, offset, next(fd, bytes, size));
}

ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto next = real<ssize_t(int, const iovec*, int)>("writev");
  const off_t offset = ::lseek(fd, 0, SEEK_CUR);
  return note_write(fd, parts, count, offset, next(fd, parts, count));
}

int fdatasync(int fd) {
  static const auto next = real<int(int)>("fdatasync");
  return note_sync(fd, next(fd));
}

int fsync(int fd) {
  static const auto next = real<int(int)>("fsync");
  return note_sync(fd, next(fd));
}

} // extern "C"
