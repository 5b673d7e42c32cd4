// Who is told what, and when. Private to the core.
#pragma once

#include <functional>
#include <vector>

#include "effects.hpp"
#include "frame.hpp"
#include "watch_table.hpp"

namespace flok {

/// Makes notifications, one for all watchers that can take it now. A watcher with
/// `limits::undelivered` of them on their way gets no more until it reports that it has
/// dealt with some: for each page only the newest state waits for it, unless it asked for
/// every version.
class notices {
public:
  /// `merged` is called for each notification that a newer one made needless.
  notices(watch_table& table, std::vector<effect>& out, std::function<void(ns_id)> merged)
      : table_{table}, out_{out}, merged_{std::move(merged)} {}

  /// The page as it is, to one watcher.
  void tell(watching& pair, frame& f, origin from);

  /// The page as it is, to all.
  void tell_all(frame& f, origin from);

  /// Pages that changed together: one message for each watcher, shared by all who watch the
  /// same ones.
  void tell_together(const std::vector<frame*>& changed);

  /// That the page is gone, to all.
  void tell_removed(frame& f, removal how);

  /// A watcher has dealt with so many notifications: what waits for it is sent.
  void credit(watcher_id id, std::uint32_t delivered);

private:
  [[nodiscard]] bool take(watching& pair, frame& f, origin from);
  void send_waiting(watcher& w);

  watch_table& table_;
  std::vector<effect>& out_;
  std::function<void(ns_id)> merged_;
};

} // namespace flok
