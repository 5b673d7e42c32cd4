#include "bench/actors.hpp"

#include <stdexcept>
#include <utility>

#include <caf/event_based_actor.hpp>

#include "bench/paged_system.hpp"
#include "bench/pages.hpp"

namespace flok::bench {

actor_system::prepared::prepared(std::size_t threads, const std::string& policy) {
  flok::system::prepare(*this, policy.empty() ? scheduling::prompt_stealing
                                              : scheduling::as_configured);
  if (!policy.empty())
    set_scheduler_policy(*this, policy);
  set_scheduler_threads(*this, threads);
}

actor_system::actor_system(std::size_t threads, const std::string& policy)
    : config{threads, policy}, actors{config} {}

std::unique_ptr<system> start_in(caf::actor_system& actors,
                                 const std::vector<std::string>& namespaces,
                                 const pager_source& pagers) {
  system_options options;
  for (const auto& ns : namespaces)
    options.config.pagers.push_back({"mem", ns, "{}"});
  auto sys = system::start(actors, std::move(options), pagers);
  if (!sys)
    throw std::runtime_error{sys.error().message};
  return std::move(*sys);
}

void spawn_watchers(system& sys, const std::string& ns, const std::string& id,
                    std::size_t count, const tally& told) {
  for (std::size_t i = 0; i < count; ++i)
    sys.spawn([ns, id, told](controller& self) {
      self.watch(ns, id, [told = told](const update&) mutable { told.add(); }, {},
                 {.changes = false, .every = true});
    });
  sys.drain();
}

void flok_writer::write(std::size_t count) {
  unsent_ = unanswered_ = count;
  writer_.post([this](controller& self) {
    for (std::size_t i = 0; i < window_; ++i)
      write_next(self);
  });
}

void flok_writer::write_next(controller& self) {
  if (unsent_ == 0)
    return;
  --unsent_;
  self.write(ns_, versions_[next_++ % versions_.size()],
             [this, &self](const expected<page_ptr>&) {
               if (--unanswered_ == 0)
                 return reports_.add();
               write_next(self);
             });
}

std::vector<page_ptr> versions_of(const std::string& id, std::size_t count) {
  std::vector<page_ptr> versions;
  for (std::size_t i = 0; i < count; ++i)
    versions.push_back(make_page(page_kind::array, id, entries_of_500_bytes, 64, i));
  return versions;
}

raw_actors::~raw_actors() {
  for (const auto& a : all_)
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
}

void spawn_receivers(caf::actor_system& actors, raw_actors& all, std::size_t count,
                     const tally& told) {
  for (std::size_t i = 0; i < count; ++i)
    all.add(spawn_function(actors, [told]() -> caf::behavior {
      return {[told = told](const read_res&) mutable { told.add(); }};
    }));
}

caf::actor spawn_page_server(caf::actor_system& actors, caf::message answer) {
  return spawn_function(actors, [answer = std::move(answer)]() -> caf::behavior {
    return {[answer](const read_request&) { return answer; }};
  });
}

caf::message read_res_of(const page_ptr& page) {
  return caf::make_message(read_res{bench_ns, {page}, origin::pager, false});
}

} // namespace flok::bench
