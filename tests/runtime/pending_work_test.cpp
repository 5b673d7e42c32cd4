#include "runtime/pending_work.hpp"

#include "tests/catch.hpp"

namespace flok::testing {

TEST_CASE("pending work: an epoch is done once all that began in it or before has ended") {
  pending_work work;
  const auto early = work.begin();
  const auto first = work.close();
  const auto late = work.begin();
  const auto second = work.close();
  CHECK_FALSE(work.done(first));
  work.end(late);
  CHECK_FALSE(work.done(first));
  CHECK_FALSE(work.done(second));
  work.end(early);
  CHECK(work.done(first));
  CHECK(work.done(second));
}

TEST_CASE("pending work: what begins later is not waited for") {
  pending_work work;
  const auto before = work.begin();
  const auto epoch = work.close();
  (void)work.begin();
  (void)work.begin();
  work.end(before);
  CHECK(work.done(epoch));
}

TEST_CASE("pending work: an epoch without work is done") {
  pending_work work;
  CHECK(work.done(work.close()));
}

} // namespace flok::testing
