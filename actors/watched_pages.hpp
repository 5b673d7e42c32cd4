// What a controller watches, by namespace and id. Private to the controller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../runtime/hash.hpp"
#include "controller_actor.hpp"

namespace flok {

/// Belongs to one controller; not for several threads at once. A space stays where it is; a
/// page until another one is added or forgotten.
class watched_pages {
public:
  /// A page that is watched, or whose changes are wanted.
  struct page {
    std::shared_ptr<const update_handler> handler;
    bool changes = false; ///< are wanted
    page_ptr seen;        ///< the last version, where they are

    void expect_changes(bool wanted) {
      changes = wanted;
      if (!wanted)
        seen.reset();
    }

    /// What has changed since the last version, where that is wanted.
    std::shared_ptr<const std::vector<change>> changes_to(const page_ptr& now) {
      if (!changes)
        return nullptr;
      const auto before = std::exchange(seen, now);
      auto all = before ? diff(*before, *now) : failure(error{});
      return all ? std::make_shared<const std::vector<change>>(std::move(*all)) : nullptr;
    }
  };

  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return xxh3(text); }
  };

  struct space {
    std::unordered_map<std::string, page, text_hash, std::equal_to<>> pages;
    vm_actor vm;                        ///< invalid where no namespace is called so
    std::uint32_t* delivered = nullptr; ///< notifications not reported to the vm yet

    [[nodiscard]] page* find(std::string_view id) {
      const auto known = pages.find(id);
      return known == pages.end() ? nullptr : &known->second;
    }
  };

  /// Made for the first message about a namespace, or watch in it, and kept.
  space& in(const system_context& context, std::string_view ns) {
    if (const auto known = spaces_.find(ns); known != spaces_.end())
      return known->second;
    auto& made = spaces_[std::string{ns}];
    if (const auto vm = context.vms.find(ns); vm != context.vms.end()) {
      made.vm = vm->second;
      made.delivered = &delivered_[made.vm.id()];
    }
    return made;
  }

  page& at(const system_context& context, std::string_view ns, std::string_view id) {
    auto& all = in(context, ns);
    page* known = all.find(id);
    return known != nullptr ? *known : all.pages[std::string{id}];
  }

  void forget(std::string_view ns, std::string_view id) {
    const auto space = spaces_.find(ns);
    if (space == spaces_.end())
      return;
    const auto page = space->second.pages.find(id);
    if (page == space->second.pages.end())
      return;
    const auto gone = space->second.pages.extract(page); // what it holds may come here too
  }

  /// What goes may use this again.
  void clear() { const auto gone = std::exchange(spaces_, {}); }

private:
  std::map<std::string, space, std::less<>> spaces_;
  std::map<caf::actor_id, std::uint32_t> delivered_; ///< by vm
};

} // namespace flok
