// Page-out and restart: what is kept, by a clean end and by a sudden one.
#include <random>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

std::string name_of(int page) { return "page-" + std::to_string(page); }

} // namespace

TEST_CASE("pageout: the answer tells how many pages were committed", "[shell][restart]") {
  shell_home home;
  auto shell = home.start_kept();
  CHECK(paged_out(shell) == 0);
  for (int page = 0; page < 100; ++page) {
    shell.send(op::write("user", array_page(name_of(page), "v1")));
    shell.send(op::write("feed", hash_page(name_of(page), "v1")));
  }
  CHECK(paged_out(shell) == 200);
  CHECK(paged_out(shell) == 0);
}

TEST_CASE("pageout: a page is dirty from a change to its commit", "[shell][restart]") {
  shell_home home;
  auto shell = home.start_kept();
  for (const char* version : {"v1", "v2", "v2", "v3"}) {
    shell.must(op::write("user", array_page("news", version)));
    CHECK(stats(shell, "user", "dirty") == 1);
  }
  CHECK(paged_out(shell) == 1);
  CHECK(stats(shell, "user", "dirty") == 0);
  shell.must(op::write("user", array_page("news", "v3")));
  CHECK(stats(shell, "user", "dirty") == 0);
  CHECK(paged_out(shell) == 0);
}

TEST_CASE("pageout: a page stays resident", "[shell][restart]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(paged_out(shell) == 1);
  CHECK(stats(shell, "user", "pages") == 1);
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (cache)"});
}

TEST_CASE("pageout: a page that changes meanwhile is committed anew", "[shell][restart]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    for (int version = 0; version < 200; ++version) {
      shell.send(op::write("user", array_page("news", "v" + std::to_string(version))));
      shell.send(op::simple("pageout"));
    }
    CHECK(stats(shell, "user", "dirty") == 0);
    shell.kill();
  }
  auto shell = home.start_kept();
  const json page = shell.must(op::read("user", "news")).at("page");
  CHECK(text(page.at("entries")[0].at("title")) == "v199");
}

TEST_CASE("pageout: crossing the dirty threshold starts one", "[shell][restart]") {
  const temp_dir dir;
  const auto config = dir.write("services.json", R"({
      "pagers": [{"name": "mem", "namespace": "user"}],
      "pageout": {"interval_ms": 86400000, "max_dirty": 10}})");
  shell_process shell{config, dir.path() / "kept"};
  int page = 0;
  std::int64_t dirty = 0;
  // Each round writes a page; without a page-out of its own every one would stay dirty.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  do {
    shell.must(op::write("user", array_page(name_of(page++), "v1")));
    dirty = stats(shell, "user", "dirty");
  } while (dirty == page && std::chrono::steady_clock::now() < until);
  CHECK(dirty < page);
}

TEST_CASE("pageout: the timer starts one", "[shell][restart]") {
  const temp_dir dir;
  const auto config = dir.write("services.json", R"({
      "pagers": [{"name": "mem", "namespace": "user"}],
      "pageout": {"interval_ms": 1}})");
  shell_process shell{config, dir.path() / "kept"};
  shell.must(op::write("user", array_page("news", "v1")));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (stats(shell, "user", "dirty") != 0 && std::chrono::steady_clock::now() < until) {
  }
  CHECK(stats(shell, "user", "dirty") == 0);
}

TEST_CASE("restart: pages come back byte for byte", "[shell][restart]") {
  shell_home home;
  const std::string line =
      "{\"op\":\"write\",\"ns\":\"user\",\"page\":{\"entries\":[{ \"z\":1E400,\t\"_id\" : "
      "\"e1\",\"big\":123456789012345678901234567890,\"t\":\"\\u00e9\\/\",\"_sig\":\"s\"} ,"
      "{\"_id\":\"made\" , \"n\":1.0e5}],\"_type\":\"array\",\"_id\":\"news\","
      "\"_next\":\"news-2\"}}";
  std::string before;
  {
    auto shell = home.start_kept();
    shell.send_line(line);
    CHECK(code_of(shell.untagged_reply().value).empty());
    before = raw_member(shell.ask_line(op::read("user", "news")).raw, "page");
    CHECK(paged_out(shell) == 1);
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  const auto events = shell.drain();
  REQUIRE(events.size() == 1);
  CHECK(raw_member(events[0].raw, "page") == before);
  CHECK(raw_member(shell.ask_line(op::read("user", "news")).raw, "page") == before);
}

TEST_CASE("restart: a clean end of input pages out by itself", "[shell][restart]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    for (int page = 0; page < 500; ++page) {
      shell.send(op::write("user", array_page(name_of(page), "v1")));
    }
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  for (int page = 0; page < 500; ++page) {
    shell.must(op::read_sync("user", name_of(page)));
  }
  CHECK(stats(shell, "user", "pages") == 500);
}

TEST_CASE("restart: at the end of input all earlier ops are answered", "[shell][restart]") {
  shell_home home;
  auto shell = home.start_kept();
  for (int page = 0; page < 3000; ++page) {
    json op = op::write("user", array_page(name_of(page), "v1"));
    op["tag"] = page;
    shell.send(op);
  }
  const ending end = shell.finish();
  CHECK(end.status == 0);
  CHECK(shell.lines_seen() == 3000);
}

