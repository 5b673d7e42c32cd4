// Controllers: actors that watch pages. A lambda for each event is all it takes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../runtime/diff.hpp"
#include "../runtime/draft.hpp"
#include "../runtime/edits.hpp"
#include "../runtime/effects.hpp"
#include "../runtime/errors.hpp"
#include "../runtime/page.hpp"

namespace flok {

/// A page that a controller watches, as it is now. Seed 002, `read_res`. It is there only
/// while a handler runs, and so cannot be copied: what may be kept is `page`, and
/// `changes`.
struct update {
  update(std::string_view in, const page_ptr& now, origin cause, bool unconfirmed,
         std::shared_ptr<const std::vector<change>> differences)
      : ns{in}, page{now}, why{cause}, pending{unconfirmed}, changes{
                                                                 std::move(differences)} {}
  update(update&&) = default;

  std::string_view ns;
  const page_ptr& page; ///< never null; a copy of it is the page for as long as wanted
  origin why;
  bool pending; ///< holds changes that the namespace's authority has not confirmed

  /// The full diff from the version that came before, where the watch asked for `changes`;
  /// null where none came before, or where there is no diff from it (of another `_type`).
  std::shared_ptr<const std::vector<change>> changes;
};

/// A page that a controller watches is there no longer. The watch stays.
struct removed_page {
  std::string_view ns;
  std::string_view id;
  removal how = removal::deleted;
};

struct watch_options {
  bool changes = false; ///< updates say what has changed
  bool every = false;   ///< every version is wanted, however slow this controller is
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
///
/// A handler that throws ends its controller, and its watches with it; nobody else notices.
/// The system's `on_problem` is told `controller_down`: which handler, and what it threw.
class controller {
public:
  class impl;
  explicit controller(impl& i) : impl_{i} {}
  controller(const controller&) = delete;
  controller& operator=(const controller&) = delete;

  /// Watches a page: `handler` gets it as it is in memory, or a moment later as it is on
  /// disk, and then each change. Watching again replaces the handler. Seed 002, `watch`.
  /// A controller that does not keep up gets, of each page, only the newest version once it
  /// has dealt with what it was sent (`limits::undelivered`), unless it asks for every one.
  void watch(std::string_view ns, std::string_view id, update_handler handler,
             answer_handler<void> answer = {}, watch_options options = {});

  /// The same, but answered only once the page has been told, or is known not to be in
  /// memory nor on disk (`no_such_page`; the watch stays). Its load overtakes queued ones.
  void watch_sync(std::string_view ns, std::string_view id, update_handler handler,
                  answer_handler<void> answer = {}, watch_options options = {});

  /// Whether updates of a page say what has changed. A watch sets that too; this one is for
  /// who watches by other means (controller_actor.hpp).
  void expect_changes(std::string_view ns, std::string_view id, bool wanted);

  /// Ends a watch; its handler is not called again.
  void unwatch(std::string_view ns, std::string_view id, answer_handler<void> answer = {});

  /// Gets all updates, whatever was watched, before the pages' own handlers.
  void on_updates(batch_handler handler);

  /// Events come only while `ready` says so, which is asked before each. What comes
  /// meanwhile is set aside in its order until `resume`, and counts as not dealt with: of
  /// each page, only the newest version waits beside it (`limits::undelivered`). `drain`
  /// waits for what is set aside; `close` for as long as it has patience, and then it
  /// ends the controller without.
  void deliver_while(std::function<bool()> ready);

  /// Goes on with the events that were set aside.
  void resume();

  /// Gets those watched pages that are there no longer.
  void on_removed(std::function<void(const removed_page&)> handler);

  /// Reads a page once: from memory, disk, or its pager (`read_sync`: not the pager).
  void read(std::string_view ns, std::string_view id, answer_handler<page_ptr> answer);
  void read_sync(std::string_view ns, std::string_view id, answer_handler<page_ptr> answer);

  /// Writes a page; the pager decides what that means. The answer is the page as written,
  /// and comes after what the pager cached for it has taken effect. Seed 002, `write`.
  void write(std::string_view ns, page_ptr page, answer_handler<page_ptr> answer = {},
             write_rule rule = {});

  /// Edits a page where it is, so that no other write comes between; with `create`, a page
  /// that does not exist begins empty.
  void edit(std::string_view ns, std::string_view id, std::vector<flok::edit> edits,
            std::optional<page_kind> create = std::nullopt,
            answer_handler<page_ptr> answer = {}, write_rule rule = {});

  /// Deletes a page, where its pager agrees; its watchers hear of it (`on_removed`). That
  /// there is none is no error.
  void erase(std::string_view ns, std::string_view id, answer_handler<void> answer = {},
             write_rule rule = {});

  /// Says that the copy of a page is not to be trusted: it is dropped from memory and disk,
  /// and the pager may bring a fresh one. `unsupported` where the pager is the authority.
  void invalidate(std::string_view ns, std::string_view id,
                  answer_handler<void> answer = {});

  /// Drafts, with ids from the system (seed 002: `NewPage`, `CopyPage`).
  [[nodiscard]] draft new_page(page_kind kind,
                               std::optional<std::string> id = std::nullopt) const;
  [[nodiscard]] draft copy_page(page_ptr base) const;

  /// Gets failures that no handler took, and what concerns all that the controller does,
  /// such as a lost connection. Without this they go to the system's `on_problem`.
  void on_error(std::function<void(const error&)> handler);

  /// Ends the controller after the current handler; its watches end with it.
  void quit();

private:
  impl& impl_;
};

/// A controller from outside: a handle that may be copied and used from any thread. One
/// that was made by itself is of none: nothing comes of what is asked of it.
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
