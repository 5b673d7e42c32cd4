// A relay, step by step, between a watcher and a gate that does as the test says.

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include <malloc.h>

#include "remote/relay.hpp"
#include "testing/pages.hpp"
#include "testing/stage.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

/// What a gate answers: a page or null, a failure, or never.
using verdict = std::optional<expected<page_ptr>>;
using script = std::function<verdict(const std::string& asked, const watcher_actor& who)>;

const expected<page_ptr> yes{page_ptr{}};

verdict no(errc code) { return expected<page_ptr>{failure(code, "as the test says")}; }

template <class Reply>
Reply reply_of(const page_ptr& page) {
  if constexpr (std::is_same_v<Reply, done>)
    return {};
  else if constexpr (std::is_same_v<Reply, page_reply>)
    return {page, false};
  else
    return {};
}

class scripted_gate {
public:
  using pointer = gate_actor::stateful_pointer<scripted_gate>;

  explicit scripted_gate(pointer self) : self_{self} {}

  gate_actor::behavior_type start(script say) {
    say_ = std::move(say);
    return {
        [this](const watch_request& m) { return answer<done>("watch " + m.id, m.watcher); },
        [this](const unwatch_request& m) {
          return answer<done>("unwatch " + m.id, m.watcher);
        },
        [this](const forget_request& m) { return answer<done>("forget", m.watcher); },
        [](const credit&) {},
        [this](const delete_request& m) { return answer<done>("delete " + m.id); },
        [this](const invalidate_request& m) { return answer<done>("invalidate " + m.id); },
        [this](const list_request&) { return answer<list_reply>("list"); },
        [this](const read_request& m) { return answer<page_reply>("read " + m.id); },
        [this](const write_request&) { return answer<written>("write"); },
        [this](const edit_request& m) { return answer<written>("edit " + m.id); },
        [this](const drain_request&) { return answer<done>("drain"); },
    };
  }

private:
  template <class Reply>
  caf::typed_response_promise<Reply> answer(const std::string& asked,
                                            const watcher_actor& who = {}) {
    auto promise = self_->template make_response_promise<Reply>();
    const auto says = say_(asked, who);
    if (!says)
      never_.emplace_back([promise] {});
    else if (*says)
      promise.deliver(reply_of<Reply>(**says));
    else
      promise.deliver(to_caf(says->error()));
    return promise;
  }

  pointer self_;
  script say_;
  std::vector<std::function<void()>> never_; ///< promises that are kept open
};

struct relay_home {
  relay_home() {
    relay = on.keep(spawn_relay(on.actors(), "user",
                                [this](const caf::actor_addr& who, const error& why) {
                                  CHECK(who == watcher.address());
                                  complaints.push_back(why.code);
                                }));
    watcher = on.keep(spawn_function(on.actors(), [this]() -> watcher_actor::behavior_type {
      return {
          [this](const read_res& r) {
            for (const auto& page : r.pages)
              heard.push_back(label(*page));
          },
          [this](const removed& r) { heard.push_back(r.id + " gone"); },
      };
    }));
  }

  /// There is a connection, to a gate that says `say`.
  void connect(script say) {
    gate = on.keep(spawn_function(
        on.actors(), [this, say = std::move(say)](scripted_gate::pointer self) {
          return state_of(self).start([this, say](auto& what, auto& who) {
            asked.push_back(what);
            return say(what, who);
          });
        }));
    send_from_outside(relay, gate_change{gate});
    on.run();
  }

  void lose() {
    send_from_outside(relay, gate_change{});
    on.run();
    caf::anon_send_exit(gate, caf::exit_reason::user_shutdown);
    on.run();
  }

  /// A watch that has been begun, and whose connection is lost.
  void watched_and_lost() {
    connect([](auto&, auto&) { return yes; });
    send_from_outside(relay, watch_request{"user", "a", false, watcher});
    on.run();
    lose();
    asked.clear();
  }

  void tell(std::string_view signature) {
    send_from_outside(watcher, read_res{"user", {version("a", signature)}});
  }

  stage on;
  relay_actor relay;
  gate_actor gate;
  watcher_actor watcher;
  strings asked; ///< of gates
  strings heard; ///< by the watcher
  std::vector<errc> complaints;
};

} // namespace

