// Disks and pagers that fail when told to, and what is left of it.
#include <algorithm>
#include <memory>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

std::string refusal(shell_process& shell, const json& op) { return code_of(shell.ask(op)); }

/// Whether only errors of this code were heard, and one at least.
bool only_errors(const strings& heard, const std::string& code) {
  return !heard.empty() && std::all_of(heard.begin(), heard.end(), [&](const auto& text) {
    return text == "error: " + code;
  });
}

bool becomes_clean(shell_process& shell) {
  return comes_true([&] { return stats(shell, "user", "dirty") == 0; });
}

/// A pager's log, once it is there again.
json log_again(shell_process& shell) {
  json log;
  CHECK(comes_true([&] {
    log = shell.ask(op::log("spec"));
    return log.contains("reply");
  }));
  return log;
}

/// Writes as soon as the pager is there again.
bool write_again(shell_process& shell, const char* ns, const json& page) {
  return comes_true([&] {
    const json answer = shell.ask(op::write(ns, page));
    CHECK((answer.contains("reply") || code_of(answer) == "pager_down"));
    return answer.contains("reply");
  });
}

/// A shell that keeps its pages and has "p" of "user" on disk, but not in memory.
struct shell_with_disk {
  shell_with_disk() {
    auto before = home.start_kept();
    before.must(op::write("user", array_page("p", "v1")));
    CHECK(before.finish().status == 0);
    shell = std::make_unique<shell_process>(home.config, home.data);
    shell->must(op::controller("ann"));
  }

  shell_home home;
  std::unique_ptr<shell_process> shell;
};

} // namespace

TEST_CASE("commit fails: it is told, and the page stays dirty", "[shell][fault]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "p"));
  shell.must(op::fault("commit_fails"));
  shell.must(op::write("user", array_page("p", "v1")));
  CHECK(shell.heard() == strings{"ann: user/p v1 (pager)"});
  CHECK(refusal(shell, op::simple("pageout")) == "storage_failure");
  CHECK(stats(shell, "user", "dirty") == 1);
  CHECK(only_errors(shell.heard(), "storage_failure"));
  shell.must(op::write("user", array_page("p", "v2"))); // all else goes on
  CHECK(text(page_of(shell, "p").at("entries")[0].at("title")) == "v2");
  shell.must(op::fault("none"));
}

TEST_CASE("commit fails: once the disk is well, it recovers by itself", "[shell][fault]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    shell.must(op::fault("commit_fails"));
    for (int page = 0; page < 50; ++page) {
      shell.must(op::write("user", array_page("p" + std::to_string(page), "v1")));
    }
    CHECK(refusal(shell, op::simple("pageout")) == "storage_failure");
    CHECK(stats(shell, "user", "dirty") == 50);
    shell.must(op::fault("none"));
    CHECK(becomes_clean(shell));
    shell.kill();
  }
  auto shell = home.start_kept();
  CHECK(ids_of(shell, op::list("user")).size() == 50);
}

TEST_CASE("commit fails: a page-out that is asked for need not wait for the next try",
          "[shell][fault]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::fault("commit_fails"));
  shell.must(op::write("user", array_page("p", "v1")));
  for (int round = 0; round < 5; ++round) {
    CHECK(refusal(shell, op::simple("pageout")) == "storage_failure");
  }
  shell.must(op::fault("none"));
  shell.must(op::simple("pageout"));
  CHECK(stats(shell, "user", "dirty") == 0);
}

TEST_CASE("commit fails: a deletion stays dirty, and the page stays gone",
          "[shell][fault]") {
  shell_with_disk d;
  d.shell->must(op::fault("commit_fails"));
  d.shell->must(op::erase("user", "p"));
  CHECK(refusal(*d.shell, op::simple("pageout")) == "storage_failure");
  CHECK(refusal(*d.shell, op::read("user", "p")) == "no_such_page");
  CHECK(ids_of(*d.shell, op::list("user")) == strings{});
  d.shell->must(op::fault("none"));
  CHECK(becomes_clean(*d.shell));
  CHECK(refusal(*d.shell, op::read("user", "p")) == "no_such_page");
}

