// What a program asks of flok, wherever the pages are.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../runtime/draft.hpp"
#include "../runtime/errors.hpp"
#include "../runtime/page.hpp"
#include "controller.hpp"
#include "subscription.hpp"

namespace caf {
class actor_system;
}

namespace flok {

struct system_context; // actors/controller_actor.hpp

/// Pages that can be watched, read and written: those of this process (system.hpp), or of
/// another one. All functions may be called from several threads at once. What waits for an
/// answer blocks the calling thread, which must not be an actor's; what is called
/// `async_…`, `spawn`, `watch` and the rest may be called from anywhere.
///
/// A future is always kept: with the answer, or with the failure that there will be none,
/// `shutting_down` once what was asked has ended. Its destructor does not wait. Requests of
/// one thread take effect in their order, whether it waits for them or not.
class service {
public:
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  /// Starts a controller: `body` runs in it first, to watch and to set handlers.
  controller_ref spawn(std::function<void(controller&)> body);

  /// Watches a page from outside of any controller: `on_update` gets what is in memory at
  /// once, what is on disk a moment later, and each change; `on_removed`, that the page is
  /// there no longer. The watch ends with the handle (subscription.hpp has the rules).
  /// Each is a watch of its own, also of the same page. Fails with `unknown_namespace`,
  /// `id_too_long`, `bad_request` or `shutting_down`.
  [[nodiscard]] expected<subscription>
  watch(std::string_view ns, std::string_view id, update_handler on_update,
        std::function<void(const removed_page&)> on_removed = {},
        watch_options options = {});

  /// Reads a page once: from memory, disk, or its pager.
  [[nodiscard]] expected<page_ptr> read(std::string_view ns, std::string_view id);
  [[nodiscard]] std::future<expected<page_ptr>> async_read(std::string_view ns,
                                                           std::string_view id);

  /// Writes a page; the answer is the page as it went to the pager.
  expected<page_ptr> write(std::string_view ns, page_ptr page, write_rule rule = {});
  std::future<expected<page_ptr>> async_write(std::string_view ns, page_ptr page,
                                              write_rule rule = {});

  /// Deletes a page, where its pager agrees.
  expected<void> erase(std::string_view ns, std::string_view id, write_rule rule = {});
  std::future<expected<void>> async_erase(std::string_view ns, std::string_view id,
                                          write_rule rule = {});

  /// The ids of the pages in memory or on disk, sorted by bytes.
  [[nodiscard]] expected<std::vector<std::string>> list(std::string_view ns,
                                                        id_range range = {});

  /// Waits until the bodies of all controllers have run, nothing that requests until now
  /// caused is under way, and controllers and callbacks have dealt with what they were
  /// sent. What handlers ask for in turn is not waited for, nor are commits.
  void drain();

  /// Random UUIDs, for drafts.
  [[nodiscard]] const id_source& ids() const;

  /// For those who speak to actors themselves (actors/messages.hpp).
  [[nodiscard]] caf::actor_system& actors();
  [[nodiscard]] const system_context& context() const;

protected:
  class impl; // actors/service_impl.hpp
  explicit service(std::unique_ptr<impl> i);
  ~service();
  std::unique_ptr<impl> impl_;
};

} // namespace flok
