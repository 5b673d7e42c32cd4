// What a controller watches, by namespace and id. Private to the controller.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../runtime/hash.hpp"
#include "../runtime/hash_slots.hpp"
#include "../runtime/limits.hpp"
#include "controller_actor.hpp"

namespace flok {

/// Belongs to one controller; not for several threads at once. A space stays where it is,
/// and so does a page until the first `let_go` after it was replaced or forgotten: a
/// handler may do either to itself.
class watched_pages {
public:
  /// A page that is watched: one line of the processor's cache,
  /// since controllers of many pages find them anywhere but there.
  struct alignas(64) page {
    page(std::string i, update_handler h) : id{std::move(i)}, handler{std::move(h)} {}

    std::string id;
    update_handler handler;
  };
  static_assert(sizeof(page) == 64);

  using seen_pages = std::map<std::string, page_ptr, std::less<>>;

  struct space {
    hash_slots<page*> pages;
    vm_actor vm; ///< invalid where no namespace is called so

    /// Notifications of the vm that are not reported to it yet: `own_delivered` of the
    /// first of its spaces.
    std::uint32_t* delivered = nullptr;
    std::uint32_t own_delivered = 0;

    std::unique_ptr<seen_pages> seen; ///< those whose changes are wanted; null: none

    [[nodiscard]] page* find(std::string_view id, std::uint32_t hash) const {
      return pages.find(hash, [&](const page* p) { return p->id == id; });
    }
    /// The page that is most likely the one of that hash, or null: to be prefetched.
    [[nodiscard]] const page* guess(std::uint32_t hash) const {
      return pages.find(hash, [](const page*) { return true; });
    }

    [[nodiscard]] page* find(std::string_view id) const { return find(id, id_hash(id)); }

    /// What has changed since the last version, where that is wanted.
    std::shared_ptr<const std::vector<change>> changes_to(const page_ptr& now) {
      return seen ? changes_to_seen(now) : nullptr;
    }

    void expect_changes(std::string_view id) {
      if (!seen)
        seen = std::make_unique<seen_pages>();
      seen->try_emplace(std::string{id});
    }

    void expect_no_changes(std::string_view id) {
      if (!seen)
        return;
      if (const auto last = seen->find(id); last != seen->end())
        seen->erase(last);
      if (seen->empty())
        seen.reset();
    }

    /// The next version is not compared with what was before.
    void forget_seen(std::string_view id) {
      if (!seen)
        return;
      if (const auto last = seen->find(id); last != seen->end())
        last->second.reset();
    }

  private:
    std::shared_ptr<const std::vector<change>> changes_to_seen(const page_ptr& now) {
      const auto last = seen->find(now->id());
      if (last == seen->end())
        return nullptr;
      const auto before = std::exchange(last->second, now);
      auto all = before ? diff(*before, *now) : failure(error{});
      return all ? std::make_shared<const std::vector<change>>(std::move(*all)) : nullptr;
    }
  };

  watched_pages() = default;
  ~watched_pages() { clear(); }
  watched_pages(const watched_pages&) = delete;
  watched_pages& operator=(const watched_pages&) = delete;

  /// Made for the first message about a namespace, or watch in it, and kept.
  space& in(const system_context& context, std::string_view ns) {
    if (last_ != nullptr && last_->first == ns)
      return last_->second;
    auto known = spaces_.find(ns);
    if (known == spaces_.end()) {
      known = spaces_.try_emplace(std::string{ns}).first;
      if (const auto vm = context.vms.find(ns); vm != context.vms.end()) {
        known->second.vm = vm->second;
        known->second.delivered = delivered_to(vm->second, known->second);
      }
    }
    last_ = &*known;
    const auto share = limits::undelivered / (2 * spaces_.size());
    credit_batch_ =
        static_cast<std::uint32_t>(std::clamp<std::size_t>(share, 1, limits::credit_batch));
    return last_->second;
  }

  /// How many notifications are reported to a vm at once. A vm counts those of all its
  /// namespaces; over a connection each namespace has a counter of its own here, and all
  /// of them together must not keep as many back as the vm lets be under way.
  [[nodiscard]] std::uint32_t credit_batch() const { return credit_batch_; }

  /// From now on the page has that handler.
  void handle(const system_context& context, std::string_view ns, std::string_view id,
              update_handler handler) {
    auto& all = in(context, ns);
    const auto hash = id_hash(id);
    if (page* old = all.find(id, hash))
      forget(all, hash, *old);
    auto made = std::make_unique<page>(std::string{id}, std::move(handler));
    all.pages.add(hash, made.get());
    (void)made.release();
  }

  /// Whether the page's changes are wanted.
  void expect_changes(const system_context& context, std::string_view ns,
                      std::string_view id, bool wanted) {
    auto& all = in(context, ns);
    if (wanted)
      all.expect_changes(id);
    else
      all.expect_no_changes(id);
  }

  void forget(std::string_view ns, std::string_view id) {
    const auto space = spaces_.find(ns);
    if (space == spaces_.end())
      return;
    const auto hash = id_hash(id);
    if (page* known = space->second.find(id, hash))
      forget(space->second, hash, *known);
    space->second.expect_no_changes(id);
  }

  /// Destroys what was replaced and forgotten; none of its handlers may be running. What
  /// goes may use this again.
  void let_go() {
    while (!gone_.empty()) {
      const auto gone = std::exchange(gone_, {});
    }
  }

  /// What goes may use this again.
  void clear() {
    while (!spaces_.empty()) {
      last_ = nullptr;
      for (auto& [ns, space] : std::exchange(spaces_, {}))
        space.pages.each([this](page* p) { gone_.emplace_back(p); });
      let_go();
    }
  }

private:
  void forget(space& in, std::uint32_t hash, page& p) {
    in.pages.erase(hash, &p);
    gone_.emplace_back(&p);
  }

  /// Where deliveries of a vm are counted, to whose spaces `added` now belongs.
  std::uint32_t* delivered_to(const vm_actor& vm, space& added) {
    for (auto& [ns, other] : spaces_)
      if (other.vm == vm && &other != &added)
        return other.delivered;
    return &added.own_delivered;
  }

  using spaces = std::map<std::string, space, std::less<>>;
  spaces::value_type* last_ = nullptr; ///< that was looked for
  std::uint32_t credit_batch_ = limits::credit_batch;
  std::vector<std::unique_ptr<page>> gone_;
  spaces spaces_;
};

} // namespace flok
