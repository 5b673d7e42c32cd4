// Messages to the vm in virtual time, and what comes back in words.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/messages.hpp"
#include "testing/scripted_pager.hpp"
#include "testing/virtual_system.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

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
  static void note(notes& n, const find_pager_reply& reply);
  static void note(notes& n, const pager_log_reply& reply);

  template <class Reply>
  [[nodiscard]] auto noting() const {
    return [n = notes_](const Reply& reply) { note(*n, reply); };
  }

  stage* stage_;
  std::shared_ptr<notes> notes_;
  recorder_actor actor_;
};

struct world_options {
  std::vector<std::string> namespaces = {"user", "other"};
  pager_factory pager; ///< of the first namespace; none, and all others: `mem`
  pageout_config pageout;
  bool storage = true;
  std::shared_ptr<memory_store> disk = std::make_shared<memory_store>();
  storage_writer writer; ///< instead of the one over `disk`
};

/// A system in virtual time whose vm is asked by recorders. Requests are for the namespace
/// "user" unless told otherwise.
class world : public virtual_system {
public:
  explicit world(const world_options& options = {});

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
