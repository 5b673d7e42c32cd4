// Ways in which a disk can be told to fail.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace flok {

enum class store_fault : std::uint8_t {
  none,
  commit_fails,
  read_fails,
  slow, ///< each call takes some milliseconds longer
};

/// The fault of that name, if there is one: "none", "commit_fails", "read_fails", "slow".
[[nodiscard]] constexpr std::optional<store_fault> fault_called(std::string_view name) {
  if (name == "none")
    return store_fault::none;
  if (name == "commit_fails")
    return store_fault::commit_fails;
  if (name == "read_fails")
    return store_fault::read_fails;
  return name == "slow" ? std::optional{store_fault::slow} : std::nullopt;
}

} // namespace flok
