// Actors step by step, in virtual time.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>

#include "../actors/caf_testing.hpp"

namespace flok::testing {

/// An actor system in which nothing moves but by `run`, in this thread, and no time passes
/// but by `advance`. It knows flok's messages. Its actors may not have threads of their own
/// (`caf::detached`), nor be sent anything by other threads.
class stage {
public:
  stage();
  ~stage(); ///< ends all that `keep` was told of
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  [[nodiscard]] caf::actor_system& actors() { return stepped_->actors(); }

  /// Runs until no message waits.
  void run();

  /// Lets that much time pass, then runs. What is due is done once at most.
  void advance(std::chrono::milliseconds time);

  /// Has an actor ended with the stage.
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
