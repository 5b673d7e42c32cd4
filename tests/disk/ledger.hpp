// What a disk may hold after its process was killed: kept apart from flok, and from the
// runs that use it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/shell_process.hpp"

namespace flok::testing {

struct page_key {
  std::string ns;
  std::string id;

  friend bool operator==(const page_key&, const page_key&) = default;
  friend auto operator<=>(const page_key&, const page_key&) = default;
};

/// A page as it is written; or nothing, where there is none or it was deleted.
using page_state = std::optional<json>;

struct page_change {
  page_key key;
  page_state state;
};

/// Every state that the pages of one data directory have had. Ops are told under numbers
/// that grow. An op that changes several pages changes all of them on disk or none; one
/// that deletes a page gives it the state "nothing".
class ledger {
public:
  using op_number = std::uint64_t;

  /// An op was sent that gives these pages new states, together.
  void sent(op_number op, const std::vector<page_change>& together);
  /// A write or edit was answered with the page's hash.
  void answered(op_number op, const std::string& hash);
  /// A page-out was answered: all that was sent before it is on disk for good.
  void paged_out(op_number op);

  /// What the page is once all ops that were sent have been done.
  [[nodiscard]] page_state latest(const page_key& key) const;

  /// Compares with what a new process finds, pages as it prints them. Returns what is
  /// wrong, and goes on from what was found.
  strings settle(const std::map<page_key, page_state>& found);

private:
  struct version {
    op_number op = 0; ///< 0: found on disk, or never written
    page_state state;
    std::string hash; ///< as it was answered, where it was
  };
  using history = std::vector<version>;

  /// The versions that a page may be: the first and the last that look like it.
  struct range {
    std::size_t first;
    std::size_t last;
  };

  history& versions(const page_key& key);
  std::optional<range> look_up(const history& all, const page_state& found) const;
  std::string fault(const history& all, const page_state& found,
                    const std::optional<range>& which) const;
  strings torn(const std::map<page_key, range>& ranges) const;

  std::map<page_key, history> pages_;
  std::map<op_number, std::vector<page_key>> together_; ///< ops that changed several
  op_number safe_before_ = 0;
};

/// What is wrong with a page by itself: its hash, its signatures. "" where nothing is.
std::string unsound(const json& page);

/// A printed page without what flok adds to it.
json plain(json page);

} // namespace flok::testing
