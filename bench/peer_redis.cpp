// Redis, through hiredis.
#include <array>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <thread>
#include <unordered_map>
#include <vector>

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include "bench/peer.hpp"
#include "bench/server_process.hpp"
#include "bench/told_count.hpp"

namespace flok::bench {

namespace {

constexpr const char* key = "page";

struct free_connection {
  void operator()(redisContext* c) const { redisFree(c); }
};
struct free_reply {
  void operator()(redisReply* r) const { freeReplyObject(r); }
};
using reply = std::unique_ptr<redisReply, free_reply>;

/// A connection, for one thread at a time.
class connection {
public:
  explicit connection(int port) : c_{redisConnect("127.0.0.1", port)} {
    if (!c_ || c_->err != 0)
      throw std::runtime_error{"Redis does not answer"};
  }

  /// Sends a command and waits for its reply. `words` are of any bytes.
  reply ask(std::initializer_list<std::string_view> words) {
    append(words);
    return next();
  }

  /// Puts a command behind those not sent yet.
  void append(std::initializer_list<std::string_view> words) {
    std::array<const char*, 5> begins{};
    std::array<std::size_t, 5> sizes{};
    std::size_t count = 0;
    for (const auto& w : words) {
      begins.at(count) = w.data();
      sizes.at(count++) = w.size();
    }
    redisAppendCommandArgv(c_.get(), static_cast<int>(count), begins.data(), sizes.data());
  }

  /// Sends what was appended, and waits for the next reply.
  reply next() {
    void* r = nullptr;
    if (redisGetReply(c_.get(), &r) != REDIS_OK)
      throw std::runtime_error{"Redis is gone"};
    reply owned{static_cast<redisReply*>(r)};
    if (owned->type == REDIS_REPLY_ERROR)
      throw std::runtime_error{"Redis: " + std::string{owned->str, owned->len}};
    return owned;
  }

  /// What came without being asked for, after waiting for it: `each` gets the replies.
  /// False where the connection was ended.
  template <class Each>
  bool read_arrived(Each each) {
    if (redisBufferRead(c_.get()) != REDIS_OK)
      return false;
    void* r = nullptr;
    while (redisReaderGetReply(c_->reader, &r) == REDIS_OK && r != nullptr)
      each(*reply{static_cast<redisReply*>(r)});
    return true;
  }

  [[nodiscard]] int fd() const { return c_->fd; }

  /// Any thread may call: whoever waits for this connection goes on.
  void end() { ::shutdown(c_->fd, SHUT_RDWR); }

private:
  std::unique_ptr<redisContext, free_connection> c_;
};

/// Nothing is kept on disk; subscribers may lag by any number of bytes.
std::vector<std::string> arguments(int port) {
  return {
      "--bind", "127.0.0.1",    "--port", std::to_string(port),           "--save",
      "",       "--appendonly", "no",     "--client-output-buffer-limit", "pubsub 0 0 0"};
}

/// `SET` makes a version the page, `PUBLISH` brings it to the watchers.
class redis_peer : public peer {
public:
  ~redis_peer() override {
    for (auto& s : subscribers_)
      s->end();
    if (listening_.joinable())
      listening_.join();
  }

  void watch() override {
    for (std::size_t i = 0; i < watchers; ++i) {
      subscribers_.push_back(std::make_unique<connection>(port_));
      (void)subscribers_.back()->ask({"SUBSCRIBE", key});
    }
    listening_ = std::thread{[this] { listen(); }};
  }

  void write(std::span<const std::string> versions) override {
    for (const auto& text : versions) {
      client_.append({"SET", key, text});
      client_.append({"PUBLISH", key, text});
    }
    for (std::size_t i = 0; i < 2 * versions.size(); ++i)
      (void)client_.next();
    expected_ += versions.size() * subscribers_.size();
    told_.wait(expected_);
  }

  std::size_t read() override { return client_.ask({"GET", key})->len; }

protected:
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] connection& client() { return client_; }

private:
  /// One thread for all subscribers: fewer wake-ups than one thread for each.
  void listen() {
    std::vector<pollfd> ready;
    for (const auto& s : subscribers_)
      ready.push_back({s->fd(), POLLIN, 0});
    for (bool open = true; open;) {
      ::poll(ready.data(), ready.size(), -1);
      std::size_t told = 0;
      for (std::size_t i = 0; i < ready.size(); ++i)
        if (ready[i].revents != 0)
          open = subscribers_[i]->read_arrived([&](const redisReply&) { ++told; }) && open;
      told_.add(told);
    }
  }

  int port_ = free_port();
  server_process server_{"redis-server", arguments(port_), port_};
  connection client_{port_};
  std::vector<std::unique_ptr<connection>> subscribers_;
  std::thread listening_;
  told_count told_;
  std::size_t expected_ = 0;
};

/// Texts that were read stay here until the server says that they have changed. hiredis
/// before 1.0 does not know RESP3, which would bring that over the reader's own connection:
/// the server redirects it to a second one, as documented for RESP2.
class caching_redis_peer final : public redis_peer {
public:
  caching_redis_peer() {
    const auto id = std::to_string(invalidations_.ask({"CLIENT", "ID"})->integer);
    (void)invalidations_.ask({"SUBSCRIBE", "__redis__:invalidate"});
    (void)client().ask({"CLIENT", "TRACKING", "ON", "REDIRECT", id});
    dropping_ = std::thread{[this] {
      while (invalidations_.read_arrived([this](const redisReply& r) { drop(r); }))
        continue;
    }};
  }

  ~caching_redis_peer() override {
    invalidations_.end();
    dropping_.join();
  }

  /// Whoever drops texts waits until one that was asked for is in its place.
  std::size_t read() override {
    if (const auto text = find())
      return text->size();
    const std::unique_lock lock{mutex_};
    const auto answer = client().ask({"GET", key});
    auto text = std::make_shared<const std::string>(answer->str, answer->len);
    texts_[key] = text;
    return text->size();
  }

private:
  std::shared_ptr<const std::string> find() const {
    const std::shared_lock lock{mutex_};
    const auto entry = texts_.find(key);
    return entry == texts_.end() ? nullptr : entry->second;
  }

  /// ["message", CHANNEL, [KEY, ...]]
  void drop(const redisReply& message) {
    const std::unique_lock lock{mutex_};
    const redisReply& keys = *message.element[2];
    for (std::size_t i = 0; i < keys.elements; ++i)
      texts_.erase(std::string{keys.element[i]->str, keys.element[i]->len});
  }

  connection invalidations_{port()};
  std::thread dropping_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const std::string>> texts_;
};

} // namespace

std::unique_ptr<peer> start_redis() { return std::make_unique<redis_peer>(); }

std::unique_ptr<peer> start_redis_with_client_cache() {
  return std::make_unique<caching_redis_peer>();
}

} // namespace flok::bench
