// Operations take effect in the order of input, also where those that cause events are held
// back.
#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

/// Sends more writes than may be under way at once.
void send_many(shell_process& shell) {
  for (int page = 0; page < 400; ++page)
    shell.send(op::write("feed", array_page("x" + std::to_string(page), "v1")));
}

} // namespace

TEST_CASE("order: an unwatch does not overtake the watch before it", "[shell][order]") {
  watched_shell w;
  send_many(w.shell);
  for (int page = 0; page < 50; ++page) {
    w.shell.send(op::watch("ann", "user", "w" + std::to_string(page)));
    w.shell.send(op::unwatch("ann", "user", "w" + std::to_string(page)));
  }
  CHECK(stats(w.shell, "user", "watchers") == 1);
  w.shell.must(op::write("user", array_page("w0", "v1")));
  CHECK(w.shell.heard() == strings{});
}

TEST_CASE("order: a read does not overtake the watch before it", "[shell][order]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    shell.must(op::write("spec", array_page("p", "v1")));
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  shell.must(op::controller("ann"));
  send_many(shell);
  shell.send(op::watch("ann", "spec", "p"));
  shell.send(op::read("spec", "p"));
  CHECK(shell.must(op::log("spec")).at("watch") == json::array({{{"id", "p"}}}));
  CHECK(shell.heard() == strings{"ann: spec/p v1 (disk)"});
}

TEST_CASE("order: a deletion, a list and a write keep theirs", "[shell][order]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "user", "p"));
  send_many(shell);
  shell.send(op::write("user", array_page("p", "v1")));
  shell.send(op::with(op::list("user"), "tag", 1));
  shell.send(op::erase("user", "p"));
  shell.send(op::with(op::read("user", "p"), "tag", 2));
  shell.send(op::write("user", array_page("p", "v2")));
  shell.send(op::with(op::read("user", "p"), "tag", 3));
  CHECK(shell.reply(1).value.at("ids") == json::array({"p"}));
  CHECK(code_of(shell.reply(2).value) == "no_such_page");
  CHECK(shell.reply(3).value.contains("page"));
  CHECK(shell.heard() ==
        strings{"ann: user/p v1 (pager)", "ann: user/p deleted", "ann: user/p v2 (pager)"});
}
