// What `stats` says beside its counts of what is there.
#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

json all_stats(shell_process& shell) { return shell.must(op::simple("stats")); }

} // namespace

TEST_CASE("stats: its first fields are what they were", "[shell][stats]") {
  shell_home home;
  auto shell = home.start();
  const json user = all_stats(shell).at("namespaces").at("user");
  CHECK(user == json{{"pages", 0},
                     {"dirty", 0},
                     {"watched", 0},
                     {"watchers", 0},
                     {"loads", 0},
                     {"bytes", 0},
                     {"evicted", 0},
                     {"merged", 0}});
}

TEST_CASE("stats: totals count what was asked for and told", "[shell][stats]") {
  watched_shell w;
  w.shell.must(op::write("user", array_page("p", "v1")));
  w.shell.must(op::edit("user", "p", json::array({{{"next", "q"}}})));
  w.shell.must(op::read("user", "p"));
  w.shell.must(op::erase("user", "p"));
  w.shell.drain();
  const json stats = all_stats(w.shell);
  CHECK(stats.at("totals").at("user") == json{{"reads", 1},
                                              {"writes", 2},
                                              {"removals", 1},
                                              {"watches", 1},
                                              {"hits", 1},
                                              {"notifications", 3},
                                              {"loaded", 0},
                                              {"committed", 0},
                                              {"load_failures", 0},
                                              {"commit_failures", 0},
                                              {"damaged", 0},
                                              {"pager_failures", 0}});
  CHECK(stats.at("totals").at("feed").at("writes") == 0);
  CHECK(stats.at("problems") == json::object());
}

TEST_CASE("stats: times in microseconds, of each namespace and of page-outs",
          "[shell][stats]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::write("user", array_page("p", "v1")));
  shell.must(op::read("user", "p"));
  shell.must(op::simple("pageout"));
  const json stats = all_stats(shell);
  const json& user = stats.at("latency_us").at("user");
  for (const char* kind : {"read", "load"}) {
    INFO(kind);
    const json& times = user.at(kind);
    CHECK(times.at("count") == 1);
    CHECK(times.at("p50") >= 1);
    CHECK(times.at("p50") <= times.at("p99"));
    CHECK(times.at("p99") <= times.at("max"));
  }
  CHECK(user.at("write").at("count").is_number_unsigned());
  CHECK(user.at("notify") == json{{"count", 0}, {"p50", 0}, {"p99", 0}, {"max", 0}});
  CHECK(stats.at("page_out_us").at("count") == 1);
  CHECK(stats.at("page_out_us").at("p50") > 1);
  CHECK(stats.at("totals").at("user").at("committed") == 1);
}

TEST_CASE("stats: problems by their code", "[shell][stats]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::write("user", array_page("p", "v1")));
  shell.must(op::fault("commit_fails"));
  CHECK(code_of(shell.ask(op::simple("pageout"))) == "storage_failure");
  shell.drain(); // it has been told
  const json stats = all_stats(shell);
  CHECK(stats.at("problems").at("storage_failure") >= 1);
  CHECK(stats.at("totals").at("user").at("commit_failures") >= 1);
  shell.must(op::fault("none"));
}
