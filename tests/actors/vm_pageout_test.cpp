// Page-out, and what becomes of a disk that fails (seed 002, "Pageout & Cache
// Synchronization").

#include <chrono>

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

using namespace std::chrono_literals;

namespace {

expected<void> broken() { return failure(errc::storage_failure, "the disk is full"); }

} // namespace

TEST_CASE("page-out: on the timer, every minute") {
  world w;
  w.given(version("a", "1"));
  w.advance(59'999ms);
  CHECK(w.on_disk("a") == "-");
  CHECK(w.stats().dirty == 1);
  w.advance(1ms);
  CHECK(w.on_disk("a") == "a=1");
  CHECK(w.stats().dirty == 0);
  w.given(version("a", "2"));
  w.advance(60s);
  CHECK(w.on_disk("a") == "a=2");
  w.advance(60s);
  CHECK(w.disk->commits() == 2);
}

TEST_CASE("page-out: at the interval that the configuration says") {
  world_options options;
  options.pageout.interval_ms = 7;
  world w{options};
  for (int i = 1; i < 5; ++i) {
    w.given(version("a", std::to_string(i)));
    w.advance(6ms);
    CHECK(w.disk->commits() == static_cast<std::size_t>(i - 1));
    w.advance(1ms);
    CHECK(w.disk->commits() == static_cast<std::size_t>(i));
  }
}

TEST_CASE("page-out: on the threshold, without waiting") {
  world_options options;
  options.pageout.max_dirty = 3;
  world w{options};
  w.given(version("a", "1"));
  w.given(version("b", "1"));
  w.given(version("b", "2"));
  CHECK(w.disk->commits() == 0);
  w.given(version("c", "1"), "other");
  CHECK(w.disk->commits() == 1);
  CHECK(w.disk->size() == 3);
  CHECK(w.on_disk("b") == "b=2");
  CHECK(w.on_disk("c", "other") == "c=1");
  CHECK(w.stats().dirty == 0);
}

TEST_CASE("page-out: on request, answered with how many pages were committed") {
  world w;
  recorder r{w};
  w.page_out(r);
  CHECK(r.heard() == strings{"paged out 0"});
  w.given(version("a", "1"));
  w.given(version("b", "1"), "other");
  w.given(version("a", "2"));
  w.page_out(r);
  w.page_out(r);
  w.run();
  CHECK(r.heard().front() == "paged out 2");
  CHECK(w.on_disk("a") == "a=2");
  CHECK(w.on_disk("b", "other") == "b=1");
}

TEST_CASE("page-out: pages cached together are committed together") {
  scripted_pager pager;
  world_options options;
  options.pager = pager.factory();
  world w{options};
  recorder r{w};
  pager.cache({version("a", "1"), version("b", "1"), version("c", "1")}, true);
  w.run();
  w.page_out(r);
  CHECK(r.heard() == strings{"paged out 3"});
  CHECK(w.disk->commits() == 1);
  CHECK(w.on_disk("b") == "b=1 ?");
}

TEST_CASE("page-out: what a load brought is not written again") {
  world w;
  recorder r{w};
  w.given_on_disk(version("a", "1"));
  w.watch(r, "a");
  CHECK(r.heard() == strings{"done", "a=1 disk"});
  w.page_out(r);
  CHECK(r.heard() == strings{"paged out 0"});
}

TEST_CASE("page-out: a change during the commit stays dirty") {
  world w;
  recorder r{w};
  w.given(version("a", "1"));
  bool first = true;
  w.disk->on_commit([&]() -> expected<void> {
    if (std::exchange(first, false))
      send_from_outside(w.vm, write_request{"user", version("a", "2")});
    return {};
  });
  w.advance(60s);
  CHECK(w.on_disk("a") == "a=1");
  CHECK(w.stats().dirty == 1);
  w.advance(60s);
  CHECK(w.on_disk("a") == "a=2");
  CHECK(w.stats().dirty == 0);
}

TEST_CASE("a failing commit: dirty still, told, and tried again with back-off") {
  world w;
  recorder r{w};
  w.given(version("a", "1"));
  w.disk->on_commit(broken);
  w.page_out(r);
  CHECK(r.heard() == strings{"storage_failure"});
  CHECK(r.errors().back().message == "the disk is full");
  CHECK(w.problems.heard() == strings{"problem storage_failure"});
  CHECK(w.problems.errors().back().message == "the disk is full");
  CHECK(w.stats().dirty == 1);

  w.advance(99ms);
  CHECK(w.problems.heard() == strings{});
  w.advance(1ms);
  CHECK(w.problems.heard() == strings{"problem storage_failure"});
  w.disk->on_commit({});
  w.advance(199ms);
  CHECK(w.on_disk("a") == "-");
  w.advance(1ms);
  CHECK(w.on_disk("a") == "a=1");
  CHECK(w.stats().dirty == 0);
  CHECK(w.problems.heard() == strings{});
}

TEST_CASE("a failing commit: a page-out that is asked for does not wait for the back-off") {
  world w;
  recorder r{w};
  w.given(version("a", "1"));
  w.disk->on_commit(broken);
  w.page_out(r);
  w.run();
  w.disk->on_commit({});
  w.page_out(r);
  CHECK(r.heard() == strings{"storage_failure", "paged out 1"});
  w.advance(1s);
  CHECK(w.disk->commits() == 1);
}

TEST_CASE("a failing commit: what is in memory still serves") {
  world w;
  recorder r{w};
  w.disk->on_commit(broken);
  w.given(version("a", "1"));
  w.advance(60s);
  w.watch(r, "a");
  w.write(r, version("a", "2"));
  CHECK(r.heard() == strings{"a=1 cache", "done", "a=2 pager", "written a=2"});
}

TEST_CASE("a failing load is told to who waits, and to the listeners") {
  world w;
  recorder r{w};
  w.given_on_disk(version("a", "1"));
  w.disk->on_load(broken);
  w.watch_sync(r, "a");
  CHECK(r.heard() == strings{"storage_failure"});
  CHECK(r.errors().back().message == "the disk is full");
  CHECK(w.problems.heard() == strings{"problem storage_failure"});
  w.read(r, "b");
  w.write(r, version("c", "1"));
  w.watch(r, "d");
  CHECK(r.heard() == strings{"done", "storage_failure", "storage_failure"});
  CHECK(w.problems.heard().size() == 3);
  w.disk->on_load({});
  w.read(r, "a");
  CHECK(r.heard() == strings{"a=1 disk", "page a=1"});
}

TEST_CASE("a damaged record is told, and treated as absent") {
  world w;
  recorder r{w};
  w.given_on_disk(version("a", "1"));
  w.disk->record("user", "a")->back() ^= 1;
  w.watch_sync(r, "a");
  CHECK(r.heard() == strings{"no_such_page"});
  CHECK(w.problems.heard() == strings{"problem storage_failure"});
  CHECK(w.problems.errors().back().message.find("checksum") != std::string::npos);
  w.write(r, version("a", "2"));
  CHECK(r.heard() == strings{"a=2 pager", "written a=2"});
  w.page_out(r);
  CHECK(r.heard() == strings{"paged out 1"});
  CHECK(w.on_disk("a") == "a=2");
}

TEST_CASE("storage actors that are gone are a failure like any other") {
  world w;
  recorder r{w};
  w.given(version("a", "1"));
  caf::anon_send_exit(w.storage.reader, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(w.storage.writer, caf::exit_reason::user_shutdown);
  w.run();
  w.watch_sync(r, "b");
  w.page_out(r);
  CHECK(r.heard() == strings{"storage_failure", "storage_failure"});
  CHECK(w.stats() == namespace_stats{1, 1, 1, 1, 0});
  w.read(r, "a");
  w.drain(r);
  CHECK(r.heard() == strings{"page a=1", "done"});
}

TEST_CASE("without storage nothing is dirty, and nothing is waited for") {
  world_options options;
  options.storage = false;
  options.pageout.max_dirty = 1;
  world w{options};
  recorder r{w};
  w.watch_sync(r, "a");
  w.write(r, version("a", "1"));
  w.page_out(r);
  CHECK(r.heard() == strings{"no_such_page", "paged out 0", "a=1 pager", "written a=1"});
  CHECK(w.stats() == namespace_stats{1, 0, 1, 1, 0});
}

TEST_CASE("restart: a watch finds the page on disk, with its mark") {
  auto disk = std::make_shared<memory_store>();
  const auto page = page_of(
      R"({"_id":"a","_type":"hash","_next":"b","entries":{"k" : {"n":1.50, "m":[ ]}}})");
  {
    scripted_pager pager;
    world_options options;
    options.pager = pager.factory();
    options.disk = disk;
    world w{options};
    pager.cache({page}, true);
    w.advance(60s);
  }
  world_options options;
  options.disk = disk;
  world w{options};
  recorder r{w};
  w.watch(r, "a");
  CHECK(r.heard().back().ends_with(" disk ?"));
  REQUIRE(r.updates().size() == 1);
  CHECK(r.updates()[0].pages[0]->json() == page->json());
}

} // namespace flok::testing
