// The spec pager (seed 003, "Spec pager").

#include <algorithm>

#include "pagers/spec.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

/// A vm whose namespace "user" is a spec pager's, with these options.
struct spec_world {
  spec_world() : w{options(this)} {}

  static world_options options(spec_world* of) {
    world_options o;
    o.pager = [of](caf::actor_system& actors) {
      of->pager = spawn_spec_pager(actors);
      return of->pager;
    };
    return o;
  }

  /// The record, as the shell's `log` prints it.
  std::string log() {
    recorder r{w};
    r.ask<pager_log_reply>(caf::actor_cast<spec_pager_actor>(pager), pager_log_request{});
    return r.heard().at(0);
  }

  pager_actor pager;
  world w;
};

} // namespace

TEST_CASE("spec: records how it was started") {
  spec_world s;
  CHECK(s.log() ==
        R"({"init":{"ns":"user","options":{}},"watch":[],"unwatch":[],"write":[]})");
}

TEST_CASE("spec: records watches with the page at hand, unwatches, and writes") {
  spec_world s;
  recorder r{s.w};
  s.w.write(r, version("a", "1"));
  s.w.watch(r, "b\"");
  r.heard();
  s.w.watch(r, "a");
  s.w.unwatch(r, "b\"");
  CHECK(r.heard() == strings{"a=1 cache", "done", "done"});
  const auto page = version("a", "1")->json();
  CHECK(s.log() == R"({"init":{"ns":"user","options":{}},)"
                   R"("watch":[{"id":"b\""},{"id":"a","page":)" +
                       page + R"(}],"unwatch":["b\""],"write":[)" + page + "]}");
}

TEST_CASE("spec: caches what is written, as mem does") {
  spec_world s;
  recorder r{s.w};
  s.w.watch(r, "a");
  s.w.write(r, version("a", "1"));
  s.w.write(r, version("a", "2"));
  s.w.read(r, "none");
  const auto heard = r.heard();
  CHECK(std::count(heard.begin(), heard.end(), "no_such_page") == 1);
  CHECK(std::count(heard.begin(), heard.end(), "a=1 pager") == 1);
  CHECK(heard.back() == "written a=2");
}

} // namespace flok::testing
