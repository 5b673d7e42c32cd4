#include "testing/spec_log.hpp"

#include <future>

#include <caf/event_based_actor.hpp>

#include "actors/controller_actor.hpp"
#include "actors/service.hpp"
#include "testing/virtual_system.hpp"
#include "testing/waiting.hpp"

namespace flok::testing {

namespace {

using log_promise = std::shared_ptr<std::promise<expected<std::string>>>;

/// Asks the vm for the pager, and the pager for its record. Another kind of pager drops the
/// question, and ends who asks: then the promise breaks.
void ask_for_log(caf::event_based_actor* self, const vm_actor& vm, const std::string& ns,
                 const log_promise& to) {
  const auto refused = [to](const caf::error& why) {
    to->set_value(failure(from_caf(why)));
  };
  const auto tell = [to](const pager_log_reply& reply) { to->set_value(reply.json); };
  ask(self, vm, find_pager_request{ns})
      .then(
          [self, tell, refused](const find_pager_reply& found) {
            const auto spec = caf::actor_cast<spec_pager_actor>(found.pager);
            ask(self, spec, pager_log_request{}).then(tell, refused);
          },
          refused);
}

std::future<expected<std::string>> asked(caf::actor_system& actors, const vm_actor& vm,
                                         std::string_view ns) {
  auto promise = std::make_shared<std::promise<expected<std::string>>>();
  auto answer = promise->get_future();
  spawn_function(actors, [vm, ns = std::string{ns}, promise](caf::event_based_actor* self) {
    ask_for_log(self, vm, ns, promise);
  });
  return answer;
}

nlohmann::json parsed(std::string_view ns, const expected<std::string>& log) {
  if (!log)
    throw failed{"no spec pager owns " + std::string{ns} + ": " + log.error().message};
  return nlohmann::json::parse(*log);
}

} // namespace

nlohmann::json spec_log(virtual_system& sys, std::string_view ns) {
  auto answer = asked(sys.actors(), sys.vm, ns);
  sys.run();
  if (answer.wait_for(std::chrono::seconds{0}) != std::future_status::ready)
    throw failed{"the pager of " + std::string{ns} + " does not answer"};
  return parsed(ns, answer.get());
}

nlohmann::json spec_log(service& sys, std::string_view ns) {
  const auto& vms = sys.context().vms;
  const auto vm = vms.find(ns);
  if (vm == vms.end())
    throw failed{"no namespace is called " + std::string{ns}};
  return parsed(ns, soon(asked(sys.actors(), vm->second, ns)));
}

} // namespace flok::testing