TEST_CASE("restart: without a data folder nothing is kept", "[shell][restart]") {
  shell_home home;
  {
    auto shell = home.start();
    shell.must(op::write("user", array_page("news", "v1")));
    shell.must(op::simple("pageout"));
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start();
  CHECK(code_of(shell.ask(op::read("user", "news"))) == "no_such_page");
  CHECK(std::distance(std::filesystem::directory_iterator{home.dir.path()}, {}) == 1);
}

TEST_CASE("restart: watches do not outlive their process", "[shell][restart]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    shell.must(op::controller("ann"));
    shell.must(op::watch("ann", "user", "news"));
    shell.must(op::write("user", array_page("news", "v1")));
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  CHECK(stats(shell, "user", "watchers") == 0);
  CHECK(code_of(shell.ask(op::unwatch("ann", "user", "news"))) == "unknown_controller");
}

TEST_CASE("restart: an empty entry list, keys and pointers come back", "[shell][restart]") {
  shell_home home;
  json head{{"_id", "list"}, {"_type", "array"}, {"entries", json::array()}};
  head["_next"] = "list-1";
  {
    auto shell = home.start_kept();
    shell.must(op::write("user", head));
    shell.must(op::write("user", hash_page("prefs", "v1")));
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  const json page = shell.must(op::read("user", "list")).at("page");
  CHECK(text(page.at("_next")) == "list-1");
  CHECK(text(page.at("_hash")) == expected_hash(page));
  const json prefs = shell.must(op::read("user", "prefs")).at("page");
  CHECK(text(prefs.at("entries").at("key").at("title")) == "v1");
}

namespace {

constexpr int page_count = 40;

/// Rounds of a shell that writes pages in waves and is killed at some moment. Versions
/// only grow, over all rounds, so a page shows how old it is.
class killed_shell {
public:
  explicit killed_shell(std::uint64_t seed) : rng_(seed) {}

  void round() {
    auto shell = home_.start_kept();
    check(shell);
    std::map<json, std::map<int, int>> wave_of; // page-out's tag -> versions before it
    std::size_t sent_lines = 0;
    const int waves = 1 + pick(8);
    for (int wave = 0; wave < waves; ++wave) {
      for (int count = 1 + pick(60); count > 0; --count, ++sent_lines) {
        write_some(shell);
      }
      wave_of[wave] = sent_;
      json pageout = op::simple("pageout");
      pageout["tag"] = wave;
      shell.send(pageout);
      ++sent_lines;
    }
    std::vector<output_line> answers;
    for (int until = pick(static_cast<int>(sent_lines) + 1); until > 0; --until) {
      answers.push_back(shell.next());
    }
    ending end = shell.kill();
    for (const output_line& line : answers) {
      note(line.value, wave_of);
    }
    for (const std::string& line : end.output) {
      note(json::parse(line), wave_of);
    }
  }

  /// Expects every page to be whole, not newer than what was sent, and not older than the
  /// last page-out that was answered.
  void check(shell_process& shell) {
    for (int page = 0; page < page_count; ++page) {
      const json answer = shell.ask(op::read("user", name_of(page)));
      const int version = answer.contains("page") ? whole_version(answer.at("page")) : 0;
      INFO("page " << page << ": " << answer.dump());
      CHECK(version >= safe_[page]);
      CHECK(version <= sent_[page]);
      // What survived is what the next round starts from.
      safe_[page] = version;
      sent_[page] = version;
    }
  }

  void check_last() {
    auto shell = home_.start_kept();
    check(shell);
  }

private:
  int pick(int below) {
    return static_cast<int>(rng_() % static_cast<std::uint64_t>(below));
  }

  void write_some(shell_process& shell) {
    const int page = pick(page_count);
    const int version = ++last_version_;
    json entries = json::array();
    for (int entry = 0; entry < 1 + version % 50; ++entry) {
      entries.push_back({{"_id", std::to_string(entry)}, {"version", version}});
    }
    sent_[page] = version;
    shell.send(op::write(
        "user", {{"_id", name_of(page)}, {"_type", "array"}, {"entries", entries}}));
  }

  /// The version that all entries of a page agree on; -1 where it is not whole.
  static int whole_version(const json& page) {
    const json& entries = page.at("entries");
    const int version = entries.at(0).at("version").get<int>();
    bool whole = page.at("_hash") == expected_hash(page) &&
                 entries.size() == static_cast<std::size_t>(1 + version % 50);
    for (const json& entry : entries) {
      whole = whole && entry.at("version") == version;
    }
    return whole ? version : -1;
  }

  void note(const json& answer, std::map<json, std::map<int, int>>& wave_of) {
    if (answer.value("reply", "") == "pageout") {
      for (const auto& [page, version] : wave_of.at(answer.at("tag"))) {
        safe_[page] = std::max(safe_[page], version);
      }
    }
    CHECK(code_of(answer).empty());
  }

  shell_home home_;
  std::mt19937_64 rng_;
  int last_version_ = 0;
  std::map<int, int> sent_; // page -> the last version that was sent
  std::map<int, int> safe_; // page -> the version that an answered page-out holds
};

} // namespace

TEST_CASE("kill: what an answered page-out holds is there, whole", "[shell][restart]") {
  for (const std::uint64_t seed : {1U, 2U}) {
    INFO("seed " << seed);
    killed_shell shell{seed};
    for (int round = 0; round < 10; ++round) {
      INFO("round " << round);
      shell.round();
    }
    shell.check_last();
  }
}

TEST_CASE("kill: a page-out that was answered is there at once", "[shell][restart]") {
  shell_home home;
  for (int round = 1; round <= 5; ++round) {
    const std::string version = "v" + std::to_string(round);
    auto shell = home.start_kept();
    for (int page = 0; page < 200; ++page) {
      shell.send(op::write("user", array_page(name_of(page), version)));
    }
    CHECK(paged_out(shell) == 200);
    shell.kill();
    auto after = home.start_kept();
    for (int page = 0; page < 200; ++page) {
      const json kept = after.must(op::read("user", name_of(page))).at("page");
      REQUIRE(text(kept.at("entries")[0].at("title")) == version);
    }
  }
}
