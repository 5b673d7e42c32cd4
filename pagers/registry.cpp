#include "pagers/registry.hpp"

#include "pagers/mem.hpp"
#include "pagers/net_sim.hpp"
#include "pagers/spec.hpp"

namespace flok {

pager_registry::pager_registry() {
  for (const auto* name : {"mem", "mem0", "mem1", "mem2"})
    add({name, false}, spawn_mem_pager);
  for (const auto* name : {"spec", "spec0"})
    add({name, true}, spawn_spec_pager);
  add({"net_sim", false, check_net_sim_options}, spawn_net_sim_pager);
}

void pager_registry::add(pager_kind kind, pager_factory make) {
  const auto name = kind.name;
  offers_[name] = {std::move(kind), std::move(make)};
}

std::vector<pager_kind> pager_registry::kinds() const {
  std::vector<pager_kind> kinds;
  for (const auto& entry : offers_)
    kinds.push_back(entry.second.kind);
  return kinds;
}

pager_factory pager_registry::factory(std::string_view name) const {
  return offers_.find(name)->second.make;
}

std::shared_ptr<const pager_source> builtin_pagers() {
  return std::make_shared<pager_registry>();
}

} // namespace flok
