// `flok put`, `flok rm`, `flok compact`: what changes a store.
#include <random>

#include <sys/stat.h>

#include "tests/catch.hpp"
#include "tests/disk/disk_home.hpp"
#include "tests/tools/store_home.hpp"

using namespace flok::testing;

namespace {

std::string hash_of(const store_home& home, const std::string& id) {
  return text(json::parse(output_of(home.run({"get", "user", id}))).at("_hash"));
}

} // namespace

TEST_CASE("put: a page from a file or standard input", "[store]") {
  const store_home home;
  home.fill("user", {});
  const auto file = home.dir.write("page", page_saying("p", "v1"));
  const auto said = output_of(home.run({"put", "user", file}));
  CHECK(said == "user/p: " + hash_of(home, "p") + "\n");
  const json told =
      json::parse(output_of(home.run({"put", "user", "--json"}, page_saying("p", "v2"))));
  CHECK(told == json{{"ns", "user"}, {"id", "p"}, {"hash", hash_of(home, "p")}});
  CHECK(output_of(home.run({"get", "user", "p"})).find("v2") != std::string::npos);
}

TEST_CASE("put: a file without an end is refused", "[store]") {
  const store_home home;
  home.fill("user", {});
  CHECK(failed_with(home.run({"put", "user", "/dev/zero"}), 2,
                    "/dev/zero: cannot be read: it is longer than"));
}

TEST_CASE("put: a page that was printed, edited as a text and put back is another one",
          "[store]") {
  const store_home home;
  home.fill("user", {page_saying("p", "before")});
  auto page = output_of(home.run({"get", "user", "p"}));
  const auto old_hash = hash_of(home, "p");
  REQUIRE(replace_all(page, "before", "behind") == 1);
  output_of(home.run({"put", "user"}, page));
  CHECK(hash_of(home, "p") != old_hash);
  const json now = json::parse(output_of(home.run({"get", "user", "p"})));
  CHECK(now.at("entries")[0].at("says") == "behind");
  CHECK(now.at("_hash") == expected_hash(now));
}

TEST_CASE("put: --if-hash holds it against what is stored", "[store]") {
  const store_home home;
  home.fill("user", {page_saying("p", "v1")});
  const auto hash = hash_of(home, "p");
  const auto put = [&](const std::string& id, const std::string& condition) {
    return home.run({"put", "user", "--if-hash", condition}, page_saying(id, "v2"));
  };
  CHECK(failed_with(put("p", "1"), 1, "user/p: its _hash is " + hash));
  CHECK(failed_with(put("p", "null"), 1, hash));
  CHECK(failed_with(put("q", hash), 1, "user/q: there is no such page"));
  for (const auto* no_hash : {"abc", "-1", "01", "4294967296", "1 "})
    CHECK(
        failed_with(put("p", no_hash), 2, std::string{no_hash} + " is no _hash: that is"));
  CHECK(failed_with(put("p", ""), 1, hash)); // as for null
  CHECK(hash_of(home, "p") == hash);
  CHECK(put("p", hash).status == 0);
  CHECK(put("q", "null").status == 0);
  CHECK(hash_of(home, "p") != hash);
}

TEST_CASE("put: a namespace or store is made only where that is asked for", "[store]") {
  const store_home home;
  const auto page = page_saying("p", "v1");
  CHECK(failed_with(home.run({"put", "user"}, page), 2, "no store is there"));
  CHECK_FALSE(std::filesystem::exists(home.data));
  CHECK(home.run({"put", "user", "--create"}, page).status == 0);
  CHECK(failed_with(home.run({"put", "usr"}, page), 2, "no namespace usr; it has user"));
  CHECK(home.run({"put", "usr", "--create"}, page).status == 0);
  CHECK(failed_with(home.run({"put", std::string(256, 'n'), "--create"}, page), 2,
                    "1 to 255 bytes"));
  CHECK(lines_of(output_of(home.run({"ls"}))).size() == 2);
}

