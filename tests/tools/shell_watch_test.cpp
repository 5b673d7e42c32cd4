// The rules of watch, unwatch, disconnect and the one-shot reads, seen from outside.
#include <algorithm>
#include <map>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

/// A home whose data folder holds this page, written by a shell that has ended.
struct home_with_page : shell_home {
  home_with_page(const char* ns, const json& page) {
    auto shell = start_kept();
    shell.must(op::write(ns, page));
    shell.must(op::simple("pageout"));
    REQUIRE(shell.finish().status == 0);
  }
};

json spec_log(shell_process& shell) { return shell.must(op::log("spec")); }

/// Figures of "user" as "pages/watched/watchers".
std::string user_counts(shell_process& shell) {
  const json ns = shell.must(op::simple("stats")).at("namespaces").at("user");
  return ns.at("pages").dump() + "/" + ns.at("watched").dump() + "/" +
         ns.at("watchers").dump();
}

} // namespace

TEST_CASE("watch: a resident page is sent at once, from the cache", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::write("user", array_page("news", "v1")));
  shell.must(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (cache)"});
}

TEST_CASE("watch: it sees what an earlier op in the input wrote", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.send(op::controller("ann"));
  shell.send(op::write("user", array_page("news", "v1")));
  shell.send(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (cache)"});
}

TEST_CASE("watch: an absent page brings no event", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{});
  CHECK(user_counts(shell) == "0/1/1");
}

TEST_CASE("watch: a later write reaches the watcher, from the pager", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  shell.must(op::write("user", array_page("news", "v1")));
  shell.must(op::write("user", array_page("news", "v2")));
  CHECK(shell.heard() == strings{"ann: user/news v1 (pager)", "ann: user/news v2 (pager)"});
}

TEST_CASE("watch: a second watcher is served without the first hearing it",
          "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::controller("bob"));
  shell.must(op::watch("ann", "user", "news"));
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(shell.heard() == strings{"ann: user/news v1 (pager)"});
  shell.must(op::watch("bob", "user", "news"));
  CHECK(shell.heard() == strings{"bob: user/news v1 (cache)"});
}

TEST_CASE("watch: every watcher of a page hears of a change once", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  for (const char* who : {"ann", "bob", "cid"}) {
    shell.must(op::controller(who));
    shell.must(op::watch(who, "user", "news"));
  }
  shell.must(op::write("user", array_page("news", "v1")));
  strings heard = shell.heard();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == strings{"ann: user/news v1 (pager)", "bob: user/news v1 (pager)",
                         "cid: user/news v1 (pager)"});
}

