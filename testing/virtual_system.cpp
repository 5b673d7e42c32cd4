#include "testing/virtual_system.hpp"

#include <algorithm>
#include <set>

#include "actors/caf_testing.hpp"
#include "actors/vm.hpp"
#include "pagers/mem.hpp"

namespace flok::testing {

namespace {

using root_actor = interface<handles<wake_up>>;

/// A factory of pagers that may not have threads of their own; `detached` is set by one
/// that has.
pager_factory without_threads(pager_factory make, std::shared_ptr<bool> detached) {
  return [=](caf::actor_system& actors) -> pager_actor {
    auto pager = make(actors);
    if (!is_detached(pager))
      return pager;
    *detached = true;
    caf::anon_send_exit(pager, caf::exit_reason::user_shutdown);
    return {};
  };
}

void check_names(const std::vector<virtual_namespace>& all) {
  std::set<std::string> names;
  for (const auto& ns : all)
    if (!names.insert(ns.name).second)
      throw failed{"the namespace " + ns.name + " is given twice"};
}

} // namespace

virtual_system::virtual_system(virtual_options options)
    : disk{std::move(options.disk)}, context_{std::make_shared<system_context>()},
      problems_{std::make_shared<std::vector<error>>()} {
  check_names(options.namespaces);
  const auto detached = std::make_shared<bool>(false);
  vm_options v;
  if (disk) {
    storage = spawn_storage(actors(), disk, false);
    keep(storage.reader);
    keep(storage.writer);
    v.storage = storage;
    if (options.writer)
      v.storage.writer = options.writer;
  }
  v.pageout = options.pageout;
  v.ids = options.ids;
  for (const auto& ns : options.namespaces)
    v.namespaces.push_back(
        {ns.name, ns.options,
         without_threads(ns.pager ? ns.pager : spawn_mem_pager, detached)});
  context_->on_problem = [to = problems_](const error& e) { to->push_back(e); };
  context_->listener =
      keep(spawn_function(actors(), [to = problems_]() -> listener_actor::behavior_type {
        return {[to](const problem& p) { to->push_back(p.what); },
                [](const barrier_request&) { return done{}; }};
      }));
  v.listener = context_->listener;
  vm = keep(spawn_vm(actors(), std::move(v)));

  context_->ids = options.ids;
  for (const auto& ns : options.namespaces)
    context_->vms.emplace(ns.name, vm);
  context_->root = caf::actor_cast<caf::actor>(keep(spawn_function(
      actors(), []() -> root_actor::behavior_type { return {[](const wake_up&) {}}; })));
  run();
  if (*detached)
    throw failed{"a pager has a thread of its own, which knows no virtual time: spawn it "
                 "without caf::detached here"};
}

controller_ref virtual_system::spawn(std::function<void(controller&)> body) {
  auto ref = spawn_controller(actors(), context_, std::move(body));
  run();
  return ref;
}

expected<page_ptr> virtual_system::read(std::string_view ns, std::string_view id) {
  return ask<page_reply>(read_request{std::string{ns}, std::string{id}, false})
      .map([](const page_reply& reply) { return reply.page; });
}

expected<page_ptr> virtual_system::write(std::string_view ns, page_ptr page,
                                         write_rule rule) {
  return ask<written>(write_request{std::string{ns}, std::move(page), std::move(rule)})
      .map([](const written& reply) { return reply.page; });
}

expected<void> virtual_system::erase(std::string_view ns, std::string_view id,
                                     write_rule rule) {
  return ask<done>(delete_request{std::string{ns}, std::string{id}, std::move(rule)})
      .map([](const done&) {});
}

expected<std::vector<std::string>> virtual_system::list(std::string_view ns,
                                                        id_range range) {
  return ask<list_reply>(list_request{std::string{ns}, std::move(range)})
      .map([](const list_reply& reply) { return reply.ids; });
}

expected<std::uint64_t> virtual_system::page_out() {
  return ask<pageout_reply>(pageout_request{}).map([](const pageout_reply& reply) {
    return reply.pages;
  });
}

namespace_stats virtual_system::stats(std::string_view ns) {
  const auto reply = ask<stats_reply>(stats_request{});
  if (reply)
    for (const auto& entry : reply->namespaces)
      if (entry.ns == ns)
        return entry.counts;
  throw failed{"no namespace is called " + std::string{ns}};
}

std::vector<error> virtual_system::problems() {
  run();
  return std::exchange(*problems_, {});
}

void virtual_system::put_on_disk(std::string_view ns, page_ptr page, bool pending) {
  if (!disk)
    throw failed{"this system has no disk"};
  const std::string id{page->id()};
  const std::vector<commit_page> pages{{std::string{ns}, id, std::move(page), pending}};
  if (auto ok = disk->commit(pages); !ok)
    throw failed{ok.error().message};
}

stored_page virtual_system::on_disk(std::string_view ns, std::string_view id) {
  const auto* record = disk ? disk->record(std::string{ns}, std::string{id}) : nullptr;
  if (record == nullptr)
    return {};
  auto stored = decode_record(*record, id);
  if (!stored)
    throw failed{stored.error().message};
  return *stored;
}

} // namespace flok::testing
