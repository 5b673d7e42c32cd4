// The view of a store, on real directories.
#include <filesystem>

#include "actors/lmdb_store.hpp"
#include "actors/store_view.hpp"
#include "testing/temp_dir.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

std::unique_ptr<store> open_store(const std::string& directory,
                                  const strings& namespaces = {"ns"}) {
  auto opened = open_lmdb_store({directory, namespaces});
  REQUIRE(opened.has_value());
  return std::move(*opened);
}

void put(store& s, const strings& ids, const std::string& ns = "ns") {
  std::vector<commit_page> batch;
  for (const auto& id : ids)
    batch.push_back({ns, id, version(id, "v")});
  REQUIRE(s.commit(batch).has_value());
}

strings listed(store_view& view, const id_range& range = {}, std::size_t enough = 100) {
  strings ids;
  const auto ok = view.list("ns", range, [&](std::string_view id) {
    ids.emplace_back(id);
    return ids.size() != enough;
  });
  REQUIRE(ok.has_value());
  return ids;
}

} // namespace

TEST_CASE("view: pages and ids as they are stored", "[store_view]") {
  const temp_dir dir;
  put(*open_store(dir / "data"), {"a", "b"});
  const auto view = open_lmdb_view(dir / "data").value();
  CHECK(listed(*view) == strings{"a", "b"});
  const auto got = view->load("ns", "a");
  REQUIRE(got.has_value());
  CHECK(label(*got->found.page) == "a=v");
  CHECK(view->load("ns", "x")->found.page == nullptr);
  CHECK(view->load("other", "x").error().code == errc::unknown_namespace);
}

TEST_CASE("view: ranges, and an end before theirs", "[store_view]") {
  const temp_dir dir;
  put(*open_store(dir / "data"), {"a", "b-1", "b-2", "b-3", "c"});
  const auto view = open_lmdb_view(dir / "data").value();
  CHECK(listed(*view, {"b-", "", 2}) == strings{"b-1", "b-2"});
  CHECK(listed(*view, {"b-", "b-1"}) == strings{"b-2", "b-3"});
  CHECK(listed(*view, {"", "b-2"}) == strings{"b-3", "c"});
  CHECK(listed(*view, {"", "", 0}).empty());
  CHECK(listed(*view, {}, 2) == strings{"a", "b-1"});
}

TEST_CASE("view: namespaces of any name, and what they hold", "[store_view]") {
  const temp_dir dir;
  const std::string odd{"z\0y", 3};
  put(*open_store(dir / "data", {"flok", odd}), {"a"}, odd);
  const auto view = open_lmdb_view(dir / "data").value();
  const auto all = view->namespaces().value();
  REQUIRE(all.size() == 2);
  CHECK(all[0].ns == "flok");
  CHECK(all[0].pages == 0);
  CHECK(all[1].ns == odd);
  CHECK(all[1].pages == 1);
  CHECK(all[1].bytes > 0);
}

TEST_CASE("view: it makes nothing where nothing is", "[store_view]") {
  const temp_dir dir;
  CHECK_FALSE(open_lmdb_view(dir / "data").has_value());
  CHECK_FALSE(std::filesystem::exists(dir / "data"));
  std::filesystem::create_directory(dir / "data");
  CHECK_FALSE(open_lmdb_view(dir / "data").has_value());
  CHECK(std::filesystem::is_empty(dir / "data"));
}

TEST_CASE("compaction: refused beside a view, done after it", "[store_view]") {
  const temp_dir dir;
  put(*open_store(dir / "data"), {"a", "b"});
  {
    const auto view = open_lmdb_view(dir / "data").value();
    const auto refused = compact_lmdb_store(dir / "data");
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find("reads here") != std::string::npos);
  }
  CHECK(compact_lmdb_store(dir / "data").has_value());
  CHECK(listed(*open_lmdb_view(dir / "data").value()) == strings{"a", "b"});
}

TEST_CASE("compaction: a writer goes on where it ended", "[store_view]") {
  const temp_dir dir;
  for (int round = 0; round < 5; ++round) {
    put(*open_store(dir / "data"), {"page-" + std::to_string(round)});
    REQUIRE(compact_lmdb_store(dir / "data").has_value());
  }
  CHECK(listed(*open_lmdb_view(dir / "data").value()).size() == 5);
}

} // namespace flok::testing
