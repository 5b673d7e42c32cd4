// The memory pager (seed 003, "Mem pager").

#include "pagers/registry.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

namespace flok::testing {

namespace {

world_options with(const std::string& pager) {
  world_options options;
  options.pager = pager_registry{}.factory(pager);
  return options;
}

} // namespace

TEST_CASE("mem: what is written is cached, told, and kept on disk") {
  const auto* name = GENERATE("mem", "mem0", "mem1", "mem2");
  world w{with(name)};
  recorder r{w};
  w.watch(r, "a");
  w.write(r, version("a", "1"));
  w.page_out(r);
  CHECK(r.heard() == strings{"done", "paged out 0", "a=1 pager", "written a=1"});
  w.page_out(r);
  CHECK(r.heard() == strings{"paged out 1"});
  CHECK(w.on_disk("a") == "a=1");
}

TEST_CASE("mem: what is neither in memory nor on disk is nowhere") {
  world w{with("mem")};
  w.given_on_disk(version("b", "1"));
  recorder r{w};
  w.read(r, "a");
  CHECK(r.heard() == strings{"no_such_page"});
  w.read(r, "b");
  CHECK(r.heard() == strings{"page b=1"});
}

TEST_CASE("mem: watch and unwatch mean nothing to it") {
  world w{with("mem")};
  recorder r{w};
  w.watch(r, "a");
  w.unwatch(r, "a");
  w.watch(r, "a");
  w.drain(r);
  CHECK(r.heard() == strings{"done", "done", "done", "done"});
  CHECK(w.problems.heard() == strings{});
}

TEST_CASE("mem: one kind may serve several namespaces") {
  world w; // "user" and "other", both mem
  recorder r{w};
  w.write(r, version("a", "1"));
  w.read(r, "a", "other");
  r.heard();
  w.write(r, version("a", "2"), "other");
  r.heard();
  w.read(r, "a");
  w.read(r, "a", "other");
  CHECK(r.heard() == strings{"page a=1", "page a=2"});
}

} // namespace flok::testing
