#include "remote/relay.hpp"

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "remote/ask_until.hpp"
#include "runtime/codec.hpp"

namespace flok {

namespace {

class relay_state {
public:
  static inline const char* name = "flok.relay"; // CAF's name for the actor
  using pointer = relay_actor::stateful_pointer<relay_state>;

  explicit relay_state(pointer self) : self_{self} {}

  relay_actor::behavior_type start(std::string ns) {
    ns_ = std::move(ns);
    self_->set_down_handler([this](const caf::down_msg& m) { forget(m.source); });
    self_->set_exit_handler([this](const caf::exit_msg& m) {
      fail_all({errc::shutting_down, "the connection is closed"});
      self_->quit(m.reason);
    });
    return {
        [](const cache_write&) {},
        [this](const watch_request& m) { return watch(m); },
        [this](const unwatch_request& m) { return unwatch(m); },
        [this](const forget_request& m) {
          forget(m.watcher.address());
          return gate_ ? ask<done>(m) : answer(done{});
        },
        [this](const credit& m) {
          if (gate_)
            self_->send(gate_, m);
        },
        [this](const delete_request& m) { return ask<done>(m); },
        [this](const invalidate_request& m) { return ask<done>(m); },
        [this](const list_request& m) { return ask<list_reply>(m); },
        [this](const cache_request&) { return no<done>(); },
        [this](const read_request& m) { return ask<page_reply>(m); },
        [this](const write_request& m) { return write(m); },
        [this](const edit_request& m) { return edit(m); },
        [this](const pageout_request&) { return no<pageout_reply>(); },
        [this](const drain_request& m) { return ask<done>(m); },
        [this](const stats_request&) { return no<stats_reply>(); },
        [this](const find_pager_request&) { return no<find_pager_reply>(); },
        [this](const listen_request&) { return no<done>(); },
        [](const pageout_tick&) {},
        [](const retry_tick&) {},
        [](const restart_tick&) {},
        [this](const gate_change& m) { change(m.gate); },
    };
  }

private:
  /// What the gate has been asked.
  struct question {
    std::uint64_t number; ///< to CAF
    std::function<void(const caf::error&)> on_error;
  };

  struct watch_here {
    watcher_actor watcher;
    bool every;
  };

  template <class Reply>
  caf::typed_response_promise<Reply> answer(Reply reply) {
    auto promise = self_->make_response_promise<Reply>();
    promise.deliver(std::move(reply));
    return promise;
  }

  template <class Reply>
  caf::typed_response_promise<Reply> refuse(const error& why) {
    auto promise = self_->make_response_promise<Reply>();
    promise.deliver(to_caf(why));
    return promise;
  }

  /// What is the other process's own.
  template <class Reply>
  caf::typed_response_promise<Reply> no() {
    return refuse<Reply>({errc::unsupported, "not over a connection"});
  }

  template <class Reply, class Request>
  caf::typed_response_promise<Reply> ask(const Request& m) {
    if (!gate_)
      return refuse<Reply>({errc::connection_lost, "there is no connection"});
    auto promise = self_->make_response_promise<Reply>();
    if (!promise.pending()) // nobody waits for it here; a gate answers all the same
      ask_gate<Reply>(
          m, [](Reply&) {}, [](const caf::error&) {});
    else
      ask_gate<Reply>(
          m, [promise](Reply& reply) mutable { promise.deliver(std::move(reply)); },
          [promise](const caf::error& why) mutable {
            promise.deliver(is_from_flok(why) ? why : to_caf(unknown_outcome()));
          });
    return promise;
  }

  /// One of the handlers is called: the second, at the latest, where the connection is lost
  /// or this actor ends.
  template <class Reply, class Request, class Handler>
  void ask_gate(const Request& m, Handler on_reply,
                std::function<void(const caf::error&)> on_error) {
    const auto call = ++calls_;
    const auto number = ask_until(
        self_, gate_, m,
        [this, call, on_reply](Reply& reply) mutable {
          if (under_way_.erase(call) != 0)
            on_reply(reply);
        },
        [this, call](const caf::error& why) {
          if (const auto ended = under_way_.extract(call))
            ended.mapped().on_error(why);
        });
    under_way_.emplace(call, question{number, std::move(on_error)});
  }

