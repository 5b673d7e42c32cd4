// A disk that fails in the middle of a commit: LMDB's own writes, failed by this program.
#include <atomic>
#include <cerrno>
#include <string>

#include <sys/syscall.h>
#include <unistd.h>

#include "actors/lmdb_store.hpp"
#include "testing/temp_dir.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace {

/// So many of the next writes to the first two pages of a file, LMDB's roots, fail.
std::atomic<int> root_writes_to_fail{0};

} // namespace

/// Stands before the C library's in this program, LMDB included.
extern "C" ssize_t pwrite(int file, const void* bytes, size_t size, off_t at) {
  constexpr off_t roots_end = 8192;
  if (at < roots_end && root_writes_to_fail > 0) {
    --root_writes_to_fail;
    errno = EIO;
    return -1;
  }
  return ::syscall(SYS_pwrite64, file, bytes, size, at);
}

namespace flok::testing {

namespace {

struct failing_disk {
  expected<void> commit(const std::string& signature) {
    return s->commit(std::vector<commit_page>{{"ns", "a", version("a", signature), false}});
  }
  std::string found() {
    const auto r = s->load("ns", "a");
    return !r ? r.error().message : r->found.page ? label(*r->found.page) : "-";
  }

  temp_dir dir;
  std::unique_ptr<store> s = open_lmdb_store({dir / "data", {"ns"}}).value();
};

} // namespace

TEST_CASE("failing: reads and commits go on after a root could not be written") {
  failing_disk d;
  REQUIRE(d.commit("v1").has_value());
  root_writes_to_fail = 1;
  const auto failed = d.commit("v2");
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().code == errc::storage_failure);
  CHECK(root_writes_to_fail == 0);
  const auto between = d.found();
  CHECK((between == "a=v1" || between == "a=v2"));
  REQUIRE(d.commit("v3").has_value());
  CHECK(d.found() == "a=v3");
}

TEST_CASE("failing: it goes on by itself, however long roots cannot be written") {
  failing_disk d;
  REQUIRE(d.commit("v1").has_value());
  root_writes_to_fail = 1000;
  for (int i = 0; i < 5; ++i)
    CHECK_FALSE(d.commit("v2").has_value());
  root_writes_to_fail = 0;
  REQUIRE(d.commit("v3").has_value());
  CHECK(d.found() == "a=v3");
}

} // namespace flok::testing
