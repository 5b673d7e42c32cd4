// The simulated network, from outside: pages that come late and cannot be written.
#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

std::string config_with(const json& options) {
  const json pager{{"name", "net_sim"}, {"namespace", "far"}, {"options", options}};
  return json{{"pagers", json::array({pager})}, {"debug", true}}.dump();
}

/// A shell whose namespace "far" brings the pages "news" and "prefs".
struct far_shell {
  explicit far_shell(int delay_ms = 0) : delay{delay_ms} {
    shell.must(op::controller("ann"));
  }

  /// The next event: what the network brings, it brings when it likes.
  std::string next_event() {
    for (;;) {
      for (const auto& event : shell.take_events())
        heard.push_back(describe(event.value));
      if (!heard.empty())
        break;
      const auto line = shell.next();
      if (line.is_event())
        heard.push_back(describe(line.value));
    }
    const std::string first = heard.front();
    heard.erase(heard.begin());
    return first;
  }

  int delay;
  strings heard; ///< and not taken
  temp_dir dir;
  std::filesystem::path config = dir.write(
      "services.json",
      config_with({{"delay_ms", delay},
                   {"pages", {array_page("news", "v1"), hash_page("prefs", "v1")}}}));
  shell_process shell{config, dir.path() / "kept"};
};

/// What the tool says of these options, "" where it accepts them.
std::string complaint(const json& options) {
  const temp_dir dir;
  shell_process shell{dir.write("services.json", config_with(options))};
  const ending end = shell.finish();
  CHECK((end.status == 0 || end.status == 2));
  return end.status == 0 ? "" : end.errors;
}

} // namespace

TEST_CASE("net_sim: who watches gets the page once it comes", "[shell][net_sim]") {
  for (const int delay : {0, 1, 30}) {
    far_shell f{delay};
    const auto before = std::chrono::steady_clock::now();
    f.shell.must(op::watch("ann", "far", "news"));
    f.shell.must(op::watch("ann", "far", "nobody"));
    CHECK(f.next_event() == "ann: far/news v1 (pager)");
    CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds{delay});
    f.shell.must(op::watch("ann", "far", "prefs"));
    CHECK(f.next_event() == "ann: far/prefs v1 (pager)");
  }
}

TEST_CASE("net_sim: a read waits for the page", "[shell][net_sim]") {
  far_shell f{30};
  CHECK(code_of(f.shell.ask(op::read_sync("far", "news"))) == "no_such_page");
  const json page = f.shell.must(op::read("far", "news")).at("page");
  CHECK(text(page.at("entries")[0].at("title")) == "v1");
  CHECK(code_of(f.shell.ask(op::read("far", "nobody"))) == "no_such_page");
  f.shell.must(op::read_sync("far", "news")); // resident now
}

TEST_CASE("net_sim: it can only be read", "[shell][net_sim]") {
  far_shell f;
  f.shell.must(op::watch("ann", "far", "news"));
  CHECK(f.next_event() == "ann: far/news v1 (pager)");
  for (const json& op :
       {op::write("far", array_page("news", "v2")), op::erase("far", "news"),
        op::edit("far", "news", json::array({{{"next", "q"}}}))})
    CHECK(code_of(f.shell.ask(op)) == "unsupported");
  CHECK(f.shell.heard() == strings{});
  CHECK(f.shell.must(op::read("far", "news")).contains("page"));
}

TEST_CASE("net_sim: a restart has yesterday's page before the network answers",
          "[shell][net_sim]") {
  far_shell f;
  f.shell.must(op::read("far", "news"));
  CHECK(f.shell.finish().status == 0);
  const auto slow = f.dir.write("slow.json", config_with({{"delay_ms", 86400000}}));
  shell_process shell{slow, f.dir.path() / "kept"};
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "far", "news"));
  CHECK(shell.heard() == strings{"ann: far/news v1 (disk)"});
  CHECK(shell.finish().status == 0);
}

TEST_CASE("net_sim: an invalidated page is brought afresh to who watches it",
          "[shell][net_sim]") {
  far_shell f;
  f.shell.must(op::watch("ann", "far", "news"));
  CHECK(f.next_event() == "ann: far/news v1 (pager)");
  f.shell.must(op::invalidate("far", "news"));
  CHECK(f.next_event() == "ann: far/news invalidated");
  CHECK(f.next_event() == "ann: far/news v1 (pager)");
  f.shell.must(op::invalidate("far", "prefs"));
  f.shell.must(op::invalidate("far", "nobody"));
  CHECK(f.shell.heard() == strings{});
}

TEST_CASE("net_sim: after its death it brings what is watched", "[shell][net_sim]") {
  far_shell f;
  f.shell.must(op::crash("far"));
  f.shell.must(op::watch("ann", "far", "news"));
  std::string heard = f.next_event();
  if (heard == "error: pager_down") // told sooner or later than the page
    heard = f.next_event();
  CHECK(heard == "ann: far/news v1 (pager)");
}

TEST_CASE("net_sim: a slow network does not keep the shell from ending",
          "[shell][net_sim]") {
  far_shell f{86400000};
  f.shell.must(op::watch("ann", "far", "news"));
  CHECK(f.shell.heard() == strings{});
  CHECK(f.shell.finish().status == 0);
}

TEST_CASE("net_sim: its options are checked with the configuration", "[shell][net_sim]") {
  CHECK(complaint(json::object()).empty());
  CHECK(complaint({{"delay_ms", 86400000}, {"pages", json::array()}}).empty());
  const json page = array_page("p", "v1");
  for (const json& options :
       {json{{"delay_ms", -1}}, json{{"delay_ms", 86400001}}, json{{"delay_ms", "1"}},
        json{{"delay_ms", 1.5}}, json{{"pages", 7}}, json{{"pages", {7}}},
        json{{"pages", json::array({json::object()})}}, json{{"pages", {page, page}}},
        json{{"delay", 1}}}) {
    INFO(options.dump());
    const std::string why = complaint(options);
    CHECK(why.find("services.json: /pagers/0/options: ") != std::string::npos);
  }
}
