// A relay, step by step, before a gate that does as the test says.

#include <functional>
#include <memory>
#include <optional>

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
  relay_home() { relay = on.keep(spawn_relay(on.actors(), "user")); }

  /// There is a connection, to a gate that says `say`.
  void connect(script say) {
    const auto gate = on.keep(spawn_function(
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
  }

  stage on;
  relay_actor relay;
  strings asked; ///< of gates
};

} // namespace

TEST_CASE("relay: a lost connection fails what is under way, and leaves nothing of it") {
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
