// Pages and edits as a list of values: too simple to be wrong.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/edits.hpp"
#include "runtime/page.hpp"

namespace flok::fuzz {

/// A page's entries, without signatures, and its pointers.
class edits_model {
public:
  /// Ids are made as `ids` makes them.
  edits_model(const page& base, id_source ids);

  /// Whether all edits could be done. No number in them may be more than a double holds.
  [[nodiscard]] bool apply(std::span<const edit> edits);

  [[nodiscard]] bool operator==(const page& p) const;

private:
  using entry = std::pair<std::string, nlohmann::json>;

  bool apply(const insert_edit& e);
  bool apply(const erase_edit& e);
  bool apply(const set_edit& e);
  bool apply(const pointer_edit& e);
  [[nodiscard]] std::optional<std::size_t> locate(const position& at) const;
  [[nodiscard]] std::optional<std::size_t> find(const std::string& name) const;

  page_kind kind_;
  id_source ids_;
  std::optional<std::string> pointers_[3];
  std::vector<entry> entries_;
};

} // namespace flok::fuzz