TEST_CASE("watch: watching twice is one watch and brings no second event",
          "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::write("user", array_page("news", "v1")));
  shell.must(op::watch("ann", "user", "news"));
  shell.must(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (cache)"});
  CHECK(user_counts(shell) == "1/1/1");
  shell.must(op::write("user", array_page("news", "v2")));
  CHECK(shell.heard() == strings{"ann: user/news v2 (pager)"});
}

TEST_CASE("watch: one unwatch ends a watch that was asked for twice", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  shell.must(op::watch("ann", "user", "news"));
  shell.must(op::unwatch("ann", "user", "news"));
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(shell.heard() == strings{});
}

TEST_CASE("watch: a controller that was never made is unknown", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  CHECK(code_of(shell.ask(op::watch("ann", "user", "news"))) == "unknown_controller");
  CHECK(code_of(shell.ask(op::unwatch("ann", "user", "news"))) == "unknown_controller");
  CHECK(user_counts(shell) == "0/0/0");
}

TEST_CASE("watch: pages of one id in two namespaces are two pages", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  shell.must(op::write("feed", array_page("news", "v1")));
  CHECK(shell.heard() == strings{});
  shell.must(op::watch("ann", "feed", "news"));
  shell.must(op::write("user", array_page("news", "v2")));
  CHECK(shell.heard() == strings{"ann: feed/news v1 (cache)", "ann: user/news v2 (pager)"});
}

TEST_CASE("controller: making one that exists leaves its watches alone", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  const json first = shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  const json second = shell.must(op::controller("ann"));
  CHECK(first.at("reply").dump() == second.at("reply").dump());
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(shell.heard() == strings{"ann: user/news v1 (pager)"});
}

TEST_CASE("unwatch: it is idempotent", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  CHECK(code_of(shell.ask(op::unwatch("ann", "user", "news"))).empty());
  shell.must(op::watch("ann", "user", "news"));
  CHECK(code_of(shell.ask(op::unwatch("ann", "user", "news"))).empty());
  CHECK(code_of(shell.ask(op::unwatch("ann", "user", "news"))).empty());
  CHECK(user_counts(shell) == "0/0/0");
}

TEST_CASE("unwatch: no event comes after it", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  shell.must(op::unwatch("ann", "user", "news"));
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(shell.heard() == strings{});
}

TEST_CASE("unwatch: a write before it in the input is still heard", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  shell.send(op::write("user", array_page("news", "v1")));
  shell.send(op::unwatch("ann", "user", "news"));
  shell.send(op::write("user", array_page("news", "v2")));
  CHECK(shell.heard() == strings{"ann: user/news v1 (pager)"});
}

TEST_CASE("unwatch: the controller that stays hears on", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  for (const char* who : {"ann", "bob", "cid"}) {
    shell.must(op::controller(who));
    shell.must(op::watch(who, "user", "news"));
  }
  shell.must(op::unwatch("ann", "user", "news"));
  shell.must(op::disconnect("bob"));
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(shell.heard() == strings{"cid: user/news v1 (pager)"});
}

TEST_CASE("unwatch: watching anew gets what is resident", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  shell.must(op::unwatch("ann", "user", "news"));
  shell.must(op::write("user", array_page("news", "v1")));
  shell.must(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (cache)"});
}

TEST_CASE("pager: it is told its namespace and options once", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  const json init = spec_log(shell).at("init");
  CHECK(text(init.at("ns")) == "spec");
  CHECK(init.at("options").dump() == R"({"depth":3})");
}

TEST_CASE("pager: it hears one watch for many watchers", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  for (const char* who : {"ann", "bob", "cid"}) {
    shell.must(op::controller(who));
    shell.must(op::watch(who, "spec", "news"));
  }
  shell.must(op::simple("drain"));
  const json watches = spec_log(shell).at("watch");
  REQUIRE(watches.size() == 1);
  CHECK(text(watches[0].at("id")) == "news");
}

TEST_CASE("pager: it hears an unwatch only when the last watcher leaves",
          "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  for (const char* who : {"ann", "bob", "cid"}) {
    shell.must(op::controller(who));
    shell.must(op::watch(who, "spec", "news"));
  }
  shell.must(op::unwatch("ann", "spec", "news"));
  shell.must(op::unwatch("ann", "spec", "news"));
  shell.must(op::unwatch("bob", "spec", "news"));
  shell.must(op::simple("drain"));
  CHECK(spec_log(shell).at("unwatch").dump() == "[]");
  shell.must(op::disconnect("cid"));
  shell.must(op::simple("drain"));
  CHECK(spec_log(shell).at("unwatch").dump() == R"(["news"])");
}

TEST_CASE("pager: after an unwatch it hears the next first watcher", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  for (int round = 0; round < 3; ++round) {
    shell.must(op::watch("ann", "spec", "news"));
    shell.must(op::unwatch("ann", "spec", "news"));
  }
  shell.must(op::simple("drain"));
  CHECK(spec_log(shell).at("watch").size() == 3);
  CHECK(spec_log(shell).at("unwatch").size() == 3);
}

TEST_CASE("pager: a watch brings it the page where that is resident", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "spec", "absent"));
  shell.must(op::write("spec", array_page("news", "v1")));
  shell.must(op::watch("ann", "spec", "news"));
  shell.must(op::simple("drain"));
  const json watches = spec_log(shell).at("watch");
  REQUIRE(watches.size() == 2);
  CHECK(watches[0].value("page", json{}).is_null());
  CHECK(text(watches[1].at("page").at("_id")) == "news");
  CHECK(watches[1].at("page").contains("_hash"));
}

