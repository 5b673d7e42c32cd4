// What the address space asks its shell to do.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec.hpp"
#include "errors.hpp"
#include "few.hpp"
#include "page.hpp"
#include "page_list.hpp"

namespace flok {

/// A namespace of one address space: its place in the configuration.
using ns_id = std::uint32_t;

/// Someone who watches pages. Given out by the shell: to nobody else until all has come to
/// its end that may still name the first.
using watcher_id = std::uint64_t;

/// A request to be answered once. Given out by the shell; 0: nobody waits for an answer.
using request_id = std::uint64_t;

/// Names a call to a pager or to storage, so that its result finds its way back.
using ticket = std::uint64_t;

/// Why a watcher is told of a page.
enum class origin : std::uint8_t {
  cache, ///< it was resident when the watch came
  disk,  ///< a load
  pager, ///< a pager's cache_write
};

/// "cache", "disk" or "pager".
[[nodiscard]] std::string_view to_string(origin o) noexcept;

/// Why a page is there no longer.
enum class removal : std::uint8_t {
  deleted,     ///< someone deleted it, and its pager agreed
  invalidated, ///< this copy was not to be trusted; its pager may bring another
};

/// "deleted" or "invalidated".
[[nodiscard]] std::string_view to_string(removal r) noexcept;

/// What a write asks for beside being done.
struct write_rule {
  /// Only where the page has this `_hash` now, or, for an empty one, is not there.
  std::optional<std::string> if_hash = {};

  /// Answered only once it is on disk.
  bool durable = false;
};

/// Which ids of a namespace are wanted, in the order of their bytes.
struct id_range {
  std::string prefix{}; ///< they begin so
  std::string after{};  ///< they stand behind this
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max(); ///< at most so many

  [[nodiscard]] bool contains(std::string_view id) const {
    return id.starts_with(prefix) && (after.empty() || id > after);
  }
};

namespace effects {

/// Tell each of `watchers` of all of `pages` in one message.
struct notify {
  few<watcher_id> watchers;
  ns_id ns = 0;
  page_list pages;
  origin why = origin::cache;
  bool pending = false;
};

/// Tell each of `watchers` that a page is there no longer.
struct notify_removed {
  few<watcher_id> watchers;
  ns_id ns = 0;
  std::string id;
  removal how = removal::deleted;
};

/// Answer a request: with nothing, a page, a number of pages, ids, or a failure.
struct answer {
  request_id request = 0;
  std::variant<std::monostate, page_ptr, std::uint64_t, std::vector<std::string>, error>
      result;
  bool pending = false; ///< of a page that was read
};

struct pager_watch {
  ns_id ns = 0;
  std::string id;
  page_ptr page; ///< null: not resident
};

struct pager_unwatch {
  ns_id ns = 0;
  std::string id;
};

/// Answered by `pager_wrote`.
struct pager_write {
  ns_id ns = 0;
  ticket call = 0;
  page_ptr page;
  page_ptr replaces; ///< null: there was none
};

/// Answered by `pager_wrote`.
struct pager_delete {
  ns_id ns = 0;
  ticket call = 0;
  std::string id;
};

/// Answered by `pager_wrote`.
struct pager_invalidate {
  ns_id ns = 0;
  ticket call = 0;
  std::string id;
};

/// Answered by `pager_read_done`.
struct pager_read {
  ns_id ns = 0;
  ticket call = 0;
  std::string id;
};

/// Answered by `pager_passed` once the pager has dealt with all that it was told before.
struct pager_barrier {
  ns_id ns = 0;
  ticket call = 0;
};

/// Answered by `loaded`. The read transaction must begin after this effect.
struct load {
  ns_id ns = 0;
  ticket call = 0;
  std::string id;
  bool urgent = false; ///< overtakes queued loads
};

/// Answered by `listed`: the first `limit` ids on disk behind `after`, sorted by bytes.
struct list {
  ns_id ns = 0;
  ticket call = 0;
  id_range range;
};

/// One page of a commit.
struct commit_page {
  ns_id ns = 0;
  std::string id;
  page_ptr page; ///< null: the page is to be off the disk
  bool pending = false;
};

/// Commit all pages in one transaction, sorted by namespace and id. Answered by
/// `committed`.
struct commit {
  ticket call = 0;
  std::vector<commit_page> pages;
};

/// Call `retry_pageout` after that time.
struct arm_retry {
  std::uint64_t delay_ms = 0;
};

/// Something that nobody asked for went wrong and should be known.
struct report {
  error what;
};

} // namespace effects

using effect =
    std::variant<effects::notify, effects::notify_removed, effects::answer,
                 effects::pager_watch, effects::pager_unwatch, effects::pager_write,
                 effects::pager_delete, effects::pager_invalidate, effects::pager_read,
                 effects::pager_barrier, effects::load, effects::list, effects::commit,
                 effects::arm_retry, effects::report>;

} // namespace flok
