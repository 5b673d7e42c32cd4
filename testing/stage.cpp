#include "testing/stage.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include "actors/system.hpp"

namespace flok::testing {

struct stage::test_config : caf::actor_system_config {
  test_config() { system::prepare(*this, scheduling::as_configured); }
};

stage::stage()
    : config_{std::make_unique<test_config>()}, stepped_{std::make_unique<stepped_actors>(
                                                    *config_)} {}

stage::~stage() {
  for (const auto& a : kept_)
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  run();
}

void stage::run() { stepped_->run(); }

void stage::advance(std::chrono::milliseconds time) {
  run();
  for (std::chrono::nanoseconds left = time; left.count() > 0; run())
    left -= stepped_->advance(left);
}

} // namespace flok::testing