  caf::typed_response_promise<written> write(const write_request& m) {
    if (!m.page)
      return refuse<written>({errc::invalid_page, "a write without a page"});
    return ask<written>(m);
  }

  /// Edits travel as text: what is none would be other edits, or never be answered.
  caf::typed_response_promise<written> edit(const edit_request& m) {
    if (auto ok = check_edits(m.edits); !ok)
      return refuse<written>(ok.error());
    return ask<written>(m);
  }

  static error unknown_outcome() {
    return {errc::connection_lost,
            "the connection was lost; whether it was done is unknown"};
  }

  // -- watches ----------------------------------------------------------------

  caf::typed_response_promise<done> watch(const watch_request& m) {
    if (!m.watcher)
      return refuse<done>({errc::bad_request, "a watch without a watcher"});
    if (auto ok = check_id(m.id); !ok)
      return refuse<done>(ok.error());
    auto& of_page = watches_[m.id];
    const bool known = std::any_of(of_page.begin(), of_page.end(), [&](auto& w) {
      return w.watcher == m.watcher && ((w.every = m.every), true);
    });
    if (!known) {
      of_page.push_back({m.watcher, m.every});
      if (++watchers_[m.watcher.address()] == 1)
        self_->monitor(m.watcher);
    }
    return ask<done>(m);
  }

  caf::typed_response_promise<done> unwatch(const unwatch_request& m) {
    if (const auto page = watches_.find(m.id); page != watches_.end()) {
      const auto who = m.watcher.address();
      if (drop(page->second, who) && --watchers_[who] == 0) {
        watchers_.erase(who);
        self_->demonitor(m.watcher.address());
      }
      if (page->second.empty())
        watches_.erase(page);
    }
    return gate_ ? ask<done>(m) : answer(done{});
  }

  void forget(const caf::actor_addr& who) {
    if (watchers_.erase(who) == 0)
      return;
    for (auto page = watches_.begin(); page != watches_.end();) {
      (void)drop(page->second, who);
      page = page->second.empty() ? watches_.erase(page) : std::next(page);
    }
  }

  static bool drop(std::vector<watch_here>& all, const caf::actor_addr& who) {
    return std::erase_if(
               all, [&](const watch_here& w) { return w.watcher.address() == who; }) != 0;
  }

  /// Begins a watch again. A watcher that may have the page must hear where it is gone.
  void renew(const std::string& id, const watch_here& w) {
    ask_gate<done>(
        watch_request{ns_, id, true, w.watcher, w.every}, [](done&) {},
        [this, id, watcher = w.watcher](const caf::error& why) {
          if (from_caf(why).code == errc::no_such_page)
            self_->send(watcher, removed{ns_, id, removal::deleted});
        });
  }

  // -- the connection ---------------------------------------------------------

  void change(const gate_actor& gate) {
    gate_ = gate;
    if (!gate_)
      return fail_all(unknown_outcome());
    for (const auto& [id, all] : watches_)
      for (const auto& w : all)
        renew(id, w);
  }

  void fail_all(const error& why) {
    for (const auto& [call, asked] : std::exchange(under_way_, {})) {
      asked.on_error(to_caf(why));
      stop_waiting(self_, asked.number);
    }
  }

  pointer self_;
  std::string ns_;
  gate_actor gate_; ///< invalid: there is no connection
  std::uint64_t calls_ = 0;
  std::unordered_map<std::uint64_t, question> under_way_; ///< by call, until answered
  std::unordered_map<std::string, std::vector<watch_here>> watches_; ///< by page
  std::unordered_map<caf::actor_addr, std::size_t> watchers_;        ///< how many each has
};

} // namespace

relay_actor spawn_relay(caf::actor_system& sys, const std::string& ns) {
  return spawn_function(sys,
                        [ns](relay_state::pointer self) { return self->state.start(ns); });
}

} // namespace flok
