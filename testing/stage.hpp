// Actors step by step, in virtual time.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>

#include "../actors/caf_testing.hpp"

namespace flok::testing {

/// An actor system in which actors only run in `run`, in this thread, and time only passes
/// in `advance`. It knows flok's messages. Its actors may not have threads of their own
/// (`caf::detached`), and other threads may not send them anything.
class stage {
public:
  stage();
  ~stage(); ///< ends the actors given to `keep`
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  [[nodiscard]] caf::actor_system& actors() { return stepped_->actors(); }

  /// Runs until no message waits.
  void run();

  /// Lets that much time pass, and runs whenever something is due, each millisecond at
  /// most.
  void advance(std::chrono::milliseconds time);

  /// Has the actor ended with the stage; returns it.
  template <class Actor>
  Actor keep(Actor a) {
    kept_.push_back(caf::actor_cast<caf::actor>(a));
    return a;
  }

private:
  struct test_config;
  std::unique_ptr<test_config> config_;
  std::unique_ptr<stepped_actors> stepped_;
  std::vector<caf::actor> kept_;
};

} // namespace flok::testing
