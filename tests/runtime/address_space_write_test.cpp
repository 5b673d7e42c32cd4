// Seed 002, "write", and edits, which are writes made where the page is.
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

namespace {

const std::string set_n = R"([{"set":{"at":0,"fields":{"n":1}}}])";
const std::string head_h = R"([{"head":"h"}])";

/// The page that the last effects hand to the pager.
page_ptr handed_over(const space_driver& d) {
  for (const auto& e : d.taken())
    if (const auto* write = std::get_if<effects::pager_write>(&e))
      return write->page;
  FAIL("no write was handed over");
  return nullptr;
}

} // namespace

// -- write -------------------------------------------------------------------------------

TEST_CASE("write: the pager decides, and its consent is the answer") {
  space_driver d;
  d.given(version("a", "v1"));
  d.write(version("a", "v2"));
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1"});
  d.wrote("a");
  CHECK(d.effects() == strings{"r1: a=v2"});
  // It did not cache the page, which is its right.
  CHECK(label(*d.space.resident(0, "a")) == "a=v1");
}

TEST_CASE("write: the pager's refusal is the answer, and changes nothing") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.write(version("a", "v2"));
  d.write(version("a", "v3"));
  (void)d.effects();
  d.refused("a");
  CHECK(d.effects() == strings{"r1: unsupported", "pager: write a=v3 over a=v1"});
  d.wrote("a");
  CHECK(d.effects() == strings{"r2: a=v3"});
}

TEST_CASE("write: a page that is not resident is loaded first") {
  space_driver d;
  d.write(version("a", "v2"));
  CHECK(d.effects() == strings{"load a"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1"});
}

TEST_CASE("write: a page that is nowhere replaces nothing") {
  space_driver d;
  d.write(version("a", "v1"));
  (void)d.effects();
  d.loaded("a");
  CHECK(d.effects() == strings{"pager: write a=v1 over nothing"});
  d.wrote("a");
  CHECK(d.effects() == strings{"r1: a=v1"});
  CHECK(d.stats() == namespace_stats{});
}

TEST_CASE("write: without storage nothing is loaded") {
  space_driver d{options_without_storage()};
  d.write(version("a", "v1"));
  CHECK(d.effects() == strings{"pager: write a=v1 over nothing"});
}

TEST_CASE("write: one write per page is with the pager at a time, in order") {
  space_driver d;
  d.given(version("a", "v0"));
  d.given(version("b", "v0"));
  d.write(version("a", "v1"));
  d.write(version("a", "v2"));
  d.write(version("b", "v1"));
  d.write(version("a", "v3"));
  CHECK(d.effects() ==
        strings{"pager: write a=v1 over a=v0", "pager: write b=v1 over b=v0"});
  d.wrote("a");
  CHECK(d.effects() == strings{"r1: a=v1", "pager: write a=v2 over a=v0"});
  d.wrote("b");
  CHECK(d.effects() == strings{"r3: b=v1"});
  d.refused("a");
  CHECK(d.effects() == strings{"r2: unsupported", "pager: write a=v3 over a=v0"});
}

TEST_CASE("write: what it replaces is what is resident when it is handed over") {
  space_driver d;
  d.given(version("a", "v0"));
  d.write(version("a", "v1"));
  d.write(version("a", "v2"));
  d.cache({version("a", "v1")});
  d.wrote("a");
  CHECK(d.effects() ==
        strings{"pager: write a=v1 over a=v0", "r1: a=v1", "pager: write a=v2 over a=v1"});
}

TEST_CASE("write: writes that wait for a load go on when a pager caches the page") {
  space_driver d;
  d.write(version("a", "v2"));
  (void)d.effects();
  d.cache({version("a", "v1")});
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1"});
  d.loaded("a", version("a", "v0"));
  CHECK(d.effects().empty());
}

TEST_CASE("write: a watcher sees what the pager caches, before the writer's answer") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.write(version("a", "v2"));
  d.cache({version("a", "v2")});
  d.wrote("a");
  CHECK(d.effects() ==
        strings{"pager: write a=v2 over a=v1", "w1 <- a=v2 (pager)", "r1: a=v2"});
}

TEST_CASE("write: the page that is resident may be written again") {
  space_driver d;
  d.given(version("a", "v1"));
  d.write(version("a", "v1"));
  CHECK(d.effects() == strings{"pager: write a=v1 over a=v1"});
}

TEST_CASE("write: nobody waits for an answer to request 0") {
  space_driver d;
  d.given(version("a", "v1"));
  d.space.write(0, 0, version("a", "v2"));
  d.wrote("a");
  d.space.watch(0, 1, 0, "a", false);
  d.space.page_out(0);
  d.space.drain(0);
  d.passed();
  d.passed();
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1", "w1 <- a=v1 (cache)",
                               "pager: watch a=v1", "pager: barrier",
                               "pager: barrier of other"});
}

