// Checks what reaches the disk.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "tests/sim/truth.hpp"

namespace flok::sim {

/// What a disk has of a page.
struct kept_page {
  page_ptr page; ///< null: it is not there
  bool pending = false;
  std::uint64_t position = 0; ///< of that version
};

using disk_image = std::array<kept_page, keys>;

/// A commit holds the newest version of dirty pages, sorted, so many are under way at a
/// time as may be, and no page is in two of them ("commits"). Of pages that changed
/// together all are on disk, that version or a newer one, or none ("groups"). Each page on
/// disk is a whole version, none older than what the last answer promised, and no deleted
/// page returns ("kept").
class disk_checker {
public:
  explicit disk_checker(truth& t) : truth_{t} {}

  void changed_together(key_mask changed);
  void on(const effects::commit& c);
  void applied(const disk_image& disk);
  void answered(ticket call) { under_way_.erase(call); }

  /// The process has died, only `disk` remains.
  void crashed(const disk_image& disk);
  /// Where all was paged out.
  void check_kept(const disk_image& disk) const;

private:
  struct group {
    key_mask members;
    std::array<std::uint64_t, keys> positions;
  };

  truth& truth_;
  std::vector<group> groups_;            ///< not on disk yet
  std::map<ticket, key_mask> under_way_; ///< the pages of commits
};

} // namespace flok::sim
