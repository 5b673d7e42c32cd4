// Seed 002, "Pageout & Cache Synchronization".
#include <algorithm>

#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

namespace {

address_space_options with_max_dirty(std::uint64_t pages) {
  auto options = options_with_storage();
  options.max_dirty = pages;
  return options;
}

} // namespace

// -- the timer ---------------------------------------------------------------------------

TEST_CASE("page-out: the timer commits what is dirty, sorted by namespace and id") {
  space_driver d;
  d.cache({version("b", "v1")}, true);
  d.cache({version("a", "v1")}, false, 1);
  d.cache({version("c", "v1")});
  d.cache({version("a", "v1")});
  CHECK(d.effects().empty());
  d.space.pageout_due();
  CHECK(d.effects() == strings{"commit a=v1 b=v1? c=v1 other/a=v1"});
  d.committed();
  CHECK(d.effects().empty());
  CHECK(d.stats().dirty == 0);
  CHECK(d.space.stats(1).dirty == 0);
}

TEST_CASE("page-out: where nothing is dirty the timer does nothing") {
  space_driver d;
  d.space.pageout_due();
  d.given(version("a", "v1"));
  d.space.pageout_due();
  CHECK(d.effects().empty());
}

TEST_CASE("page-out: of several versions the newest is committed") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.cache({version("a", "v2")});
  d.space.pageout_due();
  CHECK(d.effects() == strings{"commit a=v2"});
}

TEST_CASE("page-out: a page stays dirty until its commit is confirmed") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  CHECK(d.stats().dirty == 1);
  d.committed();
  CHECK(d.stats().dirty == 0);
  CHECK(d.stats().pages == 1);
}

TEST_CASE("page-out: a page that changes during its commit stays dirty") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.cache({version("b", "v1")});
  d.space.pageout_due();
  d.cache({version("a", "v2")});
  CHECK(d.effects() == strings{"commit a=v1 b=v1"});
  d.committed();
  CHECK(d.stats().dirty == 1);
  d.space.pageout_due();
  CHECK(d.effects() == strings{"commit a=v2"});
  d.committed();
  CHECK(d.stats().dirty == 0);
}

TEST_CASE("page-out: a page that changes back during its commit stays dirty too") {
  space_driver d;
  d.given(version("a", "v1"));
  d.cache({version("a", "v2")});
  d.space.pageout_due();
  d.cache({version("a", "v1")});
  d.committed();
  CHECK(d.stats().dirty == 1);
}

TEST_CASE("page-out: one commit is under way at a time") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  d.cache({version("b", "v1")});
  d.space.pageout_due();
  CHECK(d.effects() == strings{"commit a=v1"});
  d.committed();
  CHECK(d.effects().empty()); // b waits for the next timer
  CHECK(d.stats().dirty == 1);
}

// -- the threshold -----------------------------------------------------------------------

TEST_CASE("page-out: so many dirty pages do not wait for the timer") {
  space_driver d{with_max_dirty(3)};
  d.cache({version("a", "v1")});
  d.cache({version("b", "v1")});
  d.cache({version("a", "v2")});
  CHECK(d.effects().empty());
  d.cache({version("c", "v1")});
  CHECK(d.effects() == strings{"commit a=v2 b=v1 c=v1"});
}

TEST_CASE("page-out: the threshold counts again once a commit is over") {
  space_driver d{with_max_dirty(2)};
  d.cache({version("a", "v1"), version("b", "v1")});
  d.cache({version("c", "v1")});
  d.cache({version("d", "v1")});
  CHECK(d.effects() == strings{"commit a=v1 b=v1"});
  d.committed();
  CHECK(d.effects() == strings{"commit c=v1 d=v1"});
  d.committed();
  CHECK(d.effects().empty());
}

TEST_CASE("page-out: the namespaces share the threshold") {
  space_driver d{with_max_dirty(2)};
  d.cache({version("a", "v1")});
  d.cache({version("a", "v1")}, false, 1);
  CHECK(d.effects() == strings{"commit a=v1 other/a=v1"});
}

// -- on request --------------------------------------------------------------------------

TEST_CASE("page-out: a request commits now, and is answered with how many") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.cache({version("b", "v1")});
  d.page_out();
  CHECK(d.effects() == strings{"commit a=v1 b=v1"});
  d.committed();
  CHECK(d.effects() == strings{"r1: 2"});
}

TEST_CASE("page-out: a request where nothing is dirty is answered at once") {
  space_driver d;
  d.page_out();
  d.given(version("a", "v1"));
  d.page_out();
  CHECK(d.effects() == strings{"r2: 0"});
}

TEST_CASE("page-out: a request counts the batch under way") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  d.page_out();
  CHECK(d.effects() == strings{"commit a=v1"});
  d.committed();
  CHECK(d.effects() == strings{"r1: 1"});
}