// -- edit --------------------------------------------------------------------------------

TEST_CASE("edit: it is applied to what is resident, and written") {
  space_driver d;
  d.given(version("a", "v1"));
  d.edit("a", set_n);
  REQUIRE(d.effects().size() == 1);
  const auto page = handed_over(d);
  CHECK(page->member(0, "n") == "1");
  CHECK(page->entry(0).signature != "v1");
  CHECK(label(*d.space.resident(0, "a")) == "a=v1");
  d.wrote("a");
  CHECK(d.effects() == strings{"r1: " + label(*page)});
}

TEST_CASE("edit: a page that is not resident is loaded first") {
  space_driver d;
  d.edit("a", head_h);
  CHECK(d.effects() == strings{"load a"});
  d.loaded("a", version("a", "v1"));
  CHECK(d.effects() == strings{"pager: write a=v1 over a=v1"});
  CHECK(handed_over(d)->head() == "h");
}

TEST_CASE("edit: edits of one page follow one another, none is lost") {
  space_driver d;
  d.given(version("a", "v1"));
  d.edit("a", head_h);
  d.edit("a", R"([{"next":"n"}])");
  (void)d.effects();
  const auto first = handed_over(d);
  CHECK(first->head() == "h");
  d.cache({first});
  d.wrote("a");
  (void)d.effects();
  const auto second = handed_over(d);
  CHECK(second->head() == "h");
  CHECK(second->next() == "n");
}

TEST_CASE("edit: all of them or none, and the next write goes on") {
  space_driver d;
  d.given(version("a", "v1"));
  d.edit("a", R"([{"head":"h"},{"del":{"at":1}}])");
  d.write(version("a", "v2"));
  CHECK(d.effects() == strings{"r1: bad_index", "pager: write a=v2 over a=v1"});
  CHECK(label(*d.space.resident(0, "a")) == "a=v1");
  CHECK_FALSE(d.space.resident(0, "a")->head().has_value());
}

TEST_CASE("edit: a page that is unknown is no_such_page, or begins as it is told") {
  space_driver d;
  d.edit("a", head_h);
  d.edit("a", head_h, page_kind::hash);
  (void)d.effects();
  d.loaded("a");
  CHECK(d.effects() == strings{"r1: no_such_page", "pager: write a over nothing"});
  CHECK(handed_over(d)->kind() == page_kind::hash);
  CHECK(handed_over(d)->head() == "h");
}

TEST_CASE("edit: a page that is there is edited as it is, whatever it would begin as") {
  space_driver d;
  d.given(version("a", "v1"));
  d.edit("a", head_h, page_kind::hash);
  (void)d.effects();
  CHECK(handed_over(d)->kind() == page_kind::array);
}

TEST_CASE("edit: what fails leaves nothing behind") {
  space_driver d;
  d.edit("a", head_h);
  d.loaded("a");
  d.edit("", head_h);
  CHECK(d.effects() == strings{"load a", "r1: no_such_page", "r2: invalid_page"});
  CHECK(d.stats() == namespace_stats{});
  d.edit("a", head_h);
  CHECK(d.effects() == strings{"load a"});
}

TEST_CASE("edit: new entries get ids from the source that the core was given") {
  space_driver d;
  d.given(version("a", "v1"));
  d.edit("a", R"([{"insert":{"at":0,"entry":{}}}])");
  (void)d.effects();
  CHECK(handed_over(d)->entry(0).name == "made-1");
}

} // namespace flok::testing
