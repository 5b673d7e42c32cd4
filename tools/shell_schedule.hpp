// In which order the shell's operations may begin.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace flok::tools {

/// Begins operations so that they take effect as if one by one, in the order of input,
/// while as many as possible are under way at once:
///
/// - writes of one page follow each other without waiting: the vm keeps them in order;
/// - any other operation on a page begins once the writes of that page before it are done;
/// - nothing on a page begins while one that may load it, and is answered afterwards, is
///   under way, and that one begins once all before it on the page are done;
/// - a barrier begins once all before it are done, and nothing behind it begins before
///   that.
///
/// Pure, and not for several threads at once.
class shell_schedule {
public:
  enum class kind : std::uint8_t { free, page, load, write, barrier };

  using begin = std::function<void()>;

  /// Adds an operation; `page` names its page in the kinds that have one. `start` is called
  /// when it may begin, perhaps at once; `done` must be called with the same kind and page
  /// once it is answered, which may be before `start` returns.
  void add(kind what, const std::string& page, begin start);
  void done(kind what, const std::string& page);

private:
  struct waiting {
    kind what;
    std::string page;
    begin start;
  };

  /// What is under way and waits on one page.
  struct lane {
    std::size_t writes = 0;
    std::size_t loads = 0;
    std::size_t others = 0;

    [[nodiscard]] std::size_t& of(kind what) {
      return what == kind::write ? writes : what == kind::load ? loads : others;
    }
    std::deque<waiting> queue;
  };

  void admit(waiting w);
  void advance(const std::string& page);
  [[nodiscard]] bool step();
  void settle();

  std::unordered_map<std::string, lane> lanes_;
  std::vector<std::string> freed_; ///< pages on which something was done
  std::deque<waiting> backlog_;    ///< from the first barrier that cannot begin yet on
  std::size_t under_way_ = 0;      ///< admitted and not done
  bool barrier_ = false;           ///< one is under way
  bool settling_ = false;
};

} // namespace flok::tools
