// A cache that has a limit: what is given up, what stays, and what waits.
#include <algorithm>
#include <map>
#include <memory>
#include <random>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

constexpr std::int64_t max_bytes = 1000000;
constexpr int many = 400; // four times as much as fits

/// A page of some 10 KB.
json big_page(const std::string& id, const std::string& version) {
  json page = array_page(id, version);
  page["entries"][0]["text"] = std::string(10000, 'x');
  return page;
}

std::string name_of(int page) { return "p" + std::to_string(page); }

/// A shell whose cache holds a hundred of those. No page-out but those that are asked for,
/// or that make room.
struct small_cache {
  small_cache() { begin(); }

  void begin() { shell = std::make_unique<shell_process>(config, dir.path() / "kept"); }

  void write_many(const std::string& version, int count = many) {
    for (int page = 0; page < count; ++page)
      shell->send(
          op::with(op::write("user", big_page(name_of(page), version)), "tag", page));
    for (int page = 0; page < count; ++page)
      CHECK(shell->reply(page).value.contains("reply"));
  }

  std::string title_of(int page) {
    const json whole = page_of(*shell, name_of(page).c_str());
    return text(whole.at("entries")[0].at("title"));
  }

  temp_dir dir;
  std::filesystem::path config = dir.write("services.json", R"({
      "pagers": [{"name": "mem", "namespace": "user"}],
      "pageout": {"interval_ms": 86400000, "max_dirty": 4294967295},
      "cache": {"max_bytes": 1000000},
      "debug": true})");
  std::unique_ptr<shell_process> shell;
};

/// Whether the tool accepts a configuration with this cache.
bool accepted(const std::string& cache) {
  const temp_dir dir;
  shell_process shell{
      dir.write("services.json", R"({"pagers":[{"name":"mem","namespace":"user"}],)"
                                 R"("cache":)" +
                                     cache + "}")};
  const ending end = shell.finish();
  CHECK((end.status == 0 || end.errors.find("/cache") != std::string::npos));
  return end.status == 0;
}

} // namespace

TEST_CASE("cache: more is written than fits, and all of it is there", "[shell][cache]") {
  small_cache c;
  c.write_many("v1");
  c.write_many("v2");
  paged_out(*c.shell);
  CHECK(stats(*c.shell, "user", "pages") < 110);
  for (int page = 0; page < many; ++page)
    CHECK(c.title_of(page) == "v2");
  CHECK(ids_of(*c.shell, op::list("user")).size() == many);
  CHECK(c.shell->finish().status == 0);
  c.begin();
  for (int page = 0; page < many; ++page)
    CHECK(c.title_of(page) == "v2");
}

TEST_CASE("cache: its size and what it gave up are counted", "[shell][cache]") {
  small_cache c;
  c.shell->must(op::write("user", big_page("p0", "v1")));
  CHECK(stats(*c.shell, "user", "bytes") > 10000);
  CHECK(stats(*c.shell, "user", "bytes") < 20000);
  CHECK(stats(*c.shell, "user", "evicted") == 0);
  c.write_many("v2");
  paged_out(*c.shell);
  const auto pages = stats(*c.shell, "user", "pages");
  CHECK(stats(*c.shell, "user", "bytes") <= max_bytes);
  CHECK(stats(*c.shell, "user", "bytes") > max_bytes / 2);
  CHECK(stats(*c.shell, "user", "evicted") == many - pages);
  c.shell->must(op::erase("user", name_of(many - 1)));
  CHECK(stats(*c.shell, "user", "evicted") == many - pages);
}

TEST_CASE("cache: an end without warning loses no more than without a limit",
          "[shell][cache]") {
  small_cache c;
  c.write_many("v1");
  paged_out(*c.shell);
  c.write_many("v2", 50);
  c.shell->kill();
  c.begin();
  for (int page = 0; page < many; ++page) {
    const std::string title = c.title_of(page);
    CHECK((title == "v1" || (page < 50 && title == "v2")));
  }
}

TEST_CASE("cache: watched pages stay, what was not used goes", "[shell][cache]") {
  small_cache c;
  c.shell->must(op::controller("ann"));
  c.shell->must(op::controller("bob"));
  for (int page = 0; page < 20; ++page)
    c.shell->must(op::watch("ann", "user", name_of(page)));
  c.write_many("v1");
  CHECK(c.shell->heard().size() == 20);
  for (const int page : {0, 19, 20, 200, many - 1})
    c.shell->must(op::with(op::watch("bob", "user", name_of(page)), "sync", true));
  CHECK(c.shell->heard() == strings{"bob: user/p0 v1 (cache)", "bob: user/p19 v1 (cache)",
                                    "bob: user/p20 v1 (disk)", "bob: user/p200 v1 (disk)",
                                    "bob: user/p399 v1 (cache)"});
}

TEST_CASE("cache: what is read now and then stays", "[shell][cache]") {
  small_cache c;
  for (int page = 0; page < many; ++page) {
    c.shell->must(op::write("user", big_page(name_of(page), "v1")));
    if (page % 20 == 0)
      c.shell->must(op::read("user", "p0"));
  }
  c.shell->must(op::controller("ann"));
  c.shell->must(op::watch("ann", "user", "p0"));
  c.shell->must(op::watch("ann", "user", "p1"));
  const auto heard = c.shell->heard();
  REQUIRE(heard.size() == 2);
  CHECK(std::count(heard.begin(), heard.end(), "ann: user/p0 v1 (cache)") == 1);
  CHECK(std::count(heard.begin(), heard.end(), "ann: user/p1 v1 (disk)") == 1);
}

