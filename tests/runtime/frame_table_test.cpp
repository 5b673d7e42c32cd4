// Frames by id, and the small containers that make a frame small.
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/few.hpp"
#include "runtime/frame_table.hpp"
#include "runtime/thin_vector.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

/// A new frame gets its id as the address space gives it one.
frame& add(frame_table& table, const std::string& id) {
  const auto [f, is_new] = table.at(0, id);
  CHECK(is_new);
  f.active().id = id;
  return f;
}

std::map<std::string, const frame*> all_of(const frame_table& table) {
  std::map<std::string, const frame*> all;
  table.each([&](const frame& f) { CHECK(all.emplace(f.id(), &f).second); });
  return all;
}

} // namespace

TEST_CASE("frame table: a frame is found by its id, be it its page's or its own") {
  frame_table table;
  CHECK(table.find("a") == nullptr);
  frame& f = add(table, "a");
  CHECK(table.find("a") == &f);
  f.page = version("a", "v1");
  f.rest.reset();
  CHECK(table.find("a") == &f);
  CHECK_FALSE(table.at(0, "a").is_new);
  CHECK(table.find("b") == nullptr);
  table.erase(f);
  CHECK(table.find("a") == nullptr);
}

TEST_CASE("frame table: an erased frame's place is used again, with nothing left of it") {
  frame_table table;
  frame& a = add(table, "a");
  a.version = 7;
  a.absent = true;
  a.watchers.push_back({});
  table.erase(a);
  frame& b = add(table, "b");
  CHECK(&b == &a);
  CHECK(b.version == 0);
  CHECK_FALSE(b.absent);
  CHECK(b.watchers.empty());
}

TEST_CASE("frame table: random frames agree with a map, and stay where they are") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    const std::size_t ids = 1 + roll.below(500);
    const std::size_t erasing = 20 + roll.below(60);
    frame_table table;
    std::map<std::string, const frame*> model;
    for (int step = 0; step < 3000; ++step) {
      const auto id = std::to_string(roll.below(ids));
      const auto known = model.find(id);
      frame* found = table.find(id);
      REQUIRE(found == (known == model.end() ? nullptr : known->second));
      if (found == nullptr) {
        model.emplace(id, &add(table, id));
      } else if (roll.chance(erasing)) {
        table.erase(*found);
        model.erase(known);
      }
    }
    CHECK(all_of(table) == model);
  }
}

TEST_CASE("thin vector: it grows, and moves with what it holds") {
  thin_vector<int> v;
  CHECK(v.empty());
  CHECK(v.begin() == v.end());
  for (int i = 0; i < 100; ++i)
    v.push_back(i);
  CHECK(std::vector<int>(v.begin(), v.end()).at(57) == 57);
  CHECK(v.size() == 100);
  CHECK(v.front() == 0);
  CHECK(v.back() == 99);
  v.pop_back();
  thin_vector<int> other = std::move(v);
  CHECK(other.size() == 99);
  while (!other.empty())
    other.pop_back();
  other.push_back(5);
  CHECK(other.back() == 5);
}

TEST_CASE("few: one element, or many") {
  few<std::shared_ptr<int>> none;
  CHECK(none.empty());
  const auto first = std::make_shared<int>(1);
  few<std::shared_ptr<int>> some{first};
  CHECK(some.size() == 1);
  CHECK(some.front() == first);
  some.push_back(std::make_shared<int>(2));
  CHECK(some.size() == 2);
  CHECK(some[0] == first);
  CHECK(*some[1] == 2);
  CHECK(std::vector(some.begin(), some.end()).size() == 2);
}

} // namespace flok::testing
