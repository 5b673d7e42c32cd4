// A controller that writes down what it sees.
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

/// What a watch told: a page as it was then, or that it is there no longer.
struct sighting {
  std::string ns;
  std::string id;
  page_ptr page; ///< null: it is there no longer
  origin why = origin::cache;
  bool pending = false;
  removal how = removal::deleted;                     ///< of a page that is there no longer
  std::shared_ptr<const std::vector<change>> changes; ///< as in `update`
  std::size_t message = 0; ///< pages that came together have the same number
};

/// The namespace, the page (`in_words`, pages.hpp), and its origin; `?` for a pending one:
///
///     user/news [{"_id":"a","title":"hello"}] pager ?
///     user/news deleted
std::string in_words(const sighting& s);

/// Watches pages of a system, with real threads or in virtual time, and keeps what it is
/// told, in order. For the test's thread. With real threads it waits for as long as
/// `patience` says (waiting.hpp); in virtual time it lets run what can, and whatever has
/// not come by then does not come. It must go before its system does.
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

  /// The first sighting that `next` has not given yet, of any page or of that one, once
  /// there is one. Throws `failed`, with all that was seen, where none comes.
  sighting next();
  sighting next(std::string_view ns, std::string_view id);

  /// The same, in words.
  std::string next_words() { return in_words(next()); }

  /// Gives sightings of a page up to the first that is as wanted, and takes those before
  /// it: for pages that change more often than a test can tell.
  sighting until(std::string_view ns, std::string_view id,
                 const std::function<bool(const sighting&)>& wanted);

  /// All that was seen until now, of any page or of that one, whether it was taken or not.
  [[nodiscard]] std::vector<sighting> seen() const;
  [[nodiscard]] std::vector<sighting> seen(std::string_view ns, std::string_view id) const;

  /// Whatever else the controller is to do; it runs in the controller.
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
