// The scheduling policy, with real threads.
#include "actors/scheduling.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "actors/caf_compat.hpp"
#include "actors/system.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

constexpr std::chrono::seconds too_long{20};

/// An actor system under the policy.
class stage {
  struct config : caf::actor_system_config {
    config(std::size_t threads, std::size_t throughput) {
      system::prepare(*this);
      set_scheduler_threads(*this, threads);
      if (throughput != 0)
        set_scheduler_throughput(*this, throughput);
    }
  };

public:
  /// `throughput`: messages that an actor deals with before others have their turn; 0: all.
  explicit stage(std::size_t threads, std::size_t throughput = 0)
      : config_{threads, throughput}, actors{config_} {}

private:
  config config_;

public:
  caf::actor_system actors;
};

} // namespace

TEST_CASE("scheduling: work behind a handler that blocks is taken by another worker") {
  stage s{2};
  std::promise<void> told;
  std::promise<bool> in_time;
  const auto second = spawn_function(s.actors, [&](caf::event_based_actor*) {
    return caf::behavior{[&](int) { told.set_value(); }};
  });
  const auto first = spawn_function(s.actors, [&](caf::event_based_actor* self) {
    return caf::behavior{[&, self](int) {
      send(self, second, 1); // goes to this worker's own queue
      in_time.set_value(told.get_future().wait_for(too_long) == std::future_status::ready);
    }};
  });
  send_from_outside(first, 1);
  CHECK(in_time.get_future().get());
  caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(second, caf::exit_reason::user_shutdown);
}

namespace {

/// Actors that keep one worker busy without end, and one whose work waits below theirs:
/// nobody could take it away.
class busy_worker {
public:
  explicit busy_worker(std::size_t throughput = 0) : stage_{1, throughput} {
    const auto talk = [this](caf::event_based_actor* self) {
      return caf::behavior{[this, self](caf::actor other) {
        if (!over_)
          send(self, other, caf::actor{self});
      }};
    };
    a_ = spawn_function(stage_.actors, talk);
    b_ = spawn_function(stage_.actors, talk);
    tireless_ = spawn_function(stage_.actors, [this](caf::event_based_actor* self) {
      return caf::behavior{[this, self](int n) {
        if (!over_)
          send(self, self, n);
      }};
    });
    waiting_ = spawn_function(stage_.actors, [this](caf::event_based_actor*) {
      return caf::behavior{[this](int) { ran_.set_value(); }};
    });
  }

  ~busy_worker() {
    over_ = true;
    for (const auto& actor : {a_, b_, tireless_, waiting_, starts_})
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }

  busy_worker(const busy_worker&) = delete;
  busy_worker& operator=(const busy_worker&) = delete;

  void start(bool with_tireless) {
    starts_ =
        spawn_function(stage_.actors, [this, with_tireless](caf::event_based_actor* self) {
          return caf::behavior{[this, self, with_tireless](int) {
            send(self, waiting_, 1); // the oldest, when the others begin
            send(self, a_, b_);
            if (with_tireless)
              send(self, tireless_, 1); // the newest: it runs first, and is put back
          }};
        });
    send_from_outside(starts_, 1);
  }

  [[nodiscard]] bool waiting_ran() {
    return ran_.get_future().wait_for(too_long) == std::future_status::ready;
  }

  [[nodiscard]] caf::actor_system& actors() { return stage_.actors; }

private:
  std::atomic<bool> over_{false};
  std::promise<void> ran_;
  stage stage_;
  caf::actor a_, b_, tireless_, waiting_, starts_;
};

} // namespace

TEST_CASE("scheduling: two actors that talk without end hold up nobody") {
  busy_worker w;
  w.start(false);
  CHECK(w.waiting_ran());
}

TEST_CASE("scheduling: nor do they while plain threads send without end") {
  busy_worker w;
  std::vector<caf::actor> asked; // so many that some always have mail
  for (int i = 0; i < 64; ++i)
    asked.push_back(spawn_function(
        w.actors(), [](caf::event_based_actor*) { return caf::behavior{[](int) {}}; }));
  std::atomic<bool> over{false};
  std::promise<void> sending;
  std::thread outside{[&] {
    for (bool first = true; !over; first = false) {
      for (const auto& actor : asked)
        send_from_outside(actor, 1);
      if (first)
        sending.set_value();
    }
  }};
  sending.get_future().wait();
  w.start(false);
  CHECK(w.waiting_ran());
  over = true;
  outside.join();
  for (const auto& actor : asked)
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

TEST_CASE("scheduling: nor does one that always has more mail than its turn is long") {
  busy_worker w{1};
  w.start(true);
  CHECK(w.waiting_ran());
}

TEST_CASE("scheduling: many threads send to many actors, and nothing is forgotten") {
  constexpr int senders = 4;
  constexpr int messages = 20'000;
  stage s{3};
  std::atomic<int> left{senders * messages};
  std::promise<void> all;
  std::vector<caf::actor> chain;
  for (int i = 0; i < 8; ++i) // each message goes through all of them
    chain.push_back(spawn_function(s.actors, [&, i](caf::event_based_actor* self) {
      return caf::behavior{[&, self, i](int n) {
        if (i != 0)
          send(self, chain[static_cast<std::size_t>(i - 1)], n);
        else if (--left == 0)
          all.set_value();
      }};
    }));
  std::vector<std::thread> threads;
  for (int t = 0; t < senders; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < messages; ++i)
        send_from_outside(chain.back(), i);
    });
  for (auto& t : threads)
    t.join();
  CHECK(all.get_future().wait_for(too_long) == std::future_status::ready);
  for (const auto& actor : chain)
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

} // namespace flok::testing
