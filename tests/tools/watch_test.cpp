// `flok watch` and `flok top`: a running system, live.
#include <csignal>

#include "tests/catch.hpp"
#include "tests/tools/serve_home.hpp"
#include "tests/tools/store_home.hpp"

using namespace flok::testing;
using namespace std::chrono_literals;

namespace {

struct watched_system : serve_home {
  std::unique_ptr<tool_process> server = serve();
  std::unique_ptr<shell_process> shell = connect();

  /// `flok watch user p`, once its watch is there.
  [[nodiscard]] std::unique_ptr<tool_process> watch(const strings& more = {}) const {
    strings words{"watch", "user", "p", "--connect", socket};
    words.insert(words.end(), more.begin(), more.end());
    auto tool = std::make_unique<tool_process>(words);
    if (!comes_true([&] { return stats(*shell, "user", "watchers") == 1; }))
      throw std::runtime_error("nobody watches");
    return tool;
  }
};

json list_of(const strings& titles) {
  json page{{"_id", "p"}, {"_type", "array"}, {"entries", json::array()}};
  for (const auto& title : titles)
    page["entries"].push_back({{"_id", title.substr(0, 1)}, {"_sig", title}});
  return page;
}

} // namespace

TEST_CASE("watch: each change is a line", "[watch]") {
  const watched_system home;
  const auto watch = home.watch();
  const auto hash = [&](const json& page) {
    return text(home.shell->must(op::write("user", page)).at("hash"));
  };
  const auto expect = [&](const strings& lines) {
    for (const auto& line : lines)
      CHECK(watch->read_line() == line);
  };
  auto page = list_of({"a1", "b1", "c1"});
  expect({"user/p: " + hash(page) + ", 3 entries, from the pager",
          R"(+ 0 {"_id":"a","_sig":"a1"})", R"(+ 1 {"_id":"b","_sig":"b1"})",
          R"(+ 2 {"_id":"c","_sig":"c1"})"});
  page = list_of({"c1", "a2", "d1"});
  page["_next"] = "q";
  expect({"user/p: " + hash(page) + ", 3 entries, from the pager",
          R"(- 1 {"_id":"b","_sig":"b1"})", "> 0 to 1", R"(+ 2 {"_id":"d","_sig":"d1"})",
          R"(~ 1 {"_id":"a","_sig":"a2"})", "* _next q"});
  home.shell->must(op::erase("user", "p"));
  expect({"user/p: deleted"});
  const json keys{{"_id", "p"}, {"_type", "hash"}, {"entries", {{"k", {{"_sig", "1"}}}}}};
  expect({"user/p: " + hash(keys) + ", 1 entry, from the pager", R"(+ k {"_sig":"1"})"});
  watch->signal(SIGINT);
  CHECK(watch->read_rest().empty());
  CHECK(watch->wait() == 0);
  CHECK(watch->errors().empty());
}

TEST_CASE("watch: colour is for terminals, or whoever asks for it", "[watch]") {
  const watched_system home;
  const auto plain = home.watch();
  home.shell->must(op::write("user", array_page("p", "v1")));
  CHECK(plain->read_line().find('\x1b') == std::string::npos);
  plain->signal(SIGTERM);
  CHECK(plain->wait() == 0);
  REQUIRE(comes_true([&] { return stats(*home.shell, "user", "watchers") == 0; }));
  const auto colored = home.watch({"--color"});
  CHECK(colored->read_line().starts_with("\x1b[1muser/p: "));
  CHECK(colored->read_line().starts_with("\x1b[32m+ 0 "));
}

TEST_CASE("watch: as JSON it prints the protocol's events", "[watch]") {
  const watched_system home;
  home.shell->must(op::write("user", array_page("p", "v1")));
  const auto watch = home.watch({"--json"});
  const auto first = json::parse(watch->read_line());
  CHECK(first.at("event") == "read_res");
  CHECK(first.at("origin") == "cache");
  home.shell->must(op::write("user", array_page("p", "v2")));
  const auto next = json::parse(watch->read_line());
  CHECK(next.at("changes").at(0).at(0) == "entry_modify");
}

