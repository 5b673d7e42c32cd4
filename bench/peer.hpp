// What others offer to programs that share pages: the same workloads, done their way.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace flok::bench {

/// Who is told of each version of a page, in the workloads with peers.
inline constexpr std::size_t watchers = 10;

/// So many versions are written at a time before all watchers must have been told of all
/// of them. That is as many as NATS can keep of a key, and so the most with which each of
/// them is certain to reach its watchers.
inline constexpr std::size_t burst = 64;

/// A system that keeps pages as texts under one id, and tells watchers of new versions.
class peer {
public:
  peer() = default;
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;
  virtual ~peer() = default;

  /// Starts the watchers.
  virtual void watch() = 0;

  /// Writes a burst of versions; returns when each watcher has been told of each.
  virtual void write(std::span<const std::string> versions) = 0;

  /// Reads the page; gives the size of its text, so that nobody leaves it out.
  virtual std::size_t read() = 0;
};

/// Each starts what it needs, and throws, in words for the table, where it cannot: not
/// built in, or not installed. Pages are in memory only, as they are in flok without a
/// data directory.
///
/// Redis: a server of its own, one connection for each watcher. Every text crosses
/// loopback once to the server and once to each watcher, as it must to reach other
/// processes; watchers get bytes, which they would still have to parse.
[[nodiscard]] std::unique_ptr<peer> start_redis();

/// The same, with a table in the reader's process that the server keeps true: it tells
/// which keys were written since they were read (client-side caching).
[[nodiscard]] std::unique_ptr<peer> start_redis_with_client_cache();

/// NATS JetStream key-value: a server of its own, a stream in its memory, one connection
/// for each watcher. As with Redis, texts cross loopback, and other processes can watch;
/// each write also gets a place in the stream's history, which others may replay.
[[nodiscard]] std::unique_ptr<peer> start_nats();

/// SQLite: a table in this process, whose update hook calls the watchers before the writer
/// goes on. They are told that a row was written, not what is in it, and may not read it
/// from there. What it does that flok does not: SQL.
[[nodiscard]] std::unique_ptr<peer> start_sqlite();

} // namespace flok::bench
