#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "actors/lmdb_store_handles.hpp"
#include "actors/store_view.hpp"
#include "runtime/json_text.hpp"

namespace flok {

namespace {

using namespace lmdb;

constexpr MDB_dbi free_database = 0; // LMDB's own: the pages that each commit freed

/// The namespace of a database's name; the inverse of `database_name`.
std::string namespace_of(std::string_view name) {
  name.remove_prefix(namespace_prefix.size());
  std::string ns;
  for (std::size_t i = 0; i < name.size(); ++i)
    if (name.substr(i).starts_with("\xc0\x80")) {
      ns += '\0';
      ++i;
    } else {
      ns += name[i];
    }
  return ns;
}

std::uint64_t bytes_of(const MDB_stat& s) {
  return s.ms_psize * (s.ms_branch_pages + s.ms_leaf_pages + s.ms_overflow_pages);
}

class lmdb_view final : public store_view {
public:
  ~lmdb_view() override { close(); }

  expected<void> open(const std::string& directory) {
    where_ = directory;
    struct stat file {};
    if (::stat((where_ + "/data.mdb").c_str(), &file) != 0)
      return failed("cannot open " + where_,
                    errno == ENOENT ? "no store is there" : std::strerror(errno));
    if (file.st_size == 0) // LMDB would take it for a new one
      return failed(where_, "data.mdb is empty");
    if (auto ok = keep_compaction_out(); !ok)
      return ok;
    if (reserve_reader_table(where_) == ENOSPC) // whatever else there is, LMDB tells
      return failed("cannot read " + where_,
                    "the disk has no room for the table of those who read, lock.mdb");
    // How many databases there are decides how many can be opened.
    if (auto ok = begin(0); !ok)
      return ok;
    MDB_stat root{};
    mdb_env_stat(env_.get(), &root);
    close();
    if (auto ok = begin(static_cast<MDB_dbi>(root.ms_entries)); !ok)
      return ok;
    return open_databases();
  }

  expected<std::vector<namespace_size>> namespaces() override {
    std::vector<namespace_size> all;
    for (const auto& [ns, dbi] : databases_) {
      MDB_stat s{};
      if (int code = mdb_stat(txn_, dbi, &s); code != MDB_SUCCESS)
        return reading_failed(code);
      all.push_back({ns, s.ms_entries, bytes_of(s)});
    }
    return all;
  }

  expected<store_figures> figures() override {
    MDB_envinfo info{};
    MDB_stat root{};
    struct stat file {};
    mdb_env_info(env_.get(), &info);
    mdb_env_stat(env_.get(), &root);
    if (::stat((where_ + "/data.mdb").c_str(), &file) != 0)
      return failed("cannot read " + where_, std::strerror(errno));
    std::uint64_t free_pages = 0;
    auto ok = walk(free_database, {}, [&](std::string_view, std::string_view pages) {
      std::size_t count = 0; // a list of page numbers begins with their count
      std::memcpy(&count, pages.data(), std::min(pages.size(), sizeof count));
      free_pages += count;
      return true;
    });
    if (!ok)
      return failure(ok.error());
    return store_figures{format_, static_cast<std::uint64_t>(file.st_size),
                         free_pages * root.ms_psize, info.me_mapsize, writer_of(where_)};
  }

  expected<load_result> load(std::string_view ns, std::string_view id) override {
    const auto dbi = database(ns);
    if (!dbi)
      return failure(dbi.error());
    MDB_val key = to_val(id);
    MDB_val data{};
    const int code = mdb_get(txn_, *dbi, &key, &data);
    if (code == MDB_NOTFOUND || code == MDB_BAD_VALSIZE) // too long: so there is none
      return load_result{};
    if (code != MDB_SUCCESS)
      return reading_failed(code);
    return lmdb::read_record(where_, ns, id, to_view(data));
  }

  expected<void> list(std::string_view ns, const id_range& range,
                      const id_visitor& visit) override {
    return walk_range(ns, range,
                      [&](std::string_view id, std::string_view) { return visit(id); });
  }

  expected<void> scan(std::string_view ns, const id_range& range,
                      const page_visitor& visit) override {
    return walk_range(ns, range, [&](std::string_view id, std::string_view record) {
      return visit(id, lmdb::read_record(where_, ns, id, record), record.size());
    });
  }

private:
  using key_visitor = std::function<bool(std::string_view key, std::string_view data)>;

  tl::unexpected<error> reading_failed(int code) const {
    return failed("reading from " + where_, code);
  }

  void close() {
    if (txn_ != nullptr)
      mdb_txn_abort(std::exchange(txn_, nullptr));
    databases_.clear();
    env_.reset();
  }

  /// A compaction takes this lock alone; those who read share it.
  expected<void> keep_compaction_out() {
    lock_ = descriptor{::open((where_ + "/flok.lock").c_str(), O_RDONLY | O_CLOEXEC)};
    if (lock_.get() < 0) // nobody has written here since the file was copied
      return {};
    struct flock shared = reader_lock(F_RDLCK);
    if (::fcntl(lock_.get(), F_OFD_SETLK, &shared) != 0)
      return failed(where_, errno == EAGAIN || errno == EACCES
                                ? "it is being compacted; try again when that has ended"
                                : std::strerror(errno));
    return {};
  }

