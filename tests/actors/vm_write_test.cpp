// Writing and reading, across the actor boundary (seed 002, "write"; seed 003).

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

world_options with(const scripted_pager& pager) {
  world_options options;
  options.pager = pager.factory();
  return options;
}

} // namespace

TEST_CASE("write: the answer comes after what the pager cached has taken effect") {
  world w;
  recorder r{w};
  w.watch(r, "a");
  w.write(r, version("a", "1"));
  CHECK(r.heard() == strings{"done", "a=1 pager", "written a=1"});
  w.read(r, "a");
  w.write(r, version("a", "2"));
  w.read(r, "a");
  CHECK(r.heard() == strings{"page a=1", "page a=1", "a=2 pager", "written a=2"});
}

TEST_CASE(
    "write: a page that is on disk is loaded first; the pager sees what it replaces") {
  scripted_pager pager;
  world w{with(pager)};
  w.given_on_disk(version("a", "1"));
  recorder r{w};
  w.write(r, version("a", "2"));
  w.write(r, version("b", "1"));
  CHECK(r.heard() == strings{"written a=2", "written b=1"});
  CHECK(pager.heard() == strings{"init user {}", "write a=2 over a=1", "write b=1"});
}

TEST_CASE("write: one at a time is with the pager for each page, in order") {
  scripted_pager pager;
  world w{with(pager)};
  recorder r{w};
  pager.hold();
  w.write(r, version("a", "1"));
  w.write(r, version("a", "2"));
  w.write(r, version("b", "1"));
  w.run();
  CHECK(pager.heard() == strings{"init user {}", "write a=1", "write b=1"});
  CHECK(r.heard() == strings{});
  pager.release();
  CHECK(r.heard() == strings{"written a=1", "written b=1", "written a=2"});
  CHECK(pager.heard() == strings{"write a=2 over a=1"});
}

TEST_CASE("write: every code of a pager's refusal survives, with its sentence") {
  scripted_pager pager;
  world w{with(pager)};
  recorder r{w};
  for (unsigned code = 0; code < errc_count; ++code) {
    const error why{static_cast<errc>(code), "no: " + std::to_string(code)};
    pager.on_write([&](const page_ptr&) -> expected<void> { return failure(why); });
    w.write(r, version("a", "1"));
    CHECK(r.heard() == strings{std::string{to_string(why.code)}});
    REQUIRE(r.errors().size() == code + 1);
    CHECK(r.errors().back() == why);
  }
  CHECK(w.stats().pages == 0);
}

TEST_CASE("write: the answer is the page as it went to the pager, whatever it cached") {
  scripted_pager pager;
  world w{with(pager)};
  recorder r{w};
  pager.on_write([&](const page_ptr&) -> expected<void> {
    pager.cache({version("a", "mine")});
    return {};
  });
  w.watch(r, "a");
  w.write(r, version("a", "yours"));
  CHECK(r.heard() == strings{"done", "written a=yours", "a=mine pager"});
}

TEST_CASE("write: no page at all is refused") {
  world w;
  recorder r{w};
  w.write(r, nullptr);
  CHECK(r.heard() == strings{"invalid_page"});
}

TEST_CASE("edit: applied to what is there when its turn comes") {
  world w;
  recorder r{w};
  w.given_on_disk(page_of(R"({"_id":"a","_type":"array",
      "entries":[{"_id":"x","_sig":"1","n":1}]})"));
  w.edit(r, "a", R"([{"set":{"at":0,"fields":{"n":2}}}])");
  w.edit(r, "a", R"([{"del":{"at":1}}])");
  w.edit(r, "a", R"([{"insert":{"at":1,"entry":{"_id":"y"}}},{"next":"b"}])");
  const auto heard = r.heard();
  REQUIRE(heard.size() == 3);
  CHECK(heard[1] == "bad_index");
  w.watch(r, "a");
  w.run();
  const auto& page = *r.updates().back().pages[0];
  REQUIRE(page.size() == 2);
  CHECK(page.member(0, "n") == "2");
  CHECK(page.entry(1).name == "y");
  CHECK(page.next() == "b");
}