TEST_CASE("commit fails: an end that could not keep all says so", "[shell][fault]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::fault("commit_fails"));
  shell.must(op::write("user", array_page("p", "v1")));
  CHECK(shell.finish().status == 1);
}

TEST_CASE("read fails: who asked is told, and so is everyone", "[shell][fault]") {
  shell_with_disk d;
  d.shell->must(op::fault("read_fails"));
  for (const json& op :
       {op::read("user", "p"), op::read_sync("user", "p"),
        op::sync_watch("ann", "user", "p"), op::write("user", array_page("p", "v2")),
        op::edit("user", "p", json::array())}) {
    INFO(op.dump());
    CHECK(refusal(*d.shell, op) == "storage_failure");
  }
  CHECK(only_errors(d.shell->heard(), "storage_failure"));
  CHECK(stats(*d.shell, "user", "dirty") == 0);
  d.shell->must(op::fault("none"));
  CHECK(text(page_of(*d.shell, "p").at("entries")[0].at("title")) == "v1");
}

TEST_CASE("read fails: a watch stays, and a later one brings the page", "[shell][fault]") {
  shell_with_disk d;
  d.shell->must(op::fault("read_fails"));
  d.shell->must(op::watch("ann", "user", "p"));
  CHECK(d.shell->heard() == strings{"error: storage_failure"});
  CHECK(stats(*d.shell, "user", "watchers") == 1);
  d.shell->must(op::fault("none"));
  d.shell->must(op::controller("bob"));
  d.shell->must(op::watch("bob", "user", "p"));
  auto heard = d.shell->heard();
  std::sort(heard.begin(), heard.end());
  CHECK(heard == strings{"ann: user/p v1 (disk)", "bob: user/p v1 (disk)"});
}

TEST_CASE("slow: all is as it would be on a fast disk", "[shell][fault]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    shell.must(op::fault("slow"));
    for (int page = 0; page < 30; ++page) {
      const std::string id = "p" + std::to_string(page);
      shell.send(op::write("user", array_page(id, "v1")));
      shell.send(op::with(op::write("user", array_page(id, "v2")), "durable", true));
      shell.send(op::read("user", id));
      shell.send(op::read("user", "absent-" + id));
    }
    for (int answer = 0; answer < 120; ++answer) {
      const json value = shell.untagged_reply().value;
      CHECK((value.contains("reply") || code_of(value) == "no_such_page"));
    }
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  for (int page = 0; page < 30; ++page) {
    const std::string id = "p" + std::to_string(page);
    CHECK(text(page_of(shell, id.c_str()).at("entries")[0].at("title")) == "v2");
  }
}

TEST_CASE("crash: the pager is started anew, and hears of every watch", "[shell][fault]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "spec", "p"));
  shell.must(op::watch("ann", "spec", "q"));
  shell.must(op::watch("ann", "spec", "left"));
  shell.must(op::unwatch("ann", "spec", "left"));
  shell.must(op::write("spec", array_page("p", "v1")));
  const json init = shell.must(op::log("spec")).at("init");
  shell.must(op::crash("spec"));
  const json log = log_again(shell);
  CHECK(log.at("init") == init);
  REQUIRE(log.at("watch").size() == 2);
  CHECK(text(log.at("watch")[0].at("id")) == "p");
  CHECK(text(log.at("watch")[0].at("page").at("entries")[0].at("title")) == "v1");
  CHECK(log.at("watch")[1] == json({{"id", "q"}}));
  CHECK(log.at("unwatch").empty());
  CHECK(log.at("write").empty());
}

TEST_CASE("crash: watchers keep theirs, and hear what comes after", "[shell][fault]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "spec", "p"));
  shell.must(op::write("spec", array_page("p", "v1")));
  for (const char* version : {"v2", "v3", "v4"}) {
    shell.must(op::crash("spec"));
    CHECK(shell.must(op::read("spec", "p")).contains("page")); // from memory
    CHECK(write_again(shell, "spec", array_page("p", version)));
  }
  auto heard = shell.heard();
  CHECK(std::count(heard.begin(), heard.end(), "error: pager_down") == 3);
  std::erase(heard, "error: pager_down");
  CHECK(heard == strings{"ann: spec/p v1 (pager)", "ann: spec/p v2 (pager)",
                         "ann: spec/p v3 (pager)", "ann: spec/p v4 (pager)"});
}