TEST_CASE("put: what is no page, or a store in use", "[store]") {
  const store_home home;
  home.fill("user", {});
  CHECK(failed_with(home.run({"put", "user"}, "{}"), 1, "standard input: "));
  CHECK(failed_with(home.run({"put", "user", "/nowhere"}), 2, "/nowhere"));
  const shell_home other;
  auto shell = other.start_kept();
  shell.must(op::simple("drain"));
  const auto result =
      run_tool({"put", "user", "--data", other.data}, page_saying("p", "v1"));
  CHECK(failed_with(result, 2, "; end it first"));
  CHECK(shell.finish().status == 0);
}

TEST_CASE("rm: all pages that are named, or none", "[store]") {
  const store_home home;
  home.fill("user", {page_saying("a", "1"), page_saying("b", "2"), page_saying("c", "3")});
  CHECK(failed_with(home.run({"rm", "user", "a", "x"}), 1,
                    "user/x: no such page; nothing was removed"));
  CHECK(output_of(home.run({"ls", "user"})) == "a\nb\nc\n");
  CHECK(output_of(home.run({"rm", "user", "a", "c", "a"})) == "2 pages removed\n");
  CHECK(output_of(home.run({"ls", "user"})) == "b\n");
  CHECK(failed_with(home.run({"rm", "nope", "a"}), 2, "no namespace nope"));
  CHECK(output_of(home.run({"rm", "user", "b", "--json"})) == "{\"removed\":1}\n");
}

TEST_CASE("rm: a damaged record can go", "[store]") {
  const store_home home;
  home.fill("user", {page_saying("a", "one")});
  auto bytes = read_all(home.file);
  REQUIRE(replace_all(bytes, "\"one\"", "\"0ne\"") > 0);
  write_all(home.file, bytes);
  CHECK(home.run({"rm", "user", "a"}).status == 0);
  CHECK(home.run({"check"}).status == 0);
}

TEST_CASE("compact: the file shrinks, and all pages are there", "[store]") {
  const store_home home;
  home.fill("user", list_of("l", 3000));
  home.fill("feed", {page_saying("p", "x")});
  const auto dump = output_of(home.run({"dump"}));
  for (int round = 0; round < 3; ++round)
    home.fill("user", list_of("l", 3000));
  const auto before = std::filesystem::file_size(home.file);
  const json told = json::parse(output_of(home.run({"compact", "--json"})));
  CHECK(told.at("bytes_before") == before);
  CHECK(told.at("bytes_after") == std::filesystem::file_size(home.file));
  CHECK(std::filesystem::file_size(home.file) < before);
  CHECK(output_of(home.run({"dump"})) == dump);
  CHECK_FALSE(std::filesystem::exists(home.data / "data.mdb.compact"));
  home.fill("user", {page_saying("later", "x")}); // it is a store like any other
  CHECK(output_of(home.run({"check"})).find("no fault") != std::string::npos);
}