TEST_CASE("cache: what is watched may fill it, and writes go on", "[shell][cache]") {
  small_cache c;
  c.shell->must(op::controller("ann"));
  for (int page = 0; page < 200; ++page)
    c.shell->must(op::watch("ann", "user", name_of(page)));
  c.write_many("v1");
  c.write_many("v2");
  for (int page = 0; page < 200; ++page)
    c.shell->must(op::unwatch("ann", "user", name_of(page)));
  paged_out(*c.shell);
  CHECK(stats(*c.shell, "user", "pages") < 110);
  for (int page = 0; page < many; page += 10)
    CHECK(c.title_of(page) == "v2");
}

TEST_CASE("cache: pages larger than all of it pass through", "[shell][cache]") {
  small_cache c;
  json page = array_page("p", "v1");
  page["entries"][0]["text"] = std::string(3000000, 'x');
  for (const char* id : {"a", "b", "c", "d"})
    c.shell->must(op::write("user", op::with(page, "_id", id)));
  for (const char* id : {"a", "b", "c", "d"})
    CHECK(page_of(*c.shell, id).at("entries").size() == 1);
  CHECK(ids_of(*c.shell, op::list("user")).size() == 4);
}

TEST_CASE("cache: edits and conditions work on what was given up", "[shell][cache]") {
  small_cache c;
  c.write_many("v1");
  const json set = json::array({{{"set", {{"at", 0}, {"fields", {{"title", "v2"}}}}}}});
  for (int page = 0; page < many; page += 7) {
    const json hash = page_of(*c.shell, name_of(page).c_str()).at("_hash");
    c.shell->send(op::simple("pageout"));
    c.shell->must(op::with(op::edit("user", name_of(page), set), "if_hash", hash));
  }
  for (int page = 0; page < many; ++page)
    CHECK(c.title_of(page) == (page % 7 == 0 ? "v2" : "v1"));
}

TEST_CASE("cache: writes behind one that waits keep their order", "[shell][cache]") {
  small_cache c;
  c.shell->must(op::controller("ann"));
  c.shell->must(op::with(op::watch("ann", "user", "p0"), "every", true));
  strings expected;
  for (int round = 0; round < 300; ++round) {
    const std::string version = "v" + std::to_string(round);
    c.shell->send(op::write("user", big_page("p0", version)));
    c.shell->send(op::write("user", big_page(name_of(1 + round), version)));
    expected.push_back("ann: user/p0 " + version + " (pager)");
  }
  CHECK(c.shell->heard() == expected);
}

TEST_CASE("cache: where nothing is kept, a full one is a failure until there is room",
          "[shell][cache]") {
  const small_cache c;
  shell_process shell{c.config};
  int page = 0;
  while (page < many &&
         shell.ask(op::write("user", big_page(name_of(page), "v1"))).contains("reply"))
    ++page;
  CHECK(page > 50);
  CHECK(page < 110);
  CHECK(code_of(shell.ask(op::write("user", big_page("q", "v1")))) == "storage_failure");
  for (int kept = 0; kept < page; ++kept)
    shell.must(op::read("user", name_of(kept)));
  for (const char* id : {"p0", "p1", "p2"})
    shell.must(op::erase("user", id));
  shell.must(op::write("user", big_page("q", "v1")));
  CHECK(shell.finish().status == 0);
}

TEST_CASE("cache: full of what cannot be committed, it refuses writes until it can",
          "[shell][cache]") {
  small_cache c;
  c.shell->must(op::fault("commit_fails"));
  int page = 0;
  while (page < many &&
         c.shell->ask(op::write("user", big_page(name_of(page), "v1"))).contains("reply"))
    ++page;
  CHECK(page > 50);
  CHECK(page < 110);
  CHECK(code_of(c.shell->ask(op::write("user", big_page("q", "v1")))) == "storage_failure");
  c.shell->must(op::fault("none"));
  CHECK(comes_true([&] {
    return c.shell->ask(op::write("user", big_page("q", "v1"))).contains("reply");
  }));
  for (int kept = 0; kept < page; ++kept)
    CHECK(c.title_of(kept) == "v1");
}

TEST_CASE("cache: random reads, writes and deletions find what a map holds",
          "[shell][cache]") {
  const std::uint64_t seed = 1;
  INFO("seed " << seed);
  std::mt19937_64 rng{seed};
  small_cache c;
  std::map<int, std::string> model;
  for (int step = 0; step < 3000; ++step) {
    const int page = static_cast<int>(rng() % many);
    const auto what = rng() % 10;
    if (what < 5) {
      model[page] = "v" + std::to_string(step);
      c.shell->send(op::write("user", big_page(name_of(page), model[page])));
    } else if (what == 5) {
      c.shell->send(op::erase("user", name_of(page)));
      model.erase(page);
    } else if (what < 9) {
      const json answer = c.shell->ask(op::read("user", name_of(page)));
      REQUIRE(answer.contains("page") == model.contains(page));
      if (answer.contains("page"))
        CHECK(text(answer.at("page").at("entries")[0].at("title")) == model[page]);
    } else if (rng() % 50 == 0) {
      CHECK(c.shell->finish().status == 0);
      c.begin();
    }
  }
  CHECK(ids_of(*c.shell, op::list("user")).size() == model.size());
}

TEST_CASE("cache: a limit is a number of bytes from 1 to 2^50", "[shell][cache]") {
  for (const char* good : {"{}", R"({"max_bytes":1})", R"({"max_bytes":1125899906842624})"})
    CHECK(accepted(good));
  for (const char* bad :
       {"7", "[]", R"({"max_bytes":0})", R"({"max_bytes":-1})", R"({"max_bytes":1.5})",
        R"({"max_bytes":"1"})", R"({"max_bytes":1125899906842625})",
        R"({"max_bytes":1,"max_bytes":1})", R"({"bytes":1})"})
    CHECK_FALSE(accepted(bad));
}
