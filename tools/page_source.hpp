// Where a subcommand reads and writes pages: a data directory, or a running system.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "actors/store_view.hpp"
#include "tools/store_commands.hpp"

namespace flok::tools {

/// Pages to be looked at. One thread.
class page_source {
public:
  page_source() = default;
  page_source(const page_source&) = delete;
  page_source& operator=(const page_source&) = delete;
  virtual ~page_source() = default;

  /// How messages name it.
  [[nodiscard]] virtual const std::string& name() const = 0;

  /// All namespaces, sorted by bytes: their pages and bytes on disk, or, of a running
  /// system, in memory.
  [[nodiscard]] virtual expected<std::vector<namespace_size>> namespaces() = 0;
  /// Where the pages that `namespaces` counts are: " in memory", or nothing to say.
  [[nodiscard]] virtual std::string_view counted_where() const = 0;

  /// What `flok stat` prints.
  [[nodiscard]] virtual expected<std::string> figures(bool as_json) = 0;

  /// As of `store_view`. A running system is seen as it is from one moment to the next.
  [[nodiscard]] virtual expected<load_result> load(std::string_view ns,
                                                   std::string_view id) = 0;
  /// Of each id what `load` gives, in their order: asked for together where that is faster.
  [[nodiscard]] virtual expected<std::vector<load_result>>
  load_all(std::string_view ns, std::span<const std::string> ids);
  [[nodiscard]] virtual expected<void> list(std::string_view ns, const id_range& range,
                                            const store_view::id_visitor& visit) = 0;
  [[nodiscard]] virtual expected<void> scan(std::string_view ns, const id_range& range,
                                            const store_view::page_visitor& visit) = 0;
};

/// So many pages are asked for, or written, at once: enough to keep a running system busy.
inline constexpr std::size_t pages_at_once = 64;

/// What a write asks for: as `write_rule::if_hash`.
using hash_rule = std::optional<std::string>;

/// Pages to be changed. One thread.
class page_target {
public:
  page_target() = default;
  page_target(const page_target&) = delete;
  page_target& operator=(const page_target&) = delete;
  virtual ~page_target() = default;

  /// To be called first: fails where these namespaces are not there, unless they may be
  /// made and can be.
  [[nodiscard]] virtual expected<void> open(const std::vector<std::string>& namespaces,
                                            bool make) = 0;

  /// Writes a page. Fails with `conflict`, changing nothing, where the rule does not hold.
  [[nodiscard]] virtual expected<void> put(const std::string& ns, const page_ptr& page,
                                           const hash_rule& rule) = 0;

  /// Removes pages, sorted by id; none where one is not there (`no_such_page`).
  [[nodiscard]] virtual expected<void> remove(const std::string& ns,
                                              const std::vector<std::string>& ids) = 0;

  /// Waits until all that was written is on disk; false where nothing ever is, since the
  /// system keeps nothing. Fails where it cannot be put there now: the message goes on
  /// behind "N pages".
  [[nodiscard]] virtual expected<bool> keep() = 0;

  /// Writes many, sorted by namespace and id. Where it fails, `written` says how many were.
  [[nodiscard]] virtual expected<void> write(const std::vector<commit_page>& pages,
                                             std::uint64_t& written) = 0;
};

/// Opens what the arguments name: fails with `bad_config`, or as `open_lmdb_view` does.
/// Damage in a data directory's file that ends this process is told from here on.
[[nodiscard]] expected<std::unique_ptr<page_source>>
open_source(const store_arguments& a, const std::string& command);

/// The same for a path: a data directory, or the socket of a running system.
[[nodiscard]] expected<std::unique_ptr<page_source>>
open_source_at(const std::string& path);

[[nodiscard]] expected<std::unique_ptr<page_target>>
open_target(const store_arguments& a, const std::string& command);

/// Whether it has that namespace: else `unknown_namespace`, telling those it has.
[[nodiscard]] expected<void> check_namespace(page_source& source, const std::string& ns);
/// The same of a store that has all these.
[[nodiscard]] expected<void> check_namespace(std::span<const std::string> all,
                                             const std::string& ns);

/// A line for each namespace, in columns; the same as JSON.
[[nodiscard]] std::string table_of(const std::vector<namespace_size>& all,
                                   std::string_view where = {});
[[nodiscard]] std::string json_of(const std::vector<namespace_size>& all);

/// Why a conditional write was not done: `hash` is what is there, empty for no page.
[[nodiscard]] error conflict_at(const std::string& ns, std::string_view id,
                                const std::string& hash);

} // namespace flok::tools
