// Controllers that are slow: what they miss, and whom that concerns.
#include <algorithm>
#include <charconv>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"
#include "tests/tools/tool_process.hpp"

using namespace flok::testing;

namespace {

constexpr int versions = 600;
constexpr std::uint64_t a_day = 86400000;

/// A shell whose controller "ann" watches "p", and takes a day for each event.
struct stalled_shell {
  explicit stalled_shell(bool every = false) {
    shell.must(op::controller("ann"));
    shell.must(op::with(op::watch("ann", "user", "p"), "every", every));
    shell.must(op::stall("ann", a_day));
  }

  /// Writes many versions of a page, and waits until all are written.
  void write_many(const char* id = "p") {
    for (int version = 0; version < versions; ++version)
      shell.send(op::write("user", array_page(id, "v" + std::to_string(version))));
    shell.must(op::simple("stats"));
  }

  strings released() {
    shell.must(op::stall("ann", 0));
    return shell.heard();
  }

  shell_home home;
  shell_process shell{home.config};
};

int version_of(const std::string& heard) {
  const auto at = heard.find(" v");
  int version = -1;
  if (at != std::string::npos)
    std::from_chars(heard.data() + at + 2, heard.data() + heard.size(), version);
  return version;
}

} // namespace

TEST_CASE("stall: a slow controller gets the newest state in the end", "[shell][stall]") {
  stalled_shell s;
  s.write_many();
  const strings heard = s.released();
  CHECK(heard.size() >= 128);
  CHECK(heard.size() <= 257);
  CHECK(std::is_sorted(heard.begin(), heard.end(), [](const auto& a, const auto& b) {
    return version_of(a) < version_of(b);
  }));
  CHECK(version_of(heard.at(100)) == 100);
  CHECK(version_of(heard.back()) == versions - 1);
}

TEST_CASE("stall: what was merged is counted", "[shell][stall]") {
  stalled_shell s;
  s.write_many();
  const auto merged = stats(s.shell, "user", "merged");
  const auto heard = static_cast<std::int64_t>(s.released().size());
  CHECK(merged + heard == versions);
  CHECK(stats(s.shell, "feed", "merged") == 0);
}

TEST_CASE("stall: who asks for every version gets it", "[shell][stall]") {
  stalled_shell s{true};
  s.write_many();
  const strings heard = s.released();
  REQUIRE(heard.size() == versions);
  for (int version = 0; version < versions; ++version)
    CHECK(version_of(heard[static_cast<std::size_t>(version)]) == version);
}

TEST_CASE("stall: of each page the newest state waits", "[shell][stall]") {
  stalled_shell s;
  for (const char* id : {"q", "r", "gone"})
    s.shell.must(op::watch("ann", "user", id));
  s.shell.must(op::write("user", array_page("gone", "v0")));
  s.write_many();
  s.write_many("q");
  s.shell.must(op::write("user", array_page("r", "v0")));
  s.shell.must(op::erase("user", "gone"));
  strings heard = s.released();
  for (const char* last : {"ann: user/p v599 (pager)", "ann: user/q v599 (pager)",
                           "ann: user/r v0 (pager)", "ann: user/gone deleted"})
    CHECK(std::count(heard.begin(), heard.end(), last) == 1);
  CHECK(heard.size() <= 262);
}

TEST_CASE("stall: what was let go of is not heard of later", "[shell][stall]") {
  stalled_shell s;
  s.shell.must(op::watch("ann", "user", "q"));
  s.write_many();
  s.write_many("q"); // waits as a whole
  s.shell.must(op::unwatch("ann", "user", "q"));
  const strings heard = s.released();
  CHECK(std::none_of(heard.begin(), heard.end(), [](const auto& text) {
    return text.find("user/q") != std::string::npos;
  }));
}

