// A running flok: vms, pagers, storage, controllers.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../runtime/config.hpp"
#include "../runtime/draft.hpp"
#include "../runtime/errors.hpp"
#include "../runtime/metrics.hpp"
#include "../runtime/page.hpp"
#include "../runtime/stats.hpp"
#include "metrics_endpoint.hpp"
#include "service.hpp"
#include "store_fault.hpp"

namespace spdlog {
class logger;
} // namespace spdlog

namespace caf {
class actor_system_config;
} // namespace caf

namespace flok {

class pager_source; // actors/messages.hpp; pagers/builtin.hpp has one

/// What else an actor system's configuration needs before it starts, such as a network
/// (remote/networking.hpp); or why it cannot have it.
using preparation = std::function<expected<void>(caf::actor_system_config&)>;

struct system_options {
  flok::config config;
  std::string config_name = "configuration"; ///< names it in errors

  /// Where pages are kept; none: nothing is. The configuration's `storage.path` is not
  /// looked at: whoever reads the file knows what it is relative to (open.hpp).
  std::optional<std::string> data;

  /// Threads for actors, 0: as many as there are cores. For an actor system of flok's own.
  std::size_t threads = 0;

  /// For an actor system of flok's own.
  preparation prepare{};

  /// How long `close` waits for controllers to deal with what they were told, and as long
  /// again for pagers to answer. Whoever takes longer is closed without.
  std::chrono::milliseconds patience{10'000};

  /// Gets failures that nobody waits for, on any thread, and what ended a controller whose
  /// handler threw (`controller_down`). Must not throw. Without it they go to stderr.
  std::function<void(const error&)> on_problem;

  /// Serves metrics where the configuration has `metrics`, as `prometheus_exporter()` does
  /// (prometheus.hpp). Without it such a configuration is refused.
  metrics_exporter exporter;

  /// Gets lines for people, problems among them (docs/decisions/logging.md); on any thread,
  /// so it is one of spdlog's with `_mt`. Without it nothing is logged.
  std::shared_ptr<spdlog::logger> logger;
};

/// How the actors of an actor system are scheduled.
enum class scheduling : std::uint8_t {
  prompt_stealing, ///< flok's own policy
  as_configured,   ///< what the embedder's configuration says (`scheduler.policy`)
};

/// A running system: pages of this process. `page_out`, `stats` and `close` wait for an
/// answer like what a service has (service.hpp). All may be called from several threads at
/// once, but for `close` and the destructor.
class system : public service {
public:
  /// Starts a system with an actor system of its own. Fails with `bad_config` or
  /// `storage_failure` before anything has started.
  [[nodiscard]] static expected<std::unique_ptr<system>> start(system_options options,
                                                               const pager_source& pagers);

  /// Starts one in the embedder's actor system, which must outlive it and whose
  /// configuration has been through `prepare`.
  [[nodiscard]] static expected<std::unique_ptr<system>>
  start(caf::actor_system& actors, system_options options, const pager_source& pagers);

  /// Makes flok's message types known, and has actors scheduled as was measured to suit
  /// flok (docs/decisions/scheduling.md), or as the configuration says.
  static void prepare(caf::actor_system_config& c,
                      scheduling how = scheduling::prompt_stealing);

  ~system();

  /// The page as it is in memory, or null where it is not, or no namespace is called so. No
  /// message, no waiting for anyone: from any thread, also an actor's, at any rate. A write
  /// that was answered shows. Nobody hears of it: it loads nothing and keeps nothing from
  /// eviction. Pages that changed together may be seen to change one by one.
  [[nodiscard]] page_ptr peek(std::string_view ns, std::string_view id) const;

  /// Pages out now. On return, all that was dirty is on disk; gives the number of pages.
  expected<std::uint64_t> page_out();

  /// Makes the disk fail in that way from now on, to see what comes of it. Only where
  /// `debug` is on and pages are kept: else `unsupported`.
  expected<void> inject(store_fault fault);

  struct namespace_counts {
    std::string ns;
    namespace_stats counts;
  };
  [[nodiscard]] std::vector<namespace_counts> stats();

  /// What has been counted and timed since the start (docs/metrics.md). Asks nobody and
  /// waits for nobody: from any thread, also an actor's, and after `close`. What goes on
  /// meanwhile may show in one figure and not yet in another.
  [[nodiscard]] flok::metrics metrics() const;

  /// Where metrics are served, as "127.0.0.1:9464"; none: nowhere, or no longer. Not while
  /// another thread closes it.
  [[nodiscard]] std::optional<std::string> metrics_address() const;

  /// What it was started with.
  [[nodiscard]] const config& configuration() const;

  /// Drains, ends all controllers, pages out, and ends all actors; requests fail after it.
  /// Gives the number of pages, or why they could not be committed; all has ended in either
  /// case. The destructor does the same, and reports a failure. Not from a controller.
  expected<std::uint64_t> close();

private:
  class impl;
  explicit system(std::unique_ptr<impl> i);
  [[nodiscard]] impl& inside() const;
};

} // namespace flok
