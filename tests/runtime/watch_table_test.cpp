#include "runtime/watch_table.hpp"

#include <algorithm>
#include <set>

#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

using pairs = std::set<std::pair<watcher_id, std::size_t>>;

/// The frames' own arrays say what the model says, each pair once, and each pair's two
/// entries know each other.
void check_same(const std::vector<frame>& all, const pairs& model) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < all.size(); ++i)
    for (std::size_t place = 0; place < all[i].watchers.size(); ++place) {
      const auto& w = all[i].watchers[place];
      CHECK(model.contains({w.who->id, i}));
      CHECK(w.who->pages.at(w.place).page == &all[i]);
      CHECK(w.who->pages.at(w.place).place == place);
      ++count;
    }
  CHECK(count == model.size());
}

std::size_t watchers_of(const pairs& model) {
  std::set<watcher_id> all;
  for (const auto& [w, f] : model)
    all.insert(w);
  return all.size();
}

} // namespace

TEST_CASE("a pair is added once and removed once") {
  std::vector<frame> all(2);
  pending_work work;
  watch_table table{work};
  CHECK(table.add(1, all[0]).is_new);
  CHECK_FALSE(table.add(1, all[0]).is_new);
  CHECK(table.add(1, all[1]).is_new);
  CHECK(table.add(2, all[0]).is_new);
  CHECK(table.watchers() == 2);
  CHECK(table.remove(1, all[0]));
  CHECK_FALSE(table.remove(1, all[0]));
  CHECK_FALSE(table.remove(2, all[1]));
  CHECK_FALSE(table.remove(3, all[0]));
  check_same(all, {{1, 1}, {2, 0}});
  CHECK(table.remove(1, all[1]));
  CHECK(table.watchers() == 1);
}

TEST_CASE("a watcher's frames are given in the order of watching when all are removed") {
  std::vector<frame> all(50);
  pending_work work;
  watch_table table{work};
  for (const std::size_t i : {30U, 7U, 49U, 0U, 12U}) {
    table.add(1, all[i]);
    table.add(2, all[i]);
  }
  std::vector<frame*> removed;
  for (const auto& pair : table.remove_all(1))
    removed.push_back(pair.page);
  CHECK(removed == std::vector<frame*>{&all[30], &all[7], &all[49], &all[0], &all[12]});
  CHECK(table.remove_all(1).empty());
  CHECK(table.watchers() == 1);
  REQUIRE(all[7].watchers.size() == 1);
  CHECK(all[7].watchers.front().who->id == 2);
}

TEST_CASE("pairs of long arrays are found, and found no longer once they are removed") {
  constexpr std::size_t many = 100;
  std::vector<frame> all(many);
  pending_work work;
  watch_table table{work};
  pairs model;
  for (watcher_id w = 1; w <= many; ++w)
    for (std::size_t i = 0; i < many; ++i) {
      CHECK(table.add(w, all[i]).is_new);
      model.emplace(w, i);
    }
  for (watcher_id w = 1; w <= many; ++w)
    for (std::size_t i = w % 3; i < many; i += 3) {
      CHECK_FALSE(table.add(w, all[i]).is_new);
      CHECK(table.remove(w, all[i]));
      CHECK_FALSE(table.remove(w, all[i]));
      model.erase({w, i});
    }
  check_same(all, model);
  CHECK(table.add(1, all[1]).is_new);
  model.emplace(1, 1);
  for (watcher_id w = 1; w <= many; w += 2) {
    const auto gone = std::erase_if(model, [&](const auto& p) { return p.first == w; });
    CHECK(table.remove_all(w).size() == gone);
  }
  check_same(all, model);
}

TEST_CASE("random watches agree with a set of pairs") {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    std::vector<frame> all(1 + roll.below(12));
    const std::size_t watchers = 1 + roll.below(12);
    const std::size_t leaving = roll.below(20);
    const std::size_t adding = 20 + roll.below(60);
    pending_work work;
    watch_table table{work};
    pairs model;
    for (int step = 0; step < 300; ++step) {
      const watcher_id w = 1 + roll.below(watchers);
      const std::size_t i = roll.below(all.size());
      if (roll.chance(leaving)) {
        const auto gone = std::erase_if(model, [&](const auto& p) { return p.first == w; });
        CHECK(table.remove_all(w).size() == gone);
      } else if (roll.chance(adding)) {
        CHECK(table.add(w, all[i]).is_new == model.emplace(w, i).second);
      } else {
        CHECK(table.remove(w, all[i]) == (model.erase({w, i}) == 1));
      }
      check_same(all, model);
      CHECK(table.watchers() == watchers_of(model));
    }
  }
}

} // namespace flok::testing
