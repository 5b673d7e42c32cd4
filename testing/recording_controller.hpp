// A controller that keeps what it sees.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../actors/controller.hpp"

namespace flok {
class service;
}

namespace flok::testing {

class virtual_system;

/// What a watcher was told: a page as it was then, or that it is gone.
struct sighting {
  std::string ns;
  std::string id;
  page_ptr page; ///< null: it is gone
  origin why = origin::cache;
  bool pending = false;
  removal how = removal::deleted;                     ///< of a page that is gone
  std::shared_ptr<const std::vector<change>> changes; ///< as in `update`
  std::size_t message = 0; ///< pages that came in one message have the same number
};

/// The namespace, the page (`in_words`, pages.hpp), and its origin; `?` for a pending one:
///
///     user/news [{"_id":"a","title":"hello"}] pager ?
///     user/news deleted
std::string in_words(const sighting& s);

/// Watches pages of a system, with real threads or in virtual time, and keeps what it is
/// told, in order. Used by the test's thread. With real threads it waits for up to
/// `patience` (waiting.hpp); in virtual time it runs everything that can run, and what has
/// not come by then will not come. It must be destroyed before its system.
class recording_controller {
public:
  explicit recording_controller(service& sys);
  explicit recording_controller(virtual_system& sys);
  ~recording_controller(); ///< ends the controller
  recording_controller(const recording_controller&) = delete;
  recording_controller& operator=(const recording_controller&) = delete;

  /// Watches; the watch is in place on return. Throws `failed` where it is refused.
  void watch(std::string_view ns, std::string_view id, watch_options options = {});
  void unwatch(std::string_view ns, std::string_view id);

  /// The first sighting that `next` has not returned yet, of any page or of that one; waits
  /// for it. Throws `failed`, with everything that was seen, if none comes.
  sighting next();
  sighting next(std::string_view ns, std::string_view id);

  /// The same, in words.
  std::string next_words() { return in_words(next()); }

  /// The first sighting of a page that is as wanted; those before it are skipped. For pages
  /// that change more often than a test can know.
  sighting until(std::string_view ns, std::string_view id,
                 const std::function<bool(const sighting&)>& wanted);

  /// Everything seen so far, of any page or of that one, whether it was returned or not.
  [[nodiscard]] std::vector<sighting> seen() const;
  [[nodiscard]] std::vector<sighting> seen(std::string_view ns, std::string_view id) const;

  /// Has the controller do something else.
  void post(std::function<void(controller&)> work) const;

private:
  struct log;
  using choice = std::function<bool(const sighting&)>;
  void ask(const std::function<void(controller&, answer_handler<void>)>& what);
  sighting take(const choice& wanted);
  [[nodiscard]] std::vector<sighting> select(const choice& wanted) const;
  bool wait(const std::function<bool()>& ready) const;

  std::shared_ptr<log> log_;
  std::function<void()> run_; ///< in virtual time: lets run what can
  std::chrono::seconds patience_;
  controller_ref controller_;
};

} // namespace flok::testing
