// Who is told what, and when. Private to the core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "effects.hpp"
#include "frame.hpp"
#include "meters.hpp"
#include "watch_table.hpp"

namespace flok {

/// Makes notifications, one for all watchers that can take it now. A watcher with
/// `limits::undelivered` of them on their way gets no more until it reports that it has
/// dealt with some: for each page only the newest state waits for it, unless it asked for
/// every version.
class notices {
public:
  /// `count` gives where a namespace's notifications are counted.
  notices(watch_table& table, std::vector<effect>& out,
          std::function<namespace_meters&(ns_id)> count)
      : table_{table}, out_{out}, count_{std::move(count)} {}

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
  /// Some who are told of the same pages of a change: of which.
  struct listed_group {
    few<watcher_id> to;
    std::size_t first = 0; ///< in `listed_change::places`
    std::uint32_t count = 0;
  };

  [[nodiscard]] bool take(watching& pair, frame& f, origin from);
  void send_waiting(watcher& w);
  std::shared_ptr<listed_change> list_places(const std::vector<frame*>& changed);
  void count_listed(watcher& w, std::uint32_t place);
  std::vector<listed_group> group(const listed_change& change);
  template <class Notice>
  void send(Notice n);

  watch_table& table_;
  std::vector<effect>& out_;
  std::vector<watcher*> told_; ///< of a change of several pages, while it is told
  std::function<namespace_meters&(ns_id)> count_;
};

} // namespace flok
