// Watchers that do not keep up.
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

#include "runtime/limits.hpp"

namespace flok::testing {

namespace {

page_ptr numbered(std::string_view id, std::size_t n) {
  return version(id, "v" + std::to_string(n));
}

/// Watcher 1 watches "a", "b" and "c", and is sent versions 1, 2 and so on of "a" until it
/// can take no more.
struct with_slow_watcher : space_driver {
  explicit with_slow_watcher(bool every = false) {
    given(numbered("a", 0));
    for (const char* id : {"a", "b", "c"})
      space.watch(0, 1, 0, id, false, every);
    for (const char* id : {"b", "c"})
      loaded(id);
    for (std::size_t i = 1; i < limits::undelivered; ++i) // beside the one of the watch
      cache({numbered("a", i)});
    (void)effects();
  }
};

std::uint64_t merged(space_driver& d) { return d.space.stats(0).merged; }

} // namespace

TEST_CASE("slow watcher: of each page only the newest version waits") {
  with_slow_watcher d;
  for (std::size_t i = 1000; i < 1010; ++i)
    d.cache({numbered("a", i)});
  d.cache({numbered("b", 1)});
  CHECK(d.effects().empty());
  CHECK(merged(d) == 9);
  d.space.credit(1, limits::credit_batch);
  CHECK(d.effects() == strings{"w1 <- a=v1009 b=v1 (pager)"});
  d.cache({numbered("a", 2000)});
  CHECK(d.effects() == strings{"w1 <- a=v2000 (pager)"});
  CHECK(merged(d) == 9);
}

TEST_CASE("slow watcher: as long as one keeps up, every version reaches it") {
  with_slow_watcher d;
  for (std::size_t i = 0; i < 1000; ++i) {
    d.space.credit(1, 1);
    d.cache({numbered("a", 10'000 + i)});
    REQUIRE(d.effects().size() == 1);
  }
  CHECK(merged(d) == 0);
}

TEST_CASE("slow watcher: nobody else is delayed, and who wants every version gets them") {
  with_slow_watcher d;
  d.watch(2, "a");
  (void)d.effects();
  d.cache({numbered("a", 1000)});
  CHECK(d.effects() == strings{"w2 <- a=v1000 (pager)"});
  d.space.watch(0, 1, 0, "a", false, true);
  d.cache({numbered("a", 1001)});
  CHECK(d.effects() == strings{"w1 w2 <- a=v1001 (pager)"}); // and 1000 waits no longer
  d.space.credit(1, limits::undelivered);
  CHECK(d.effects().empty());
}

TEST_CASE("slow watcher: opted out, nothing waits") {
  with_slow_watcher d{true};
  for (std::size_t i = 1000; i < 1010; ++i) {
    d.cache({numbered("a", i)});
    CHECK(d.effects().size() == 1);
  }
}

TEST_CASE("slow watcher: what changed together arrives together") {
  with_slow_watcher d;
  d.cache({numbered("c", 1), numbered("b", 1)});
  d.cache({numbered("b", 2)});
  CHECK(d.effects().empty());
  d.space.credit(1, limits::credit_batch);
  CHECK(d.effects() == strings{"w1 <- c=v1 b=v2 (pager)"});
}

TEST_CASE("slow watcher: a page that is gone by then is told as gone") {
  with_slow_watcher d;
  d.cache({numbered("b", 1)});
  d.erase("b");
  d.wrote("b");
  (void)d.effects();
  d.space.credit(1, limits::credit_batch);
  CHECK(d.effects() == strings{"w1 <- b deleted"});
}

TEST_CASE("slow watcher: a drain waits for what waits") {
  with_slow_watcher d;
  d.cache({numbered("a", 1000)});
  const auto r = 'r' + std::to_string(d.drain());
  CHECK(d.effects().empty());
  d.space.credit(1, limits::credit_batch);
  (void)d.effects();
  d.passed();
  d.passed();
  CHECK(d.effects() == strings{r + ": done"});
}

TEST_CASE("slow watcher: what waits ends with the watch, or with the watcher") {
  for (const bool leaves : {false, true}) {
    with_slow_watcher d;
    d.cache({numbered("a", 1000)});
    (void)d.effects();
    if (leaves)
      d.space.forget(0, 1);
    else
      d.space.unwatch(0, 1, 0, "a");
    const auto r = 'r' + std::to_string(d.drain());
    (void)d.effects();
    d.passed();
    d.passed();
    CHECK(d.effects() == strings{r + ": done"});
    d.space.credit(1, limits::undelivered);
    CHECK(d.effects().empty());
  }
}

} // namespace flok::testing
