// Actors step by step, in virtual time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/caf_testing.hpp"
#include "actors/memory_store.hpp"
#include "actors/messages.hpp"
#include "actors/vm.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

/// An actor system in which nothing moves but by `run`, and no time passes but by
/// `advance`.
class stage {
public:
  stage();
  ~stage(); ///< ends all that `keep` was told of
  stage(const stage&) = delete;
  stage& operator=(const stage&) = delete;

  [[nodiscard]] caf::actor_system& actors() { return stepped_->actors(); }

  /// Runs until no message waits.
  void run();

  /// Lets that much time pass, then runs. What is due is done once at most.
  void advance(std::chrono::milliseconds time);

  template <class Actor>
  Actor keep(Actor a) {
    kept_.push_back(caf::actor_cast<caf::actor>(a));
    return a;
  }

private:
  struct test_config;
  std::unique_ptr<test_config> config_;
  std::unique_ptr<stepped_actors> stepped_;
  std::vector<caf::actor> kept_;
};

using recorder_actor = watcher_actor::extend<handles<problem>, handles<wake_up>>;

/// An actor that asks what it is told to ask, and writes down what it hears, such as
///   "a=1 disk"            read_res; pages as `label` tells them
///   "a=1 b=1 pager ?"     two pages in one message; ? means pending
///   "other/a=1 pager"     of another namespace than "user"
///   "done", "page a=1", "written a=1", "paged out 2", "no_such_page"    answers
///   "problem pager_down"
/// A copy is the same recorder.
class recorder {
public:
  explicit recorder(stage& s);

  /// What was heard since the last call, after all that can happen now has.
  strings heard();

  /// The messages and errors behind the words, from the beginning.
  [[nodiscard]] const std::vector<read_res>& updates() const;
  [[nodiscard]] const std::vector<error>& errors() const;

  /// Where in memory each update's message lay.
  [[nodiscard]] const std::vector<const void*>& places() const;

  [[nodiscard]] recorder_actor actor() const;

  /// Sends a request from the recorder.
  template <class Reply, class Actor, class Request>
  void ask(const Actor& whom, Request what) {
    post([=, note = noting<Reply>(), fail = failing()](recorder_actor::pointer self) {
      flok::ask(self, whom, what).then(note, fail);
    });
  }

  void die();

private:
  struct notes;
  struct state;
  void post(std::function<void(recorder_actor::pointer)> work);
  [[nodiscard]] std::function<void(const caf::error&)> failing() const;
  static void note(notes& n, const done& reply);
  static void note(notes& n, const page_reply& reply);
  static void note(notes& n, const written& reply);
  static void note(notes& n, const pageout_reply& reply);
  static void note(notes& n, const stats_reply& reply);
  static void note(notes& n, const find_pager_reply& reply);
  static void note(notes& n, const pager_log_reply& reply);

  template <class Reply>
  [[nodiscard]] auto noting() const {
    return [n = notes_](const Reply& reply) { note(*n, reply); };
  }

  stage* stage_;
  std::shared_ptr<notes> notes_;
  recorder_actor actor_;
  friend class world;
};

/// A pager that does as it is told, and writes down what it hears:
///   "init user {}", "watch a", "watch a=1", "unwatch a", "read a",
///   "write b=1", "write a=2 over a=1"
class scripted_pager {
public:
  scripted_pager();

  /// Makes one for each life.
  [[nodiscard]] pager_factory factory() const;

  strings heard();

  /// How writes are met; to begin with, they are cached and done.
  void on_write(std::function<expected<void>(const page_ptr&)> meet);

  /// From now on writes and reads are not answered until `release` is called.
  void hold();
  void release();

  /// What reads find; to begin with, nothing.
  void on_read(std::function<expected<page_ptr>(const std::string&)> find);

  /// Caches from the pager itself.
  void cache(std::vector<page_ptr> pages, bool pending = false);

  void die();
  [[nodiscard]] std::size_t lives() const;
  [[nodiscard]] pager_actor actor() const;

private:
  struct script;
  class life;
  void post(std::function<void(life&)> work);
  std::shared_ptr<script> script_;
};

struct world_options {
  std::vector<std::string> namespaces = {"user", "other"};
  pager_factory pager; ///< of the first namespace; none, and all others: `mem`
  pageout_config pageout;
  bool storage = true;
  std::shared_ptr<memory_store> disk = std::make_shared<memory_store>();
  storage_writer writer; ///< instead of the one over `disk`
};

/// A vm over a store in memory. Requests are for the namespace "user" unless told
/// otherwise.
class world : public stage {
public:
  explicit world(world_options options = {});

  vm_actor vm;
  storage_actors storage;
  std::shared_ptr<memory_store> disk;
  recorder problems; ///< listens

  void watch(recorder& r, std::string id, const std::string& ns = "user");
  void watch_sync(recorder& r, std::string id, const std::string& ns = "user");
  void unwatch(recorder& r, std::string id, const std::string& ns = "user");
  void forget(recorder& r);
  void read(recorder& r, std::string id, const std::string& ns = "user");
  void read_sync(recorder& r, std::string id, const std::string& ns = "user");
  void write(recorder& r, page_ptr page, const std::string& ns = "user");
  void edit(recorder& r, std::string id, std::string_view edits,
            std::optional<page_kind> create = std::nullopt);
  void page_out(recorder& r);
  void drain(recorder& r);

  /// Writes without looking at the outcome.
  void given(page_ptr page, const std::string& ns = "user");

  /// Has it been on disk before?
  void given_on_disk(page_ptr page, bool pending = false, const std::string& ns = "user");

  /// What the disk has, as `label` tells it; "-" for none.
  [[nodiscard]] std::string on_disk(const std::string& id, const std::string& ns = "user");

  [[nodiscard]] namespace_stats stats(const std::string& ns = "user");
};

} // namespace flok::testing
