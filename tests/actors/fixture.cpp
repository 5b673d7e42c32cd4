#include "tests/actors/fixture.hpp"

#include <algorithm>
#include <deque>
#include <utility>

#include "actors/system.hpp"
#include "pagers/mem.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

// -- the stage ----------------------------------------------------------------

struct stage::test_config : caf::actor_system_config {
  test_config() { system::prepare(*this, scheduling::as_configured); }
};

stage::stage()
    : config_{std::make_unique<test_config>()}, stepped_{std::make_unique<stepped_actors>(
                                                    *config_)} {}

stage::~stage() {
  for (const auto& a : kept_)
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  run();
}

void stage::run() { stepped_->run(); }

void stage::advance(std::chrono::milliseconds time) {
  run();
  stepped_->advance(time);
  run();
}

// -- the recorder -------------------------------------------------------------

struct recorder::notes {
  strings heard;
  std::vector<read_res> updates;
  std::vector<error> errors;
  std::vector<const void*> places;
  std::optional<stats_reply> stats;
  std::deque<std::function<void(recorder_actor::pointer)>> work;
};

namespace {

std::string in_words(const read_res& r) {
  std::string text;
  for (const auto& page : r.pages)
    text += (r.ns == "user" ? "" : r.ns + "/") + label(*page) + ' ';
  return text + std::string{to_string(r.why)} + (r.pending ? " ?" : "");
}

} // namespace

recorder::recorder(stage& s) : stage_{&s}, notes_{std::make_shared<notes>()} {
  actor_ = s.keep(spawn_function(
      s.actors(),
      [n = notes_](recorder_actor::pointer self) -> recorder_actor::behavior_type {
        return {
            [n](const read_res& r) {
              n->updates.push_back(r);
              n->places.push_back(&r);
              n->heard.push_back(in_words(r));
            },
            [n](const removed& r) {
              n->heard.push_back(r.id + ' ' + std::string{to_string(r.how)});
            },
            [n](const problem& p) {
              n->errors.push_back(p.what);
              n->heard.push_back("problem " + std::string{to_string(p.what.code)});
            },
            [n, self](const wake_up&) {
              const auto work = std::move(n->work.front());
              n->work.pop_front();
              work(self);
            },
        };
      }));
}

strings recorder::heard() {
  stage_->run();
  return std::exchange(notes_->heard, {});
}

const std::vector<read_res>& recorder::updates() const { return notes_->updates; }

const std::vector<error>& recorder::errors() const { return notes_->errors; }

const std::vector<const void*>& recorder::places() const { return notes_->places; }

recorder_actor recorder::actor() const { return actor_; }

void recorder::post(std::function<void(recorder_actor::pointer)> work) {
  notes_->work.push_back(std::move(work));
  send_from_outside(actor_, wake_up{});
}

std::function<void(const caf::error&)> recorder::failing() const {
  return [n = notes_](const caf::error& why) {
    n->errors.push_back(from_caf(why));
    n->heard.emplace_back(to_string(n->errors.back().code));
  };
}

void recorder::note(notes& n, const done&) { n.heard.emplace_back("done"); }

void recorder::note(notes& n, const page_reply& reply) {
  n.heard.push_back("page " + label(*reply.page));
}

void recorder::note(notes& n, const written& reply) {
  n.heard.push_back("written " + label(*reply.page));
}

void recorder::note(notes& n, const pageout_reply& reply) {
  n.heard.push_back("paged out " + std::to_string(reply.pages));
}

void recorder::note(notes& n, const stats_reply& reply) { n.stats = reply; }

void recorder::note(notes& n, const find_pager_reply& reply) {
  n.heard.emplace_back(reply.pager ? "a pager" : "no pager");
}

void recorder::note(notes& n, const pager_log_reply& reply) {
  n.heard.push_back(reply.json);
}

void recorder::die() {
  caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown);
  stage_->run();
}

// -- the pager ----------------------------------------------------------------

using scripted_actor = pager_actor::extend<handles<wake_up>>;

struct scripted_pager::script {
  strings heard;
  std::function<expected<void>(const page_ptr&)> meet_write;
  std::function<expected<page_ptr>(const std::string&)> find;
  bool holds = false;
  std::vector<std::function<void()>> held;
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
    for (const auto& answer : std::exchange(s_->held, {}))
      answer();
  }

