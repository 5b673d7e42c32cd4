#include "actors/system.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <future>
#include <thread>
#include <utility>

#include <caf/scoped_actor.hpp>

#include "actors/controller_actor.hpp"
#include "actors/faulty_store.hpp"
#include "actors/lmdb_store.hpp"
#include "actors/log.hpp"
#include "actors/messages.hpp"
#include "actors/random_ids.hpp"
#include "actors/scheduling.hpp"
#include "actors/service_impl.hpp"
#include "actors/storage.hpp"
#include "actors/vm.hpp"

namespace flok {

namespace {

/// Fewer threads would let one busy vm hold up every controller.
constexpr std::size_t fewest_threads = 2;

std::size_t hardware_threads() {
  return std::max<std::size_t>(std::thread::hardware_concurrency(), fewest_threads);
}

/// Hears of problems.
listener_actor::behavior_type listen(std::function<void(const error&)> handler) {
  return {[handler = std::move(handler)](const problem& p) { handler(p.what); },
          [](const barrier_request&) { return done{}; }};
}

} // namespace

class system::impl final : public service::impl {
public:
  ~impl() override {
    if (!closed_)
      if (auto ok = close(); !ok)
        context_->on_problem(ok.error());
  }

  /// Uses `actors`, or an actor system of its own where that is null.
  expected<void> start(caf::actor_system* actors, system_options options,
                       const pager_source& pagers) {
    if (auto ok = check_config(options.config, options.config_name, pagers.kinds()); !ok)
      return ok;
    if (actors == nullptr)
      if (auto ok = configure(options); !ok)
        return ok;
    context_->meters = std::make_shared<meters>();
    for (const auto& p : options.config.pagers)
      (void)context_->meters->add(p.ns);
    log_ = event_log{options.logger};
    if (auto ok = serve_metrics(options); !ok)
      return ok;
    auto opened = open_store(options);
    if (!opened)
      return failure(opened.error());
    own_actors(actors);
    context_->ids = random_ids();
    context_->on_problem = problem_handler(options);
    context_->listener = actors_->spawn(listen, context_->on_problem);
    context_->root = spawn_root(*actors_);
    if (*opened)
      storage_ = spawn_storage(*actors_, watched(breakable(std::move(*opened), options)));
    start_vms(options, pagers);
    log_start(options);
    config_ = std::move(options.config);
    patience_ = options.patience;
    closed_ = false;
    return {};
  }