TEST_CASE("edit: a page that is nowhere is made with `create`, and refused without") {
  world w;
  recorder r{w};
  w.edit(r, "a", R"([{"insert":{"at":"k","entry":{"n":1}}}])");
  w.edit(r, "a", R"([{"insert":{"at":"k","entry":{"n":1}}}])", page_kind::hash);
  w.edit(r, "a", R"([{"insert":{"at":"l","entry":{"n":1}}}])");
  w.watch(r, "a");
  r.heard();
  REQUIRE(r.errors().size() == 1);
  CHECK(r.errors()[0].code == errc::no_such_page);
  CHECK(r.updates().back().pages[0]->size() == 2);
}

TEST_CASE("read: from memory, from disk, then from the pager") {
  scripted_pager pager;
  world w{with(pager)};
  w.given(version("a", "1"));
  w.given_on_disk(version("b", "1"));
  pager.on_read([](const std::string& id) -> expected<page_ptr> {
    if (id == "c")
      return version("c", "1");
    if (id == "d")
      return nullptr;
    return failure(errc::unsupported, "this pager reads nothing");
  });
  pager.heard();
  recorder r{w};
  for (const auto* id : {"a", "b", "c", "d", "e"})
    w.read(r, id);
  CHECK(r.heard() ==
        strings{"page a=1", "page b=1", "page c=1", "no_such_page", "unsupported"});
  CHECK(r.errors().back().message == "this pager reads nothing");
  CHECK(pager.heard() == strings{"read c", "read d", "read e"});
  CHECK(w.stats().pages == 3);
  CHECK(w.stats().watchers == 0);
  w.read(r, "c");
  CHECK(r.heard() == strings{"page c=1"});
  CHECK(pager.heard() == strings{});
}

TEST_CASE("read sync: does not ask the pager") {
  scripted_pager pager;
  world w{with(pager)};
  pager.on_read([](const std::string& id) { return version(id, "1"); });
  w.given_on_disk(version("b", "1"));
  recorder r{w};
  w.read_sync(r, "a");
  w.read_sync(r, "b");
  CHECK(r.heard() == strings{"no_such_page", "page b=1"});
  CHECK(pager.heard() == strings{"init user {}"});
}

TEST_CASE("drain waits for a write that is with the pager, and for what that caches") {
  scripted_pager pager;
  world w{with(pager)};
  recorder r{w};
  pager.hold();
  w.watch(r, "a");
  w.write(r, version("a", "1"));
  w.drain(r);
  w.drain(r);
  CHECK(r.heard() == strings{"done"});
  pager.release();
  CHECK(r.heard() == strings{"a=1 pager", "written a=1", "done", "done"});
}

TEST_CASE("drain with nothing under way is answered") {
  world_options options;
  options.storage = GENERATE(true, false);
  world w{options};
  recorder r{w};
  w.drain(r);
  CHECK(r.heard() == strings{"done"});
  if (options.storage)
    w.given_on_disk(version("a", "1"));
  w.watch(r, "a");
  w.drain(r);
  CHECK(r.heard() ==
        (options.storage ? strings{"done", "a=1 disk", "done"} : strings{"done", "done"}));
}

TEST_CASE("stats counts pages, dirty ones, watched ones and pairs") {
  world w;
  recorder r1{w}, r2{w};
  w.given_on_disk(version("a", "1"));
  w.given(version("b", "1"));
  w.watch(r1, "a");
  w.watch(r2, "a");
  w.watch(r2, "c");
  w.run();
  CHECK(w.stats() == namespace_stats{2, 1, 2, 3, 0});
  CHECK(w.stats("other") == namespace_stats{});
}

} // namespace flok::testing