TEST_CASE("stall: other controllers are not delayed", "[shell][stall]") {
  stalled_shell s;
  s.shell.must(op::controller("bob"));
  s.shell.must(op::with(op::watch("bob", "user", "p"), "every", true));
  s.write_many();
  strings heard;
  while (heard.size() < versions) { // ann would take a year and more
    for (const auto& event : s.shell.take_events())
      heard.push_back(describe(event.value));
    if (heard.size() < versions) {
      const auto line = s.shell.next();
      REQUIRE(line.is_event());
      heard.push_back(describe(line.value));
    }
  }
  for (int version = 0; version < versions; ++version)
    CHECK(heard[static_cast<std::size_t>(version)] ==
          "bob: user/p v" + std::to_string(version) + " (pager)");
  CHECK(s.shell.must(op::read("user", "p")).contains("page"));
}

TEST_CASE("stall: pages that change together arrive together", "[shell][stall]") {
  stalled_shell s;
  s.shell.must(op::watch("ann", "user", "q"));
  s.write_many();
  s.shell.must(op::cache_write("user", {array_page("q", "w"), array_page("p", "w")}));
  const strings heard = s.released();
  const auto last = strings(heard.end() - 2, heard.end());
  CHECK(std::count(last.begin(), last.end(), "ann: user/p w (pager)") == 1);
  CHECK(std::count(last.begin(), last.end(), "ann: user/q w (pager)") == 1);
}

TEST_CASE("stall: once it is quick again, nothing is merged", "[shell][stall]") {
  stalled_shell s;
  s.write_many();
  s.released();
  for (int version = 0; version < 100; ++version)
    s.shell.must(op::write("user", array_page("p", "w" + std::to_string(version))));
  CHECK(s.shell.heard().size() == 100);
}

TEST_CASE("stall: it takes its time over each event", "[shell][stall]") {
  stalled_shell s;
  const auto before = std::chrono::steady_clock::now();
  s.shell.must(op::stall("ann", 20));
  for (const char* version : {"v1", "v2", "v3"})
    s.shell.must(op::write("user", array_page("p", version)));
  CHECK(s.shell.heard().size() == 3);
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds{60});
}

TEST_CASE("stall: the end of input ends it", "[shell][stall]") {
  stalled_shell s;
  s.shell.must(op::write("user", array_page("p", "v1")));
  s.shell.must(op::write("user", array_page("p", "v2")));
  const ending end = s.shell.finish();
  CHECK(end.status == 0);
  CHECK(end.output.size() == 2);
}

TEST_CASE("stall: the end of input ends it, also where something waits for it",
          "[shell][stall]") {
  for (const json& waits : {op::simple("drain"), op::disconnect("ann")}) {
    INFO(waits.dump());
    stalled_shell s;
    s.shell.must(op::write("user", array_page("p", "v1")));
    s.shell.send(waits);
    s.shell.send(op::stall("ann", a_day)); // no more
    const ending end = s.shell.finish();
    CHECK(end.status == 0);
    CHECK(end.output.size() == 3);
  }
}

TEST_CASE("stall: a slow controller costs little memory", "[shell][stall]") {
  shell_home home;
  tool_process tool{{"shell", "--config", home.config.string()}};
  const auto ask = [&](const json& op) {
    tool.push(op.dump() + "\n", std::chrono::minutes{1});
    return json::parse(tool.read_line());
  };
  ask(op::controller("ann"));
  ask(op::watch("ann", "user", "p"));
  ask(op::stall("ann", a_day));
  json page = array_page("p", "v");
  page["entries"][0]["text"] = std::string(20000, 'x');
  const auto before = tool.resident_bytes();
  for (int version = 0; version < 8000; ++version) { // 160 MB
    page["entries"][0]["_sig"] = std::to_string(version);
    REQUIRE(ask(op::write("user", page)).contains("reply"));
  }
#ifndef FLOK_SANITIZED
  CHECK(tool.resident_bytes() < before + (std::size_t{64} << 20U));
#else
  (void)before;
#endif
  tool.close_input();
  tool.read_rest();
  CHECK(tool.wait() == 0);
}
