// Which pagers a configuration may name.

#include <algorithm>

#include "pagers/mem.hpp"
#include "pagers/registry.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

strings names(const pager_source& pagers, bool debug_only) {
  strings all;
  for (const auto& kind : pagers.kinds())
    if (kind.debug_only == debug_only)
      all.push_back(kind.name);
  return all;
}

} // namespace

TEST_CASE("registry: the built-in pagers, two of them for debugging only") {
  const auto pagers = builtin_pagers();
  CHECK(names(*pagers, false) == strings{"mem", "mem0", "mem1", "mem2", "net_sim"});
  CHECK(names(*pagers, true) == strings{"spec", "spec0"});
}

TEST_CASE("registry: each factory makes a new pager") {
  stage s;
  const auto pagers = builtin_pagers();
  for (const auto& kind : pagers->kinds()) {
    const auto make = pagers->factory(kind.name);
    const auto one = s.keep(make(s.actors()));
    const auto two = s.keep(make(s.actors()));
    CHECK(one);
    CHECK(one != two);
  }
}

TEST_CASE("registry: a program adds its own, and may replace one") {
  pager_registry pagers;
  scripted_pager mine;
  pagers.add({"mine"}, mine.factory());
  CHECK(names(pagers, false) == strings{"mem", "mem0", "mem1", "mem2", "mine", "net_sim"});
  pagers.add({"mem", true}, mine.factory());
  CHECK(names(pagers, true) == strings{"mem", "spec", "spec0"});
  stage s;
  s.keep(pagers.factory("mem")(s.actors()));
  s.keep(pagers.factory("mine")(s.actors()));
  CHECK(mine.lives() == 2);
  s.keep(pagers.factory("mem0")(s.actors()));
  CHECK(mine.lives() == 2);
}

TEST_CASE("registry: a configuration may name what is there, and nothing else") {
  pager_registry pagers;
  pagers.add({"mine", true}, spawn_mem_pager);
  config c;
  c.pagers = {{"mine", "user", "{}"}};
  CHECK_FALSE(check_config(c, "f", pagers.kinds()).has_value());
  c.debug = true;
  CHECK(check_config(c, "f", pagers.kinds()).has_value());
  c.pagers[0].name = "yours";
  CHECK_FALSE(check_config(c, "f", pagers.kinds()).has_value());
}

} // namespace flok::testing
