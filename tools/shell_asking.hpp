// How the actor behind a shell session asks vms. Private to it.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tools/shell_actor.hpp"

namespace flok::tools {

/// Counts answers that are still to come, and keeps those that have.
template <class Reply>
struct gathering {
  std::size_t missing = 0;
  std::vector<Reply> replies;
  std::optional<error> failed;
};

/// Asks the vm of the operation's namespace; a failure is the operation's answer.
template <class Reply, class Request, class Then>
void session_state::ask_vm(const op_ptr& op, Request request, Then then) {
  const auto& vms = shared_->sys->context().vms;
  const auto vm = vms.find(op->ns);
  if (vm == vms.end())
    return refuse(op, {errc::unknown_namespace, "no namespace is called " + op->ns});
  ask(self_, vm->second, std::move(request))
      .then([then](const Reply& reply) { then(reply); },
            [this, op](const caf::error& why) { refuse(op, from_caf(why)); });
}

/// Asks all vms; the first failure is the operation's answer, but only once all have
/// answered.
template <class Reply, class Request>
void session_state::ask_each(const op_ptr& op, const Request& request,
                             std::function<void(std::vector<Reply>)> then) {
  auto all = std::make_shared<gathering<Reply>>();
  all->missing = vms_.size();
  const auto one_less = [this, op, all, then] {
    if (--all->missing != 0)
      return;
    if (all->failed)
      refuse(op, *all->failed);
    else
      then(std::move(all->replies));
  };
  for (const auto& vm : vms_)
    ask(self_, vm, request)
        .then(
            [all, one_less](const Reply& reply) {
              all->replies.push_back(reply);
              one_less();
            },
            [all, one_less](const caf::error& why) {
              all->failed = from_caf(why);
              one_less();
            });
}

} // namespace flok::tools
