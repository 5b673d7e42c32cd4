#include "tests/actors/fixture.hpp"

#include <deque>
#include <utility>

#include <caf/send.hpp>

#include "tests/catch.hpp"

namespace flok::testing {

// -- the recorder -------------------------------------------------------------

struct recorder::notes {
  strings heard;
  std::vector<read_res> updates;
  std::vector<error> errors;
  std::vector<const void*> places;
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

// -- the world ----------------------------------------------------------------

namespace {

virtual_options in_virtual_time(const world_options& options) {
  virtual_options v;
  v.namespaces.clear();
  for (const auto& ns : options.namespaces)
    v.namespaces.push_back({ns, {}, "{}"});
  v.namespaces.front().pager = options.pager;
  v.pageout = options.pageout;
  v.disk = options.storage ? options.disk : nullptr;
  v.writer = options.writer;
  return v;
}

} // namespace

world::world(const world_options& options)
    : virtual_system{in_virtual_time(options)}, problems{*this} {
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
  put_on_disk(ns, std::move(page), pending);
}

std::string world::on_disk(const std::string& id, const std::string& ns) {
  const auto stored = virtual_system::on_disk(ns, id);
  return stored.page ? label(*stored.page) + (stored.pending ? " ?" : "") : "-";
}

namespace_stats world::stats(const std::string& ns) {
  return uncounted_bytes(virtual_system::stats(ns));
}

} // namespace flok::testing
