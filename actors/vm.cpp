#include "actors/vm.hpp"

#include <exception>

#include "actors/vm_state.hpp"
#include "runtime/codec.hpp"

namespace flok {

void vm_state::start(vm_options options) {
  address_space_options space;
  for (auto& ns : options.namespaces) {
    space.namespaces.push_back(ns.name);
    space.tables.push_back(std::move(ns.table));
    if (!ns.meters)
      ns.meters = std::make_shared<namespace_meters>();
    space.meters.push_back(ns.meters);
    pagers_.push_back({std::move(ns), {}, 0, {}, {}});
  }
  storage_ = options.storage;
  log_ = std::move(options.log);
  meters_ = options.meters ? std::move(options.meters) : std::make_shared<meters>();
  space.storage = static_cast<bool>(storage_.reader);
  space.max_dirty = options.pageout.max_dirty;
  space.max_bytes = options.max_bytes;
  space.debug = debug_ = options.debug;
  space_ = std::make_unique<address_space>(std::move(space), std::move(options.ids));
  interval_ = std::chrono::milliseconds{options.pageout.interval_ms};
  if (options.listener)
    listeners_.push_back(std::move(options.listener));
  self_->set_exception_handler([this](std::exception_ptr& thrown) {
    auto reason = reason_of(thrown);
    try {
      died(what_was_thrown(reason));
    } catch (const std::exception&) { // there is no memory left to tell with
    }
    return reason;
  });
  on_down(self_, [this](caf::down_msg& m) { down(m); });
  on_exit(self_, [this](caf::exit_msg& m) { end(m.reason); });
  ignore_errors_of_others(self_);
  for (ns_id ns = 0; ns < pagers_.size(); ++ns)
    if (!start_pager(ns))
      space_->pager_lost(ns);
  if (storage_.writer || log_.wants(log_level::warning))
    send_later(self_, interval_, self_, pageout_tick{});
}

caf::delegated<done> vm_state::watch(const watch_request& m) {
  if (!m.watcher)
    return refuse<done>({errc::bad_request, "a watch without a watcher"});
  if (auto ok = check_id(m.id); !ok) // before the watcher is known
    return refuse<done>(ok.error());
  return request_in<done>(m.ns, [&](request_id r, ns_id ns) {
    space_->watch(r, known_watcher(m.watcher), ns, m.id, m.sync, m.every);
  });
}

caf::delegated<written> vm_state::write(const write_request& m) {
  if (!m.page)
    return refuse<written>({errc::invalid_page, "a write without a page"});
  return request_in<written>(
      m.ns, [&](request_id r, ns_id ns) { space_->write(r, ns, m.page, m.rule); });
}

caf::delegated<written> vm_state::edit(const edit_request& m) {
  return request_in<written>(m.ns, [&](request_id r, ns_id ns) {
    space_->edit(r, ns, m.id, m.edits, m.create, m.rule);
  });
}

caf::delegated<done> vm_state::erase(const delete_request& m) {
  return request_in<done>(
      m.ns, [&](request_id r, ns_id ns) { space_->erase(r, ns, m.id, m.rule); });
}

caf::delegated<done> vm_state::invalidate(const invalidate_request& m) {
  return request_in<done>(m.ns,
                          [&](request_id r, ns_id ns) { space_->invalidate(r, ns, m.id); });
}

caf::delegated<list_reply> vm_state::list(const list_request& m) {
  return request_in<list_reply>(
      m.ns, [&](request_id r, ns_id ns) { space_->list(r, ns, m.range); });
}

caf::delegated<page_reply> vm_state::read(const read_request& m) {
  return request_in<page_reply>(
      m.ns, [&](request_id r, ns_id ns) { space_->read(r, ns, m.id, m.sync, m.keep); });
}

void vm_state::tick() {
  log_growth();
  space_->pageout_due();
  perform();
  send_later(self_, interval_, self_, pageout_tick{});
}

vm_actor::behavior_type vm_state::behavior() {
  return {
      [this](const cache_write& w) { from_pager(w); },
      [this](const watch_request& m) { return watch(m); },
      [this](const unwatch_request& m) {
        return request_in<done>(m.ns, [&](request_id r, ns_id ns) {
          unwatch(r, m.watcher.address(), ns, m.id);
        });
      },
      [this](const forget_request& m) {
        return request<done>([&](request_id r) { forget(r, m.watcher.address()); });
      },
      [this](const credit& m) { take_credit(m); },
      [this](const delete_request& m) { return erase(m); },
      [this](const invalidate_request& m) { return invalidate(m); },
      [this](const list_request& m) { return list(m); },
      [this](const cache_request& m) { return cache_as_pager(m); },
      [this](const read_request& m) { return read(m); },
      [this](const write_request& m) { return write(m); },
      [this](const edit_request& m) { return edit(m); },
      [this](const pageout_request&) {
        return request<pageout_reply>([&](request_id r) { space_->page_out(r); });
      },
      [this](const drain_request&) {
        return request<done>([&](request_id r) { space_->drain(r); });
      },
      [this](const stats_request&) { return stats(); },
      [this](const find_pager_request& m) { return find_pager(m.ns); },
      [this](const listen_request& m) {
        listeners_.push_back(m.listener);
        return done{};
      },
      [this](const pageout_tick&) { tick(); },
      [this](const retry_tick&) {
        space_->retry_pageout();
        perform();
      },
      [this](const restart_tick& m) { restart_pager(m.ns); },
  };
}

vm_actor spawn_vm(caf::actor_system& sys, vm_options options) {
  return spawn_function(sys,
                        [options = std::move(options)](vm_state::pointer self) mutable {
                          state_of(self).start(std::move(options));
                          return state_of(self).behavior();
                        });
}

} // namespace flok
