// flok beside what people use today: a page is written and ten watchers are told of each
// version; a page in memory is read. What each peer does that flok in one process does not
// stands in peer.hpp; none of these rows has a goal.
#include <chrono>
#include <future>
#include <stdexcept>
#include <vector>

#include "bench/paged_system.hpp"
#include "bench/pages.hpp"
#include "bench/peer.hpp"
#include "bench/told_count.hpp"
#include "bench/workloads.hpp"

namespace flok::bench {

namespace {

using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

/// A burst of versions of one page of 3.5 KB.
std::vector<page_ptr> versions_of_page() {
  std::vector<page_ptr> versions;
  for (std::size_t i = 0; i < burst; ++i)
    versions.push_back(
        make_page(page_kind::array, "page", entries_of_3500_bytes, 64, i + 1));
  return versions;
}

std::vector<std::string> texts_of(const std::vector<page_ptr>& pages) {
  std::vector<std::string> texts;
  for (const auto& p : pages)
    texts.push_back(p->json());
  return texts;
}

/// The peers of a workload; those that cannot start say why.
class started_peers {
public:
  void start(std::unique_ptr<peer> (*make)()) {
    one p;
    try {
      p.running = make();
    } catch (const std::exception& e) {
      p.missing = e.what();
    }
    all_.push_back(std::move(p));
  }

  /// The peer of a side; sides are counted from 1. Null where it is missing.
  [[nodiscard]] peer* of(std::size_t side) const { return all_.at(side - 1).running.get(); }
  [[nodiscard]] const std::string& missing(std::size_t side) const {
    return all_.at(side - 1).missing;
  }

private:
  struct one {
    std::unique_ptr<peer> running;
    std::string missing;
  };
  std::vector<one> all_;
};

// -- writing ------------------------------------------------------------------

/// flok in the same role: watchers are controllers that want every version.
class flok_writer {
public:
  explicit flok_writer(std::span<const page_ptr> versions) : versions_{versions} {
    for (std::size_t i = 0; i < watchers; ++i)
      sys_->spawn([this](controller& self) {
        self.watch(bench_ns, "page", [this](const update&) { told_.add(); }, {},
                   {.changes = false, .every = true});
      });
    sys_->drain();
  }

  /// Returns when each watcher has been told of each version.
  void write_burst() {
    writer_.post([this](controller& self) {
      for (const auto& page : versions_)
        self.write(bench_ns, page);
    });
    expected_ += versions_.size() * watchers;
    told_.wait(expected_);
  }

private:
  std::span<const page_ptr> versions_;
  told_count told_; // outlives the system, and so the watchers
  std::unique_ptr<system> sys_ = start_system({});
  controller_ref writer_ = sys_->spawn({});
  std::size_t expected_ = 0;
};

class peer_write final : public workload {
public:
  explicit peer_write(std::size_t bursts) : bursts_{bursts} {
    for (const auto make : {start_redis, start_nats, start_sqlite})
      peers_.start(make);
    for (std::size_t side = 1; side <= 3; ++side)
      if (peer* const p = peers_.of(side))
        p->watch();
  }

  figures run(std::size_t side) override {
    const auto start = clock_type::now();
    for (std::size_t i = 0; i < bursts_; ++i)
      if (side == 0)
        flok_.write_burst();
      else
        peers_.of(side)->write(texts_);
    return {static_cast<double>(bursts_ * burst) / seconds_since(start)};
  }

  [[nodiscard]] std::string missing(std::size_t side) const override {
    return peers_.missing(side);
  }

private:
  std::size_t bursts_;
  std::vector<page_ptr> versions_ = versions_of_page();
  std::vector<std::string> texts_ = texts_of(versions_);
  flok_writer flok_{versions_};
  started_peers peers_;
};

// -- reading ------------------------------------------------------------------

/// Reads one after the other, in microseconds for each.
class peer_read final : public workload {
public:
  explicit peer_read(std::size_t reads) : reads_{reads} {
    const auto versions = versions_of_page();
    texts_ = texts_of(versions);
    if (!sys_->write(bench_ns, versions.front()))
      throw std::runtime_error{"the page could not be written"};
    for (const auto make :
         {start_redis, start_redis_with_client_cache, start_nats, start_sqlite})
      peers_.start(make);
  }

  figures run(std::size_t side) override {
    if (side == 0)
      return {from_thread(), from_actor()};
    const double us = from(*peers_.of(side));
    return {us, us};
  }

  [[nodiscard]] std::string missing(std::size_t side) const override {
    return peers_.missing(side);
  }

private:
  [[nodiscard]] double us_each(clock_type::time_point start) const {
    return seconds_since(start) * 1e6 / static_cast<double>(reads_);
  }

  [[nodiscard]] double from_thread() const {
    const auto start = clock_type::now();
    for (std::size_t i = 0; i < reads_; ++i)
      if (!sys_->read(bench_ns, "page"))
        throw std::runtime_error{"flok has lost the page"};
    return us_each(start);
  }

  /// From a controller, which need not block a thread.
  [[nodiscard]] double from_actor() const {
    std::size_t left = reads_;
    std::promise<void> all_read;
    std::function<void(controller&)> read_one = [&](controller& self) {
      self.read(bench_ns, "page", [&](const expected<page_ptr>&) {
        if (--left == 0)
          all_read.set_value();
        else
          read_one(self);
      });
    };
    const auto reader = sys_->spawn({});
    const auto start = clock_type::now();
    reader.post([&](controller& self) { read_one(self); });
    all_read.get_future().wait();
    const double us = us_each(start);
    sys_->drain(); // the last handler has returned: what it refers to may go
    reader.stop();
    return us;
  }

  /// The page is written once a round, so that what a reader keeps of it does become stale.
  [[nodiscard]] double from(peer& p) {
    p.write(std::span{texts_}.subspan(version_++ % texts_.size(), 1));
    const auto start = clock_type::now();
    for (std::size_t i = 0; i < reads_; ++i)
      if (p.read() == 0)
        throw std::runtime_error{"a peer has lost the page"};
    return us_each(start);
  }

  std::size_t reads_;
  std::vector<std::string> texts_;
  std::size_t version_ = 0;
  std::unique_ptr<system> sys_ = start_system({});
  started_peers peers_;
};

} // namespace

void add_peers(workloads& all) {
  all.push_back({"peer-write",
                 "write a page of 3.5 KB, 10 watchers told",
                 {"Redis SET + PUBLISH", "NATS key-value", "SQLite update hook"},
                 {{"", "/s"}},
                 [](const scale& s) -> std::unique_ptr<workload> {
                   return std::make_unique<peer_write>(s.of(50, 1));
                 }});
  all.push_back(
      {"peer-read",
       "read a resident page of 3.5 KB",
       {"Redis GET", "Redis, client-side cache", "NATS key-value get", "SQLite SELECT"},
       {{"from a thread", "us"}, {"from an actor", "us"}},
       [](const scale& s) -> std::unique_ptr<workload> {
         return std::make_unique<peer_read>(s.of(2000, 50));
       }});
}

} // namespace flok::bench
