// Tests the pager in virtual time, as a program does, here without a test framework.
#include <cstdio>

#include <flok/testing.hpp>

#include "own_pager.hpp"

using namespace flok::testing;

int main() {
  virtual_options options;
  options.namespaces = {{"user", uses_flok::all_pagers()->factory("unconfirmed")}};
  virtual_system sys{options};
  recording_controller seen{sys};
  seen.watch("user", "news");
  if (!sys.write("user", array_page("news", {{"a", {{"title", "hello"}}}})))
    return 1;
  std::puts(seen.next_words().c_str());
  return 0;
}