TEST_CASE("crash: who watches meanwhile is told of to the next life", "[shell][fault]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::crash("spec"));
  shell.must(op::watch("ann", "spec", "p"));
  const json log = log_again(shell);
  CHECK(log.at("watch") == json::array({{{"id", "p"}}}));
}

TEST_CASE("crash: other namespaces go on, and nothing that was kept is lost",
          "[shell][fault]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    shell.must(op::write("user", array_page("p", "v1")));
    shell.must(op::crash("user"));
    shell.must(op::write("feed", array_page("p", "v1")));
    CHECK(write_again(shell, "user", array_page("q", "v1")));
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  CHECK(ids_of(shell, op::list("user")) == strings{"p", "q"});
  CHECK(ids_of(shell, op::list("feed")) == strings{"p"});
}

TEST_CASE("cache_write: as a pager would, several pages at once", "[shell][fault]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  for (const char* id : {"p", "q", "r"}) {
    shell.must(op::watch("ann", "user", id));
  }
  const json p = array_page("p", "v1");
  const json q = array_page("q", "v1");
  shell.must(op::cache_write("user", {p, q}, true));
  auto events = shell.drain();
  REQUIRE(events.size() == 2);
  CHECK(events[0].value.at("pending") == true);
  shell.must(op::cache_write("user", {p, q}, true)); // as they are already
  CHECK(shell.heard() == strings{});
  shell.must(op::cache_write("user", {p, array_page("q", "v2"), array_page("r", "v1")}));
  CHECK(shell.heard() == strings{"ann: user/p v1 (pager)", "ann: user/q v2 (pager)",
                                 "ann: user/r v1 (pager)"});
  shell.must(op::cache_write("user", {}));
  CHECK(shell.heard() == strings{});
}

TEST_CASE("debug: its operations are refused where it is off", "[shell][fault]") {
  const temp_dir dir;
  shell_process shell{
      dir.write("services.json", R"({"pagers": [{"name": "mem", "namespace": "user"}]})"),
      dir.path() / "kept"};
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "p"));
  for (const json& op :
       {op::stall("ann", 1), op::crash("user"), op::fault("commit_fails"),
        op::fault("none"), op::cache_write("user", {array_page("p", "v1")})}) {
    INFO(op.dump());
    CHECK(refusal(shell, op) == "unsupported");
  }
  CHECK(shell.heard() == strings{});
  shell.must(op::write("user", array_page("p", "v1")));
  CHECK(paged_out(shell) == 1);
}

TEST_CASE("debug: a disk that is not there cannot fail", "[shell][fault]") {
  shell_home home;
  auto shell = home.start();
  CHECK(refusal(shell, op::fault("commit_fails")) == "unsupported");
}

TEST_CASE("debug: bad input is refused", "[shell][fault]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  CHECK(refusal(shell, op::stall("bob", 1)) == "unknown_controller");
  CHECK(refusal(shell, op::crash("nowhere")) == "unknown_namespace");
  CHECK(refusal(shell, op::cache_write("nowhere", {})) == "unknown_namespace");
  CHECK(refusal(shell, op::fault("fire")) == "bad_request");
  for (const json& wrong : {json(-1), json(1.5), json("1"), json(nullptr), json(true)}) {
    CHECK(refusal(shell, op::with(op::stall("ann", 1), "ms", wrong)) == "bad_request");
    CHECK(refusal(shell, op::with(op::cache_write("user", {}), "pages", wrong)) ==
          "bad_request");
  }
  CHECK(refusal(shell, op::cache_write("user", {json::object()})) == "invalid_page");
  CHECK(refusal(shell, op::with(op::cache_write("user", {}), "pending", 1)) ==
        "bad_request");
  for (const json& whole : {op::stall("ann", 1), op::crash("spec"), op::fault("none")}) {
    for (const auto& [name, value] : whole.items()) {
      json part = whole;
      part.erase(name);
      CHECK(refusal(shell, part) == "bad_request");
    }
  }
}