TEST_CASE("compact: a copy that a crash left behind does no harm", "[store]") {
  const store_home home;
  home.fill("user", list_of("l", 10));
  write_all(home.data / "data.mdb.compact", std::string(100'000, 'x'));
  CHECK(output_of(home.run({"check"})).find("no fault") != std::string::npos);
  CHECK(home.run({"compact"}).status == 0);
  CHECK_FALSE(std::filesystem::exists(home.data / "data.mdb.compact"));
  CHECK(output_of(home.run({"check"})).find("no fault") != std::string::npos);
}

TEST_CASE("compact: refused while anybody writes or reads, or where nothing is",
          "[store]") {
  const store_home home;
  CHECK(failed_with(home.run({"compact"}), 1, "no store is there"));
  home.fill("user", list_of("l", 3000));
  {
    tool_process reader{{"dump", "--data", home.data}};
    CHECK(reader.read_line().find("flok_dump") != std::string::npos); // and now it waits
    CHECK(failed_with(home.run({"compact"}), 1, "another process reads here"));
  }
  CHECK(home.run({"compact"}).status == 0);
  const shell_home other;
  auto shell = other.start_kept();
  shell.must(op::simple("drain"));
  CHECK(failed_with(run_tool({"compact", "--data", other.data}), 1, "writes here already"));
  CHECK(shell.finish().status == 0);
}

TEST_CASE("compact: a damaged file is let be", "[store]") {
  const store_home home;
  home.fill("user", list_of("l", 500));
  auto bytes = read_all(home.file);
  write_all(home.file, bytes.substr(0, bytes.size() / 2));
  CHECK(failed_with(home.run({"compact"}), 1, "cut off"));
  CHECK(read_all(home.file) == bytes.substr(0, bytes.size() / 2));
  CHECK_FALSE(std::filesystem::exists(home.data / "data.mdb.compact"));
}

TEST_CASE("compact: what can be read of a damaged file is never lost", "[store]") {
  const store_home home;
  home.fill("user", list_of("l", 300));
  home.fill("feed", list_of("m", 300));
  const auto whole = read_all(home.file);
  std::mt19937 random{7}; // NOLINT: the same each time
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    auto damaged = whole; // in the head of one of LMDB's pages, which have no checksums
    constexpr std::size_t page = 4096, begin = 8, end = 64;
    const auto at =
        random() % (whole.size() / page) * page + begin + random() % (end - begin);
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << random() % 8));
    write_all(home.file, damaged);
    std::filesystem::remove(home.data / "lock.mdb");
    INFO("byte " << at);
    const auto before = home.run({"dump"});
    const auto compacted = home.run({"compact"});
    CHECK((compacted.status == 0 || compacted.status == 1));
    if (compacted.status == 0 && before.status == 0)
      CHECK(home.run({"dump"}).output == before.output);
    if (compacted.status != 0) {
      ++refused;
      CHECK(read_all(home.file) == damaged);
    }
  }
  CHECK(refused > 5);
}

TEST_CASE("compact: killed at any moment, it leaves the old file or the new one",
          "[store]") {
  const store_home home;
  home.fill("user", list_of("l", 3000));
  const auto dump = output_of(home.run({"dump"}));
  for (int ms = 0; ms < 24; ++ms) {
    INFO("killed after " << ms << " ms");
    home.fill("user", list_of("l", 3000));
    {
      const tool_process compacting{{"compact", "--data", home.data}};
      (void)compacting.ends_within(std::chrono::milliseconds{ms});
    } // SIGKILL, where it has not ended
    CHECK(output_of(home.run({"dump"})) == dump);
  }
  CHECK(home.run({"compact"}).status == 0);
  CHECK(output_of(home.run({"check"})).find("no fault") != std::string::npos);
}

TEST_CASE("compact: a link is not replaced by a file", "[store]") {
  const store_home home;
  home.fill("user", {page_saying("p", "x")});
  std::filesystem::rename(home.file, home.dir.path() / "elsewhere");
  std::filesystem::create_symlink(home.dir.path() / "elsewhere", home.file);
  CHECK(failed_with(home.run({"compact"}), 1, "no regular file"));
  CHECK(std::filesystem::is_symlink(home.file));
}

TEST_CASE("store: what is made is its owner's alone, and what is there stays as it was",
          "[store]") {
  const auto mode = [](const std::filesystem::path& path) {
    struct stat file {};
    REQUIRE(::stat(path.c_str(), &file) == 0);
    return file.st_mode & 0777U;
  };
  const store_home home;
  const auto put = [&](const std::filesystem::path& where) {
    output_of(
        run_tool({"put", "user", "--create", "--data", where}, page_saying("a", "x")));
  };
  const auto made = home.dir.path() / "made/in/data/"; // with a slash behind it
  put(made);
  CHECK(mode(made) == 0700U);
  for (const char* file : {"data.mdb", "lock.mdb", "flok.lock"})
    CHECK(mode(made / file) == 0600U);
  output_of(run_tool({"compact", "--data", made}));
  CHECK(mode(made / "data.mdb") == 0600U);

  const auto there = home.dir.path() / "there";
  std::filesystem::create_directory(there);
  std::filesystem::permissions(there, std::filesystem::perms{0750});
  put(there);
  CHECK(mode(there) == 0750U);
}
