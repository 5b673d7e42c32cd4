// What tests need of CAF that differs between 0.17 and 1.x: actors step by step, in virtual
// time, for which 0.17 has a scheduler and 1.x takes one; and messages as bytes.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include "caf_compat.hpp"

#if CAF_MAJOR_VERSION == 0
#include <caf/scheduler/test_coordinator.hpp>
#else
#include <deque>
#include <map>
#include <memory>

#include <caf/action.hpp>
#include <caf/actor_clock.hpp>
#include <caf/detail/actor_system_access.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler.hpp>
#endif

namespace flok {

/// Whether the actor has a thread of its own, on which it would run by itself.
template <class Actor>
[[nodiscard]] bool is_detached(const Actor& a) {
  return a && caf::actor_cast<caf::abstract_actor*>(a)->getf(
                  caf::abstract_actor::is_detached_flag);
}

// -- virtual time -------------------------------------------------------------

namespace detail {

/// Who wants to be called again without a delay does not stop the time.
inline std::chrono::nanoseconds step_to(std::chrono::nanoseconds due) {
  return std::max<std::chrono::nanoseconds>(due, std::chrono::milliseconds{1});
}

} // namespace detail

#if CAF_MAJOR_VERSION == 0

/// An actor system in which nothing moves but by `run`, and no time passes but by
/// `advance`. All on one thread.
class stepped_actors {
public:
  explicit stepped_actors(caf::actor_system_config& c) : actors_{prepared(c)} {}

  [[nodiscard]] caf::actor_system& actors() { return actors_; }

  /// Runs until no message waits.
  void run() { scheduler().run(); }

  /// Lets time pass until something is due, or that time at most; tells how long it was.
  /// What is due is sent, and waits for `run`.
  std::chrono::nanoseconds advance(std::chrono::nanoseconds longest) {
    const auto passes = std::min(longest, until_due());
    scheduler().advance_time(passes);
    return passes;
  }

private:
  std::chrono::nanoseconds until_due() {
    const auto& clock = scheduler().clock();
    const auto& due = clock.schedule();
    return due.empty() ? std::chrono::nanoseconds::max()
                       : detail::step_to(due.begin()->first - clock.now());
  }

  static caf::actor_system_config& prepared(caf::actor_system_config& c) {
    set_scheduler_policy(c, "testing");
    return c;
  }

  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(actors_.scheduler());
  }

  caf::actor_system actors_;
};

#else

namespace detail {

/// Virtual time, and what is due when.
class stepped_clock final : public caf::actor_clock {
public:
  time_point now() const noexcept override { return now_; }

  using actor_clock::schedule;

  caf::disposable schedule(time_point when, caf::action what) override {
    due_.emplace(when, what);
    return std::move(what).as_disposable();
  }

  void advance(duration_type time) {
    now_ += time;
    while (!due_.empty() && due_.begin()->first <= now_) {
      auto next = due_.extract(due_.begin());
      if (!next.mapped().disposed())
        next.mapped().run();
    }
  }

  [[nodiscard]] std::chrono::nanoseconds until_due() const {
    return due_.empty() ? std::chrono::nanoseconds::max()
                        : step_to(due_.begin()->first - now_);
  }

  void clear() {
    for (auto& [when, what] : due_)
      what.dispose();
    due_.clear();
  }

private:
  time_point now_{duration_type{1}}; // 0 means "none" to some
  std::multimap<time_point, caf::action> due_;
};

/// Runs actors on the thread that asks for it, one message at a time.
class stepped_scheduler final : public caf::scheduler {
public:
  explicit stepped_scheduler(caf::actor_system& actors) : actors_{actors} {}

  void schedule(caf::resumable* what) override { waiting_.push_back(what); }
  void delay(caf::resumable* what) override { waiting_.push_back(what); }
  void start() override {}

  void stop() override {
    clock().clear();
    run();
  }

  void run() {
    while (!waiting_.empty()) {
      auto* next = waiting_.front();
      waiting_.pop_front();
      const auto outcome = next->resume(this, 1);
      if (outcome == caf::resumable::resume_later)
        waiting_.push_front(next);
      else if (outcome != caf::resumable::shutdown_execution_unit)
        caf::intrusive_ptr_release(next);
    }
  }

  stepped_clock& clock() { return dynamic_cast<stepped_clock&>(actors_.clock()); }

private:
  caf::actor_system& actors_;
  std::deque<caf::resumable*> waiting_;
};

} // namespace detail

/// An actor system in which nothing moves but by `run`, and no time passes but by
/// `advance`. All on one thread.
class stepped_actors {
public:
  explicit stepped_actors(caf::actor_system_config& c) : actors_{c, set_up, this} {}

  [[nodiscard]] caf::actor_system& actors() { return actors_; }

  /// Runs until no message waits.
  void run() { scheduler_->run(); }

  /// Lets time pass until something is due, or that time at most; tells how long it was.
  /// What is due is sent, and waits for `run`.
  std::chrono::nanoseconds advance(std::chrono::nanoseconds longest) {
    auto& clock = scheduler_->clock();
    const auto passes = std::min(longest, clock.until_due());
    clock.advance(passes);
    return passes;
  }

private:
  static void set_up(caf::actor_system& actors, caf::actor_system_config&, void* self) {
    auto scheduler = std::make_unique<detail::stepped_scheduler>(actors);
    static_cast<stepped_actors*>(self)->scheduler_ = scheduler.get();
    caf::detail::actor_system_access parts{actors};
    parts.clock(std::make_unique<detail::stepped_clock>());
    parts.scheduler(std::move(scheduler));
  }

  detail::stepped_scheduler* scheduler_ = nullptr;
  caf::actor_system actors_;
};

#endif

// -- messages as bytes --------------------------------------------------------

#if CAF_MAJOR_VERSION == 0
using message_bytes = std::vector<char>;
#else
using message_bytes = caf::byte_buffer;
#endif

/// What goes over a network of these values; none where they cannot be written.
template <class... Fields>
[[nodiscard]] std::optional<message_bytes> to_bytes(caf::actor_system& actors,
                                                    Fields... fields) {
  message_bytes bytes;
  caf::binary_serializer to{actors, bytes};
#if CAF_MAJOR_VERSION == 0
  const bool written = !to(fields...);
#else
  const bool written = (to.apply(fields) && ...);
#endif
  return written ? std::optional{std::move(bytes)} : std::nullopt;
}

/// Reads a value back. False where the bytes are not one such value and nothing else.
template <class T>
[[nodiscard]] bool from_bytes(caf::actor_system& actors, const message_bytes& bytes,
                              T& value) {
  caf::binary_deserializer from{actors, bytes};
#if CAF_MAJOR_VERSION == 0
  const bool read = !from(value);
#else
  const bool read = from.apply(value);
#endif
  return read && from.remaining() == 0;
}

} // namespace flok
