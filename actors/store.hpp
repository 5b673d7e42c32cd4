// Where pages are kept: a small interface, so that tests can put a faulty disk behind it.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "../runtime/codec.hpp"
#include "../runtime/errors.hpp"
#include "messages.hpp"

namespace flok {

/// What a load finds.
struct load_result {
  stored_page found;  ///< its page is null where there is none that can be used
  std::string damage; ///< why a record that is there could not be used; mostly empty
};

/// A store of records by namespace and id. One thread at a time may load, and one commit;
/// the two may be different ones.
class store {
public:
  store() = default;
  store(const store&) = delete;
  store& operator=(const store&) = delete;
  virtual ~store() = default;

  /// Reads what is committed when the call begins. Fails with `storage_failure`.
  [[nodiscard]] virtual expected<load_result> load(std::string_view ns,
                                                   std::string_view id) = 0;

  /// The ids of the pages that are committed, sorted by bytes. Of the loading thread.
  [[nodiscard]] virtual expected<std::vector<std::string>> list(std::string_view ns,
                                                                const id_range& range) = 0;

  /// Commits all pages, which are sorted by namespace and id, or none. On return they are
  /// on disk; those without a page are off it. Fails with `storage_failure`.
  [[nodiscard]] virtual expected<void> commit(std::span<const commit_page> pages) = 0;
};

} // namespace flok
