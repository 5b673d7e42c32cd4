#include "testing/scripted_pager.hpp"

#include <deque>
#include <utility>

#include <caf/send.hpp>

namespace flok::testing {

using scripted_actor = pager_actor::extend<handles<wake_up>>;

struct scripted_pager::script {
  strings heard;
  std::function<expected<void>(const page_ptr&)> meet_write;
  std::function<expected<page_ptr>(const std::string&)> find;
  bool holds = false;
  std::deque<std::function<void(life&)>> work;
  std::size_t lives = 0;
  scripted_actor actor;
};

class scripted_pager::life {
public:
  using pointer = scripted_actor::stateful_pointer<life>;
  static inline const char* name = "flok.scripted"; // CAF's name for the actor
  explicit life(pointer self) : self_{self} {}

  scripted_actor::behavior_type begin(std::shared_ptr<script> s) {
    s_ = std::move(s);
    return {
        [this](const pager_init& m) {
          cache_ = m.cache;
          hear("init " + m.ns + ' ' + m.options);
        },
        [this](const pager_watch& m) { hear("watch " + (m.page ? label(*m.page) : m.id)); },
        [this](const pager_unwatch& m) { hear("unwatch " + m.id); },
        [this](const pager_read& m) { return read(m); },
        [this](const pager_write& m) { return write(m); },
        [](const pager_delete&) { return done{}; },
        [](const pager_invalidate&) { return done{}; },
        [](const pager_barrier&) { return done{}; },
        [this](const wake_up&) {
          const auto work = std::move(s_->work.front());
          s_->work.pop_front();
          work(*this);
        },
    };
  }

  void cache(const cache_write& what) { send(self_, cache_, what); }

  void release() {
    for (const auto& answer : std::exchange(held_, {}))
      answer();
  }

private:
  void hear(std::string what) { s_->heard.push_back(std::move(what)); }

  void answer(std::function<void()> how) {
    if (s_->holds)
      held_.push_back(std::move(how));
    else
      how();
  }

  caf::typed_response_promise<pager_read_reply> read(const pager_read& m) {
    hear("read " + m.id);
    auto promise = self_->make_response_promise<pager_read_reply>();
    answer([this, promise, id = m.id]() mutable {
      expected<page_ptr> found;
      if (s_->find)
        found = s_->find(id);
      if (found)
        promise.deliver(pager_read_reply{*found});
      else
        promise.deliver(to_caf(found.error()));
    });
    return promise;
  }

  caf::typed_response_promise<done> write(const pager_write& m) {
    hear("write " + label(*m.page) + (m.replaces ? " over " + label(*m.replaces) : ""));
    auto promise = self_->make_response_promise<done>();
    answer([this, promise, page = m.page]() mutable {
      expected<void> ok;
      if (s_->meet_write)
        ok = s_->meet_write(page);
      else
        cache({{page}, false});
      if (ok)
        promise.deliver(done{});
      else
        promise.deliver(to_caf(ok.error()));
    });
    return promise;
  }

  pointer self_;
  std::shared_ptr<script> s_;
  cache_actor cache_;
  std::vector<std::function<void()>> held_; ///< answers, which end with this life
};

scripted_pager::scripted_pager() : script_{std::make_shared<script>()} {}

pager_factory scripted_pager::factory() const {
  return [s = script_](caf::actor_system& actors) -> pager_actor {
    ++s->lives;
    s->work.clear();
    s->actor =
        spawn_function(actors, [s](life::pointer self) { return state_of(self).begin(s); });
    return s->actor;
  };
}

strings scripted_pager::heard() { return std::exchange(script_->heard, {}); }

void scripted_pager::on_write(std::function<expected<void>(const page_ptr&)> meet) {
  script_->meet_write = std::move(meet);
}

void scripted_pager::on_read(std::function<expected<page_ptr>(const std::string&)> find) {
  script_->find = std::move(find);
}

void scripted_pager::hold() { script_->holds = true; }

void scripted_pager::release() {
  script_->holds = false;
  post([](life& l) { l.release(); });
}

void scripted_pager::cache(std::vector<page_ptr> pages, bool pending) {
  post([what = cache_write{std::move(pages), pending}](life& l) { l.cache(what); });
}

void scripted_pager::post(std::function<void(life&)> work) {
  script_->work.push_back(std::move(work));
  send_from_outside(script_->actor, wake_up{});
}

void scripted_pager::die() {
  caf::anon_send_exit(script_->actor, caf::exit_reason::user_shutdown);
}

std::size_t scripted_pager::lives() const { return script_->lives; }

pager_actor scripted_pager::actor() const { return script_->actor; }

} // namespace flok::testing