TEST_CASE("relay: a page that is gone by the time of a new connection is told "
          "as deleted") {
  relay_home home;
  home.watched_and_lost();
  int watches = 0;
  home.connect([&](const std::string& what, auto&) -> verdict {
    return what == "unwatch a" || (what == "watch a" && ++watches == 2)
               ? yes
               : no(errc::no_such_page);
  });
  CHECK(home.asked == strings{"watch a", "unwatch a", "read a", "watch a"});
  CHECK(home.heard == strings{"a gone"});
  CHECK(home.complaints.empty());
}

TEST_CASE("relay: that a page is gone overtakes no version of it") {
  relay_home home;
  home.watched_and_lost();
  int watches = 0;
  home.connect([&](const std::string& what, auto&) -> verdict {
    if (what == "read a")
      return expected<page_ptr>{version("a", "2")};
    if (what != "watch a")
      return yes;
    home.tell("2"); // written just after the vm has looked
    return ++watches == 1 ? no(errc::no_such_page) : yes;
  });
  CHECK(home.heard == strings{"a=2", "a=2"});
}

TEST_CASE("relay: a watch that ends while it is begun again stays ended") {
  relay_home home;
  home.watched_and_lost();
  home.connect([&](const std::string& what, auto&) -> verdict {
    if (what == "read a")
      send_from_outside(home.relay, unwatch_request{"user", "a", home.watcher});
    return what == "unwatch a" ? yes : no(errc::no_such_page);
  });
  CHECK(home.asked.back() == "unwatch a");
  CHECK(home.heard.empty());
}

TEST_CASE("relay: whoever watches again while a page is looked for is told by the vm") {
  relay_home home;
  home.watched_and_lost();
  int watches = 0;
  home.connect([&](const std::string& what, auto&) -> verdict {
    if (what == "unwatch a")
      send_from_outside(home.relay, watch_request{"user", "a", false, home.watcher});
    if (what == "read a")
      return no(errc::no_such_page); // looked for before it was written
    if (what != "watch a" || ++watches == 1)
      return what == "watch a" ? no(errc::no_such_page) : yes;
    home.tell("2");
    return yes;
  });
  CHECK(home.heard.back() == "a=2");
  CHECK(std::count(home.heard.begin(), home.heard.end(), "a gone") == 0);
}

TEST_CASE("relay: many watches are begun again some at a time, each of them") {
  constexpr int pages = 2000;
  relay_home home;
  home.connect([](auto&, auto&) { return yes; });
  for (int n = 0; n < pages; ++n)
    send_from_outside(home.relay,
                      watch_request{"user", "p" + std::to_string(n), false, home.watcher});
  home.on.run();
  home.lose();
  home.asked.clear();
  home.connect([](auto&, auto&) { return verdict{}; }); // it never answers
  CHECK(home.asked.size() == 256);
  home.lose();
  home.asked.clear();
  home.connect([](auto&, auto&) { return yes; });
  CHECK(std::set<std::string>{home.asked.begin(), home.asked.end()}.size() == pages);
  CHECK(home.asked.size() == pages);
}

TEST_CASE("relay: a watch that cannot be begun again is told of") {
  relay_home home;
  home.watched_and_lost();
  home.connect([](auto&, auto&) { return no(errc::storage_failure); });
  CHECK(home.complaints == std::vector{errc::storage_failure});
  home.lose();
  home.connect([](auto&, auto&) { return verdict{}; });
  home.lose(); // which is told for all at once
  CHECK(home.complaints.size() == 1);
}

TEST_CASE("relay: a lost connection fails what is under way, and leaves "
          "nothing of it") {
  relay_home home;
  std::vector<errc> answers;
  const auto ask_many = [&] {
    answers.clear();
    home.connect([](auto&, auto&) { return verdict{}; });
    for (int n = 0; n < 1000; ++n)
      ask_from_outside<page_reply>(
          home.on.actors(), home.relay, read_request{"user", "a"},
          [&](const expected<page_reply>& r) { answers.push_back(r.error().code); });
    home.on.run();
    CHECK(answers.empty());
    home.lose();
    CHECK(answers == std::vector<errc>(1000, errc::connection_lost));
    home.asked.clear();
  };
  ask_many();
  const auto before = ::mallinfo2().uordblks;
  for (int n = 0; n < 10; ++n)
    ask_many();
  CHECK(::mallinfo2().uordblks < before + 200'000); // else 10,000 questions are kept
}

} // namespace flok::testing
