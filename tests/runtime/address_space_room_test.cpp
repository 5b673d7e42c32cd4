// A cache with a bound: what is evicted, what stays, and which writes wait.
#include <deque>

#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

#include "runtime/limits.hpp"

namespace flok::testing {

namespace {

constexpr std::size_t page_bytes = 1000;

page_ptr large(std::string_view id, std::string_view signature = "v1") {
  return page_of(R"({"_id":")" + std::string{id} +
                 R"(","_type":"array","entries":[{"_id":"e","_sig":")" +
                 std::string{signature} + R"(","t":")" + std::string(page_bytes, 'x') +
                 "\"}]}");
}

/// Room for so many of these pages.
space_driver driver_with_room(std::size_t pages, bool storage = true) {
  auto options = storage ? options_with_storage() : options_without_storage();
  options.max_bytes = pages * large("a")->memory_bytes();
  return space_driver{std::move(options)};
}

bool has(const space_driver& d, std::string_view id) {
  return d.space.resident(0, id) != nullptr;
}

} // namespace

TEST_CASE("eviction: what was not used for the longest time goes first") {
  auto d = driver_with_room(3);
  for (const char* id : {"a", "b", "c"})
    d.given(large(id));
  d.read("a");
  d.given(large("d"));
  CHECK(has(d, "a"));
  CHECK_FALSE(has(d, "b"));
  CHECK(d.space.stats(0).pages == 3);
  CHECK(d.space.stats(0).evicted == 1);
  CHECK(d.space.stats(0).bytes == 3 * large("a")->memory_bytes());
}

TEST_CASE("eviction: an evicted page comes back from disk") {
  auto d = driver_with_room(1);
  d.given(large("a"));
  d.given(large("b"));
  d.read("a");
  CHECK(d.effects() == strings{"load a"});
  d.loaded("a", large("a"));
  CHECK(d.effects() == strings{"r1: a=v1"});
  CHECK_FALSE(has(d, "b"));
}

TEST_CASE("eviction: watched and dirty pages stay, whatever the bound") {
  auto d = driver_with_room(1);
  d.given_watched(1, large("a"));
  d.cache({large("b")});
  d.cache({large("c")});
  (void)d.effects();
  CHECK((has(d, "a") && has(d, "b") && has(d, "c")));
  d.committed();
  (void)d.effects();
  CHECK(has(d, "a"));
  d.unwatch(1, "a");
  (void)d.effects();
  CHECK(d.space.stats(0).pages <= 1);
}

TEST_CASE("eviction: a page larger than the cache is told all the same") {
  auto options = options_with_storage();
  options.max_bytes = 1;
  space_driver d{std::move(options)};
  d.read("a");
  (void)d.effects();
  d.loaded("a", large("a"));
  CHECK(d.effects() == strings{"r1: a=v1"});
  CHECK(d.space.stats(0) == namespace_stats{0, 0, 0, 0, 0, 0, 1, 0});
}

TEST_CASE("eviction: a dirty part of the cache is committed without being asked") {
  auto d = driver_with_room(100);
  const auto part = 100 / limits::dirty_part / 2;
  for (std::size_t i = 0; i < part; ++i)
    d.cache({large("p" + std::to_string(i))});
  CHECK(d.effects().empty());
  d.cache({large("q")});
  CHECK(d.effects().size() == 1);
}

TEST_CASE("eviction: what became dirty during a commit is committed after it") {
  auto d = driver_with_room(100);
  const auto part = 100 / limits::dirty_part / 2;
  const auto cache = [&](const std::string& name) {
    for (std::size_t i = 0; i <= part; ++i)
      d.cache({large(name + std::to_string(i))});
  };
  cache("p");
  CHECK(d.effects().size() == 1);
  cache("q");
  CHECK(d.effects().empty());
  d.committed();
  CHECK(d.effects().size() == 1);
  d.committed();
  CHECK(d.effects().empty());
  CHECK(d.space.stats(0).dirty == 0);
}

TEST_CASE("room: a write waits for a commit where the cache is full of dirty pages") {
  auto d = driver_with_room(1);
  d.cache({large("a")});
  d.cache({large("b")});
  CHECK(d.effects() == strings{"commit a=v1"});
  d.write(large("c"));
  CHECK(d.effects() == strings{"load c"});
  d.loaded("c");
  CHECK(d.effects().empty());
  d.committed(); // upon which "a" is evicted
  CHECK(d.effects() == strings{"commit b=v1"});
  d.committed();
  CHECK(d.effects() == strings{"pager: write c=v1 over nothing"});
}

TEST_CASE(
    "room: while a commit takes its time, writes wait rather than evict what is read") {
  auto d = driver_with_room(16);
  d.given(large("read"));
  for (int i = 0; i < 14; ++i) // most of it dirty, and under way to the disk
    d.cache({large("p" + std::to_string(i))});
  (void)d.effects();
  for (const char* id : {"late", "later", "latest"}) {
    d.write(large(id));
    (void)d.effects();
    d.loaded(id);
    CHECK(d.effects().empty());
  }
  CHECK(has(d, "read"));
  CHECK(d.space.stats(0).evicted == 0);
}

TEST_CASE("room: what pagers are asked to cache takes room before they have cached it") {
  constexpr std::size_t room = 16;
  constexpr std::size_t pages = 100;
  auto d = driver_with_room(room);
  const auto bound = room * large("p100")->memory_bytes();
  std::deque<std::string> asked; // of the pager, in order
  const auto listen = [&] {
    const std::string_view write = "pager: write ";
    for (const auto& e : d.effects())
      if (e.starts_with(write))
        asked.push_back(e.substr(write.size(), 4));
  };
  for (std::size_t i = 0; i < pages; ++i) {
    const auto id = "p" + std::to_string(100 + i);
    d.write(large(id));
    listen();
    d.loaded(id);
    listen();
  }
  CHECK(asked.size() <= room);
  for (std::size_t written = 0; written < pages;) {
    for (; !asked.empty(); asked.pop_front(), ++written) {
      d.cache({large(asked.front())});
      d.wrote(asked.front());
      listen();
      CHECK(d.space.stats(0).bytes <= bound);
    }
    d.committed(); // it waits for nothing else
    listen();
  }
}

TEST_CASE("room: dirty pages that are to grow take room before they have") {
  auto d = driver_with_room(100);
  const auto id = [](int i) { return "p" + std::to_string(i); };
  const auto grown = [&](int i) {
    return page_of(R"({"_id":")" + id(i) +
                   R"(","_type":"array","entries":[{"_id":"e","t":")" +
                   std::string(10 * page_bytes, 'x') + "\"}]}");
  };
  for (int i = 0; i < 50; ++i)
    d.cache({version(id(i))});
  CHECK(d.effects().empty()); // all of them are dirty
  std::size_t asked = 0;
  for (int i = 0; i < 50; ++i) {
    d.write(grown(i));
    for (const auto& e : d.effects())
      asked += e.starts_with("pager: write ") ? 1 : 0;
  }
  CHECK(asked != 0);
  CHECK(asked <= 10);
}

TEST_CASE("room: a pager that does not answer is in no other one's way") {
  auto d = driver_with_room(16);
  d.given(large("x"), 1);
  for (int i = 0; i < 20; ++i) {
    const auto id = "p" + std::to_string(i);
    d.write(large(id));
    (void)d.effects();
    d.loaded(id);
    (void)d.effects();
  }
  CHECK(d.space.stats(0).pages == 0);
  d.space.write(1000, 1, large("x", "v2"));
  CHECK(d.effects() == strings{"pager: write other/x=v2 over x=v1"});
}

TEST_CASE("room: where nothing is kept, what is on its way counts as well") {
  auto d = driver_with_room(2, false);
  for (const char* id : {"a", "b", "c", "d"})
    d.write(large(id));
  CHECK(d.effects() == strings{"pager: write a=v1 over nothing",
                               "pager: write b=v1 over nothing",
                               "pager: write c=v1 over nothing", "r4: storage_failure"});
  for (const char* id : {"a", "b"}) {
    d.cache({large(id)});
    d.wrote(id);
  }
  d.refused("c");
  (void)d.effects();
  d.write(large("a", "v2"));
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1"});
}

TEST_CASE("room: while storage fails there is none, and writes are refused") {
  auto d = driver_with_room(1);
  d.cache({large("a")});
  d.cache({large("b")});
  d.write(large("c"));
  (void)d.effects();
  d.loaded("c");
  d.commit_failed();
  CHECK(d.effects() ==
        strings{"report storage_failure", "retry in 100 ms", "r1: storage_failure"});
  d.write(large("a", "v2"));
  CHECK(d.effects() == strings{"r2: storage_failure"});
  d.erase("a"); // makes room
  CHECK(d.effects() == strings{"pager: delete a"});
  d.space.retry_pageout();
  d.committed();
  (void)d.effects();
  d.write(large("b", "v2"));
  CHECK(d.effects() == strings{"load b"});
  d.loaded("b", large("b"));
  CHECK(d.effects() == strings{"pager: write b=v2 over b=v1"});
}

TEST_CASE("room: where nothing is kept, a full cache refuses writes") {
  auto d = driver_with_room(1, false);
  d.cache({large("a")});
  d.cache({large("b")});
  d.write(large("c"));
  CHECK(d.effects() == strings{"r1: storage_failure"});
  CHECK(has(d, "a"));
}

TEST_CASE("room: what is watched may fill the cache, and writes go on") {
  auto d = driver_with_room(1);
  for (const char* id : {"a", "b", "c"})
    d.given_watched(1, large(id));
  d.write(large("a", "v2"));
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1"});
}

} // namespace flok::testing
