// Pages and edits made beforehand, so that a world costs little.
#pragma once

#include <array>
#include <vector>

#include "tests/sim/rules.hpp"
#include "tests/sim/truth.hpp"

namespace flok::sim {

/// For each id, some contents, and each of them in several objects: what is unmodified need
/// not be the same object.
class page_stock {
public:
  page_stock();
  [[nodiscard]] const page_ptr& some(dice& roll, page_key k) const {
    const auto& all = pages_[k % ids];
    return all[roll.below(static_cast<std::uint32_t>(all.size()))];
  }
  [[nodiscard]] const std::vector<flok::edit>& some_edits(dice& roll) const {
    return edits_[roll.below(static_cast<std::uint32_t>(edits_.size()))];
  }

private:
  std::array<std::vector<page_ptr>, ids> pages_;
  std::vector<std::vector<flok::edit>> edits_;
};

} // namespace flok::sim
