// NATS JetStream key-value, through nats.c.
#include <stdexcept>
#include <thread>
#include <vector>

#include <nats/nats.h>

#include "bench/peer.hpp"
#include "bench/server_process.hpp"
#include "bench/temp_directory.hpp"
#include "bench/told_count.hpp"

namespace flok::bench {

namespace {

constexpr const char* bucket = "bench";
constexpr const char* key = "page";
constexpr const char* subject =
    "$KV.bench.page"; ///< where the key's versions are published

void need(natsStatus status) {
  if (status != NATS_OK)
    throw std::runtime_error{std::string{"NATS: "} + natsStatus_GetText(status)};
}

template <class T, void (*Destroy)(T*)>
struct destroyer {
  void operator()(T* p) const { Destroy(p); }
};
template <class T, void (*Destroy)(T*)>
using owned = std::unique_ptr<T, destroyer<T, Destroy>>;

/// Makes something by a function that puts it where its first argument points to.
template <class Owned, class Make>
Owned made(Make make) {
  typename Owned::pointer p = nullptr;
  need(make(&p));
  return Owned{p};
}

/// A connection with its view of the bucket.
struct client {
  explicit client(int port)
      : connection{made<decltype(connection)>([&](auto** p) {
          return natsConnection_ConnectTo(
              p, ("nats://127.0.0.1:" + std::to_string(port)).c_str());
        })},
        stream{made<decltype(stream)>([&](auto** p) {
          return natsConnection_JetStream(p, connection.get(), nullptr);
        })} {}

  void open() {
    pages = made<decltype(pages)>(
        [&](auto** p) { return js_KeyValue(p, stream.get(), bucket); });
  }

  owned<natsConnection, natsConnection_Destroy> connection;
  owned<jsCtx, jsCtx_Destroy> stream;
  owned<kvStore, kvStore_Destroy> pages;
};

/// Someone who watches the key, on a thread and a connection of his own.
class watcher {
public:
  /// Returns once the watch is in place.
  watcher(int port, told_count& told) : client_{port} {
    client_.open();
    watch_ = made<decltype(watch_)>(
        [&](auto** p) { return kvStore_Watch(p, client_.pages.get(), key, nullptr); });
    while (next()) // what was there before; then comes a mark
      continue;
    thread_ = std::thread{[this, &told] {
      while (next())
        told.add();
    }};
  }

  ~watcher() {
    kvWatcher_Stop(watch_.get());
    thread_.join();
  }
  watcher(const watcher&) = delete;
  watcher& operator=(const watcher&) = delete;

private:
  static constexpr std::int64_t longest_ms = 3'600'000;

  /// False for the mark, and where the watch was stopped.
  [[nodiscard]] bool next() {
    kvEntry* entry = nullptr;
    const bool got = kvWatcher_Next(&entry, watch_.get(), longest_ms) == NATS_OK;
    kvEntry_Destroy(entry);
    return got && entry != nullptr;
  }

  client client_;
  owned<kvWatcher, kvWatcher_Destroy> watch_;
  std::thread thread_;
};

class nats_peer final : public peer {
public:
  nats_peer() {
    kvConfig config;
    need(kvConfig_Init(&config));
    config.Bucket = bucket;
    config.History = burst; // or versions that follow closely would not reach all watchers
    config.StorageType = js_MemoryStorage;
    client_.pages = made<decltype(client_.pages)>(
        [&](auto** p) { return js_CreateKeyValue(p, client_.stream.get(), &config); });
  }

  void watch() override {
    for (std::size_t i = 0; i < watchers; ++i)
      watchers_.push_back(std::make_unique<watcher>(port_, told_));
  }

  /// `kvStore_Put` waits for each version's answer; this is what it sends, pipelined.
  void write(std::span<const std::string> versions) override {
    for (const auto& text : versions)
      need(js_PublishAsync(client_.stream.get(), subject, text.data(),
                           static_cast<int>(text.size()), nullptr));
    need(js_PublishAsyncComplete(client_.stream.get(), nullptr));
    expected_ += versions.size() * watchers_.size();
    told_.wait(expected_);
  }

  std::size_t read() override {
    const auto entry = made<owned<kvEntry, kvEntry_Destroy>>(
        [&](auto** p) { return kvStore_Get(p, client_.pages.get(), key); });
    return static_cast<std::size_t>(kvEntry_ValueLen(entry.get()));
  }

private:
  [[nodiscard]] std::vector<std::string> arguments() const {
    return {"--addr",      "127.0.0.1", "--port",         std::to_string(port_),
            "--jetstream", "-sd",       directory_.path()};
  }

  temp_directory directory_; // the server wants one, even for what it keeps in memory
  int port_ = free_port();
  server_process server_{"nats-server", arguments(), port_};
  client client_{port_};
  told_count told_;
  std::vector<std::unique_ptr<watcher>> watchers_;
  std::size_t expected_ = 0;
};

} // namespace

std::unique_ptr<peer> start_nats() { return std::make_unique<nats_peer>(); }

} // namespace flok::bench
