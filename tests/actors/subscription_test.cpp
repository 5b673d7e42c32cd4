// A callback's watch: what it hears, and that it is over when it is over.

#include <atomic>

#include "actors/system.hpp"
#include "runtime/limits.hpp"
#include "tests/actors/live.hpp"

namespace flok::testing {

namespace {

/// A handler that tells in words.
std::function<void(const removed_page&)> telling_removed(inbox<std::string>& to) {
  return [&to](const removed_page& r) {
    to.put(std::string{r.id} + (r.how == removal::deleted ? " deleted" : " invalidated"));
  };
}

void write(system& sys, std::string_view id, std::string_view signature) {
  REQUIRE(sys.write("user", version(id, signature)).has_value());
}

/// Writes ever new versions of "a" until it is told to stop.
class busy_writer {
public:
  explicit busy_writer(system& sys)
      : thread_{[this, &sys] {
          for (int n = 0; !done_; ++n)
            (void)sys.write("user", version("a", std::to_string(n)));
        }} {}

  ~busy_writer() {
    done_ = true;
    thread_.join();
  }

private:
  std::atomic<bool> done_{false};
  std::thread thread_;
};

} // namespace

TEST_CASE("subscription: hears what is in memory, changes and removals, until it is over") {
  const auto sys = started();
  inbox<std::string> heard;
  write(*sys, "a", "1");
  {
    auto watch = sys->watch("user", "a", telling(heard), telling_removed(heard));
    REQUIRE(watch.has_value());
    CHECK(heard.next() == "a=1 cache");
    write(*sys, "b", "1");
    write(*sys, "a", "2");
    CHECK(heard.next() == "a=2 pager");
    REQUIRE(sys->erase("user", "a").has_value());
    CHECK(heard.next() == "a deleted");
    write(*sys, "a", "3");
    CHECK(heard.next() == "a=3 pager");
    CHECK(watch->active());
    CHECK(watchers(*sys) == 1);
  }
  CHECK(eventually([&] { return watchers(*sys) == 0; }));
  write(*sys, "a", "4");
  sys->drain();
  CHECK(heard.take().empty());
}

TEST_CASE("subscription: options are a watch's own; two of one page are two watches") {
  const auto sys = started();
  inbox<std::size_t> changes;
  inbox<std::string> heard;
  write(*sys, "a", "1");
  const auto one =
      sys->watch("user", "a",
                 [&](const update& u) { changes.put(u.changes ? u.changes->size() : 99); },
                 {}, {.changes = true, .every = true});
  const auto two = sys->watch("user", "a", telling(heard));
  CHECK(changes.next() == 99);
  CHECK(heard.next() == "a=1 cache");
  write(*sys, "a", "2");
  CHECK(changes.next() == 1);
  CHECK(heard.next() == "a=2 pager");
}

TEST_CASE("subscription: what cannot be watched is refused") {
  const auto sys = started();
  const auto refused = [&](std::string_view ns, std::string_view id) {
    const auto watch = sys->watch(ns, id, [](const update&) {});
    REQUIRE_FALSE(watch.has_value());
    return watch.error().code;
  };
  CHECK(refused("nowhere", "a") == errc::unknown_namespace);
  CHECK(refused("user", std::string(limits::id_bytes + 1, 'x')) == errc::id_too_long);
  REQUIRE(sys->close().has_value());
  CHECK(refused("user", "a") == errc::shutting_down);
}

TEST_CASE("subscription: once it is over no callback runs, and what it held is gone") {
  const auto sys = started();
  std::atomic<int> calls{0};
  const busy_writer writer{*sys};
  for (int round = 0; round < 200; ++round) {
    auto held = std::make_unique<int>(0); // freed at the end of the round
    const std::weak_ptr<int> kept = [&] {
      auto token = std::make_shared<int>(0);
      const std::weak_ptr<int> seen = token;
      auto watch = sys->watch("user", "a", [&calls, token, h = held.get()](const update&) {
        ++*h;
        ++*token;
        ++calls;
      });
      token.reset();
      if (round % 2 == 0) { // else it may end before it has begun
        const int before = calls;
        REQUIRE(eventually([&] { return calls != before; }));
      }
      if (round % 3 == 0)
        watch->stop();
      return seen;
    }();
    CHECK(kept.expired());
  }
  CHECK(eventually([&] { return watchers(*sys) == 0; }));
}

TEST_CASE("subscription: its end waits for the callback that is running") {
  const auto sys = started();
  write(*sys, "a", "1");
  std::promise<void> entered;
  std::promise<void> let_go;
  std::atomic<bool> returned{false};
  auto watch = sys->watch("user", "a", [&](const update&) {
    entered.set_value();
    let_go.get_future().wait();
    returned = true;
  });
  soon(entered.get_future());
  std::vector<std::future<bool>> ends;
  for (int t = 0; t < 3; ++t) // several at once
    ends.push_back(std::async(std::launch::async, [&] {
      watch->stop();
      return returned.load();
    }));
  CHECK(eventually([&] { return !watch->active(); }));
  let_go.set_value();
  for (auto& e : ends)
    CHECK(soon(std::move(e)));
}

TEST_CASE("subscription: may end within its own callback, which is then the last") {
  const auto sys = started();
  const busy_writer writer{*sys};
  for (int round = 0; round < 100; ++round) {
    std::promise<subscription> given;
    std::promise<bool> ended;
    std::atomic<int> calls{0};
    auto token = std::make_shared<int>(0);
    const std::weak_ptr<int> kept = token;
    auto mine = std::make_shared<std::optional<subscription>>();
    auto handle = std::make_shared<std::future<subscription>>(given.get_future());
    auto watch = sys->watch("user", "a", [&, mine, token, handle](const update&) {
      if (++calls == 1)
        *mine = handle->get();
      mine->reset();
      ended.set_value(calls == 1); // twice would throw
    });
    token.reset();
    mine.reset();
    given.set_value(std::move(*watch));
    CHECK(soon(ended.get_future()));
    CHECK(eventually([&] { return kept.expired(); }));
  }
  CHECK(eventually([&] { return watchers(*sys) == 0; }));
}

TEST_CASE("subscription: moving one ends what was there before") {
  const auto sys = started();
  inbox<std::string> heard;
  write(*sys, "a", "1");
  write(*sys, "b", "1");
  subscription watch;
  CHECK_FALSE(watch.active());
  watch.stop();
  watch = sys->watch("user", "a", telling(heard)).value();
  CHECK(heard.next() == "a=1 cache");
  watch = sys->watch("user", "b", telling(heard)).value();
  CHECK(heard.next() == "b=1 cache");
  subscription other{std::move(watch)};
  write(*sys, "a", "2");
  write(*sys, "b", "2");
  CHECK(heard.next() == "b=2 pager");
  sys->drain();
  CHECK(heard.take().empty());
  CHECK(other.active());
}

TEST_CASE("subscription: a callback that throws ends its watch alone, and is reported") {
  inbox<std::string> problems;
  inbox<std::string> heard;
  auto options = options_for();
  options.on_problem = [&](const error& e) {
    problems.put(std::string{to_string(e.code)} + ": " + e.message);
  };
  const auto sys = started(std::move(options));
  write(*sys, "a", "1");
  auto token = std::make_shared<int>(0);
  const std::weak_ptr<int> kept = token;
  const auto other = sys->watch("user", "a", telling(heard));
  CHECK(heard.next() == "a=1 cache"); // else it might hear the next version alone
  const auto watch = sys->watch(
      "user", "a", [token](const update&) { throw std::runtime_error{"no more"}; });
  token.reset();
  const auto told = problems.next();
  CHECK(told.starts_with("controller_down: "));
  CHECK(told.find("no more") != std::string::npos);
  CHECK(eventually([&] { return !watch->active() && kept.expired(); }));
  write(*sys, "a", "2");
  CHECK(heard.next() == "a=2 pager");
}

TEST_CASE("subscription: may outlive its system, which ends it and lets its callback go") {
  inbox<std::string> heard;
  std::vector<subscription> all;
  std::vector<std::weak_ptr<int>> kept;
  {
    const auto sys = started();
    write(*sys, "a", "1");
    for (int n = 0; n < 10; ++n) {
      auto token = std::make_shared<int>(0);
      kept.emplace_back(token);
      all.push_back(
          sys->watch("user", "a", [&, token](const update& u) { heard.put(in_words(u)); })
              .value());
    }
    std::thread ender{[&] { // while the system closes
      for (auto& watch : all)
        watch.stop();
    }};
    CHECK(sys->close().has_value());
    ender.join();
    all.push_back(sys->watch("user", "a", telling(heard)).value_or(subscription{}));
  }
  for (const auto& watch : all)
    CHECK_FALSE(watch.active());
  for (const auto& token : kept)
    CHECK(token.expired());
}

TEST_CASE("subscription: watches begin and end on many threads at once") {
  const auto sys = started();
  const busy_writer writer{*sys};
  std::vector<std::thread> threads;
  std::atomic<int> late{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        std::atomic<bool> over{false};
        auto watch = sys->watch("user", "a", [&](const update&) { late += over ? 1 : 0; });
        if (round % 3 == 0)
          (void)sys->read("user", "a");
        watch = subscription{};
        over = true;
      }
    });
  for (auto& t : threads)
    t.join();
  CHECK(late == 0);
  CHECK(eventually([&] { return watchers(*sys) == 0; }));
}

} // namespace flok::testing
