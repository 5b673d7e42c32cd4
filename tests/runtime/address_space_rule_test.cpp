// Writes with conditions, and writes that are answered once they are on disk.
#include "tests/catch.hpp"
#include "tests/runtime/space_driver.hpp"

namespace flok::testing {

namespace {

write_rule if_hash(const page_ptr& page) {
  return {page ? page->hash_text() : std::string{}, false};
}

const write_rule durable{std::nullopt, true};

/// The failure that a request was answered with, among the effects taken last.
error refusal(const space_driver& d) {
  for (const auto& e : d.taken())
    if (const auto* a = std::get_if<effects::answer>(&e))
      if (const auto* failed = std::get_if<error>(&a->result))
        return *failed;
  FAIL("nothing was refused");
  return {};
}

} // namespace

// -- if_hash ------------------------------------------------------------------

TEST_CASE("if_hash: a write over what its writer has seen goes on") {
  space_driver d;
  const auto seen = version("a", "v1");
  d.given(seen);
  d.write(version("a", "v2"), if_hash(seen));
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1"});
}

TEST_CASE("if_hash: another hash is a conflict, told with the one that is there") {
  space_driver d;
  const auto now = version("a", "v2");
  d.given(now);
  d.write(version("a", "v3"), if_hash(version("a", "v1")));
  d.erase("a", if_hash(version("a", "v1")));
  d.write(version("a", "v3"), if_hash(nullptr));
  CHECK(d.effects() == strings{"r1: conflict", "r2: conflict", "r3: conflict"});
  CHECK(refusal(d).hash == now->hash_text());
  CHECK(d.space.resident(0, "a") == now);
}

TEST_CASE("if_hash: null is for a page that must not exist yet") {
  space_driver d;
  d.write(version("a", "v1"), if_hash(nullptr));
  CHECK(d.effects() == strings{"load a"}); // it may be on disk
  d.loaded("a");
  CHECK(d.effects() == strings{"pager: write a=v1 over nothing"});
  d.write(version("b", "v1"), if_hash(version("b", "v0")));
  d.loaded("b");
  CHECK(d.effects() == strings{"load b", "r2: conflict"});
  CHECK(refusal(d).hash.empty());
}

TEST_CASE("if_hash: is asked when the write's turn comes, and of a deletion as well") {
  space_driver d;
  const auto first = version("a", "v1");
  const auto second = version("a", "v2");
  d.given(first);
  d.write(second, if_hash(first));
  d.write(version("a", "v3"), if_hash(first));
  d.erase("a", if_hash(second));
  d.cache({second});
  d.wrote("a");
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1", "r1: a=v2", "r2: conflict",
                               "pager: delete a"});
}

// -- durable ------------------------------------------------------------------

TEST_CASE("durable: answered once it is on disk, before other dirty pages") {
  space_driver d;
  d.cache({version("other", "v1")});
  d.given(version("x", "v1"));
  d.cache({version("other", "v2")});
  d.write(version("x", "v2"), durable);
  d.cache({version("x", "v2")});
  (void)d.effects();
  d.wrote("x");
  CHECK(d.effects() == strings{"commit x=v2"});
  d.committed();
  CHECK(d.effects() == strings{"r1: x=v2"});
  CHECK(d.stats().dirty == 1);
}

TEST_CASE("durable: those that wait meanwhile share a commit") {
  space_driver d;
  for (const char* id : {"a", "b", "c"})
    d.given(version(id, "v1"));
  for (const char* id : {"a", "b", "c"}) {
    d.write(version(id, "v2"), durable);
    d.cache({version(id, "v2")});
    d.wrote(id);
  }
  CHECK(d.effects() == strings{"pager: write a=v2 over a=v1", "commit a=v2",
                               "pager: write b=v2 over b=v1",
                               "pager: write c=v2 over c=v1"});
  d.committed();
  CHECK(d.effects() == strings{"r1: a=v2", "commit b=v2 c=v2"});
  d.committed();
  CHECK(d.effects() == strings{"r2: b=v2", "r3: c=v2"});
}

TEST_CASE("durable: an unmodified write is answered once what is there is on disk") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.write(version("a", "v1"), durable);
  d.cache({version("a", "v1")});
  d.wrote("a");
  CHECK(d.effects() == strings{"pager: write a=v1 over a=v1", "commit a=v1"});
  d.committed();
  CHECK(d.effects() == strings{"r1: a=v1"});
  d.write(version("a", "v1"), durable);
  d.wrote("a");
  CHECK(d.effects() == strings{"pager: write a=v1 over a=v1", "r2: a=v1"});
}

TEST_CASE("durable: a version that was cached during its commit takes another one") {
  space_driver d;
  d.cache({version("a", "v1")});
  d.space.pageout_due();
  d.write(version("a", "v2"), durable);
  d.cache({version("a", "v2")});
  d.wrote("a");
  (void)d.effects();
  d.committed();
  CHECK(d.effects() == strings{"commit a=v2"});
  d.committed();
  CHECK(d.effects() == strings{"r1: a=v2"});
}

TEST_CASE("durable: a failed commit is the answer, and the page stays dirty") {
  space_driver d;
  d.given(version("a", "v1"));
  d.write(version("a", "v2"), durable);
  d.cache({version("a", "v2")});
  d.wrote("a");
  (void)d.effects();
  d.commit_failed();
  CHECK(d.effects() ==
        strings{"r1: storage_failure", "report storage_failure", "retry in 100 ms"});
  CHECK(d.stats().dirty == 1);
}

TEST_CASE("durable: a page-out counts what durable writes commit meanwhile") {
  space_driver d;
  d.given(version("a", "v1"));
  d.write(version("a", "v2"), durable);
  d.cache({version("a", "v2")});
  d.wrote("a");
  (void)d.effects();
  d.page_out();
  d.committed();
  CHECK(d.effects() == strings{"r1: a=v2", "r2: 1"});
}

TEST_CASE("durable: a deletion too") {
  space_driver d;
  d.given(version("a", "v1"));
  d.erase("a", durable);
  d.wrote("a");
  CHECK(d.effects() == strings{"pager: delete a", "commit -a"});
  d.committed();
  CHECK(d.effects() == strings{"r1: done"});
}

TEST_CASE("durable: refused where nothing is kept") {
  space_driver d{options_without_storage()};
  d.write(version("a", "v1"), durable);
  CHECK(d.effects() == strings{"r1: unsupported"});
}

} // namespace flok::testing