TEST_CASE("page-out: a request waits for all that was dirty when it came") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  d.cache({version("b", "v1")});
  d.cache({version("a", "v2")});
  d.page_out();
  CHECK(d.effects() == strings{"commit a=v1"});
  d.committed();
  CHECK(d.effects() == strings{"commit a=v2 b=v1"});
  d.committed();
  CHECK(d.effects() == strings{"r1: 3"});
}

TEST_CASE("page-out: a request waits for a change that came during its page's commit") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  d.cache({version("a", "v2")});
  d.page_out();
  (void)d.effects();
  d.committed();
  CHECK(d.effects() == strings{"commit a=v2"});
  d.committed();
  CHECK(d.effects() == strings{"r1: 2"});
}

TEST_CASE("page-out: a request does not wait for what came behind it") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.page_out();
  d.cache({version("a", "v2")});
  d.cache({version("b", "v1")});
  (void)d.effects();
  d.committed();
  CHECK(d.effects() == strings{"r1: 1"});
  CHECK(d.stats().dirty == 2);
}

TEST_CASE("page-out: requests at the same time are each answered with what they saw") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.page_out();
  d.page_out();
  d.cache({version("b", "v1")});
  d.page_out();
  (void)d.effects();
  d.committed();
  CHECK(d.effects() == strings{"r1: 1", "r2: 1", "commit b=v1"});
  d.committed();
  CHECK(d.effects() == strings{"r3: 2"});
}

// -- trouble -----------------------------------------------------------------------------

TEST_CASE("page-out: a failed commit leaves its pages dirty, is told, and is retried") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.page_out();
  d.page_out();
  (void)d.effects();
  d.commit_failed();
  CHECK(d.effects() == strings{"r1: storage_failure", "r2: storage_failure",
                               "report storage_failure", "retry in 100 ms"});
  CHECK(d.stats().dirty == 1);
  d.cache({version("b", "v1")});
  d.space.retry_pageout();
  CHECK(d.effects() == strings{"commit a=v1 b=v1"});
  d.committed();
  CHECK(d.stats().dirty == 0);
}

TEST_CASE("page-out: where a disk fails two batches at once, that is told once") {
  space_driver d;
  for (std::size_t i = 0; i <= limits::batch_pages; ++i)
    d.cache({version("p" + std::to_string(i), "v1")});
  d.space.pageout_due();
  const auto reports = [&] {
    const auto effects = d.effects();
    return std::count(effects.begin(), effects.end(), "report storage_failure");
  };
  (void)reports();
  d.commit_failed();
  CHECK(reports() == 1);
  d.commit_failed();
  CHECK(reports() == 0);
  d.space.retry_pageout();
  (void)reports();
  d.commit_failed();
  CHECK(reports() == 1); // it fails still
}

TEST_CASE("page-out: retries come ever later, and at once again after a success") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  std::vector<std::string> delays;
  for (int i = 0; i < 11; ++i) {
    d.commit_failed();
    delays.push_back(d.effects().back());
    d.space.retry_pageout();
  }
  CHECK(delays == strings{"retry in 100 ms", "retry in 200 ms", "retry in 400 ms",
                          "retry in 800 ms", "retry in 1600 ms", "retry in 3200 ms",
                          "retry in 6400 ms", "retry in 12800 ms", "retry in 25600 ms",
                          "retry in 30000 ms", "retry in 30000 ms"});
  d.committed();
  d.cache({version("a", "v2")});
  d.space.pageout_due();
  (void)d.effects();
  d.commit_failed();
  CHECK(d.effects().back() == "retry in 100 ms");
}

TEST_CASE("page-out: while a retry is armed, no other is, and the threshold is not asked") {
  space_driver d{with_max_dirty(1)};
  d.cache({version("a", "v1")});
  (void)d.effects();
  d.commit_failed();
  (void)d.effects();
  d.cache({version("b", "v1")});
  CHECK(d.effects().empty());
  d.page_out(); // but a request is
  CHECK(d.effects() == strings{"commit a=v1 b=v1"});
  d.commit_failed();
  CHECK(d.effects() == strings{"r1: storage_failure", "report storage_failure"});
  d.space.retry_pageout();
  CHECK(d.effects() == strings{"commit a=v1 b=v1"});
  d.committed();
  d.cache({version("c", "v1")});
  CHECK(d.effects() == strings{"commit c=v1"});
}

TEST_CASE("page-out: a page that changed during a commit that failed is retried newest") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  d.cache({version("a", "v2")});
  (void)d.effects();
  d.commit_failed();
  d.space.retry_pageout();
  CHECK(d.effects().back() == "commit a=v2");
  d.committed();
  CHECK(d.stats().dirty == 0);
}

} // namespace flok::testing