  page_ptr peek(std::string_view ns, std::string_view id) const {
    const auto table = context_->tables.find(ns);
    return table != context_->tables.end() ? table->second->find(id) : nullptr;
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

  expected<std::uint64_t> close() {
    if (std::exchange(closed_, true))
      return std::uint64_t{0};
    const auto early = page_out_all(); // whatever a pager does not answer below
    allowance of_controllers{patience_};
    allowance of_pagers{patience_};
    auto left = drain_within(of_controllers, of_pagers);
    caf::anon_send_exit(context_->root, caf::exit_reason::user_shutdown);
    context_->controllers.wait_none();
    if (!left.vms)
      left.vms = drain_within(of_controllers, of_pagers)
                     .vms; // what the controllers asked for at last
    tell_of(left);
    auto late = page_out_all();
    end_actors();
    endpoint_.reset();
    if (late && early)
      *late += *early;
    if (late)
      log_.write(log_level::info, "closed", {{"pages_committed", *late}});
    else
      log_.write(log_level::error, "closed", {{"not_kept", late.error().message}});
    return late;
  }

  expected<void> inject(store_fault fault) {
    if (!fault_)
      return failure(errc::unsupported, "only where debug is on and pages are kept");
    fault_->store(fault);
    return {};
  }

  /// Neither a pager that never answers nor a controller that sets its events aside keeps a
  /// system from ending.
  void tell_of(const unfinished& left) {
    if (left.vms)
      context_->on_problem(
          {errc::pager_down, "a pager does not answer; closing without it"});
    if (left.controllers)
      context_->on_problem({errc::controller_down,
                            "a controller has not dealt with all that it was told: its "
                            "deliver_while is not ready, or a handler takes long; closing "
                            "without it"});
  }

  [[nodiscard]] std::optional<std::string> metrics_address() const {
    return endpoint_ ? std::optional{endpoint_->address()} : std::nullopt;
  }

  config config_;

private:
  /// Before anything has started.
  expected<void> serve_metrics(const system_options& options) {
    const auto& listen = options.config.metrics.listen;
    const auto refused = [&](const std::string& why) {
      return failure(errc::bad_config, options.config_name + ": " + why);
    };
    if (listen.empty())
      return {};
    if (!options.exporter)
      return refused("/metrics: this program has nothing to serve them with; link "
                     "flok::prometheus, which needs prometheus-cpp, and give its exporter");
    auto opened =
        options.exporter(listen, [counted = context_->meters] { return counted->read(); });
    if (!opened)
      return refused("/metrics/listen: " + opened.error().message);
    endpoint_ = std::move(*opened);
    return {};
  }

  /// Every problem passes here: it is counted, logged, and told. Where nobody listens at
  /// all it goes to standard error.
  std::function<void(const error&)> problem_handler(const system_options& options) const {
    auto handler = options.on_problem;
    if (!handler && !options.logger)
      handler = print_problem;
    return [counted = context_->meters, log = log_, handler](const error& e) {
      counted->count(e.code);
      log.write(log_level::error, "problem",
                {{"code", to_string(e.code)}, {"message", e.message}});
      if (handler)
        handler(e);
    };
  }

  void log_start(const system_options& options) const {
    std::string names;
    for (const auto& p : options.config.pagers)
      names += (names.empty() ? "" : ",") + p.ns;
    const std::string metrics = endpoint_ ? endpoint_->address() : "none";
    const std::string data = options.data.value_or("none");
    log_.write(log_level::info, "started",
               {{"namespaces", names}, {"data", data}, {"metrics", metrics}});
  }

  static expected<std::unique_ptr<store>> open_store(const system_options& options) {
    if (!options.data)
      return nullptr;
    lmdb_options lmdb;
    lmdb.directory = *options.data;
    lmdb.log = event_log{options.logger};
    for (const auto& p : options.config.pagers)
      lmdb.namespaces.push_back(p.ns);
    return open_lmdb_store(lmdb);
  }

  /// How an actor system of our own is to be.
  expected<void> configure(const system_options& options) {
    prepare(actor_config_);
    set_scheduler_threads(actor_config_, options.threads == 0
                                             ? hardware_threads()
                                             : std::max(options.threads, fewest_threads));
    return options.prepare ? options.prepare(actor_config_) : expected<void>{};
  }

  void own_actors(caf::actor_system* given) {
    actors_ = given;
    if (given != nullptr)
      return;
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
      vm.meters = context_->meters;
      vm.log = log_;
      vm.listener = context_->listener;
      for (std::size_t at = i; at < wanted.size(); at += count) {
        const auto& ns = wanted[at];
        const auto table = std::make_shared<page_table>();
        context_->tables.emplace(ns.ns, table);
        vm.namespaces.push_back(
            {ns.ns, ns.options, pagers.factory(ns.name), table, context_->meters->at(at)});
      }
      // Each namespace has the same part of the cache, and those of one vm share theirs.
      vm.max_bytes = options.config.cache.max_bytes;
      if (vm.max_bytes != 0)
        vm.max_bytes =
            std::max<std::uint64_t>(1, vm.max_bytes * vm.namespaces.size() / wanted.size());
      vms_.push_back(spawn_vm(*actors_, std::move(vm)));
      for (std::size_t at = i; at < wanted.size(); at += count)
        context_->vms.emplace(wanted[at].ns, vms_.back());
    }
  }

  void end_actors() {
    caf::scoped_actor self{*actors_, true};
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
  std::chrono::milliseconds patience_{};
  std::future<void> store_gone_;
  storage_actors storage_;
  event_log log_;
  std::unique_ptr<metrics_endpoint> endpoint_; ///< where `metrics` is configured
  faulty_store::switch_ptr fault_;
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

system::system(std::unique_ptr<impl> i) : service{std::move(i)} {}

system::~system() = default;

system::impl& system::inside() const { return static_cast<impl&>(*impl_); }

page_ptr system::peek(std::string_view ns, std::string_view id) const {
  return inside().peek(ns, id);
}

expected<void> system::inject(store_fault fault) { return inside().inject(fault); }

expected<std::uint64_t> system::page_out() { return inside().page_out(); }

std::vector<system::namespace_counts> system::stats() {
  std::vector<namespace_counts> all;
  for (const auto& vm : inside().vms_)
    if (auto reply = inside().ask<stats_reply>(vm, stats_request{}))
      for (auto& entry : reply->namespaces)
        all.push_back({std::move(entry.ns), entry.counts});
  return all;
}

metrics system::metrics() const { return inside().context_->meters->read(); }

std::optional<std::string> system::metrics_address() const {
  return inside().metrics_address();
}

const config& system::configuration() const { return inside().config_; }

expected<std::uint64_t> system::close() { return inside().close(); }

} // namespace flok
