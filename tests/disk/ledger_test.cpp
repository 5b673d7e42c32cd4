// The checker of the kill test finds each kind of fault.
#include "tests/catch.hpp"
#include "tests/disk/ledger.hpp"

using namespace flok::testing;

namespace {

const page_key a{"user", "a"};
const page_key b{"user", "b"};
const page_key c{"user", "c"};

json sent(const page_key& key, int version) {
  const json entry{{"_id", "e"}, {"version", version}};
  return {{"_id", key.id}, {"_type", "array"}, {"entries", json::array({entry})}};
}

/// The page as the shell prints it.
json printed(const page_key& key, int version) {
  json page = plain(sent(key, version));
  page["entries"][0]["_sig"] = "0123456789abcdef";
  page["_hash"] = expected_hash(page);
  return page;
}

/// a: versions 1 and 2, then a page-out, then 3; b: version 1 with a's 3.
ledger written() {
  ledger book;
  book.sent(1, {{a, sent(a, 1)}});
  book.sent(2, {{a, sent(a, 2)}});
  book.sent(4, {{a, sent(a, 3)}, {b, sent(b, 1)}});
  return book;
}

} // namespace

TEST_CASE("ledger: any version since the last page-out will do", "[disk]") {
  auto book = written();
  CHECK(book.settle({{a, {}}, {b, {}}, {c, {}}}).empty());
  book = written();
  CHECK(book.settle({{a, printed(a, 1)}, {b, {}}}).empty());
  book = written();
  book.paged_out(3);
  CHECK(book.settle({{a, printed(a, 2)}, {b, {}}}).empty());
  book = written();
  book.paged_out(3);
  CHECK(book.settle({{a, printed(a, 3)}, {b, printed(b, 1)}}).empty());
}

TEST_CASE("ledger: what a page-out held may not be older or gone", "[disk]") {
  auto book = written();
  book.paged_out(3);
  CHECK(book.settle({{a, printed(a, 1)}, {b, {}}}).size() == 1);
  book = written();
  book.paged_out(3);
  CHECK(book.settle({{a, {}}, {b, {}}}).size() == 1);
}

TEST_CASE("ledger: a page that nobody wrote, or wrote so, is a fault", "[disk]") {
  auto book = written();
  CHECK(book.settle({{a, {}}, {b, {}}, {c, printed(c, 1)}}).size() == 1);
  book = written();
  CHECK(book.settle({{a, printed(a, 9)}, {b, {}}}).size() == 1);
  book = written();
  CHECK(book.settle({{a, {}}}).size() == 1); // b was not looked for
}

TEST_CASE("ledger: hash and signatures are looked at", "[disk]") {
  auto book = written();
  auto page = printed(a, 2);
  page["_hash"] = "1";
  CHECK(book.settle({{a, page}, {b, {}}}).size() == 1);
  book = written();
  page = printed(a, 2);
  page["entries"][0].erase("_sig");
  CHECK(book.settle({{a, page}, {b, {}}}).size() == 1);
  book = written();
  book.answered(2, "1");
  CHECK(book.settle({{a, printed(a, 2)}, {b, {}}}).size() == 1);
}

TEST_CASE("ledger: pages that changed together are there together", "[disk]") {
  auto book = written();
  CHECK(book.settle({{a, printed(a, 3)}, {b, {}}}).size() == 1);
  book = written();
  CHECK(book.settle({{a, printed(a, 2)}, {b, printed(b, 1)}}).size() == 1);
}

TEST_CASE("ledger: a deleted page may not return", "[disk]") {
  const auto deleted = [](bool paged_out) {
    auto book = written();
    book.sent(5, {{a, {}}});
    if (paged_out)
      book.paged_out(6);
    return book;
  };
  CHECK(deleted(false).settle({{a, printed(a, 3)}, {b, printed(b, 1)}}).empty());
  CHECK(deleted(true).settle({{a, {}}, {b, printed(b, 1)}}).empty());
  CHECK(deleted(true).settle({{a, printed(a, 3)}, {b, printed(b, 1)}}).size() == 1);
}

TEST_CASE("ledger: the next life begins with what was found", "[disk]") {
  auto book = written();
  CHECK(book.settle({{a, printed(a, 1)}, {b, {}}}).empty());
  CHECK(book.latest(a) == page_state{plain(sent(a, 1))});
  CHECK(book.settle({{a, printed(a, 2)}, {b, {}}}).size() == 1);
}
