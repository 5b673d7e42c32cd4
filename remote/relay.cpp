#include "remote/relay.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
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

  relay_actor::behavior_type start(std::string ns, watch_complaint complain) {
    ns_ = std::move(ns);
    complain_ = std::move(complain);
    on_down(self_, [this](const caf::down_msg& m) { forget(m.source); });
    ignore_errors_of_others(self_);
    on_exit(self_, [this](const caf::exit_msg& m) {
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
            send(self_, gate_, m);
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
    std::uint64_t number; ///< no other watch has had it
    bool away = false;    ///< it has none there while its page is looked for
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
    const auto known = std::find_if(of_page.begin(), of_page.end(),
                                    [&](const auto& w) { return w.watcher == m.watcher; });
    if (known != of_page.end())
      return watch_again(*known, m);
    of_page.push_back({m.watcher, m.every, ++watches_begun_});
    if (++watchers_[m.watcher.address()] == 1)
      monitor(self_, m.watcher);
    return ask<done>(m);
  }

  /// While its page is looked for, this watch is told by the vm from now on, and not here:
  /// it becomes another one, and what there is, or is not, is found out anew.
  caf::typed_response_promise<done> watch_again(watch_here& known, const watch_request& m) {
    known.every = m.every;
    const bool anew = std::exchange(known.away, false);
    if (anew)
      known.number = ++watches_begun_;
    const auto number = known.number;
    auto answered = ask<done>(m);
    if (anew)
      renew(m.id, number);
    return answered;
  }

  caf::typed_response_promise<done> unwatch(const unwatch_request& m) {
    if (const auto page = watches_.find(m.id); page != watches_.end()) {
      const auto who = m.watcher.address();
      if (drop(page->second, who) && --watchers_[who] == 0) {
        watchers_.erase(who);
        demonitor(self_, m.watcher.address());
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

  // -- watches that are begun again -------------------------------------------

  // A watcher that may have a page must hear where it is gone. From here it is told only
  // while it has no watch there: else a newer version may be on its way from the vm, which
  // what is told here would overtake, or be overtaken by.

  /// Begins a watch again, which is told what there is.
  void renew(const std::string& id, std::uint64_t number) {
    auto* w = watch_of(id, number);
    if (w == nullptr)
      return;
    w->away = false;
    step<done>(
        watch_request{ns_, id, true, w->watcher, w->every}, [] {},
        [this, id, number](const error& why) {
          if (why.code == errc::no_such_page)
            leave(id, number);
          else
            complain(id, number, why);
        });
  }

  /// There was no page. By the time of the answer all that the vm has sent is here.
  void leave(const std::string& id, std::uint64_t number) {
    auto* w = watch_of(id, number);
    if (w == nullptr)
      return;
    w->away = true;
    step<done>(
        unwatch_request{ns_, id, w->watcher}, [this, id, number] { look(id, number); },
        [this, id, number](const error& why) { complain(id, number, why); });
  }

  /// Nothing is told of the page now.
  void look(const std::string& id, std::uint64_t number) {
    if (watch_of(id, number) == nullptr)
      return;
    step<page_reply>(
        read_request{ns_, id, true}, [this, id, number] { renew(id, number); },
        [this, id, number](const error& why) {
          if (why.code != errc::no_such_page)
            complain(id, number, why);
          else if (const auto* w = watch_of(id, number))
            send(self_, w->watcher, removed{ns_, id, removal::deleted});
          begin(id, number);
        });
  }

  void begin(const std::string& id, std::uint64_t number) {
    auto* w = watch_of(id, number);
    if (w == nullptr)
      return;
    w->away = false;
    step<done>(
        watch_request{ns_, id, false, w->watcher, w->every}, [] {},
        [this, id, number](const error& why) { complain(id, number, why); });
  }

  void complain(const std::string& id, std::uint64_t number, const error& why) {
    if (const auto* w = watch_of(id, number))
      complain_(w->watcher.address(),
                {why.code, "page " + id + " of namespace " + ns_ +
                               ", when watched again: " + why.message});
  }

  /// Where the connection is lost meanwhile, neither is called: all begins again.
  template <class Reply, class Request>
  void step(const Request& m, std::function<void()> then,
            std::function<void(const error&)> otherwise) {
    ++steps_;
    ask_gate<Reply>(
        m,
        [this, then = std::move(then)](const Reply&) {
          then();
          step_ended();
        },
        [this, otherwise = std::move(otherwise)](const caf::error& why) {
          if (!is_loss(why))
            otherwise(from_caf(why));
          step_ended();
        });
  }

  void step_ended() {
    --steps_;
    renew_some();
  }

  /// CAF 0.17 looks through all answers that are awaited for each one that comes.
  static constexpr std::size_t steps_at_once = 256;

  void renew_some() {
    while (!to_renew_.empty() && steps_ < steps_at_once) {
      const auto [id, number] = std::move(to_renew_.front());
      to_renew_.pop_front();
      renew(id, number);
    }
  }

  /// Whether it is only that the connection, or what is there, is gone, of which the link
  /// tells.
  static bool is_loss(const caf::error& e) {
    const auto code = from_caf(e).code;
    return code == errc::connection_lost || code == errc::shutting_down;
  }

  /// The watch of that number, unless it has ended.
  [[nodiscard]] watch_here* watch_of(const std::string& id, std::uint64_t number) {
    const auto page = watches_.find(id);
    if (page == watches_.end())
      return nullptr;
    const auto w = std::find_if(page->second.begin(), page->second.end(),
                                [&](const watch_here& h) { return h.number == number; });
    return w == page->second.end() ? nullptr : &*w;
  }

  // -- the connection ---------------------------------------------------------

  void change(const gate_actor& gate) {
    gate_ = gate;
    to_renew_.clear();
    if (!gate_)
      return fail_all(unknown_outcome());
    for (const auto& [id, all] : watches_)
      for (const auto& w : all)
        to_renew_.emplace_back(id, w.number);
    renew_some();
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
  watch_complaint complain_;
  std::uint64_t calls_ = 0;
  std::uint64_t watches_begun_ = 0;
  std::deque<std::pair<std::string, std::uint64_t>> to_renew_; ///< pages, watches' numbers
  std::size_t steps_ = 0; ///< under way, of watches that are begun again
  std::unordered_map<std::uint64_t, question> under_way_; ///< by call, until answered
  std::unordered_map<std::string, std::vector<watch_here>> watches_; ///< by page
  std::unordered_map<caf::actor_addr, std::size_t> watchers_;        ///< how many each has
};

} // namespace

relay_actor spawn_relay(caf::actor_system& sys, const std::string& ns,
                        watch_complaint complain) {
  return spawn_function(sys,
                        [ns, complain = std::move(complain)](relay_state::pointer self) {
                          return state_of(self).start(ns, complain);
                        });
}

} // namespace flok
