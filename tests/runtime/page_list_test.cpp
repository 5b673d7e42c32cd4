// Pages that are told together, and who of many watchers is told of which.
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/hash_slots.hpp"
#include "runtime/page_list.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

namespace {

strings labels(const page_list& pages) {
  strings all;
  for (const auto& p : pages)
    all.push_back(label(*p));
  return all;
}

} // namespace

TEST_CASE("page list: none, one, several, and a part of a change") {
  const auto a = version("a", "v1");
  const auto b = version("b", "v1");
  const auto c = version("c", "v1");
  CHECK(page_list{}.empty());
  CHECK(page_list(std::vector<page_ptr>{}).empty());
  CHECK(page_list(page_ptr{}).empty());
  for (const page_list& one : {page_list(a), page_list(std::vector{a})}) {
    REQUIRE(one.size() == 1);
    CHECK(one.front() == a);
    CHECK(one.hash(0) == id_hash("a"));
  }
  CHECK(labels(page_list({c, a})) == strings{"c=v1", "a=v1"});
  auto change = std::make_shared<listed_change>();
  for (const auto& p : {a, b, c})
    change->pages.emplace_back(p);
  change->places = {0, 2, 1};
  const page_list part{change, 1, 2};
  CHECK(labels(part) == strings{"c=v1", "b=v1"});
  CHECK(part.hash(1) == id_hash("b"));
  const auto copy = part; // refers to the same
  CHECK(&copy[0] == &part[0]);
  CHECK(change.use_count() == 3);
}

TEST_CASE("a change of several pages: each is told of its own, alike ones in one message") {
  space_driver d;
  for (const auto* id : {"a", "b", "c"})
    d.given(version(id, "v1"));
  for (const watcher_id w : {1U, 3U, 4U})
    d.watch(w, "a");
  for (const watcher_id w : {1U, 2U, 4U})
    d.watch(w, "b");
  for (const watcher_id w : {1U, 4U, 5U})
    d.watch(w, "c");
  (void)d.effects();
  d.cache({version("a", "v2"), version("c", "v2"), version("b", "v2")});
  CHECK(d.effects() == strings{"w1 w4 <- a=v2 c=v2 b=v2 (pager)", "w3 <- a=v2 (pager)",
                               "w5 <- c=v2 (pager)", "w2 <- b=v2 (pager)"});
}

TEST_CASE("a change of many pages: who is told of one keeps no other") {
  space_driver d;
  std::vector<page_ptr> change;
  for (int i = 0; i < 10; ++i) {
    d.given(version('p' + std::to_string(i), "v1"));
    change.push_back(version('p' + std::to_string(i), "v2"));
  }
  d.watch(1, "p3");
  (void)d.effects();
  const std::weak_ptr<const page> other = change[4];
  d.cache(change);
  change.clear();
  CHECK(d.effects() == strings{"w1 <- p3=v2 (pager)"});
  auto told = std::get<effects::notify>(d.taken()[0]).pages;
  CHECK(told.hash(0) == id_hash("p3"));
  d.cache({version("p9", "v3")});
  (void)d.effects(); // the driver's own copies are gone
  const auto owners = other.use_count();
  told = {};
  CHECK(other.use_count() == owners);
}

TEST_CASE("a change of many pages: random watchers are told of what they watch, once") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    const std::size_t pages = 2 + roll.below(40);
    std::map<watcher_id, std::set<std::string>> watched;
    space_driver d;
    for (watcher_id w = 1; w <= 60; ++w)
      for (std::size_t i = 0; i < pages; ++i)
        if (roll.chance(w % 3 == 0 ? 100 : 30)) { // some are alike
          d.watch(w, 'p' + std::to_string(i));
          watched[w].insert('p' + std::to_string(i) + "=new");
        }
    (void)d.effects();
    std::vector<page_ptr> change;
    for (std::size_t i = 0; i < pages; ++i)
      change.push_back(version('p' + std::to_string(i), "new"));
    d.cache(change);
    (void)d.effects();
    std::map<watcher_id, std::set<std::string>> told;
    std::size_t messages = 0;
    for (const auto& e : d.taken()) {
      const auto* n = std::get_if<effects::notify>(&e);
      if (n == nullptr)
        continue;
      ++messages;
      const auto names = labels(n->pages);
      for (const auto w : n->watchers)
        CHECK(told.emplace(w, std::set(names.begin(), names.end())).second);
    }
    CHECK(told == watched);
    std::set<std::set<std::string>> kinds;
    for (const auto& [w, names] : watched)
      kinds.insert(names);
    CHECK(messages == kinds.size());
  }
}

TEST_CASE("hash slots: values whose hashes collide are told apart") {
  hash_slots<std::uint32_t> slots; // its keys are the values themselves
  const auto find = [&](std::uint32_t hash, std::uint32_t value) {
    return slots.find(hash, [&](std::uint32_t v) { return v == value; });
  };
  CHECK(find(7, 1) == 0);
  CHECK(slots.place_of(7) == nullptr);
  for (std::uint32_t v = 1; v <= 100; ++v)
    slots.add(v % 3, v);
  CHECK(slots.size() == 100);
  CHECK(slots.place_of(7) != nullptr);
  for (std::uint32_t v = 1; v <= 100; v += 2)
    slots.erase(v % 3, v);
  for (std::uint32_t v = 1; v <= 100; ++v)
    CHECK(find(v % 3, v) == (v % 2 == 0 ? v : 0));
  std::size_t seen = 0;
  slots.each([&](std::uint32_t v) { seen += v; });
  CHECK(seen == 2550); // 2 + 4 + ... + 100
}

} // namespace flok::testing
