#include "actors/system.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/controller_actor.hpp"
#include "actors/faulty_store.hpp"
#include "actors/lmdb_store.hpp"
#include "actors/messages.hpp"
#include "actors/random_ids.hpp"
#include "actors/scheduling.hpp"
#include "actors/storage.hpp"
#include "actors/vm.hpp"

namespace flok {

namespace {

/// Fewer threads would let one busy vm hold up every controller.
constexpr std::size_t fewest_threads = 2;

/// How long `close` waits for pagers.
constexpr std::chrono::seconds longest_drain{10};

std::size_t hardware_threads() {
  return std::max<std::size_t>(std::thread::hardware_concurrency(), fewest_threads);
}

/// Hears of problems.
listener_actor::behavior_type listen(std::function<void(const error&)> handler) {
  return {[handler = std::move(handler)](const problem& p) { handler(p.what); },
          [](const barrier_request&) { return done{}; }};
}

using root_actor = interface<handles<wake_up>>;

/// Does nothing; controllers end when it does.
root_actor::behavior_type be_root() {
  return {[](const wake_up&) {}};
}

/// Actors by which plain threads ask: making one takes longer than the answer does. Any
/// thread may call.
class asker_pool {
  using asker = std::unique_ptr<caf::scoped_actor>;

public:
  /// One that nobody else uses; it comes back when the lease ends.
  [[nodiscard]] auto lend(caf::actor_system& actors) {
    const auto back = [this](caf::scoped_actor* a) { take_back(asker{a}); };
    const std::lock_guard lock{mutex_};
    if (idle_.empty())
      idle_.push_back(std::make_unique<caf::scoped_actor>(actors, true));
    std::unique_ptr<caf::scoped_actor, decltype(back)> lent{idle_.back().release(), back};
    idle_.pop_back();
    return lent;
  }

private:
  void take_back(asker a) {
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(a));
  }

  std::mutex mutex_;
  std::vector<asker> idle_;
};

/// Standard output is the embedder's, and so is spdlog's default logger.
void print_problem(const error& e) {
  const auto line = "flok: " + std::string{to_string(e.code)} + ": " + e.message + "\n";
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

} // namespace

class system::impl {
public:
  ~impl() {
    if (!closed_)
      if (auto ok = close(); !ok)
        context_->on_problem(ok.error());
  }

  /// Uses `actors`, or an actor system of its own where that is null.
  expected<void> start(caf::actor_system* actors, system_options options,
                       const pager_source& pagers) {
    if (auto ok = check_config(options.config, options.config_name, pagers.kinds()); !ok)
      return ok;
    auto opened = open_store(options);
    if (!opened)
      return failure(opened.error());
    own_actors(actors, options);
    context_->ids = random_ids();
    context_->on_problem = options.on_problem ? options.on_problem : print_problem;
    context_->listener = actors_->spawn(listen, context_->on_problem);
    context_->root = caf::actor_cast<caf::actor>(spawn_function(*actors_, be_root));
    if (*opened)
      storage_ = spawn_storage(*actors_, watched(breakable(std::move(*opened), options)));
    start_vms(options, pagers);
    config_ = std::move(options.config);
    closed_ = false;
    return {};
  }

  template <class Reply, class Actor, class Request>
  expected<Reply> ask(const Actor& who, Request request) {
    const auto self = askers_.lend(*actors_);
    expected<Reply> result;
    (*self)
        ->request(who, caf::infinite, std::move(request))
        .receive([&](Reply& reply) { result = std::move(reply); },
                 [&](caf::error& why) { result = failure(from_caf(why)); });
    return result;
  }

  page_ptr peek(std::string_view ns, std::string_view id) const {
    const auto table = context_->tables.find(ns);
    return table != context_->tables.end() ? table->second->find(id) : nullptr;
  }

  template <class Reply, class Request>
  expected<Reply> ask_in(std::string_view ns, Request request) {
    if (closed_)
      return failure(closed_error());
    const auto vm = context_->vms.find(ns);
    if (vm == context_->vms.end())
      return failure(errc::unknown_namespace, "no namespace is called " + std::string{ns});
    return ask<Reply>(vm->second, std::move(request));
  }

  expected<std::uint64_t> page_out() {
    return closed_ ? failure(closed_error()) : page_out_all();
  }

  expected<std::uint64_t> page_out_all() {
    std::uint64_t pages = 0;
    std::optional<error> failed;
    for (const auto& vm : vms_) {
      auto reply = ask<pageout_reply>(vm, pageout_request{});
      if (reply)
        pages += reply->pages;
      else
        failed = reply.error();
    }
    if (failed)
      return failure(*failed);
    return pages;
  }

