// A store as those see it who look after it: its namespaces, their pages in order, figures.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "store.hpp"

namespace flok {

struct namespace_size {
  std::string ns;
  std::uint64_t pages = 0;
  std::uint64_t bytes = 0; ///< of the data file, whole pages of LMDB
};

struct store_figures {
  unsigned format = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t free_bytes = 0; ///< of these: what later commits use again
  std::uint64_t map_bytes = 0;  ///< to which the file may grow before the map does
  std::optional<pid_t> writer;  ///< the process that writes here, where the system tells
};

/// One committed state of a store, whatever is written meanwhile. It reads and changes
/// nothing. As long as it lives, what a writer frees is not used again, so that the file
/// grows. One thread. All calls fail with `storage_failure`.
class store_view {
public:
  /// Gets ids in the order of their bytes; false: enough.
  using id_visitor = std::function<bool(std::string_view id)>;

  /// Gets pages in the order of their ids' bytes, and how large the record is; where it is
  /// damaged, why instead of a page. False: enough.
  using page_visitor =
      std::function<bool(std::string_view id, load_result found, std::size_t bytes)>;

  store_view() = default;
  store_view(const store_view&) = delete;
  store_view& operator=(const store_view&) = delete;
  virtual ~store_view() = default;

  /// All namespaces, sorted by bytes.
  [[nodiscard]] virtual expected<std::vector<namespace_size>> namespaces() = 0;

  [[nodiscard]] virtual expected<store_figures> figures() = 0;

  [[nodiscard]] virtual expected<load_result> load(std::string_view ns,
                                                   std::string_view id) = 0;

  /// Visits ids, or pages, one by one: memory does not grow with their number. Both fail
  /// where ids do not ascend, which only damage can do.
  [[nodiscard]] virtual expected<void> list(std::string_view ns, const id_range& range,
                                            const id_visitor& visit) = 0;
  [[nodiscard]] virtual expected<void> scan(std::string_view ns, const id_range& range,
                                            const page_visitor& visit) = 0;
};

/// Opens a data directory to read it, also beside a process that writes to it. It makes no
/// store where there is none. Fails with `storage_failure` as `open_lmdb_store` does, but
/// for a directory in use.
[[nodiscard]] expected<std::unique_ptr<store_view>>
open_lmdb_view(const std::string& directory);

struct compaction {
  std::uint64_t bytes_before = 0; ///< of the data file
  std::uint64_t bytes_after = 0;
};

/// Rewrites the data file without its free pages: a copy beside it is synced, then takes
/// its name, so that a crash at any point leaves the old file or the new one. Fails with
/// `storage_failure` where anybody writes or reads there, the format is newer, the file is
/// damaged, or the disk has no room for the copy; the store is as it was then.
[[nodiscard]] expected<compaction> compact_lmdb_store(const std::string& directory);

/// The process that holds the directory as its writer, where the system tells.
[[nodiscard]] std::optional<pid_t> writer_of(const std::string& directory);

} // namespace flok
