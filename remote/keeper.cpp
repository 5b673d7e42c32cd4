#include "remote/keeper.hpp"

#include <future>
#include <utility>

namespace flok {

namespace {

using keeper_actor = interface<handles<wake_up>>;

class keeper_state {
public:
  static inline const char* name = "flok.keeper"; // CAF's name for the actor
  using pointer = keeper_actor::stateful_pointer<keeper_state>;

  explicit keeper_state(pointer self) : self_{self} {}

  keeper_actor::behavior_type start(std::map<std::string, vm_actor> vms,
                                    std::shared_ptr<gate_table> gates,
                                    const caf::actor& root) {
    vms_ = std::move(vms);
    gates_ = std::move(gates);
    monitor(self_, root);
    on_down(self_, [this, root = root.address()](const caf::down_msg& m) {
      if (m.source == root)
        self_->quit(caf::exit_reason::user_shutdown);
      else
        replace(m.source);
    });
    for (const auto& [ns, vm] : vms_)
      put_gate(ns, vm);
    return {[](const wake_up&) {}};
  }

private:
  void put_gate(const std::string& ns, const vm_actor& vm) {
    auto gate = spawn_gate(self_->system(), ns, vm, caf::actor_cast<caf::actor>(self_));
    monitor(self_, gate);
    gates_->put(ns, std::move(gate));
  }

  /// Whoever is let in can end a gate, of which the others are to lose no more than their
  /// connection.
  void replace(const caf::actor_addr& ended) {
    for (const auto& [ns, gate] : gates_->all())
      if (gate.address() == ended)
        put_gate(ns, vms_.at(ns));
  }

  pointer self_;
  std::map<std::string, vm_actor> vms_;
  std::shared_ptr<gate_table> gates_;
};

} // namespace

caf::actor spawn_keeper(caf::actor_system& sys, const std::map<std::string, vm_actor>& vms,
                        const std::shared_ptr<gate_table>& gates, const caf::actor& root) {
  const auto ready = std::make_shared<std::promise<void>>();
  auto keeper = spawn_function(sys, [=](keeper_state::pointer self) {
    auto behavior = state_of(self).start(vms, gates, root);
    ready->set_value();
    return behavior;
  });
  ready->get_future().wait();
  return caf::actor_cast<caf::actor>(keeper);
}

} // namespace flok
