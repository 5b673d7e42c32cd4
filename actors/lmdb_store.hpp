// The store over LMDB.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "log.hpp"
#include "store.hpp"

namespace flok {

/// The version of a data directory as a whole; 2: records have an index. Others are
/// refused, never rewritten.
inline constexpr unsigned directory_format = 2;

struct lmdb_options {
  std::string directory; ///< made where it is missing
  std::vector<std::string> namespaces;
  std::size_t map_bytes = std::size_t{256} << 20U; ///< to begin with; it grows by itself
  event_log log{}; ///< told of its opening, and when the map grows
};

/// Opens a data directory: one LMDB environment, a database for each namespace, commits
/// synced to disk. The kernel lets one process write to a directory at a time. Fails with
/// `storage_failure` where the directory cannot be written, is in use, has another format,
/// or where its file is shorter than its own last page.
[[nodiscard]] expected<std::unique_ptr<store>> open_lmdb_store(const lmdb_options& options);

} // namespace flok