private:
  void hear(std::string what) { s_->heard.push_back(std::move(what)); }

  void answer(std::function<void()> how) {
    if (s_->holds)
      s_->held.push_back(std::move(how));
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
};

scripted_pager::scripted_pager() : script_{std::make_shared<script>()} {}

pager_factory scripted_pager::factory() const {
  return [s = script_](caf::actor_system& actors) -> pager_actor {
    ++s->lives;
    s->held.clear();
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
  script_->held.clear(); // a promise would keep the dead actor
  caf::anon_send_exit(script_->actor, caf::exit_reason::user_shutdown);
}

std::size_t scripted_pager::lives() const { return script_->lives; }

pager_actor scripted_pager::actor() const { return script_->actor; }

// -- the world ----------------------------------------------------------------

world::world(world_options options) : disk{options.disk}, problems{*this} {
  vm_options v;
  for (auto& ns : options.namespaces)
    v.namespaces.push_back({ns, "{}", spawn_mem_pager});
  if (options.pager)
    v.namespaces.front().pager = options.pager;
  if (options.storage) {
    storage = spawn_storage(actors(), disk, false);
    keep(storage.reader);
    keep(storage.writer);
    v.storage = storage;
    if (options.writer)
      v.storage.writer = options.writer;
  }
  v.pageout = options.pageout;
  v.ids = counted_ids();
  vm = keep(spawn_vm(actors(), std::move(v)));
  problems.ask<done>(vm, listen_request{problems.actor()});
  REQUIRE(problems.heard() == strings{"done"});
}

void world::watch(recorder& r, std::string id, const std::string& ns) {
  r.ask<done>(vm, watch_request{ns, std::move(id), false, r.actor()});
}

void world::watch_sync(recorder& r, std::string id, const std::string& ns) {
  r.ask<done>(vm, watch_request{ns, std::move(id), true, r.actor()});
}

void world::unwatch(recorder& r, std::string id, const std::string& ns) {
  r.ask<done>(vm, unwatch_request{ns, std::move(id), r.actor()});
}

void world::forget(recorder& r) { r.ask<done>(vm, forget_request{r.actor()}); }

void world::read(recorder& r, std::string id, const std::string& ns) {
  r.ask<page_reply>(vm, read_request{ns, std::move(id), false});
}

void world::read_sync(recorder& r, std::string id, const std::string& ns) {
  r.ask<page_reply>(vm, read_request{ns, std::move(id), true});
}

void world::write(recorder& r, page_ptr page, const std::string& ns) {
  r.ask<written>(vm, write_request{ns, std::move(page)});
}

void world::edit(recorder& r, std::string id, std::string_view edits,
                 std::optional<page_kind> create) {
  const auto parsed = parse_edits(edits);
  REQUIRE(parsed.has_value());
  r.ask<written>(vm, edit_request{"user", std::move(id), *parsed, create});
}

void world::page_out(recorder& r) { r.ask<pageout_reply>(vm, pageout_request{}); }

void world::drain(recorder& r) { r.ask<done>(vm, drain_request{}); }

void world::given(page_ptr page, const std::string& ns) {
  send_from_outside(vm, write_request{ns, std::move(page)});
  run();
}

void world::given_on_disk(page_ptr page, bool pending, const std::string& ns) {
  const std::vector<commit_page> pages{{ns, std::string{page->id()}, page, pending}};
  REQUIRE(disk->commit(pages).has_value());
}

std::string world::on_disk(const std::string& id, const std::string& ns) {
  const auto* record = disk->record(ns, id);
  if (record == nullptr)
    return "-";
  const auto stored = decode_record(*record, id);
  REQUIRE(stored.has_value());
  return label(*stored->page) + (stored->pending ? " ?" : "");
}

namespace_stats world::stats(const std::string& ns) {
  problems.ask<stats_reply>(vm, stats_request{});
  run();
  const auto& reply = problems.notes_->stats;
  REQUIRE(reply.has_value());
  const auto entry = std::find_if(reply->namespaces.begin(), reply->namespaces.end(),
                                  [&](const auto& e) { return e.ns == ns; });
  REQUIRE(entry != reply->namespaces.end());
  return uncounted_bytes(entry->counts);
}

} // namespace flok::testing
