// Whether the lists of a namespace hold together.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/store_view.hpp"

namespace flok::tools {

/// Follows `_head`, `_next` and `_prev` of one namespace's pages, which it is shown one by
/// one. What it needs of other pages it loads: its memory does not grow with their number,
/// but where pages are found that no list reaches: then by eight bytes for each that one
/// does.
class link_checker {
public:
  /// Gets what is wrong with the page of that id.
  using report = std::function<void(std::string_view id, const std::string& fault)>;

  /// Both must outlive it.
  link_checker(store_view& view, std::string ns, const report& tell)
      : view_{view}, ns_{std::move(ns)}, tell_{tell} {}

  /// Checks the pointers of a page against the pages that they name.
  void check(const page& p);

  /// After all pages: tells those that name a head page whose list does not reach them.
  /// Fails with `storage_failure`.
  [[nodiscard]] expected<void> find_orphans();

private:
  page_ptr load(std::string_view id);
  void check_next(const page& p);
  void check_prev(const page& p);
  void check_head(const page& p);
  void walk(const page& head, const std::function<void(std::string_view id)>& visit);

  store_view& view_;
  std::string ns_;
  const report& tell_;
  std::uint64_t members_ = 0; ///< pages that name a head page
  std::uint64_t reached_ = 0; ///< pages that lists reach
};

} // namespace flok::tools