TEST_CASE("watch, shell: a signal ends them though nobody reads what they print",
          "[watch]") {
  const watched_system home;
  const auto large = list_of({"a" + std::string(300'000, 'x')}); // more than a pipe holds
  home.shell->must(op::write("user", large));
  for (const int number : {SIGTERM, SIGINT}) {
    tool_process watch{{"watch", "user", "p", "--connect", home.socket}};
    REQUIRE(watch.read_line().find("p: ") != std::string::npos);
    watch.signal(number);
    CHECK(watch.wait() == 0);
  }
  tool_process shell{{"shell", "--connect", home.socket}};
  shell.push("{\"op\":\"read\",\"ns\":\"user\",\"id\":\"p\"}\n", 1s);
  REQUIRE(comes_true([&] { // its answer is on the way
    return home.shell->must(op::simple("stats")).at("totals").at("user").at("reads") != 0;
  }));
  shell.signal(SIGTERM);
  CHECK(shell.wait() == 1);
  CHECK(shell.errors().find("nobody reads the output") != std::string::npos);
}

TEST_CASE("watch, top, shell: a signal ends them though nobody reads what they complain of",
          "[watch]") {
  const watched_system home;
  home.shell->must(op::write("user", array_page("p", "v1")));
  stream_setup unread;
  unread.errors_unread = true;
  const auto start = [&](strings words) {
    words.insert(words.end(), {"--connect", home.socket});
    return std::make_unique<tool_process>(words, unread);
  };
  std::vector<std::unique_ptr<tool_process>> all;
  all.push_back(start({"watch", "user", "p"}));
  REQUIRE(all.back()->read_line().find("p: ") != std::string::npos);
  all.push_back(start({"top", "--interval", "0.1"}));
  REQUIRE_FALSE(all.back()->read_line().empty());
  all.push_back(start({"shell"}));
  home.server->signal(SIGTERM); // which they complain of
  CHECK(home.server->wait() == 0);
  for (const auto& each : all) {
    CHECK_FALSE(each->ends_within(500ms)); // it waits for a reader
    // A slow one may take the first signal for its end before it complains.
    for (int signals = 0; signals < 100 && !each->ends_within(100ms); ++signals)
      each->signal(SIGTERM);
    CHECK(each->ends_within(0ms));
  }
}

TEST_CASE("watch, top: they end when nobody reads what they print any more", "[watch]") {
  const watched_system home;
  home.shell->must(op::write("user", array_page("p", "v1")));
  for (const auto& words :
       {strings{"watch", "user", "p"}, strings{"top", "--interval", "3600"}}) {
    auto all = words;
    all.insert(all.end(), {"--connect", home.socket});
    tool_process tool{all};
    REQUIRE_FALSE(tool.read_line().empty());
    tool.close_output(); // and nothing more is to be told
    CHECK(tool.wait() == 1);
    CHECK(tool.errors() ==
          "flok " + words[0] + ": the output cannot be written: Broken pipe\n");
  }
}

TEST_CASE("watch: it ends with the system, and says so", "[watch]") {
  const watched_system home;
  const auto watch = home.watch();
  home.server->signal(SIGTERM);
  CHECK(watch->wait() == 1);
  CHECK(watch->errors() == "flok watch: the system has ended the connection\n");
}

TEST_CASE("watch: what cannot be watched is refused", "[watch]") {
  const watched_system home;
  CHECK(failed_with(home.run({"watch", "usr", "p"}), 2, "no namespace is called usr"));
  CHECK(failed_with(home.run({"watch", "user", std::string(600, 'x')}), 2, "511"));
  const auto on_disk = run_tool({"watch", "user", "p", "--data", home.data});
  CHECK(failed_with(on_disk, 2, "only a running system has news"));
  CHECK(failed_with(run_tool({"top", "--config", home.config}), 2, "flok serve"));
  CHECK(failed_with(run_tool({"top"}), 2, "--connect"));
}

TEST_CASE("top: one table, of all namespaces", "[top]") {
  const watched_system home;
  home.shell->must(op::write("user", array_page("p", "v1")));
  const auto lines = lines_of(output_of(home.run({"top", "--once"})));
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].starts_with("NAMESPACE  PAGES"));
  CHECK(lines[1].starts_with("user           1"));
  CHECK(lines[2].starts_with("feed           0"));
  CHECK(lines[3].starts_with("page-out: count 0"));
}

TEST_CASE("top: as JSON it has the figures, and how fast they grow from the second on",
          "[top]") {
  const watched_system home;
  tool_process top{{"top", "--json", "--interval", "0.1", "--connect", home.socket}};
  const auto user = [&] {
    return json::parse(top.read_line()).at("namespaces").at("user");
  };
  const auto first = user();
  CHECK(first.at("pages") == 0);
  CHECK(first.at("per_second").is_null());
  home.shell->must(op::write("user", array_page("p", "v1")));
  bool grew = false;
  CHECK(comes_true([&] {
    const auto now = user();
    grew = grew || (now.at("per_second").at("pages").get<double>() > 0 &&
                    now.at("per_second").at("writes").get<double>() > 0);
    return now.at("pages") == 1 && now.at("write_us_p99").get<double>() > 0;
  }));
  CHECK(grew);
  top.signal(SIGINT);
  top.read_rest();
  CHECK(top.wait() == 0);
  CHECK(top.errors().empty());
}

TEST_CASE("top: an interval is a number of seconds", "[top]") {
  for (const char* wrong : {"nan", "0", "3601", "soon", ""}) {
    INFO(wrong);
    const auto refused = run_tool({"top", "--interval", wrong, "--connect", "flok.sock"});
    CHECK(refused.status == 2);
    CHECK(refused.errors.find("--interval") != std::string::npos);
  }
}

TEST_CASE("top: it ends with the system, and says so", "[top]") {
  const watched_system home;
  tool_process top{{"top", "--interval", "0.1", "--connect", home.socket}};
  top.read_line();
  home.server->signal(SIGTERM);
  top.read_rest();
  CHECK(top.wait() == 1);
  CHECK(top.errors().find("has ended the connection") != std::string::npos);
}
