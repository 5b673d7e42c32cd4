// Faults that the simulation (tests/sim) has found, each as short as can be.
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

namespace {

/// Any page is more than fits.
address_space_options crowded_options() {
  auto options = options_with_storage();
  options.max_bytes = 1;
  return options;
}

/// "b" is clean, and a write of it waits for room until "a" is on disk: one that its
/// `if_hash` will refuse. Then comes request 1, a drain.
void let_write_wait(space_driver& d) {
  d.cache({version("a", "v1")});
  d.space.write(100, 0, version("b", "v2"), {"7", false});
  REQUIRE(d.effects() == strings{"commit a=v1", "load b"});
  d.loaded("b", version("b", "v1"));
  REQUIRE(d.effects().empty());
  REQUIRE(d.drain() == 1);
  REQUIRE(d.effects().empty());
}

} // namespace

TEST_CASE("a load that fails does not refuse a deletion that is with the pager") {
  space_driver d;
  d.space.erase(100, 0, "a");
  REQUIRE(d.effects() == strings{"pager: delete a"});
  const auto call = std::get<effects::pager_delete>(d.taken()[0]).call;
  d.read("a");
  d.load_failed("a");
  CHECK(d.effects() == strings{"load a", "report storage_failure", "r1: storage_failure"});
  d.space.pager_wrote(call, {});
  CHECK(d.effects() == strings{"r100: done"});
  CHECK(d.stats().dirty == 1); // the deletion is on its way to disk
}

TEST_CASE("news that waits keeps its cause, whoever watches the page meanwhile") {
  space_driver d;
  d.watch(1, "a");
  for (std::uint32_t i = 0; i <= limits::undelivered; ++i)
    d.cache({version("a", "v" + std::to_string(i))});
  (void)d.effects();
  d.watch(2, "a");
  CHECK(d.effects() == strings{"w2 <- a=v256 (cache)", "r2: done"});
  d.space.credit(1, limits::credit_batch);
  CHECK(d.effects() == strings{"w1 <- a=v256 (pager)"});
}

TEST_CASE("a write that is refused once there is room leaves no page over the bound") {
  space_driver d{crowded_options()};
  let_write_wait(d);
  d.committed();
  CHECK(d.effects().front() == "r100: conflict");
  CHECK(d.stats().pages == 0);
}

TEST_CASE("a drain goes on when a write that waited for room is refused") {
  space_driver d{crowded_options()};
  let_write_wait(d);
  SECTION("by its rule, once there is room") {
    d.committed();
    CHECK(d.effects() ==
          strings{"r100: conflict", "pager: barrier", "pager: barrier of other"});
  }
  SECTION("because there will be none") {
    d.commit_failed();
    CHECK(d.effects() == strings{"report storage_failure", "retry in 100 ms",
                                 "r100: storage_failure", "pager: barrier",
                                 "pager: barrier of other"});
  }
  SECTION("because its pager has died") {
    d.space.pager_lost(0);
    CHECK(d.effects() == strings{"r100: pager_down", "pager: barrier of other"});
    d.space.write(101, 0, version("b", "v3"));
    CHECK(d.effects() == strings{"r101: pager_down"});
  }
}

TEST_CASE("what a pager caches while it is to read is not given up before it answers") {
  space_driver d{crowded_options()};
  d.read("a");
  d.loaded("a");
  d.cache({version("a", "v1")});
  CHECK(d.effects() == strings{"load a", "pager: read a", "commit a=v1"});
  d.committed();
  CHECK(d.effects().empty());
  SECTION("it has had no page") {
    d.read_done("a", page_ptr{});
    CHECK(d.effects() == strings{"r1: a=v1"});
  }
  SECTION("it has had an older one") {
    d.read_done("a", version("a", "v0"));
    CHECK(d.effects() == strings{"r1: a=v1"});
  }
  SECTION("it dies") {
    d.space.pager_lost(0);
    CHECK(d.effects() == strings{"r1: pager_down"});
  }
  CHECK(d.stats().pages == 0); // then it is
}

} // namespace flok::testing