  /// First the controllers must have asked, then the vms be done, then the controllers have
  /// heard, and problems be told.
  void drain() {
    const auto controllers = context_->controllers.wait_started();
    pass(controllers);
    for (const auto& vm : vms_)
      (void)ask<done>(vm, drain_request{});
    pass(controllers);
    (void)ask<done>(context_->listener, barrier_request{});
  }

  /// Waits until each has dealt with what it was sent before.
  void pass(const std::vector<caf::actor_addr>& controllers) {
    for (const auto& address : controllers)
      if (const auto controller = caf::actor_cast<controller_actor>(address))
        (void)ask<done>(controller, barrier_request{});
  }

  expected<std::uint64_t> close() {
    if (std::exchange(closed_, true))
      return std::uint64_t{0};
    const auto early = page_out_all(); // whatever a pager does not answer below
    const auto controllers = context_->controllers.wait_started();
    pass(controllers);
    drain_for_close();
    pass(controllers);
    caf::anon_send_exit(context_->root, caf::exit_reason::user_shutdown);
    context_->controllers.wait_none();
    drain_for_close(); // what the controllers asked for at last
    auto late = page_out_all();
    end_actors();
    if (late && early)
      *late += *early;
    return late;
  }

  expected<void> inject(store_fault fault) {
    if (!fault_)
      return failure(errc::unsupported, "only where debug is on and pages are kept");
    fault_->store(fault);
    return {};
  }

  /// A pager that never answers must not keep a system from ending.
  void drain_for_close() {
    for (const auto& vm : vms_)
      if (!drained_in_time(vm))
        context_->on_problem(
            {errc::pager_down, "a pager does not answer; closing without it"});
  }

  bool drained_in_time(const vm_actor& vm) {
    const auto drained = std::make_shared<std::promise<void>>();
    auto in_time = drained->get_future();
    spawn_function(*actors_, [vm, drained](caf::event_based_actor* self) {
      self->request(vm, caf::infinite, drain_request{})
          .then([drained](const done&) { drained->set_value(); },
                [drained](const caf::error&) { drained->set_value(); });
    });
    return in_time.wait_for(longest_drain) == std::future_status::ready;
  }

  caf::actor_system& actors() { return *actors_; }

  std::shared_ptr<system_context> context_ = std::make_shared<system_context>();
  std::vector<vm_actor> vms_;
  config config_;

private:
  static error closed_error() { return {errc::shutting_down, "the system is closed"}; }

  static expected<std::unique_ptr<store>> open_store(const system_options& options) {
    if (!options.data)
      return nullptr;
    lmdb_options lmdb;
    lmdb.directory = *options.data;
    for (const auto& p : options.config.pagers)
      lmdb.namespaces.push_back(p.ns);
    return open_lmdb_store(lmdb);
  }

  void own_actors(caf::actor_system* given, const system_options& options) {
    actors_ = given;
    if (given != nullptr)
      return;
    prepare(actor_config_);
    set_scheduler_threads(actor_config_, options.threads == 0
                                             ? hardware_threads()
                                             : std::max(options.threads, fewest_threads));
    own_ = std::make_unique<caf::actor_system>(actor_config_);
    actors_ = own_.get();
  }

  /// Where `debug` is on, the disk can be told to fail.
  std::unique_ptr<store> breakable(std::unique_ptr<store> s,
                                   const system_options& options) {
    if (!options.config.debug)
      return s;
    fault_ = std::make_shared<std::atomic<store_fault>>(store_fault::none);
    return std::make_unique<faulty_store>(std::move(s), fault_);
  }

  /// The store, which tells when the last actor has let go of it: only then may another
  /// system open the directory.
  std::shared_ptr<store> watched(std::unique_ptr<store> s) {
    const auto gone = std::make_shared<std::promise<void>>();
    store_gone_ = gone->get_future();
    return {s.release(), [gone](store* p) {
              delete p;
              gone->set_value();
            }};
  }

  /// Spreads the namespaces over as many vms as there are cores.
  void start_vms(const system_options& options, const pager_source& pagers) {
    const auto& wanted = options.config.pagers;
    const std::size_t count = std::min(wanted.size(), hardware_threads());
    for (std::size_t i = 0; i < count; ++i) {
      vm_options vm;
      vm.storage = storage_;
      vm.pageout = options.config.pageout;
      vm.ids = context_->ids;
      vm.debug = options.config.debug;
      for (std::size_t at = i; at < wanted.size(); at += count) {
        const auto& ns = wanted[at];
        const auto table = std::make_shared<page_table>();
        context_->tables.emplace(ns.ns, table);
        vm.namespaces.push_back({ns.ns, ns.options, pagers.factory(ns.name), table});
      }
      // Each namespace has the same part of the cache, and those of one vm share theirs.
      vm.max_bytes = options.config.cache.max_bytes;
      if (vm.max_bytes != 0)
        vm.max_bytes =
            std::max<std::uint64_t>(1, vm.max_bytes * vm.namespaces.size() / wanted.size());
      vms_.push_back(spawn_vm(*actors_, std::move(vm)));
      (void)ask<done>(vms_.back(), listen_request{context_->listener});
      for (std::size_t at = i; at < wanted.size(); at += count)
        context_->vms.emplace(wanted[at].ns, vms_.back());
    }
  }

