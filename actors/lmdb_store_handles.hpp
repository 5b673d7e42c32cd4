// What the sources of the LMDB store share: handles that close themselves, names, errors.
#pragma once

#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <lmdb.h>

#include "../runtime/codec.hpp"
#include "../runtime/errors.hpp"
#include "lmdb_store.hpp"

namespace flok::lmdb {

inline constexpr const char* meta_database = "flok";
inline constexpr std::string_view namespace_prefix = "ns/";
inline constexpr std::string_view format_key = "format";
inline constexpr mode_t file_mode = 0600;
inline constexpr mode_t directory_mode = 0700;

inline tl::unexpected<error> failed(const std::string& doing, const std::string& why) {
  return failure(errc::storage_failure, doing + ": " + why);
}

inline tl::unexpected<error> failed(const std::string& doing, int code) {
  return failed(doing, mdb_strerror(code));
}

/// What a record holds, or what is wrong with it. `where` names the store.
inline load_result read_record(const std::string& where, std::string_view ns,
                               std::string_view id, std::string_view bytes) {
  load_result result;
  auto record = decode_record(bytes, id);
  if (record)
    result.found = std::move(*record);
  else
    result.damage = where + ": " + std::string{ns} + "/" + std::string{id} + ": " +
                    record.error().message;
  return result;
}

inline MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())}; // LMDB reads it only
}

inline std::string_view to_view(const MDB_val& v) {
  return {static_cast<const char*>(v.mv_data), v.mv_size};
}

/// Databases of namespaces are apart from flok's own. LMDB takes their names as C strings:
/// a zero byte is written as two that no UTF-8 text has.
inline std::string database_name(std::string_view ns) {
  std::string name{namespace_prefix};
  for (const char c : ns)
    c == '\0' ? name.append("\xc0\x80") : name.append(1, c);
  return name;
}

/// A lock on flok.lock that those who read share, and that a compaction takes alone. It is
/// another one than the writer's.
inline struct flock reader_lock(short kind) {
  struct flock whole {};
  whole.l_type = kind;
  whole.l_whence = SEEK_SET;
  whole.l_len = 1;
  return whole;
}

/// Why flok.lock cannot be had: another process writes here, named where the system tells.
[[nodiscard]] std::string in_use(const std::string& where);

struct close_cursor {
  void operator()(MDB_cursor* cursor) const { mdb_cursor_close(cursor); }
};

struct close_env {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
};

/// A transaction that is aborted unless it is committed.
class transaction {
public:
  transaction(MDB_env* env, unsigned flags) {
    status_ = mdb_txn_begin(env, nullptr, flags, &txn_);
  }
  ~transaction() {
    if (txn_ != nullptr)
      mdb_txn_abort(txn_);
  }
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] MDB_txn* get() const { return txn_; }
  [[nodiscard]] int commit() { return mdb_txn_commit(std::exchange(txn_, nullptr)); }

private:
  MDB_txn* txn_ = nullptr;
  int status_ = 0;
};

/// The directory's format, read from its text. Fails where this flok does not know it.
inline expected<unsigned> known_format(const std::string& where, std::string_view text) {
  unsigned found = 0;
  const auto end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, found);
  if (read.ec != std::errc{} || read.ptr != end || found != directory_format)
    return failed(where, "its format is " + std::string{text} + ", and this flok reads " +
                             std::to_string(directory_format) +
                             " alone: dump it with the flok that wrote it, and load the "
                             "dump with this one");
  return found;
}

/// The directory's format, which a store that was made has.
inline expected<unsigned> format_of(MDB_txn* txn, const std::string& where) {
  MDB_dbi dbi = 0;
  MDB_val key = to_val(format_key);
  MDB_val data{};
  int code = mdb_dbi_open(txn, meta_database, 0, &dbi);
  if (code == MDB_SUCCESS)
    code = mdb_get(txn, dbi, &key, &data);
  if (code == MDB_NOTFOUND || code == MDB_DBS_FULL)
    return failed(where, "data.mdb is no store of flok's");
  if (code != MDB_SUCCESS)
    return failed("reading from " + where, code);
  return known_format(where, to_view(data));
}

/// Whether data.mdb, as long as it is now, ends before its own last page. Touching a page
/// behind the end of a mapped file would end the process.
inline bool cut_off(MDB_env* env, std::size_t file_bytes) {
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env, &info);
  mdb_env_stat(env, &stat);
  return file_bytes < (info.me_last_pgno + 1) * stat.ms_psize;
}

/// An open file descriptor.
class descriptor {
public:
  explicit descriptor(int fd = -1) : fd_{fd} {}
  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }
  descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }

private:
  int fd_;
};

/// LMDB writes to its mapped lock.mdb, readers as well: without room on the disk that would
/// end the process. Returns 0, or an errno.
inline int reserve_reader_table(const std::string& where) {
  constexpr off_t table_bytes = 16'384; // LMDB's default of 126 readers takes half of it
  const descriptor table{
      ::open((where + "/lock.mdb").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode)};
  return table.get() < 0 ? errno : ::posix_fallocate(table.get(), 0, table_bytes);
}

} // namespace flok::lmdb
