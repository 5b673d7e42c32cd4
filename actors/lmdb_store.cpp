#include "actors/lmdb_store.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <shared_mutex>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <lmdb.h>

#include "actors/lmdb_store_handles.hpp"

namespace flok {

namespace {

using namespace lmdb;

constexpr const char* lock_file = "flok.lock";

/// A renewed read transaction, which is reset at the end of its use.
class snapshot {
public:
  explicit snapshot(MDB_txn* txn) : txn_{txn} {}
  ~snapshot() { mdb_txn_reset(txn_); }
  snapshot(const snapshot&) = delete;
  snapshot& operator=(const snapshot&) = delete;

private:
  MDB_txn* txn_;
};

class lmdb_store final : public store {
public:
  ~lmdb_store() override { close(); }

  expected<void> open(const lmdb_options& options) {
    options_ = options;
    where_ = options.directory;
    if (auto ok = make_directory(); !ok)
      return ok;
    directory_ = descriptor{::open(where_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
    if (directory_.get() < 0)
      return failed("cannot open " + where_, std::strerror(errno));
    if (auto ok = lock(); !ok)
      return ok;
    if (const int code = reserve_reader_table(where_); code != 0)
      return failed("cannot write to " + where_, std::strerror(code));
    return open_data();
  }

  expected<load_result> load(std::string_view ns, std::string_view id) override {
    const std::shared_lock stays_mapped{map_};
    return look(ns, [&](MDB_dbi dbi) -> expected<load_result> {
      MDB_val key = to_val(id);
      MDB_val data{};
      const int code = mdb_get(reading_, dbi, &key, &data);
      if (code == MDB_NOTFOUND)
        return load_result{};
      if (code != MDB_SUCCESS)
        return failed("reading from " + where_, code);
      return lmdb::read_record(where_, ns, id, to_view(data));
    });
  }

  expected<std::vector<std::string>> list(std::string_view ns,
                                          const id_range& range) override {
    const std::shared_lock stays_mapped{map_};
    return look(ns, [&](MDB_dbi dbi) { return ids_in(dbi, range); });
  }

  expected<void> commit(std::span<const commit_page> pages) override {
    if (!is_there(lock_.get(), lock_file)) // another writer could come in
      if (auto ok = lock(); !ok)
        return ok;
    if (!env_)
      if (auto ok = open_again(); !ok)
        return ok;
    int code = try_commit(pages);
    while (code == MDB_MAP_FULL) {
      code = grow();
      if (code == MDB_SUCCESS)
        code = try_commit(pages);
    }
    if (code != MDB_SUCCESS) {
      if (refuses_all())
        (void)open_again(); // where that fails too, the next commit tries it
      return failed("committing to " + where_, disk_full(code) ? ENOSPC : code);
    }
    reach_last_page();
    return still_there();
  }

private:
  /// A file that was removed or moved away, or that another one was renamed over, goes on
  /// as before for those who have it open.
  expected<void> still_there() const {
    if (int fd = -1;
        mdb_env_get_fd(env_.get(), &fd) == MDB_SUCCESS && !is_there(fd, "data.mdb"))
      return failed("committing to " + where_,
                    "data.mdb was removed or moved away: what is written here is lost when "
                    "this process ends, unless you dump it before");
    return {};
  }

  /// Whether an open file is still the one of that name. The directory itself may have been
  /// moved meanwhile, or be out of this process's sight.
  [[nodiscard]] bool is_there(int fd, const char* name) const {
    struct stat opened {};
    struct stat named {};
    return ::fstat(fd, &opened) == 0 && ::fstatat(directory_.get(), name, &named, 0) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
  }

  /// One that is there stays as it is. What is made is its owner's alone, as the socket is.
  expected<void> make_directory() const {
    std::error_code made;
    auto path = std::filesystem::path{where_};
    if (!path.has_filename()) // "data/"
      path = path.parent_path();
    if (path.has_parent_path())
      std::filesystem::create_directories(path.parent_path(), made);
    std::error_code ignored;
    if (!made && ::mkdir(path.c_str(), directory_mode) != 0)
      made = {errno, std::generic_category()};
    if (made == std::errc::file_exists && std::filesystem::is_directory(path, ignored))
      made.clear();
    if (made)
      return failed("cannot make the data directory " + where_, made.message());
    return {};
  }

  /// Looks at what is committed now. The map must stay where it is meanwhile.
  template <class Look>
  auto look(std::string_view ns, Look at) -> decltype(at(MDB_dbi{})) {
    if (!env_)
      return failed("reading from " + where_, "it could not be opened after a failure");
    const auto dbi = databases_.find(ns);
    if (dbi == databases_.end())
      return failed("reading", "the store has no namespace " + std::string{ns});
    const int code = reading_ == nullptr
                         ? mdb_txn_begin(env_.get(), nullptr, MDB_RDONLY, &reading_)
                         : mdb_txn_renew(reading_);
    if (code != MDB_SUCCESS)
      return failed("reading from " + where_, code);
    const snapshot ends_with_this{reading_};
    return at(dbi->second);
  }

  expected<std::vector<std::string>> ids_in(MDB_dbi dbi, const id_range& range) const {
    MDB_cursor* cursor = nullptr;
    if (int code = mdb_cursor_open(reading_, dbi, &cursor); code != MDB_SUCCESS)
      return failed("reading from " + where_, code);
    const std::unique_ptr<MDB_cursor, close_cursor> closes{cursor};
    const std::string& first = std::max(range.prefix, range.after);
    MDB_val key = to_val(first);
    MDB_val data{};
    std::vector<std::string> ids;
    int code =
        mdb_cursor_get(cursor, &key, &data, first.empty() ? MDB_FIRST : MDB_SET_RANGE);
    while (code == MDB_SUCCESS && ids.size() < range.limit) {
      const auto id = to_view(key);
      if (range.contains(id))
        ids.emplace_back(id);
      else if (id > range.prefix && !id.starts_with(range.prefix))
        break;
      code = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
    }
    if (code != MDB_SUCCESS && code != MDB_NOTFOUND)
      return failed("reading from " + where_, code);
    return ids;
  }

  /// LMDB tells a write that came out short, as on a full disk, as EIO.
  [[nodiscard]] bool disk_full(int code) const {
    struct statvfs disk {};
    return code == EIO && ::statvfs(where_.c_str(), &disk) == 0 && disk.f_bavail == 0;
  }

  /// A new file outlives a power cut only once the directory that names it is on disk, and
  /// so on upwards, since any of them may be new. Done before the directory's format is
  /// written, by which it counts as made.
  expected<void> sync_names() {
    std::error_code ignored;
    for (auto at = std::filesystem::absolute(where_, ignored);; at = at.parent_path()) {
      const descriptor dir{::open(at.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
      // Who may not look into it has not made it; EINVAL: the file system knows no such
      // thing.
      if (dir.get() < 0 ? errno != EACCES : ::fsync(dir.get()) != 0 && errno != EINVAL)
        return failed("cannot sync " + at.string(), std::strerror(errno));
      if (!at.has_relative_path())
        return {};
    }
  }

  expected<void> lock() {
    descriptor opened{
        ::openat(directory_.get(), lock_file, O_RDWR | O_CREAT | O_CLOEXEC, file_mode)};
    if (opened.get() < 0)
      return failed("cannot write to " + where_, std::strerror(errno));
    if (::flock(opened.get(), LOCK_EX | LOCK_NB) != 0)
      return failed(where_, errno == EWOULDBLOCK ? in_use(where_) : std::strerror(errno));
    lock_ = std::move(opened);
    return {};
  }

  expected<void> open_data() {
    if (auto ok = open_env(); !ok)
      return ok;
    if (auto ok = check_length(); !ok)
      return ok;
    return open_databases();
  }

  void close() {
    if (reading_ != nullptr)
      mdb_txn_abort(std::exchange(reading_, nullptr));
    databases_.clear();
    env_.reset();
  }

  /// Whether the root could not be written: LMDB then refuses all that follows.
  [[nodiscard]] bool refuses_all() const {
    return transaction{env_.get(), MDB_RDONLY}.status() == MDB_PANIC;
  }

  /// What is on disk is what was committed last, or what was to be.
  expected<void> open_again() {
    const std::unique_lock nobody_reads{map_};
    close();
    auto ok = open_data();
    if (!ok)
      close();
    return ok;
  }

  expected<void> open_env() {
    MDB_env* env = nullptr;
    if (int code = mdb_env_create(&env); code != MDB_SUCCESS)
      return failed("LMDB", code);
    env_.reset(env);
    struct stat file {};
    const auto path = where_ + "/data.mdb";
    if (::stat(path.c_str(), &file) == 0)
      size_ = static_cast<std::size_t>(file.st_size);
    const auto databases = static_cast<MDB_dbi>(options_.namespaces.size() + 1);
    int code = mdb_env_set_maxdbs(env, databases);
    if (code == MDB_SUCCESS)
      code = mdb_env_set_mapsize(env, std::max(options_.map_bytes, 2 * size_));
    // Transactions belong to actors, which move between threads: MDB_NOTLS.
    if (code == MDB_SUCCESS)
      code = mdb_env_open(env, where_.c_str(), MDB_NOTLS | MDB_NORDAHEAD, file_mode);
    int gone = 0; // readers of processes that were killed would keep old pages from reuse
    if (code == MDB_SUCCESS)
      code = mdb_reader_check(env, &gone);
    if (code != MDB_SUCCESS)
      return failed("cannot open " + where_, code);
    MDB_envinfo info{};
    mdb_env_info(env, &info);
    options_.log.write(log_level::info, "store_opened",
                       {{"path", where_},
                        {"bytes", std::uint64_t{size_}},
                        {"map_bytes", std::uint64_t{info.me_mapsize}},
                        {"last_transaction", std::uint64_t{info.me_last_txnid}},
                        {"dead_readers", static_cast<std::uint64_t>(gone)}});
    return {};
  }

  expected<void> check_length() {
    if (size_ != 0 && cut_off(env_.get(), size_))
      return failed(where_, "data.mdb is shorter than its own last page: it was cut off");
    return {};
  }

  expected<void> open_databases() {
    transaction txn{env_.get(), 0};
    if (txn.status() != MDB_SUCCESS)
      return failed("cannot write to " + where_, txn.status());
    if (auto ok = check_format(txn.get()); !ok)
      return ok;
    for (const auto& ns : options_.namespaces) {
      MDB_dbi dbi = 0;
      if (int code = mdb_dbi_open(txn.get(), database_name(ns).c_str(), MDB_CREATE, &dbi);
          code != MDB_SUCCESS)
        return failed("cannot open the namespace " + ns + " in " + where_, code);
      databases_.emplace(ns, dbi);
    }
    if (int code = txn.commit(); code != MDB_SUCCESS)
      return failed("cannot write to " + where_, code);
    return {};
  }

  expected<void> check_format(MDB_txn* txn) {
    MDB_dbi dbi = 0;
    if (int code = mdb_dbi_open(txn, meta_database, MDB_CREATE, &dbi); code != MDB_SUCCESS)
      return failed("cannot write to " + where_, code);
    MDB_val key = to_val(format_key);
    MDB_val data{};
    int code = mdb_get(txn, dbi, &key, &data);
    if (code == MDB_NOTFOUND) {
      if (auto ok = sync_names(); !ok)
        return ok;
      const std::string text = std::to_string(directory_format);
      data = to_val(text);
      code = mdb_put(txn, dbi, &key, &data, 0);
    } else if (code == MDB_SUCCESS) {
      if (auto known = known_format(where_, to_view(data)); !known)
        return failure(known.error());
    }
    if (code != MDB_SUCCESS)
      return failed("cannot write to " + where_, code);
    return {};
  }

  int try_commit(std::span<const commit_page> pages) {
    transaction txn{env_.get(), 0};
    if (txn.status() != MDB_SUCCESS)
      return txn.status();
    while (!pages.empty()) {
      const auto& ns = pages.front().ns;
      const auto end = std::find_if(pages.begin(), pages.end(),
                                    [&](const commit_page& p) { return p.ns != ns; });
      const auto count = static_cast<std::size_t>(end - pages.begin());
      const auto dbi = databases_.find(ns);
      if (dbi == databases_.end())
        return MDB_BAD_DBI;
      if (int code = put_all(txn.get(), dbi->second, pages.first(count));
          code != MDB_SUCCESS)
        return code;
      pages = pages.subspan(count);
    }
    return txn.commit();
  }

  /// Puts one namespace's pages, which are sorted: a cursor finds the next one's place from
  /// the last one's. Behind the last key of all LMDB is told so: it fills its pages then,
  /// where it would otherwise leave each half empty.
  int put_all(MDB_txn* txn, MDB_dbi dbi, std::span<const commit_page> pages) {
    MDB_cursor* opened = nullptr;
    if (int code = mdb_cursor_open(txn, dbi, &opened); code != MDB_SUCCESS)
      return code;
    const std::unique_ptr<MDB_cursor, close_cursor> cursor{opened};
    MDB_val last{};
    MDB_val data{};
    int code = mdb_cursor_get(cursor.get(), &last, &data, MDB_LAST);
    if (code != MDB_SUCCESS && code != MDB_NOTFOUND)
      return code;
    bool behind = code == MDB_NOTFOUND;
    const std::string last_id{behind ? std::string_view{} : to_view(last)};
    for (const auto& p : pages) {
      behind = behind || p.id > last_id;
      if (code = put(cursor.get(), p, behind ? MDB_APPEND : 0U); code != MDB_SUCCESS)
        return code;
    }
    return MDB_SUCCESS;
  }

  /// A page that a deletion left unused at the end may not have been written. The file must
  /// not look cut off for that; and where it cannot grow, the commit has been done all the
  /// same.
  void reach_last_page() const {
    MDB_envinfo info{};
    MDB_stat stat{};
    int file = -1;
    mdb_env_info(env_.get(), &info);
    mdb_env_stat(env_.get(), &stat);
    struct stat now {};
    if (mdb_env_get_fd(env_.get(), &file) != MDB_SUCCESS || ::fstat(file, &now) != 0)
      return;
    const auto needed = static_cast<off_t>((info.me_last_pgno + 1) * stat.ms_psize);
    if (now.st_size < needed && ::ftruncate(file, needed) != 0)
      return;
  }

  int put(MDB_cursor* cursor, const commit_page& p, unsigned flags) {
    MDB_val key = to_val(p.id);
    MDB_val data{};
    if (!p.page) {
      int code = mdb_cursor_get(cursor, &key, &data, MDB_SET);
      if (code == MDB_SUCCESS)
        code = mdb_cursor_del(cursor, 0);
      return code == MDB_NOTFOUND ? MDB_SUCCESS : code;
    }
    data.mv_size = record_bytes(*p.page);
    const int code = mdb_cursor_put(cursor, &key, &data, flags | MDB_RESERVE);
    if (code == MDB_SUCCESS)
      write_record(static_cast<char*>(data.mv_data), *p.page, p.pending);
    return code;
  }

  /// Doubles the map. No transaction of this process may be under way: ours has ended, and
  /// the reader is kept out for as long as it takes.
  int grow() {
    const std::unique_lock remaps{map_};
    MDB_envinfo info{};
    mdb_env_info(env_.get(), &info);
    const std::size_t bytes = info.me_mapsize * 2;
    if (!has_room(bytes))
      return ENOMEM;
    options_.log.write(log_level::info, "map_grown",
                       {{"path", where_},
                        {"from_bytes", std::uint64_t{info.me_mapsize}},
                        {"to_bytes", std::uint64_t{bytes}}});
    return mdb_env_set_mapsize(env_.get(), bytes);
  }

  /// Whether that much can be mapped. LMDB gives its map up before it tries.
  static bool has_room(std::size_t bytes) {
    void* probe = ::mmap(nullptr, bytes, PROT_NONE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (probe == MAP_FAILED)
      return false;
    ::munmap(probe, bytes);
    return true;
  }

  lmdb_options options_;
  std::string where_;
  descriptor directory_;
  descriptor lock_; ///< on `lock_file`, held by the one who writes here
  std::unique_ptr<MDB_env, close_env> env_;
  std::size_t size_ = 0; ///< of data.mdb when it was opened
  std::map<std::string, MDB_dbi, std::less<>> databases_;
  std::shared_mutex map_;      ///< shared: map and environment stay what they are
  MDB_txn* reading_ = nullptr; ///< renewed for each load
};

} // namespace

expected<std::unique_ptr<store>> open_lmdb_store(const lmdb_options& options) {
  auto opened = std::make_unique<lmdb_store>();
  if (auto ok = opened->open(options); !ok)
    return failure(ok.error());
  return opened;
}

} // namespace flok
