// Controllers: actors that watch pages. A lambda for each event is all it takes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/draft.hpp"
#include "runtime/edits.hpp"
#include "runtime/effects.hpp"
#include "runtime/errors.hpp"
#include "runtime/page.hpp"

namespace flok {

/// A page that a controller watches, as it is now. Seed 002, `read_res`.
struct update {
  std::string_view ns;
  page_ptr page; ///< may be kept; never null
  origin why = origin::cache;
  bool pending = false; ///< holds changes that the namespace's authority has not confirmed
};

using update_handler = std::function<void(const update&)>;

/// Gets all the pages of one change: those that were changed together come together.
using batch_handler = std::function<void(std::span<const update>)>;

/// Gets a request's answer, once.
template <class T>
using answer_handler = std::function<void(expected<T>)>;

/// The inside of a controller. It lives as long as its actor; all of its functions are
/// called, and all handlers run, in that actor, one at a time. Requests take effect in
/// their order, and a page's versions arrive in theirs.
///
/// A request's failure goes to its handler, or, where none was given, to `on_error`.
class controller {
public:
  class impl;
  explicit controller(impl& i) : impl_{i} {}
  controller(const controller&) = delete;
  controller& operator=(const controller&) = delete;

  /// Watches a page: `handler` gets it as it is in memory, or a moment later as it is on
  /// disk, and then each change. Watching again replaces the handler. Seed 002, `watch`.
  void watch(std::string_view ns, std::string_view id, update_handler handler,
             answer_handler<void> answer = {});

  /// The same, but answered only once the page has been told, or is known not to be in
  /// memory nor on disk (`no_such_page`; the watch stays). Its load overtakes queued ones.
  void watch_sync(std::string_view ns, std::string_view id, update_handler handler,
                  answer_handler<void> answer = {});

  /// Ends a watch; its handler is not called again.
  void unwatch(std::string_view ns, std::string_view id, answer_handler<void> answer = {});

  /// Gets all updates, whatever was watched, before the pages' own handlers.
  void on_updates(batch_handler handler);

  /// Reads a page once: from memory, disk, or its pager (`read_sync`: not the pager).
  void read(std::string_view ns, std::string_view id, answer_handler<page_ptr> answer);
  void read_sync(std::string_view ns, std::string_view id, answer_handler<page_ptr> answer);

  /// Writes a page; the pager decides what that means. The answer is the page as written,
  /// and comes after what the pager cached for it has taken effect. Seed 002, `write`.
  void write(std::string_view ns, page_ptr page, answer_handler<page_ptr> answer = {});

  /// Edits a page where it is, so that no other write comes between; with `create`, a page
  /// that does not exist begins empty.
  void edit(std::string_view ns, std::string_view id, std::vector<flok::edit> edits,
            std::optional<page_kind> create = std::nullopt,
            answer_handler<page_ptr> answer = {});

  /// Drafts, with ids from the system (seed 002: `NewPage`, `CopyPage`).
  [[nodiscard]] draft new_page(page_kind kind,
                               std::optional<std::string> id = std::nullopt) const;
  [[nodiscard]] draft copy_page(page_ptr base) const;

  /// Gets failures that no handler took. Without this they go to the system's `on_problem`.
  void on_error(std::function<void(const error&)> handler);

  /// Ends the controller after the current handler; its watches end with it.
  void quit();

private:
  impl& impl_;
};

/// A controller from outside: a handle that may be copied and used from any thread.
class controller_ref {
public:
  class impl;
  controller_ref() = default;
  explicit controller_ref(std::shared_ptr<impl> i) : impl_{std::move(i)} {}

  /// Runs `work` in the controller, in the order of the calls; not at all where it has
  /// ended.
  void post(std::function<void(controller&)> work) const;

  /// Ends the controller.
  void stop() const;

  /// For those who speak to actors: see controller_actor.hpp.
  [[nodiscard]] const std::shared_ptr<impl>& inside() const { return impl_; }

private:
  std::shared_ptr<impl> impl_;
};

} // namespace flok