  void end_actors() {
    const auto lent = askers_.lend(*actors_);
    auto& self = *lent;
    for (const auto& vm : vms_)
      self->send_exit(vm, caf::exit_reason::user_shutdown);
    for (const auto& vm : vms_)
      self->wait_for(vm);
    vms_.clear();
    context_->vms.clear();
    context_->tables.clear();
    context_->root = caf::actor{};
    if (storage_.reader) {
      self->send_exit(storage_.reader, caf::exit_reason::user_shutdown);
      self->send_exit(storage_.writer, caf::exit_reason::user_shutdown);
      storage_ = {};
      store_gone_.wait();
    }
    (void)ask<done>(context_->listener,
                    barrier_request{}); // it has told all that it was told
    self->send_exit(context_->listener, caf::exit_reason::user_shutdown);
    self->wait_for(context_->listener);
    context_->listener = listener_actor{};
  }

  caf::actor_system_config actor_config_;
  std::unique_ptr<caf::actor_system> own_;
  caf::actor_system* actors_ = nullptr;
  asker_pool askers_; ///< goes before the actors do
  std::future<void> store_gone_;
  storage_actors storage_;
  faulty_store::switch_ptr fault_;
  bool closed_ = true; ///< until it has started
};

void system::prepare(caf::actor_system_config& c, scheduling how) {
  add_message_types<caf::id_block::flok>(c);
  if (how == scheduling::prompt_stealing)
    use_prompt_stealing(c);
}

expected<std::unique_ptr<system>> system::start(system_options options,
                                                const pager_source& pagers) {
  auto i = std::make_unique<impl>();
  if (auto ok = i->start(nullptr, std::move(options), pagers); !ok)
    return failure(ok.error());
  return std::unique_ptr<system>{new system{std::move(i)}};
}

expected<std::unique_ptr<system>> system::start(caf::actor_system& actors,
                                                system_options options,
                                                const pager_source& pagers) {
  auto i = std::make_unique<impl>();
  if (auto ok = i->start(&actors, std::move(options), pagers); !ok)
    return failure(ok.error());
  return std::unique_ptr<system>{new system{std::move(i)}};
}

system::system(std::unique_ptr<impl> i) : impl_{std::move(i)} {}

system::~system() = default;

controller_ref system::spawn(std::function<void(controller&)> body) {
  return spawn_controller(impl_->actors(), impl_->context_, std::move(body));
}

expected<page_ptr> system::read(std::string_view ns, std::string_view id) {
  return impl_
      ->ask_in<page_reply>(ns, read_request{std::string{ns}, std::string{id}, false})
      .map([](const page_reply& reply) { return reply.page; });
}

page_ptr system::peek(std::string_view ns, std::string_view id) const {
  return impl_->peek(ns, id);
}

expected<page_ptr> system::write(std::string_view ns, page_ptr page, write_rule rule) {
  return impl_
      ->ask_in<written>(ns,
                        write_request{std::string{ns}, std::move(page), std::move(rule)})
      .map([](const written& reply) { return reply.page; });
}

expected<void> system::erase(std::string_view ns, std::string_view id, write_rule rule) {
  return impl_
      ->ask_in<done>(ns, delete_request{std::string{ns}, std::string{id}, std::move(rule)})
      .map([](const done&) {});
}

expected<std::vector<std::string>> system::list(std::string_view ns, id_range range) {
  return impl_->ask_in<list_reply>(ns, list_request{std::string{ns}, std::move(range)})
      .map([](const list_reply& reply) { return reply.ids; });
}

expected<void> system::inject(store_fault fault) { return impl_->inject(fault); }

expected<std::uint64_t> system::page_out() { return impl_->page_out(); }

void system::drain() { impl_->drain(); }

std::vector<system::namespace_counts> system::stats() {
  std::vector<namespace_counts> all;
  for (const auto& vm : impl_->vms_)
    if (auto reply = impl_->ask<stats_reply>(vm, stats_request{}))
      for (auto& entry : reply->namespaces)
        all.push_back({std::move(entry.ns), entry.counts});
  return all;
}

const config& system::configuration() const { return impl_->config_; }

const id_source& system::ids() const { return impl_->context_->ids; }

expected<std::uint64_t> system::close() { return impl_->close(); }

caf::actor_system& system::actors() { return impl_->actors(); }

const system_context& system::context() const { return *impl_->context_; }

} // namespace flok
