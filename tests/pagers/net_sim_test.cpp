// The simulated network, in virtual time.
#include "pagers/net_sim.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

using std::chrono::milliseconds;

std::string options_with(const std::vector<page_ptr>& pages) {
  std::string text = R"({"delay_ms":100,"pages":[)";
  for (const auto& page : pages) {
    text += text.back() == '[' ? "" : ",";
    text += page->json();
  }
  return text + "]}";
}

/// A vm whose namespace "user" a net_sim pager serves: it has "a" and "b" in version 1, and
/// takes 100 ms for each.
class far_world : public virtual_system {
public:
  far_world() : virtual_system{without_disk()} {}

  void watch(recorder& r, const std::string& id) {
    watch_request request;
    request.ns = "user";
    request.id = id;
    request.watcher = r.actor();
    r.ask<done>(vm, request);
  }

  void read(recorder& r, const std::string& id) {
    r.ask<page_reply>(vm, read_request{"user", id, false});
  }

private:
  static virtual_options without_disk() {
    virtual_options v;
    v.namespaces = {{"user", spawn_net_sim_pager,
                     options_with({version("a", "1"), version("b", "1")})}};
    v.disk = nullptr;
    return v;
  }
};

} // namespace

TEST_CASE("net_sim: a watch is answered after the delay, and not before") {
  far_world w;
  recorder r{w};
  w.watch(r, "a");
  CHECK(r.heard() == strings{"done"});
  w.advance(milliseconds{99});
  CHECK(r.heard() == strings{});
  w.advance(milliseconds{1});
  CHECK(r.heard() == strings{"a=1 pager"});
  w.advance(milliseconds{1000});
  CHECK(r.heard() == strings{});
}

TEST_CASE("net_sim: of a page that it was not given, nothing comes") {
  far_world w;
  recorder r{w};
  w.watch(r, "c");
  w.advance(milliseconds{1000});
  CHECK(r.heard() == strings{"done"});
}

TEST_CASE("net_sim: to who has unwatched meanwhile, nothing comes") {
  far_world w;
  recorder r{w};
  w.watch(r, "a");
  w.run();
  r.ask<done>(w.vm, unwatch_request{"user", "a", r.actor()});
  w.advance(milliseconds{1000});
  CHECK(r.heard() == strings{"done", "done"});
}

TEST_CASE("net_sim: a read waits as long as a watch, also where there is nothing") {
  far_world w;
  recorder r{w};
  w.read(r, "a");
  CHECK(r.heard() == strings{});
  w.advance(milliseconds{100});
  CHECK(r.heard() == strings{"page a=1"});
  w.read(r, "a"); // resident now
  CHECK(r.heard() == strings{"page a=1"});
  w.read(r, "c");
  CHECK(r.heard() == strings{});
  w.advance(milliseconds{100});
  CHECK(r.heard() == strings{"no_such_page"});
}

TEST_CASE("net_sim: several reads and watches are under way at once") {
  far_world w;
  recorder one{w};
  recorder two{w};
  w.read(one, "a");
  w.watch(two, "b");
  w.read(one, "b");
  w.run();
  w.advance(milliseconds{50});
  w.read(two, "a");
  CHECK(two.heard() == strings{"done"});
  w.advance(milliseconds{50});
  CHECK(one.heard() == strings{"page a=1", "page b=1"});
  CHECK(two.heard() == strings{"b=1 pager"});
  w.advance(milliseconds{50});
  CHECK(two.heard() == strings{"page a=1"});
}

TEST_CASE("net_sim: it refuses to write and to delete") {
  far_world w;
  recorder r{w};
  r.ask<written>(w.vm, write_request{"user", version("a", "2"), {}});
  r.ask<done>(w.vm, delete_request{"user", "a", {}});
  CHECK(r.heard() == strings{"unsupported", "unsupported"});
}

TEST_CASE("net_sim: what was invalidated and is watched comes afresh, after the delay") {
  far_world w;
  recorder r{w};
  w.watch(r, "a");
  w.run();
  w.advance(milliseconds{100});
  CHECK(r.heard() == strings{"done", "a=1 pager"});
  r.ask<done>(w.vm, invalidate_request{"user", "a"});
  CHECK_FALSE(r.heard().empty());
  r.ask<page_reply>(w.vm, read_request{"user", "a", true});
  CHECK(r.heard() == strings{"no_such_page"});
  w.advance(milliseconds{100});
  CHECK(r.heard() == strings{"a=1 pager"});
}

TEST_CASE("net_sim: a barrier does not wait for what is on its way") {
  far_world w;
  recorder r{w};
  w.watch(r, "a");
  r.ask<done>(w.vm, drain_request{});
  CHECK(r.heard() == strings{"done", "done"});
}

TEST_CASE("net_sim: its options") {
  CHECK(check_net_sim_options("{}"));
  CHECK(check_net_sim_options(R"({"delay_ms":86400000,"pages":[]})"));
  for (const auto* bad : {R"({"delay_ms":-1})", R"({"delay_ms":86400001})",
                          R"({"delay_ms":"1"})", R"({"pages":{}})", R"({"pages":[7]})",
                          R"({"pages":[{"_id":"a"}]})", R"({"x":1})"}) {
    INFO(bad);
    const auto result = check_net_sim_options(bad);
    REQUIRE_FALSE(result);
    CHECK(result.error().code == errc::bad_config);
  }
  const auto twice = options_with({version("a", "1"), version("a", "2")});
  CHECK_FALSE(check_net_sim_options(twice));
}

} // namespace flok::testing
