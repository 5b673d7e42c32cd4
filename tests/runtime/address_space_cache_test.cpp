// Seed 002, "Cache": what pagers put into it.
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

// -- one page ----------------------------------------------------------------------------

TEST_CASE("cache_write: the page is resident and dirty, and goes to each watcher") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.watch(2, "a");
  (void)d.effects();
  d.cache({version("a", "v2")});
  CHECK(d.effects() == strings{"w1 w2 <- a=v2 (pager)"});
  CHECK(d.stats() == namespace_stats{1, 1, 1, 2, 0});
  CHECK(label(*d.space.resident(0, "a")) == "a=v2");
}

TEST_CASE("cache_write: nobody need watch, nor have written") {
  space_driver d;
  d.cache({version("a", "v1")});
  CHECK(d.effects().empty());
  CHECK(d.stats() == namespace_stats{1, 1, 0, 0, 0});
}

TEST_CASE("cache_write: an unmodified page brings no event and is not dirty") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  const auto before = d.space.resident(0, "a");
  d.cache({version("a", "v1")});
  CHECK(d.effects().empty());
  CHECK(d.stats().dirty == 0);
  CHECK(d.space.resident(0, "a") == before);
}

TEST_CASE("cache_write: a page whose hash collides with the resident one's is a change") {
  space_driver d;
  d.given_watched(1, page_of(R"({"_id":"a","_type":"array","_next":"x","entries":[]})"));
  const auto other = page_of(R"({"_id":"a","_type":"array","_prev":"x","entries":[]})");
  REQUIRE(other->hash() == d.space.resident(0, "a")->hash());
  d.cache({other});
  CHECK(d.effects() == strings{"w1 <- a (pager)"});
  CHECK(d.space.resident(0, "a") == other);
}

TEST_CASE("cache_write: whether a page is pending is part of it") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.cache({version("a", "v1")}, true);
  CHECK(d.effects() == strings{"w1 <- a=v1 (pager, pending)"});
  CHECK(d.stats().dirty == 1);
  d.cache({version("a", "v1")}, true);
  CHECK(d.effects().empty());
  d.cache({version("a", "v1")});
  CHECK(d.effects() == strings{"w1 <- a=v1 (pager)"});
}

TEST_CASE("cache_write: no pages are no change") {
  space_driver d;
  d.cache({});
  CHECK(d.effects().empty());
  CHECK(d.stats() == namespace_stats{});
}

TEST_CASE("cache_write: without storage nothing is dirty") {
  space_driver d{options_without_storage()};
  d.watch(1, "a");
  (void)d.effects();
  d.cache({version("a", "v1")});
  d.page_out();
  CHECK(d.effects() == strings{"w1 <- a=v1 (pager)", "r2: 0"});
  CHECK(d.stats() == namespace_stats{1, 0, 1, 1, 0});
}

// -- several pages -----------------------------------------------------------------------

TEST_CASE("cache_write: a watcher gets its pages of one write as one message") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.watch(1, "c");
  d.watch(2, "b");
  d.watch(3, "c");
  d.watch(3, "a");
  d.watch(4, "d");
  (void)d.effects();
  d.cache({version("a", "v2"), version("b", "v2"), version("c", "v2"), version("e", "v2")});
  CHECK(d.effects() == strings{"w1 w3 <- a=v2 c=v2 (pager)", "w2 <- b=v2 (pager)"});
}

TEST_CASE("cache_write: the unmodified ones of several are left out") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.given_watched(1, version("b", "v1"));
  d.given_watched(2, version("a", "v1"));
  d.cache({version("a", "v1"), version("b", "v2")});
  CHECK(d.effects() == strings{"w1 <- b=v2 (pager)"});
  CHECK(d.stats().dirty == 1);
}

TEST_CASE("cache_write: pages that nobody watches make no message") {
  space_driver d;
  d.cache({version("a", "v1"), version("b", "v1")});
  CHECK(d.effects().empty());
  CHECK(d.stats().dirty == 2);
}

TEST_CASE("cache_write: a page that stands twice has its last version, and one mention") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.watch(1, "b");
  (void)d.effects();
  d.cache({version("a", "v2"), version("b", "v2"), version("a", "v3")}, true);
  CHECK(d.effects() == strings{"w1 <- a=v3 b=v2 (pager, pending)"});
  CHECK(d.stats().dirty == 2);
}

TEST_CASE("cache_write: several pages settle the loads and sync watches of each") {
  space_driver d;
  d.watch(1, "a", true);
  d.watch(1, "b");
  d.read("b");
  (void)d.effects();
  d.cache({version("a", "v1"), version("b", "v1")});
  CHECK(d.effects() ==
        strings{"w1 <- a=v1 b=v1 (pager)", "pager: watch a=v1", "r1: done", "r3: b=v1"});
  d.loaded("a");
  d.loaded("b", version("b", "v0"));
  CHECK(d.effects().empty());
  CHECK(d.stats() == namespace_stats{2, 2, 2, 2, 0});
}

TEST_CASE("cache_write: many pages at once are one message and one commit") {
  constexpr int many = 20'000;
  space_driver d;
  std::vector<page_ptr> pages;
  for (int i = 0; i < many; ++i) {
    pages.push_back(version("a" + std::to_string(i), "v1"));
    d.space.watch(0, 1, 0, pages.back()->id(), false);
  }
  (void)d.effects();
  d.cache(pages);
  (void)d.effects();
  REQUIRE(d.taken().size() == 2); // and the commit: the dirty threshold is crossed
  CHECK(std::get<effects::notify>(d.taken()[0]).pages.size() == many);
  CHECK(std::get<effects::commit>(d.taken()[1]).pages.size() == many);
}

// -- order -------------------------------------------------------------------------------

TEST_CASE("a watcher sees the versions of a page in the order in which they were cached") {
  space_driver d;
  d.given_watched(1, version("a", "v1"));
  d.cache({version("a", "v2")});
  d.watch(2, "a");
  d.cache({version("a", "v1")});
  d.cache({version("a", "v3")});
  CHECK(d.effects() == strings{"w1 <- a=v2 (pager)", "w2 <- a=v2 (cache)", "r1: done",
                               "w1 w2 <- a=v1 (pager)", "w1 w2 <- a=v3 (pager)"});
}

} // namespace flok::testing
