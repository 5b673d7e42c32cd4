// The scheduling policy, with real threads.
#include "actors/scheduling.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "actors/caf_compat.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

constexpr std::chrono::seconds too_long{30};

/// An actor system under the policy.
class stage {
  struct config : caf::actor_system_config {
    explicit config(std::size_t threads) {
      use_prompt_stealing(*this);
      set_scheduler_threads(*this, threads);
    }
  };

public:
  explicit stage(std::size_t threads) : config_{threads}, actors{config_} {}

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
      self->send(second, 1); // goes to this worker's own queue
      in_time.set_value(told.get_future().wait_for(too_long) == std::future_status::ready);
    }};
  });
  caf::anon_send(first, 1);
  CHECK(in_time.get_future().get());
  caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(second, caf::exit_reason::user_shutdown);
}

TEST_CASE("scheduling: two actors that talk without end hold up nobody") {
  stage s{1}; // nobody could take the third one's work away
  std::atomic<bool> over{false};
  std::promise<void> third_ran;
  const auto answer = [&](caf::event_based_actor* self) {
    return caf::behavior{[&, self](caf::actor other) {
      if (!over)
        self->send(other, caf::actor{self});
    }};
  };
  const auto a = spawn_function(s.actors, answer);
  const auto b = spawn_function(s.actors, answer);
  const auto third = spawn_function(s.actors, [&](caf::event_based_actor*) {
    return caf::behavior{[&](int) { third_ran.set_value(); }};
  });
  const auto starts = spawn_function(s.actors, [&](caf::event_based_actor* self) {
    return caf::behavior{[&, self](int) {
      self->send(third, 1); // the oldest, when the others begin to talk
      self->send(a, b);
    }};
  });
  caf::anon_send(starts, 1);
  CHECK(third_ran.get_future().wait_for(too_long) == std::future_status::ready);
  over = true;
  for (const auto& actor : {a, b, third, starts})
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
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
          self->send(chain[static_cast<std::size_t>(i - 1)], n);
        else if (--left == 0)
          all.set_value();
      }};
    }));
  std::vector<std::thread> threads;
  for (int t = 0; t < senders; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < messages; ++i)
        caf::anon_send(chain.back(), i);
    });
  for (auto& t : threads)
    t.join();
  CHECK(all.get_future().wait_for(too_long) == std::future_status::ready);
  for (const auto& actor : chain)
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

} // namespace flok::testing