TEST_CASE("disk: after a restart a watch gets the page from there", "[shell][watch]") {
  home_with_page home{"user", array_page("news", "v1")};
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (disk)"});
  CHECK(user_counts(shell) == "1/1/1");
}

TEST_CASE("disk: a page that was loaded is resident for the next", "[shell][watch]") {
  home_with_page home{"user", array_page("news", "v1")};
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  shell.must(op::controller("bob"));
  shell.must(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (disk)"});
  shell.must(op::watch("bob", "user", "news"));
  CHECK(shell.heard() == strings{"bob: user/news v1 (cache)"});
}

TEST_CASE("disk: each of the watchers that wait for a load gets the page once",
          "[shell][watch]") {
  home_with_page home{"user", array_page("news", "v1")};
  auto shell = home.start_kept();
  for (const char* who : {"ann", "bob", "cid"}) {
    shell.send(op::controller(who));
    shell.send(op::watch(who, "user", "news"));
    shell.send(op::watch(who, "user", "news"));
  }
  std::map<std::string, int> times;
  for (const output_line& event : shell.drain()) {
    CHECK(text(event.value.at("page").at("entries")[0].at("title")) == "v1");
    ++times[event.value.at("controller").get<std::string>()];
  }
  CHECK(times == std::map<std::string, int>{{"ann", 1}, {"bob", 1}, {"cid", 1}});
}

TEST_CASE("disk: a load stays resident when all have left", "[shell][watch]") {
  home_with_page home{"user", array_page("news", "v1")};
  auto shell = home.start_kept();
  shell.send(op::controller("ann"));
  shell.send(op::watch("ann", "user", "news"));
  shell.send(op::unwatch("ann", "user", "news"));
  CHECK(shell.drain().size() <= 1);
  CHECK(user_counts(shell) == "1/0/0");
  CHECK(stats(shell, "user", "loads") == 0);
}

TEST_CASE("disk: a write behind a load in flight comes second", "[shell][watch]") {
  home_with_page home{"user", array_page("news", "v1")};
  auto shell = home.start_kept();
  shell.send(op::controller("ann"));
  shell.send(op::watch("ann", "user", "news"));
  shell.send(op::write("user", array_page("news", "v2")));
  CHECK(shell.heard() == strings{"ann: user/news v1 (disk)", "ann: user/news v2 (pager)"});
}

TEST_CASE("disk: writing what is there already changes nothing", "[shell][watch]") {
  home_with_page home{"user", array_page("news", "v1")};
  auto shell = home.start_kept();
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(stats(shell, "user", "pages") == 1);
  CHECK(stats(shell, "user", "dirty") == 0);
  shell.must(op::write("user", array_page("news", "v2")));
  CHECK(stats(shell, "user", "dirty") == 1);
}

TEST_CASE("sync watch: its answer follows the page", "[shell][watch]") {
  home_with_page home{"user", array_page("news", "v1")};
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  shell.send(op::sync_watch("ann", "user", "news"));
  const json first = shell.next().value;
  REQUIRE(first.contains("event"));
  CHECK(describe(first) == "ann: user/news v1 (disk)");
  CHECK(text(shell.untagged_reply().value.at("reply")) == "watch");
  CHECK(shell.heard() == strings{});
}

TEST_CASE("sync watch: a resident page comes from the cache, once", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::write("user", array_page("news", "v1")));
  shell.must(op::sync_watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (cache)"});
}

TEST_CASE("sync watch: the pager is told after the load, with the page", "[shell][watch]") {
  home_with_page home{"spec", array_page("news", "v1")};
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  shell.must(op::sync_watch("ann", "spec", "news"));
  shell.must(op::simple("drain"));
  const json watches = spec_log(shell).at("watch");
  REQUIRE(watches.size() == 1);
  REQUIRE(watches[0].contains("page"));
  CHECK(text(watches[0].at("page").at("_id")) == "news");
}

TEST_CASE("sync watch: of an absent page it fails and stays in place", "[shell][watch]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  CHECK(code_of(shell.ask(op::sync_watch("ann", "user", "news"))) == "no_such_page");
  CHECK(user_counts(shell) == "0/1/1");
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(shell.heard() == strings{"ann: user/news v1 (pager)"});
}

TEST_CASE("sync watch: the pager is told of one that failed", "[shell][watch]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  CHECK(code_of(shell.ask(op::sync_watch("ann", "spec", "news"))) == "no_such_page");
  shell.must(op::simple("drain"));
  const json watches = spec_log(shell).at("watch");
  REQUIRE(watches.size() == 1);
  CHECK(watches[0].value("page", json{}).is_null());
}

TEST_CASE("sync watch: a repeated one answers as a read of disk would", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  CHECK(code_of(shell.ask(op::sync_watch("ann", "user", "news"))) == "no_such_page");
  CHECK(code_of(shell.ask(op::sync_watch("ann", "user", "news"))) == "no_such_page");
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(code_of(shell.ask(op::sync_watch("ann", "user", "news"))).empty());
  CHECK(shell.heard() == strings{"ann: user/news v1 (pager)"});
  CHECK(user_counts(shell) == "1/1/1");
}

TEST_CASE("disconnect: all watches of the controller are forgotten", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  for (int page = 0; page < 20; ++page) {
    const std::string id = "page-" + std::to_string(page);
    shell.send(op::watch("ann", "user", id));
    shell.send(op::watch("ann", "spec", id));
  }
  CHECK(user_counts(shell) == "0/20/20");
  shell.must(op::disconnect("ann"));
  CHECK(user_counts(shell) == "0/0/0");
  CHECK(stats(shell, "spec", "watchers") == 0);
  shell.must(op::simple("drain"));
  CHECK(spec_log(shell).at("unwatch").size() == 20);
  shell.must(op::write("user", array_page("page-3", "v1")));
  CHECK(shell.heard() == strings{});
}

TEST_CASE("disconnect: what the controller was due before is printed", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.send(op::controller("ann"));
  shell.send(op::watch("ann", "user", "news"));
  shell.send(op::write("user", array_page("news", "v1")));
  shell.send(op::disconnect("ann"));
  shell.send(op::write("user", array_page("news", "v2")));
  CHECK(shell.heard() == strings{"ann: user/news v1 (pager)"});
}

TEST_CASE("disconnect: the name is unknown until it is made anew", "[shell][watch]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  shell.must(op::disconnect("ann"));
  CHECK(code_of(shell.ask(op::watch("ann", "user", "news"))) == "unknown_controller");
  CHECK(code_of(shell.ask(op::disconnect("ann"))) == "unknown_controller");
  shell.must(op::controller("ann"));
  shell.must(op::write("user", array_page("news", "v1")));
  CHECK(shell.heard() == strings{});
  shell.must(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (cache)"});
}

TEST_CASE("read: an unknown page is no such page", "[shell][watch]") {
  shell_home home;
  auto shell = home.start_kept();
  for (const char* ns : {"user", "spec"}) {
    CHECK(code_of(shell.ask(op::read(ns, "news"))) == "no_such_page");
    CHECK(code_of(shell.ask(op::read_sync(ns, "news"))) == "no_such_page");
  }
}

TEST_CASE("read: the page stays resident and nobody watches it", "[shell][watch]") {
  home_with_page home{"user", array_page("news", "v1")};
  auto shell = home.start_kept();
  const json page = shell.must(op::read("user", "news")).at("page");
  CHECK(text(page.at("entries")[0].at("title")) == "v1");
  CHECK(user_counts(shell) == "1/0/0");
  CHECK(text(shell.must(op::read_sync("user", "news")).at("page")) == page.dump());
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "news"));
  CHECK(shell.heard() == strings{"ann: user/news v1 (cache)"});
}

TEST_CASE("read: what is on disk is found there", "[shell][watch]") {
  home_with_page home{"user", array_page("news", "v1")};
  auto shell = home.start_kept();
  const json page = shell.must(op::read_sync("user", "news")).at("page");
  CHECK(text(page.at("entries")[0].at("title")) == "v1");
}
