// What workloads of actors share. Both sides live in one actor system, which is configured
// as flok's own are, unless a workload says otherwise; a side sleeps while the other one is
// measured.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/message.hpp>

#include "actors/messages.hpp"
#include "bench/told_count.hpp"
#include "flok.hpp"

namespace flok::bench {

/// An actor system as flok's own are, unless the number of threads is given, or one of
/// CAF's scheduling policies.
struct actor_system {
  explicit actor_system(std::size_t threads = std::max(std::thread::hardware_concurrency(),
                                                       2U),
                        const std::string& policy = {});

  struct prepared : caf::actor_system_config {
    prepared(std::size_t threads, const std::string& policy);
  };
  prepared config;
  caf::actor_system actors;
};

/// flok in an actor system: memory only, with a namespace for each of the names.
[[nodiscard]] std::unique_ptr<system> start_in(caf::actor_system& actors,
                                               const std::vector<std::string>& namespaces,
                                               const pager_source& pagers);

/// Counts what one actor is told, and reports once for so many: what is shared between
/// threads is not touched for each delivery.
class tally {
public:
  tally(told_count& reports, std::size_t each) : reports_{&reports}, each_{each} {}

  void add() {
    if (++count_ != each_)
      return;
    count_ = 0;
    reports_->add();
  }

private:
  told_count* reports_;
  std::size_t each_;
  std::size_t count_ = 0;
};

/// Adds controllers that watch a page, each with a tally of its own. They ask for every
/// version: all sides deliver the same.
void spawn_watchers(system& sys, const std::string& ns, const std::string& id,
                    std::size_t count, const tally& told);

/// Writes versions of a page from a controller, so many under way at a time. The versions
/// must differ from one to the next.
class flok_writer {
public:
  /// Reports once for all writes of a call of `write`.
  flok_writer(system& sys, std::string ns, std::vector<page_ptr> versions,
              std::size_t window, told_count& reports)
      : ns_{std::move(ns)}, versions_{std::move(versions)}, window_{window},
        reports_{reports}, writer_{sys.spawn({})} {}

  /// Begins to write that many.
  void write(std::size_t count);

private:
  void write_next(controller& self);

  std::string ns_;
  std::vector<page_ptr> versions_;
  std::size_t window_;
  told_count& reports_;
  controller_ref writer_;
  std::size_t next_ = 0;
  std::size_t unsent_ = 0;
  std::size_t unanswered_ = 0;
};

/// Versions of a page of 0.5 KB.
[[nodiscard]] std::vector<page_ptr> versions_of(const std::string& id, std::size_t count);

/// Actors of a floor. They end with this object.
class raw_actors {
public:
  raw_actors() = default;
  ~raw_actors();
  raw_actors(const raw_actors&) = delete;
  raw_actors& operator=(const raw_actors&) = delete;

  const caf::actor& add(caf::actor a) { return all_.emplace_back(std::move(a)); }
  [[nodiscard]] const std::vector<caf::actor>& all() const { return all_; }

private:
  std::vector<caf::actor> all_;
};

/// Adds actors that count each `read_res`, as the controllers of `spawn_watchers` do.
void spawn_receivers(caf::actor_system& actors, raw_actors& all, std::size_t count,
                     const tally& told);

/// An actor that answers each `read_request` with the same message, built before.
[[nodiscard]] caf::actor spawn_page_server(caf::actor_system& actors, caf::message answer);

/// What a watcher is told, of one page.
[[nodiscard]] caf::message read_res_of(const page_ptr& page);

[[nodiscard]] inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace flok::bench
