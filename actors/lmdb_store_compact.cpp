#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "actors/lmdb_store_handles.hpp"
#include "actors/store_view.hpp"

namespace flok {

namespace {

using namespace lmdb;

/// One compaction; the locks end with it.
class compactor {
public:
  explicit compactor(const std::string& directory) : where_{directory} {}

  expected<compaction> run() {
    struct stat old {};
    if (::lstat(file().c_str(), &old) != 0)
      return failed("cannot open " + where_,
                    errno == ENOENT ? "no store is there" : std::strerror(errno));
    if (!S_ISREG(old.st_mode)) // a new file in the place of a link would part the two
      return cannot("data.mdb is no regular file");
    if (auto ok = lock(); !ok)
      return failure(ok.error());
    auto size = copy(old);
    if (!size) {
      ::unlink(copy_file().c_str());
      return failure(size.error());
    }
    return compaction{static_cast<std::uint64_t>(old.st_size), *size};
  }

private:
  [[nodiscard]] std::string file() const { return where_ + "/data.mdb"; }
  [[nodiscard]] std::string copy_file() const { return where_ + "/data.mdb.compact"; }

  tl::unexpected<error> cannot(const std::string& why) const {
    return failed("cannot compact " + where_, why);
  }

  expected<void> lock() {
    const auto path = where_ + "/flok.lock";
    lock_ = descriptor{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode)};
    if (lock_.get() < 0)
      return cannot(std::strerror(errno));
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0)
      return cannot(errno == EWOULDBLOCK ? in_use(where_) : std::strerror(errno));
    // Who has LMDB's own lock file open counts the transactions of the old file.
    lmdb_lock_ = descriptor{::open((where_ + "/lock.mdb").c_str(), O_RDWR | O_CLOEXEC)};
    for (const auto* held : {&lock_, &lmdb_lock_}) {
      struct flock alone = reader_lock(F_WRLCK);
      if (held->get() >= 0 && ::fcntl(held->get(), F_OFD_SETLK, &alone) != 0)
        return cannot(errno == EAGAIN || errno == EACCES
                          ? "another process reads here; try again when it has ended"
                          : std::strerror(errno));
    }
    return {};
  }

  /// Gives the new file's size.
  expected<std::uint64_t> copy(const struct stat& old) {
    const descriptor to{
        ::open(copy_file().c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode)};
    if (to.get() < 0)
      return cannot(std::strerror(errno));
    // Whoever could use the old file can use the new one.
    if (::fchown(to.get(), old.st_uid, old.st_gid) != 0 && errno != EPERM)
      return cannot(std::strerror(errno));
    if (::fchmod(to.get(), old.st_mode & 07777U) != 0)
      return cannot(std::strerror(errno));
    if (auto ok = copy_pages(to.get(), static_cast<std::size_t>(old.st_size)); !ok)
      return failure(ok.error());
    struct stat now {};
    if (::fsync(to.get()) != 0 || ::fstat(to.get(), &now) != 0 ||
        ::rename(copy_file().c_str(), file().c_str()) != 0)
      return cannot(std::strerror(errno));
    const descriptor names{::open(where_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (names.get() < 0 || (::fsync(names.get()) != 0 && errno != EINVAL))
      return cannot("done, but it may not outlive a power cut: " +
                    std::string{std::strerror(errno)});
    return static_cast<std::uint64_t>(now.st_size);
  }

  expected<void> copy_pages(int to, std::size_t size) const {
    MDB_env* opened = nullptr;
    if (int code = mdb_env_create(&opened); code != MDB_SUCCESS)
      return failed("LMDB", code);
    const std::unique_ptr<MDB_env, close_env> env{opened};
    int code = mdb_env_set_maxdbs(opened, 1);
    if (code == MDB_SUCCESS) // the locks above keep all others out
      code = mdb_env_open(opened, where_.c_str(), MDB_RDONLY | MDB_NOLOCK, file_mode);
    if (code != MDB_SUCCESS)
      return cannot(mdb_strerror(code));
    if (cut_off(opened, size))
      return cannot("data.mdb is shorter than its own last page: it was cut off");
    {
      const transaction txn{opened, MDB_RDONLY};
      if (txn.status() != MDB_SUCCESS)
        return cannot(mdb_strerror(txn.status()));
      if (const auto known = format_of(txn.get(), where_); !known)
        return failure(known.error());
    }
    code = mdb_env_copyfd2(opened, to, MDB_CP_COMPACT);
    if (code == MDB_INCOMPATIBLE || code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND)
      return cannot("data.mdb is damaged; flok check tells more");
    return code == MDB_SUCCESS ? expected<void>{} : cannot(mdb_strerror(code));
  }

  std::string where_;
  descriptor lock_;
  descriptor lmdb_lock_;
};

} // namespace

expected<compaction> compact_lmdb_store(const std::string& directory) {
  return compactor{directory}.run();
}

} // namespace flok
