// Every limit of flok, with its reason.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flok::limits {

/// Longest page id in bytes: LMDB's longest key (MDB_MAXKEYSIZE as Debian builds it).
inline constexpr std::size_t id_bytes = 511;

/// Longest namespace in bytes: it names a database, whose key carries a prefix as well.
inline constexpr std::size_t namespace_bytes = 255;

/// Largest page in bytes of JSON: several times the largest that anyone was seen to need,
/// and small enough that a parser's scratch space for one (about six times that) is modest.
inline constexpr std::size_t page_bytes = std::size_t{32} << 20U;

/// Largest line of the shell: a page and what an operation says beside it.
inline constexpr std::size_t line_bytes = std::size_t{40} << 20U;

/// Deepest nesting of a page, counting the page itself.
inline constexpr std::size_t depth = 256;

/// Deepest nesting of a line: an entry within the edits of an operation has two levels more
/// around it there than in its page.
inline constexpr std::size_t line_depth = depth + 2;

/// Bytes of pages in one commit, and pages, unless one page or what changed together is
/// more: the vm answers nobody while it puts a batch together or hears of its end. Larger
/// ones are committed faster where pages are large (docs/performance.md).
inline constexpr std::size_t batch_bytes = std::size_t{2} << 20U;
inline constexpr std::size_t batch_pages = 2048;

/// Batches on their way to storage: one that is being committed, and one that follows it at
/// once. More would only let a durable write wait for longer.
inline constexpr std::size_t batches_under_way = 2;

/// Loads that are asked of storage at once, and how often so before the first are answered.
inline constexpr std::size_t loads_at_once = 64;
inline constexpr std::size_t load_requests = 2;

/// Room for so many effects is kept from one event for the next; what a rare event with
/// more of them took is given back.
inline constexpr std::size_t kept_effects = 16'384;

/// Unanswered operations at which the shell stops reading.
inline constexpr std::size_t unanswered_ops = 1024;

/// Bytes of their lines at which it does so too: they hold pages, which take about as much.
inline constexpr std::size_t unanswered_bytes = std::size_t{8} << 20U;

/// Printed but unread bytes at which the shell stops reading, and begins no operation whose
/// answer may be large; those under way may have as many again.
inline constexpr std::size_t unread_output_bytes = std::size_t{4} << 20U;

/// Printed but unread bytes at which a connection ends whose controllers ask for every
/// version: for others the newest one is enough, and waits without taking memory.
inline constexpr std::size_t unread_every_bytes = std::size_t{64} << 20U;

/// Connections to a system at once: each has two threads and a descriptor, of which a
/// process may have 1,024 by default.
inline constexpr std::size_t connections = 256;

/// Longest path of a Unix socket in bytes: what fits into `sockaddr_un`.
inline constexpr std::size_t socket_path_bytes = 107;

/// A page may keep alive this many times the bytes that it uses before it is rebuilt.
inline constexpr std::size_t kept_alive_factor = 2;

/// Blocks that one page may refer to before it is rebuilt into one, and one more for so
/// many entries: copying what is known of them must stay cheap next to copying the page's
/// signatures, and rebuilding rare next to edits.
inline constexpr std::size_t page_sources = 8;
inline constexpr std::size_t page_entries_per_source = 32;

/// Notifications sent to a watcher and not reported as dealt with, at which the next ones
/// wait. Large enough for a burst, small next to what a page costs.
inline constexpr std::uint32_t undelivered = 256;

/// A watcher reports so many notifications at once as dealt with.
inline constexpr std::uint32_t credit_batch = 64;

/// Dirty bytes may be this part of the cache before writes wait for a commit, and half of
/// that before one begins: the rest of the cache is for pages that are used.
inline constexpr std::uint64_t dirty_part = 8;

inline constexpr std::uint64_t cache_bytes_max = std::uint64_t{1} << 50U;
inline constexpr std::uint64_t interval_ms_max = 86'400'000; // a day
inline constexpr std::uint64_t interval_ms_default = 60'000; // seed 002: every minute
inline constexpr std::uint64_t max_dirty_max = 4'294'967'295;
inline constexpr std::uint64_t max_dirty_default = 4096;

static_assert(page_bytes < line_bytes, "a page must fit into a line of the shell");
/// A JSON file that is turned into pages: simdjson keeps positions in 32 bits.
inline constexpr std::size_t import_bytes = UINT32_MAX;

static_assert(line_bytes <= UINT32_MAX, "positions in a text are kept in 32 bits");

} // namespace flok::limits
