// What plain threads ask for without waiting, and watch without a controller.

#include <array>
#include <atomic>

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/controller_actor.hpp"
#include "runtime/limits.hpp"
#include "testing/temp_dir.hpp"
#include "tests/actors/live.hpp"
#include "tests/actors/test_pagers.hpp"

namespace flok::testing {

namespace {

using page_future = std::future<expected<page_ptr>>;

/// Actors that are asked, and what they do about it.
using oracle_actor = interface<handles<barrier_request, done>>;
using oracle_self = oracle_actor::stateful_pointer<caf::unit_t>;

/// The answer of an actor, once there is one, in words.
std::string answer_of(system& sys, const oracle_actor& who) {
  std::promise<std::string> heard;
  auto words = heard.get_future();
  ask_from_outside<done>(
      sys.actors(), who, barrier_request{},
      [heard = std::move(heard)](expected<done> answer) mutable {
        heard.set_value(answer ? "done" : std::string{to_string(answer.error().code)});
      });
  return soon(std::move(words));
}

} // namespace

TEST_CASE("async: many requests of one thread are under way at once, in order") {
  const auto sys = started();
  std::vector<page_future> writes;
  std::vector<page_future> reads;
  for (int n = 0; n < 1000; ++n) {
    const auto id = "p" + std::to_string(n % 100);
    writes.push_back(sys->async_write("user", version(id, std::to_string(n))));
    reads.push_back(sys->async_read("user", id));
  }
  for (int n = 0; n < 1000; ++n) {
    const auto at = static_cast<std::size_t>(n);
    const auto words = "p" + std::to_string(n % 100) + "=" + std::to_string(n);
    CHECK(label(*soon(std::move(writes[at])).value()) == words);
    // Reads do not wait for writes that are with the pager: no older than the one before.
    const auto seen = soon(std::move(reads[at]));
    CHECK((n < 100 || seen.has_value()));
  }
  CHECK(soon(sys->async_erase("user", "p7")).has_value());
  CHECK(soon(sys->async_read("user", "p7")).error().code == errc::no_such_page);
}

TEST_CASE("async: what is wrong is told by the future") {
  const auto sys = started();
  CHECK(soon(sys->async_read("nowhere", "a")).error().code == errc::unknown_namespace);
  CHECK(soon(sys->async_read("user", "a")).error().code == errc::no_such_page);
  CHECK(soon(sys->async_write("user", nullptr)).error().code == errc::invalid_page);
  const std::string long_id(limits::id_bytes + 1, 'x');
  CHECK(soon(sys->async_read("user", long_id)).error().code == errc::id_too_long);
  REQUIRE(soon(sys->async_write("user", version("a", "1"))).has_value());
  const auto conflict = soon(sys->async_write("user", version("a", "2"), {.if_hash = ""}));
  CHECK(conflict.error().code == errc::conflict);
  CHECK_FALSE(conflict.error().hash.empty());
}

TEST_CASE("async: a future that nobody keeps is no request withdrawn") {
  const auto sys = started();
  for (int n = 0; n < 100; ++n)
    sys->async_write("user", version("p" + std::to_string(n), "1"));
  sys->drain();
  CHECK(sys->list("user").value().size() == 100);
}

TEST_CASE("async: whoever is asked and does not answer, the future is kept") {
  const auto sys = started();
  auto& actors = sys->actors();
  const oracle_actor answering =
      spawn_function(actors, []() -> oracle_actor::behavior_type {
        return {[](const barrier_request&) { return done{}; }};
      });
  CHECK(answer_of(*sys, answering) == "done");
  const oracle_actor forgetting =
      spawn_function(actors, [](oracle_self self) -> oracle_actor::behavior_type {
        return {[self](const barrier_request&) {
          auto never = self->make_response_promise<done>();
          return caf::typed_response_promise<done>{};
        }};
      });
  CHECK(answer_of(*sys, forgetting) == "shutting_down");
  const oracle_actor dying =
      spawn_function(actors, [](oracle_self self) -> oracle_actor::behavior_type {
        return {[self](const barrier_request&) {
          self->quit(caf::exit_reason::kill);
          return self->make_response_promise<done>();
        }};
      });
  CHECK(answer_of(*sys, dying) == "shutting_down");
  CHECK(answer_of(*sys, dying) == "shutting_down"); // it is dead by now, or dies
  for (const auto& a : {answering, forgetting})
    caf::anon_send_exit(a, caf::exit_reason::kill);
}

TEST_CASE("async: once closed, futures fail at once; those that were open are kept") {
  std::vector<page_future> open;
  {
    const auto sys = started();
    for (int n = 0; n < 200; ++n)
      open.push_back(sys->async_write("user", version("p" + std::to_string(n), "1")));
    REQUIRE(sys->close().has_value());
    auto late = sys->async_read("user", "p1");
    REQUIRE(late.wait_for(std::chrono::seconds{0}) == std::future_status::ready);
    CHECK(late.get().error().code == errc::shutting_down);
  }
  for (auto& f : open) // the system has gone; what it was asked before it closed is done
    CHECK(soon(std::move(f)).has_value());
}

TEST_CASE("async: from several threads at once, beside those that wait") {
  const auto sys = started();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 10; ++round) {
        std::vector<page_future> futures;
        for (int n = 0; n < 50; ++n) {
          const auto id = std::to_string(t) + "-" + std::to_string(n);
          futures.push_back(sys->async_write("user", version(id, std::to_string(round))));
        }
        const auto id = std::to_string(t) + "-x";
        wrong += sys->write("user", version(id, "1")).has_value() ? 0 : 1;
        for (auto& f : futures)
          wrong += f.get().has_value() ? 0 : 1;
        for (int n = 0; n < 50; ++n)
          futures[static_cast<std::size_t>(n)] =
              sys->async_read("user", std::to_string(t) + "-" + std::to_string(n));
        for (auto& f : futures) {
          const auto page = f.get();
          wrong += page && (*page)->entry(0).signature == std::to_string(round) ? 0 : 1;
        }
      }
    });
  for (auto& t : threads)
    t.join();
  CHECK(wrong == 0);
}

} // namespace flok::testing
