// A scheduling policy: work stealing that wakes at once and sleeps for good. Private to
// scheduling.cpp.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>

namespace flok {

/// Jobs that wait, for any thread.
class job_queue {
public:
  void push(caf::resumable* job) {
    const std::lock_guard lock{mutex_};
    jobs_.push_back(job);
    size_.store(jobs_.size(), std::memory_order_release);
  }

  /// Null where there is none.
  caf::resumable* pop_newest() {
    return pop([&] {
      auto* job = jobs_.back();
      jobs_.pop_back();
      return job;
    });
  }

  caf::resumable* pop_oldest() {
    return pop([&] {
      auto* job = jobs_.front();
      jobs_.pop_front();
      return job;
    });
  }

  [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_acquire); }

private:
  template <class Take>
  caf::resumable* pop(Take take) {
    if (size() == 0)
      return nullptr;
    const std::lock_guard lock{mutex_};
    if (jobs_.empty())
      return nullptr;
    auto* job = take();
    size_.store(jobs_.size(), std::memory_order_release);
    return job;
  }

  std::mutex mutex_;
  std::deque<caf::resumable*> jobs_; ///< the oldest first
  std::atomic<std::size_t> size_{0}; ///< of `jobs_`, to be looked at without the lock
};

/// Workers without work. At most one of them is on its way to work at a time: whoever adds
/// work wakes one only where none is, and one that finds work wakes the next.
class idle_workers {
public:
  /// There is new work.
  void work_added() {
    std::atomic_thread_fence(std::memory_order_seq_cst); // with `park`'s
    if (parked_.load(std::memory_order_relaxed) == 0)
      return;
    int none = 0;
    if (!searching_.compare_exchange_strong(none, 1))
      return;
    {
      const std::lock_guard lock{mutex_};
      ++wake_ups_;
    }
    woken_.notify_one();
  }

  /// The calling worker looks for work from now on. False where another does.
  bool begin_search() {
    int none = 0;
    return searching_.compare_exchange_strong(none, 1);
  }

  /// It has found some, or will park.
  void end_search() {
    searching_.store(0);
    // Others may have added work and woken nobody, since one searched: it must be seen
    // next.
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }

  /// Waits to be woken, unless `has_work` sees some now; woken, the worker is the one that
  /// searches. Tells whether it is.
  template <class Predicate>
  bool park(Predicate has_work) {
    parked_.fetch_add(1);
    std::atomic_thread_fence(std::memory_order_seq_cst); // with `work_added`'s
    bool woken = false;
    if (!has_work()) {
      std::unique_lock lock{mutex_};
      woken_.wait(lock, [this] { return wake_ups_ != 0; });
      --wake_ups_;
      woken = true;
    }
    parked_.fetch_sub(1);
    return woken;
  }

private:
  std::atomic<int> searching_{0};
  std::atomic<int> parked_{0};
  std::mutex mutex_;
  std::condition_variable woken_;
  std::size_t wake_ups_ = 0;
};

/// Work stealing for CAF 0.17's `scheduler::coordinator`. A worker runs what its last job
/// led to first: actors that talk to each other stay on one core, and one that is sent much
/// meanwhile deals with much at a time. Each `fair_turn`-th job is the oldest, by
/// turns from outside and of its own, so that none waits for ever. A worker that runs dry
/// takes the oldest job of another, looks on for a moment, and then sleeps until there is
/// work: it polls nothing. One job that waits behind a running one is left to its worker
/// for some microseconds.
class prompt_stealing : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}

    job_queue from_outside;
    idle_workers idle;
  };

  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
    worker_data(const worker_data&) {} // CAF copies one that nobody has used

    job_queue own;
    std::uint32_t turn = 0;
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* all, caf::resumable* job) {
    d(all).from_outside.push(job);
    d(all).idle.work_added();
  }

  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    central_enqueue(self->parent(), job);
  }

  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    d(self).own.push(job);
    d(self->parent()).idle.work_added();
  }

  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    // Behind all others that have had their turn: in its own queue it would be the newest,
    // and run again, or the oldest, and hold up those that really are.
    central_enqueue(self->parent(), job);
  }

  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    if (auto* job = take(self))
      return job;
    auto& idle = d(self->parent()).idle;
    bool searches = idle.begin_search();
    for (;;) {
      auto* job = searches ? search(self) : steal(self, 1);
      if (searches) {
        idle.end_search();
        if (job != nullptr)
          wake_next(self);
      }
      if (job != nullptr)
        return job;
      searches = idle.park([&] { return anything(self); });
      if (!searches)
        searches = idle.begin_search();
      if (auto* own = take(self)) {
        if (searches) {
          idle.end_search();
          wake_next(self);
        }
        return own;
      }
    }
  }

  template <class Worker, class Function>
  void foreach_resumable(Worker* self, Function f) {
    while (auto* job = d(self).own.pop_oldest())
      f(job);
  }

  template <class Coordinator, class Function>
  void foreach_central_resumable(Coordinator* all, Function f) {
    while (auto* job = d(all).from_outside.pop_oldest())
      f(job);
  }

private:
  static constexpr std::chrono::microseconds longest_search{50};
  static constexpr std::uint32_t patience = 64; ///< looks at one job that another has
  static constexpr std::uint32_t fair_turn = 16;

  /// What its running jobs have led to, the newest first. Each `fair_turn`-th job is one
  /// that has waited long: by turns from outside and of its own.
  template <class Worker>
  caf::resumable* take(Worker* self) {
    auto& outside = d(self->parent()).from_outside;
    auto& own = d(self).own;
    const auto turn = ++d(self).turn;
    auto* job = turn % fair_turn != 0         ? own.pop_newest()
                : turn % (2 * fair_turn) == 0 ? own.pop_oldest()
                                              : nullptr;
    if (job == nullptr)
      job = outside.pop_oldest();
    return job != nullptr ? job : own.pop_oldest();
  }

  /// The oldest job of another that has at least that many.
  template <class Worker>
  caf::resumable* steal(Worker* self, std::size_t at_least) {
    auto* all = self->parent();
    const auto count = all->num_workers();
    for (std::size_t i = 1; i < count; ++i) {
      auto& victim = d(all->worker_by_id((self->id() + i) % count)).own;
      if (victim.size() >= at_least)
        if (auto* job = victim.pop_oldest())
          return job;
    }
    return nullptr;
  }

  template <class Worker>
  caf::resumable* search(Worker* self) {
    const auto end = std::chrono::steady_clock::now() + longest_search;
    for (std::uint32_t looks = 1;; ++looks) {
      if (auto* job = d(self->parent()).from_outside.pop_oldest())
        return job;
      if (auto* job = steal(self, looks % patience == 0 ? 1 : 2))
        return job;
      pause();
      if (looks % patience == 0) {
        std::this_thread::yield(); // who has work to do may want this core
        if (std::chrono::steady_clock::now() >= end)
          return nullptr;
      }
    }
  }

  template <class Worker>
  bool anything(Worker* self) {
    auto* all = self->parent();
    if (d(all).from_outside.size() != 0)
      return true;
    for (std::size_t i = 0; i < all->num_workers(); ++i)
      if (d(all->worker_by_id(i)).own.size() != 0)
        return true;
    return false;
  }

  /// One that searched has found work: where there is more, another is to search for it.
  template <class Worker>
  void wake_next(Worker* self) {
    if (anything(self))
      d(self->parent()).idle.work_added();
  }

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
  }
};

} // namespace flok
