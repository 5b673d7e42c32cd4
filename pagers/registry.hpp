// Which pagers a configuration may name.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "../actors/messages.hpp"
#include "builtin.hpp"

namespace flok {

/// Pagers by name. It starts with the built-in ones; a program adds its own:
///
///     auto pagers = std::make_shared<flok::pager_registry>();
///     pagers->add({"files"}, spawn_files_pager);
class pager_registry final : public pager_source {
public:
  pager_registry();

  /// Adds a pager, or replaces the one of that name.
  void add(pager_kind kind, pager_factory make);

  [[nodiscard]] std::vector<pager_kind> kinds() const override;
  [[nodiscard]] pager_factory factory(std::string_view name) const override;

private:
  struct offer {
    pager_kind kind;
    pager_factory make;
  };
  std::map<std::string, offer, std::less<>> offers_;
};

} // namespace flok
