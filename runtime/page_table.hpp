// A namespace's resident pages, for readers on any thread.
#pragma once

#include <memory>
#include <string_view>

#include "page.hpp"

namespace flok {

/// What an address space holds in memory of one namespace: any number of threads may look
/// into it while one changes it. A reader never waits, neither for the one that changes it
/// nor for other readers: read-copy-update, from liburcu. A page that was replaced is let
/// go of a moment later, once no reader can be looking at it.
class page_table {
public:
  page_table();

  /// Nobody may be looking any more. Returns once all pages have been let go of.
  ~page_table();
  page_table(const page_table&) = delete;
  page_table& operator=(const page_table&) = delete;

  /// Adds the page, or replaces the one of its id in one step. For one thread at a time, as
  /// is `erase`.
  void put(page_ptr page);
  void erase(std::string_view id);

  /// The page of that id, or null. For any thread, at any time.
  [[nodiscard]] page_ptr find(std::string_view id) const;

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace flok