  expected<void> begin(MDB_dbi databases) {
    MDB_env* env = nullptr;
    if (int code = mdb_env_create(&env); code != MDB_SUCCESS)
      return failed("LMDB", code);
    env_.reset(env);
    int code = mdb_env_set_maxdbs(env, databases);
    if (code == MDB_SUCCESS)
      code = mdb_env_open(env, where_.c_str(), MDB_RDONLY | MDB_NOTLS, file_mode);
    int gone = 0; // readers of processes that were killed would keep old pages from reuse
    if (code == MDB_SUCCESS)
      code = mdb_reader_check(env, &gone);
    if (code == MDB_SUCCESS)
      code = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn_);
    if (code == MDB_MAP_RESIZED) { // a writer's map has grown since
      code = mdb_env_set_mapsize(env, 0);
      if (code == MDB_SUCCESS)
        code = mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn_);
    }
    if (code != MDB_SUCCESS)
      return failed("cannot open " + where_, code);
    return check_length();
  }

  expected<void> check_length() {
    int file = -1;
    struct stat now {};
    mdb_env_get_fd(env_.get(), &file);
    if (::fstat(file, &now) != 0)
      return failed(where_, std::strerror(errno));
    if (!cut_off(env_.get(), static_cast<std::size_t>(now.st_size)))
      return {};
    // For a moment after a commit the file of one that writes may be too short, too.
    if (lock_.get() >= 0 && ::flock(lock_.get(), LOCK_SH | LOCK_NB) != 0)
      return {};
    return failed(where_, "data.mdb is shorter than its own last page: it was cut off");
  }

  expected<void> open_databases() {
    const auto known = format_of(txn_, where_);
    if (!known)
      return failure(known.error());
    format_ = *known;
    MDB_dbi root = 0;
    int code = mdb_dbi_open(txn_, nullptr, 0, &root);
    if (code != MDB_SUCCESS)
      return reading_failed(code);
    std::vector<std::string> names;
    auto ok = walk(root, {}, [&](std::string_view name, std::string_view) {
      names.emplace_back(name);
      return true;
    });
    if (!ok)
      return ok;
    for (const auto& name : names) {
      MDB_dbi dbi = 0;
      code = mdb_dbi_open(txn_, name.c_str(), 0, &dbi);
      if (code != MDB_SUCCESS)
        return reading_failed(code);
      if (name.starts_with(namespace_prefix))
        databases_.emplace(namespace_of(name), dbi);
    }
    return {};
  }

  expected<MDB_dbi> database(std::string_view ns) const {
    const auto dbi = databases_.find(ns);
    if (dbi == databases_.end())
      return failure(errc::unknown_namespace,
                     where_ + ": the store has no namespace " + std::string{ns});
    return dbi->second;
  }

  expected<void> walk_range(std::string_view ns, const id_range& range,
                            const key_visitor& visit) {
    const auto dbi = database(ns);
    if (!dbi)
      return failure(dbi.error());
    std::string last; // no id is empty
    std::uint64_t count = 0;
    bool ascends = true;
    auto ok = walk(*dbi, std::max(range.prefix, range.after),
                   [&](std::string_view id, std::string_view record) {
                     ascends = id > last;
                     if (!ascends || count == range.limit ||
                         (id > range.prefix && !id.starts_with(range.prefix)))
                       return false;
                     last = id;
                     if (!range.contains(id))
                       return true;
                     ++count;
                     return visit(id, record);
                   });
    if (!ascends)
      return failed(where_, "the namespace " + std::string{ns} +
                                " is damaged: its ids do not ascend after " +
                                json::quoted(json::as_utf8(last)));
    return ok;
  }

  expected<void> walk(MDB_dbi dbi, const std::string& from,
                      const key_visitor& visit) const {
    MDB_cursor* opened = nullptr;
    if (int code = mdb_cursor_open(txn_, dbi, &opened); code != MDB_SUCCESS)
      return reading_failed(code);
    const std::unique_ptr<MDB_cursor, close_cursor> cursor{opened};
    MDB_val key = to_val(from);
    MDB_val data{};
    int code =
        mdb_cursor_get(opened, &key, &data, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
    while (code == MDB_SUCCESS && visit(to_view(key), to_view(data)))
      code = mdb_cursor_get(opened, &key, &data, MDB_NEXT);
    if (code != MDB_SUCCESS && code != MDB_NOTFOUND)
      return reading_failed(code);
    return {};
  }

  std::string where_;
  descriptor lock_;
  std::unique_ptr<MDB_env, close_env> env_;
  MDB_txn* txn_ = nullptr;
  std::map<std::string, MDB_dbi, std::less<>> databases_;
  unsigned format_ = 0;
};

} // namespace

expected<std::unique_ptr<store_view>> open_lmdb_view(const std::string& directory) {
  auto opened = std::make_unique<lmdb_view>();
  if (auto ok = opened->open(directory); !ok)
    return failure(ok.error());
  return opened;
}

std::string lmdb::in_use(const std::string& where) {
  const auto writer = writer_of(where);
  return "another process writes here already" +
         (writer ? " (process " + std::to_string(*writer) + ")" : std::string{}) +
         "; end it first";
}

std::optional<pid_t> writer_of(const std::string& directory) {
  struct stat file {};
  if (::stat((directory + "/flok.lock").c_str(), &file) != 0)
    return std::nullopt;
  // A line: "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF", device numbers in hex.
  std::array<char, 64> wanted{};
  std::snprintf(wanted.data(), wanted.size(), "%02x:%02x:%ju", major(file.st_dev),
                minor(file.st_dev), static_cast<std::uintmax_t>(file.st_ino));
  std::ifstream locks{"/proc/locks"};
  for (std::string line; std::getline(locks, line);) {
    std::istringstream words{line};
    std::string number, kind, binding, mode, place;
    pid_t pid = 0;
    words >> number >> kind >> binding >> mode >> pid >> place;
    if (kind == "FLOCK" && mode == "WRITE" && pid > 0 && place == wanted.data())
      return pid;
  }
  return std::nullopt;
}

} // namespace flok
