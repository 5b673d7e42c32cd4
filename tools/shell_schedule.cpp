#include "tools/shell_schedule.hpp"

namespace flok::tools {

namespace {

bool on_page(shell_schedule::kind what) {
  using kind = shell_schedule::kind;
  return what == kind::page || what == kind::load || what == kind::write;
}

} // namespace

void shell_schedule::add(kind what, const std::string& page, begin start) {
  backlog_.push_back({what, page, std::move(start)});
  settle();
}

void shell_schedule::done(kind what, const std::string& page) {
  --under_way_;
  if (what == kind::barrier)
    barrier_ = false;
  if (on_page(what)) {
    --lanes_.at(page).of(what);
    freed_.push_back(page);
  }
  settle();
}

/// Begins all that may begin. An operation that is done before its `start` returns comes
/// here again, and is seen to by the call that is under way: a thousand such in a row must
/// not nest.
void shell_schedule::settle() {
  if (settling_)
    return;
  settling_ = true;
  while (step())
    continue;
  settling_ = false;
}

/// Lets one page, or one operation of the backlog, go on; false where none can.
bool shell_schedule::step() {
  if (!freed_.empty()) {
    const std::string page = std::move(freed_.back());
    freed_.pop_back();
    advance(page);
    return true;
  }
  if (backlog_.empty() || barrier_)
    return false;
  if (backlog_.front().what == kind::barrier && under_way_ != 0)
    return false;
  auto next = std::move(backlog_.front());
  backlog_.pop_front();
  admit(std::move(next));
  return true;
}

void shell_schedule::admit(waiting w) {
  ++under_way_;
  if (on_page(w.what)) {
    const std::string page = w.page;
    lanes_[page].queue.push_back(std::move(w));
    return advance(page);
  }
  barrier_ = w.what == kind::barrier;
  w.start();
}

void shell_schedule::advance(const std::string& page) {
  const auto entry = lanes_.find(page);
  if (entry == lanes_.end())
    return;
  auto& l = entry->second; // stays where it is: lanes end here only, and calls do not nest
  while (!l.queue.empty()) {
    const kind what = l.queue.front().what;
    if (l.loads != 0 || (what != kind::write && l.writes != 0))
      return;
    if (what == kind::load && l.others != 0)
      return; // a watch before it must not find the page that it brings
    auto next = std::move(l.queue.front());
    l.queue.pop_front();
    ++l.of(what);
    next.start();
  }
  if (l.writes == 0 && l.loads == 0 && l.others == 0)
    lanes_.erase(entry);
}

} // namespace flok::tools
