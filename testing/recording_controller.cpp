#include "testing/recording_controller.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "actors/service.hpp"
#include "testing/virtual_system.hpp"
#include "testing/waiting.hpp"

namespace flok::testing {

std::string in_words(const sighting& s) {
  if (!s.page)
    return s.ns + '/' + s.id + ' ' + std::string{to_string(s.how)};
  return s.ns + '/' + in_words(*s.page) + ' ' + std::string{to_string(s.why)} +
         (s.pending ? " ?" : "");
}

/// Written by the controller, read by the test.
struct recording_controller::log {
  struct line {
    sighting what;
    bool taken = false;
  };

  void add(std::vector<sighting> all) {
    const std::lock_guard lock{mutex};
    for (auto& s : all) {
      s.message = messages;
      lines.push_back({std::move(s)});
    }
    ++messages;
    changed.notify_all();
  }

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<line> lines;
  std::size_t messages = 0;
};

namespace {

sighting seen_now(const update& u) {
  return {std::string{u.ns},
          std::string{u.page->id()},
          u.page,
          u.why,
          u.pending,
          {},
          u.changes,
          0};
}

sighting gone_now(const removed_page& r) {
  return {std::string{r.ns}, std::string{r.id}, nullptr, {}, false, r.how, nullptr, 0};
}

/// A body that has the controller keep what it sees.
template <class Log>
auto keeping(const std::shared_ptr<Log>& log) {
  return [log](controller& c) {
    c.on_updates([log](std::span<const update> updates) {
      std::vector<sighting> all;
      for (const auto& u : updates)
        all.push_back(seen_now(u));
      log->add(std::move(all));
    });
    c.on_removed([log](const removed_page& r) { log->add({gone_now(r)}); });
  };
}

} // namespace

recording_controller::recording_controller(service& sys)
    : log_{std::make_shared<log>()}, run_{[] {}}, patience_{patience} {
  controller_ = sys.spawn(keeping(log_));
}

recording_controller::recording_controller(virtual_system& sys)
    : log_{std::make_shared<log>()}, run_{[&sys] { sys.run(); }}, patience_{0} {
  controller_ = sys.spawn(keeping(log_));
}

recording_controller::~recording_controller() {
  controller_.stop();
  run_();
}

void recording_controller::watch(std::string_view ns, std::string_view id,
                                 watch_options options) {
  ask([=, ns = std::string{ns}, id = std::string{id}](controller& c,
                                                      answer_handler<void> answer) {
    c.watch(ns, id, {}, std::move(answer), options);
  });
}

void recording_controller::unwatch(std::string_view ns, std::string_view id) {
  ask([ns = std::string{ns}, id = std::string{id}](
          controller& c, answer_handler<void> answer) { c.unwatch(ns, id, answer); });
}

void recording_controller::ask(
    const std::function<void(controller&, answer_handler<void>)>& what) {
  auto answer = std::make_shared<std::optional<expected<void>>>();
  controller_.post([what, answer, log = log_](controller& c) {
    what(c, [answer, log](const expected<void>& a) {
      const std::lock_guard lock{log->mutex};
      *answer = a;
      log->changed.notify_all();
    });
  });
  if (!wait([&] { return answer->has_value(); }))
    throw failed{"the controller is not answered"};
  const std::lock_guard lock{log_->mutex};
  if (!answer->value())
    throw failed{answer->value().error().message};
}

/// Whether it becomes so; `ready` is asked with the log locked.
bool recording_controller::wait(const std::function<bool()>& ready) const {
  run_();
  std::unique_lock lock{log_->mutex};
  return log_->changed.wait_for(lock, patience_, ready);
}

sighting recording_controller::take(const choice& wanted) {
  std::optional<sighting> found;
  const auto look = [&] {
    for (auto& line : log_->lines)
      if (!line.taken && wanted(line.what)) {
        line.taken = true;
        found = line.what;
        return true;
      }
    return false;
  };
  if (wait(look))
    return *found;
  std::string all = "what the test waits for was not seen; seen was:";
  for (const auto& s : seen())
    all += '\n' + in_words(s);
  throw failed{all};
}

sighting recording_controller::next() {
  return take([](const sighting&) { return true; });
}

sighting recording_controller::next(std::string_view ns, std::string_view id) {
  return take([&](const sighting& s) { return s.ns == ns && s.id == id; });
}

sighting recording_controller::until(std::string_view ns, std::string_view id,
                                     const std::function<bool(const sighting&)>& wanted) {
  while (true)
    if (auto s = next(ns, id); wanted(s))
      return s;
}

std::vector<sighting> recording_controller::seen() const {
  return select([](const sighting&) { return true; });
}

std::vector<sighting> recording_controller::seen(std::string_view ns,
                                                 std::string_view id) const {
  return select([&](const sighting& s) { return s.ns == ns && s.id == id; });
}

std::vector<sighting> recording_controller::select(const choice& wanted) const {
  run_();
  const std::lock_guard lock{log_->mutex};
  std::vector<sighting> all;
  for (const auto& line : log_->lines)
    if (wanted(line.what))
      all.push_back(line.what);
  return all;
}

void recording_controller::post(std::function<void(controller&)> work) const {
  controller_.post(std::move(work));
  run_();
}

} // namespace flok::testing
