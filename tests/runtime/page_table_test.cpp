// What readers on any thread see of resident pages.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/page_table.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

namespace {

/// A space whose first namespace is kept in a table.
struct shown_space {
  static address_space_options options(std::shared_ptr<page_table> table) {
    auto o = options_with_storage();
    o.tables = {std::move(table)};
    return o;
  }

  std::shared_ptr<page_table> table = std::make_shared<page_table>();
  space_driver d{options(table)};
};

} // namespace

TEST_CASE("page table: a page is found by its id until it is erased") {
  page_table t;
  const auto v1 = version("a", "v1");
  const auto v2 = version("a", "v2");
  CHECK(t.find("a") == nullptr);
  t.put(v1);
  CHECK(t.find("a") == v1);
  CHECK(t.find("b") == nullptr);
  t.put(v2);
  CHECK(t.find("a") == v2);
  t.erase("b");
  t.erase("a");
  CHECK(t.find("a") == nullptr);
}

TEST_CASE("page table: it grows with its pages, and lets go of them all") {
  constexpr int pages = 5000;
  std::vector<std::weak_ptr<const page>> alive;
  {
    page_table t;
    for (int i = 0; i < pages; ++i) {
      const auto p = version("page-" + std::to_string(i), "v1");
      alive.emplace_back(p);
      t.put(p);
    }
    int found = 0;
    for (int i = 0; i < pages; ++i)
      found +=
          t.find("page-" + std::to_string(i)) == alive[static_cast<std::size_t>(i)].lock();
    CHECK(found == pages);
  }
  for (const auto& p : alive)
    REQUIRE(p.expired());
}

TEST_CASE("page table: readers see each page whole and never an older one again") {
  constexpr int versions = 2000;
  page_table t;
  std::vector<page_ptr> all;
  for (int i = 0; i < versions; ++i)
    all.push_back(version("a", std::to_string(i)));
  t.put(all.front());
  std::atomic<bool> wrong = false;
  const auto read = [&] {
    int seen = 0;
    while (seen + 1 != versions) {
      const auto p = t.find("a");
      const int now = p ? std::stoi(std::string{p->entry(0).signature}) : -1;
      wrong = wrong || now < seen;
      seen = now < 0 ? versions - 1 : now;
    }
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back(read);
  for (const auto& p : all)
    t.put(p);
  for (auto& r : readers)
    r.join();
  CHECK_FALSE(wrong);
}

TEST_CASE("page table: an address space keeps it as its cache is") {
  shown_space s;
  s.d.cache({version("a", "v1")});
  CHECK(s.table->find("a") == s.d.space.resident(0, "a"));
  s.d.cache({version("a", "v2")});
  CHECK(s.table->find("a") == s.d.space.resident(0, "a"));
  s.d.erase("a");
  CHECK(s.table->find("a") != nullptr); // its pager has not agreed yet
  s.d.wrote("a");
  CHECK(s.table->find("a") == nullptr);
}

TEST_CASE("page table: what is loaded is in it, what is evicted is not") {
  auto table = std::make_shared<page_table>();
  auto options = shown_space::options(table);
  options.max_bytes = 1;
  space_driver d{options};
  d.read("a");
  (void)d.effects();
  d.loaded("a", version("a", "v1"));
  CHECK(table->find("a") != nullptr);
  (void)d.effects(); // makes room
  CHECK(d.space.resident(0, "a") == nullptr);
  CHECK(table->find("a") == nullptr);
}

} // namespace flok::testing
