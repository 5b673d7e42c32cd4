#include "actors/id_table.hpp"

#include <string>

#include "tests/catch.hpp"

namespace flok::testing {

TEST_CASE("id table: a value is found by its number until it is taken out") {
  id_table<std::string> table;
  CHECK(table.find(0) == nullptr);
  const auto a = table.add("a");
  const auto b = table.add("b");
  CHECK(a != 0);
  CHECK(a != b);
  CHECK(*table.find(a) == "a");
  CHECK(table.take(a) == "a");
  CHECK(table.find(a) == nullptr);
  CHECK(*table.find(b) == "b");
}

TEST_CASE("id table: a place that is used again has another number") {
  id_table<std::string> table;
  const auto first = table.add("first");
  (void)table.take(first);
  const auto second = table.add("second");
  CHECK(second != first);
  CHECK(table.find(first) == nullptr);
  CHECK(*table.find(second) == "second");
}

TEST_CASE("id table: all values that are there are visited") {
  id_table<std::string> table;
  const auto a = table.add("a");
  table.add("b");
  table.add("c");
  (void)table.take(a);
  std::string seen;
  table.for_each([&](const std::string& value) { seen += value; });
  CHECK(seen == "bc");
}

} // namespace flok::testing
