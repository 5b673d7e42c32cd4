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

/// One database, walked in the order of its keys.
class walk {
public:
  /// Without a name it is the one that holds the others.
  walk(MDB_env* env, const char* name) : txn_{env, MDB_RDONLY} {
    MDB_cursor* cursor = nullptr;
    MDB_dbi dbi = 0;
    code_ = txn_.status();
    if (code_ == MDB_SUCCESS)
      code_ = mdb_dbi_open(txn_.get(), name, 0, &dbi);
    if (code_ == MDB_NOTFOUND) // though the cursor has shown its name
      code_ = MDB_CORRUPTED;
    if (code_ == MDB_SUCCESS)
      code_ = mdb_cursor_open(txn_.get(), dbi, &cursor);
    cursor_.reset(cursor);
    next();
  }

  void next() {
    if (code_ == MDB_SUCCESS)
      code_ = mdb_cursor_get(cursor_.get(), &key_, &data_, MDB_NEXT);
  }

  [[nodiscard]] int code() const { return code_; } ///< MDB_NOTFOUND: at the end
  [[nodiscard]] std::string_view key() const { return to_view(key_); }
  [[nodiscard]] std::string_view data() const { return to_view(data_); }

private:
  transaction txn_; ///< with it the database is closed again
  std::unique_ptr<MDB_cursor, close_cursor> cursor_;
  MDB_val key_{};
  MDB_val data_{};
  int code_ = MDB_SUCCESS;
};

bool same_records(MDB_env* one, MDB_env* other, const std::string& name) {
  walk a{one, name.c_str()};
  walk b{other, name.c_str()};
  for (; a.code() == MDB_SUCCESS && b.code() == MDB_SUCCESS; a.next(), b.next())
    if (a.key() != b.key() || a.data() != b.data())
      return false;
  return a.code() == MDB_NOTFOUND && b.code() == MDB_NOTFOUND;
}

/// Whether each database of one is in the other, with the same records.
bool same_contents(MDB_env* one, MDB_env* other) {
  walk a{one, nullptr};
  walk b{other, nullptr};
  for (; a.code() == MDB_SUCCESS && b.code() == MDB_SUCCESS; a.next(), b.next())
    if (a.key() != b.key() || !same_records(one, other, std::string{a.key()}))
      return false;
  return a.code() == MDB_NOTFOUND && b.code() == MDB_NOTFOUND;
}

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
    const auto env = open(where_, MDB_RDONLY | MDB_NOLOCK);
    if (!env)
      return failure(env.error());
    if (cut_off(env->get(), size))
      return cannot("data.mdb is shorter than its own last page: it was cut off");
    {
      const transaction txn{env->get(), MDB_RDONLY};
      if (txn.status() != MDB_SUCCESS)
        return cannot(mdb_strerror(txn.status()));
      if (const auto known = format_of(txn.get(), where_); !known)
        return failure(known.error());
    }
    const int code = mdb_env_copyfd2(env->get(), to, MDB_CP_COMPACT);
    if (code == MDB_INCOMPATIBLE || code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND)
      return cannot("data.mdb is damaged; flok check tells more");
    if (code != MDB_SUCCESS)
      return cannot(mdb_strerror(code));
    const auto made = open(copy_file(), MDB_RDONLY | MDB_NOLOCK | MDB_NOSUBDIR);
    if (!made)
      return failure(made.error());
    // LMDB copies what is damaged as well, and says nothing.
    if (!same_contents(env->get(), made->get()))
      return cannot("data.mdb is damaged: a copy would have less than it; save what flok "
                    "dump can read, and load that into a new store");
    return {};
  }

  /// With room for one database at a time: the locks keep all others out.
  [[nodiscard]] expected<std::unique_ptr<MDB_env, close_env>> open(const std::string& path,
                                                                   unsigned flags) const {
    MDB_env* opened = nullptr;
    if (int code = mdb_env_create(&opened); code != MDB_SUCCESS)
      return failed("LMDB", code);
    std::unique_ptr<MDB_env, close_env> env{opened};
    int code = mdb_env_set_maxdbs(opened, 1);
    if (code == MDB_SUCCESS)
      code = mdb_env_open(opened, path.c_str(), flags, file_mode);
    if (code != MDB_SUCCESS)
      return cannot(mdb_strerror(code));
    return env;
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
