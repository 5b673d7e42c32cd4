// Writes that ask for more than to be done: only where the page is as it was seen, and only
// once it is on disk.
#include <set>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

std::string hash_of(shell_process& shell, const char* id) {
  return text(page_of(shell, id).at("_hash"));
}

json conditional(const json& op, const json& hash) { return op::with(op, "if_hash", hash); }
json durable(const json& op) { return op::with(op, "durable", true); }

/// Expects a refusal that tells the page's hash, null for no page, in both places.
void check_conflict(const json& answer, const json& hash) {
  INFO(answer.dump());
  CHECK(code_of(answer) == "conflict");
  REQUIRE(answer.contains("hash"));
  CHECK(answer.at("hash") == hash);
  CHECK(answer.at("error").at("hash") == hash);
  CHECK_FALSE(text(answer.at("error").at("message")).empty());
}

json set_title(const char* title) {
  return json::array({{{"set", {{"at", 0}, {"fields", {{"title", title}}}}}}});
}

/// The title of a page of "user", "" where there is none.
std::string title_of(shell_process& shell, std::string_view id) {
  const json answer = shell.ask(op::read("user", id));
  return answer.contains("page") ? text(answer.at("page").at("entries")[0].at("title"))
                                 : "";
}

} // namespace

TEST_CASE("if_hash: the page that was seen is replaced", "[shell][condition]") {
  watched_shell w;
  const json hash = w.shell.must(op::write("user", array_page("p", "v1"))).at("hash");
  const json written =
      w.shell.must(conditional(op::write("user", array_page("p", "v2")), hash));
  const json edited =
      w.shell.must(conditional(op::edit("user", "p", set_title("v3")), written.at("hash")));
  CHECK(hash_of(w.shell, "p") == text(edited.at("hash")));
  w.shell.must(conditional(op::erase("user", "p"), edited.at("hash")));
  CHECK(w.shell.heard() == strings{"ann: user/p v1 (pager)", "ann: user/p v2 (pager)",
                                   "ann: user/p v3 (pager)", "ann: user/p deleted"});
}

TEST_CASE("if_hash: another page stands in the way, and stays", "[shell][condition]") {
  watched_shell w;
  const json hash = w.shell.must(op::write("user", array_page("p", "v1"))).at("hash");
  w.shell.drain();
  for (const json& seen : {json("1"), json("no hash"), json(nullptr)}) {
    for (const json& op :
         {op::write("user", array_page("p", "v2")),
          op::write("user", array_page("p", "v1")), op::edit("user", "p", set_title("v2")),
          op::edit("user", "p", json::array()), op::erase("user", "p")}) {
      check_conflict(w.shell.ask(conditional(op, seen)), hash);
    }
  }
  CHECK(w.shell.heard() == strings{});
  CHECK(title_of(w.shell, "p") == "v1");
}

TEST_CASE("if_hash: null means that there is to be no page", "[shell][condition]") {
  watched_shell w;
  w.shell.must(conditional(op::erase("user", "p"), nullptr));
  w.shell.must(conditional(op::write("user", array_page("p", "v1")), nullptr));
  json create = op::with(op::edit("user", "q", json::array()), "create", "array");
  w.shell.must(conditional(create, nullptr));
  check_conflict(w.shell.ask(conditional(create, nullptr)), hash_of(w.shell, "q"));
  w.shell.must(op::erase("user", "p"));
  w.shell.must(conditional(op::write("user", array_page("p", "v2")), nullptr));
  CHECK(w.shell.heard() ==
        strings{"ann: user/p v1 (pager)", "ann: user/p deleted", "ann: user/p v2 (pager)"});
}

TEST_CASE("if_hash: where there is no page, the answer says so", "[shell][condition]") {
  shell_home home;
  auto shell = home.start();
  const json create = op::with(op::edit("user", "p", json::array()), "create", "array");
  for (const json& op : {op::write("user", array_page("p", "v1")), create,
                         op::edit("user", "p", json::array()), op::erase("user", "p")}) {
    check_conflict(shell.ask(conditional(op, "1")), nullptr);
  }
  CHECK(stats(shell, "user", "pages") == 0);
}

TEST_CASE("if_hash: a conflict is answered with the op and its tag", "[shell][condition]") {
  shell_home home;
  auto shell = home.start();
  json op = conditional(op::write("user", array_page("p", "v1")), "1");
  op["tag"] = {1, "x"};
  shell.send(op);
  const json answer = shell.reply({1, "x"}).value;
  check_conflict(answer, nullptr);
  CHECK(text(answer.at("op")) == "write");
}

TEST_CASE("if_hash: it is held against what is on disk", "[shell][condition]") {
  shell_home home;
  json hash;
  {
    auto shell = home.start_kept();
    hash = shell.must(op::write("user", array_page("p", "v1"))).at("hash");
    shell.must(op::write("user", array_page("q", "v1")));
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  check_conflict(shell.ask(conditional(op::write("user", array_page("p", "v2")), nullptr)),
                 hash);
  shell.must(conditional(op::write("user", array_page("p", "v2")), hash));
  check_conflict(shell.ask(conditional(op::erase("user", "q"), "1")), hash_of(shell, "q"));
  shell.must(conditional(op::erase("user", "q"), hash_of(shell, "q")));
  check_conflict(shell.ask(conditional(op::erase("user", "q"), "1")), nullptr); // not yet
                                                                                // off it
}

TEST_CASE("if_hash: what else is wrong with a write is told where the hash is right",
          "[shell][condition]") {
  shell_home home;
  auto shell = home.start();
  const json hash = shell.must(op::write("user", array_page("p", "v1"))).at("hash");
  const json del = json::array({{{"del", {{"at", 7}}}}});
  CHECK(code_of(shell.ask(conditional(op::edit("user", "p", del), hash))) == "bad_index");
  check_conflict(shell.ask(conditional(op::edit("user", "p", del), "1")), hash);
  const json edit = op::edit("user", "absent", json::array());
  CHECK(code_of(shell.ask(conditional(edit, nullptr))) == "no_such_page");
  const json far = op::write("nowhere", array_page("p", "v1"));
  CHECK(code_of(shell.ask(conditional(far, "1"))) == "unknown_namespace");
}

TEST_CASE("if_hash: of several at once, one is done", "[shell][condition]") {
  shell_home home;
  auto shell = home.start_kept();
  json hash = nullptr;
  for (int round = 0; round < 100; ++round) {
    for (int writer = 0; writer < 5; ++writer) {
      const std::string version = std::to_string(round) + "-" + std::to_string(writer);
      json op = conditional(op::write("user", array_page("p", version)), hash);
      shell.send(op::with(op, "tag", writer));
    }
    std::set<int> done;
    json next;
    for (int writer = 0; writer < 5; ++writer) {
      const json answer = shell.reply(writer).value;
      if (answer.contains("reply")) {
        done.insert(writer);
        next = answer.at("hash");
      } else {
        CHECK(code_of(answer) == "conflict");
      }
    }
    CHECK(done == std::set<int>{0}); // the first of them
    hash = next;
  }
}

TEST_CASE("if_hash, durable: of the wrong type they are bad requests",
          "[shell][condition]") {
  watched_shell w;
  for (const json& op : {op::write("user", array_page("p", "v1")),
                         op::with(op::edit("user", "p", json::array()), "create", "array"),
                         op::erase("user", "p")}) {
    for (const json& wrong : {json(7), json(true), json(""), json::object()}) {
      CHECK(code_of(w.shell.ask(conditional(op, wrong))) == "bad_request");
    }
    for (const json& wrong : {json(1), json("true"), json(nullptr), json::object()}) {
      CHECK(code_of(w.shell.ask(op::with(op, "durable", wrong))) == "bad_request");
    }
  }
  CHECK(w.shell.heard() == strings{});
  CHECK(stats(w.shell, "user", "pages") == 0);
}

TEST_CASE("durable: without a data folder nothing can be", "[shell][condition]") {
  watched_shell w;
  const json create = op::with(op::edit("user", "p", json::array()), "create", "array");
  for (const json& op :
       {op::write("user", array_page("p", "v1")), create, op::erase("user", "p")}) {
    CHECK(code_of(w.shell.ask(durable(op))) == "unsupported");
  }
  CHECK(w.shell.heard() == strings{});
  CHECK(stats(w.shell, "user", "pages") == 0);
  w.shell.must(op::with(op::write("user", array_page("p", "v1")), "durable", false));
}

TEST_CASE("durable: what was answered is there after a sudden end", "[shell][condition]") {
  shell_home home;
  for (int round = 0; round < 5; ++round) {
    const std::string version = "v" + std::to_string(round);
    auto shell = home.start_kept();
    shell.must(durable(op::write("user", array_page("p", version))));
    shell.kill();
    auto again = home.start_kept();
    CHECK(title_of(again, "p") == version);
    again.must(durable(op::edit("user", "p", set_title("edited"))));
    again.kill();
    auto third = home.start_kept();
    CHECK(title_of(third, "p") == "edited");
    third.must(durable(op::erase("user", "p")));
    third.kill();
    auto last = home.start_kept();
    CHECK(code_of(last.ask(op::read("user", "p"))) == "no_such_page");
    CHECK(ids_of(last, op::list("user")) == strings{});
  }
}

TEST_CASE("durable: many at once, each is there once it is answered",
          "[shell][condition]") {
  shell_home home;
  for (int round = 0; round < 4; ++round) {
    const std::string version = "v" + std::to_string(round);
    strings answered;
    {
      auto shell = home.start_kept();
      for (int page = 0; page < 300; ++page) {
        const json whole = array_page("p" + std::to_string(page), version);
        shell.send(durable(op::write(page % 2 == 0 ? "user" : "feed", whole)));
      }
      for (int count = 0; count < 100 + 50 * round; ++count) {
        answered.push_back(text(shell.untagged_reply().value.at("id")));
      }
      shell.kill();
    }
    auto shell = home.start_kept();
    for (const auto& id : answered) {
      const bool even = (id.back() - '0') % 2 == 0;
      const json page = shell.must(op::read(even ? "user" : "feed", id)).at("page");
      CHECK(text(page.at("entries")[0].at("title")) == version);
    }
  }
}

TEST_CASE("durable: it waits for its page alone", "[shell][condition]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::write("user", array_page("other", "v1")));
  shell.must(durable(op::write("user", array_page("p", "v1"))));
  CHECK(stats(shell, "user", "dirty") == 1);
  CHECK(paged_out(shell) == 1);
}

TEST_CASE("durable: what changed together is kept together", "[shell][condition]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    shell.must(op::cache_write("user", {array_page("p", "v1"), array_page("q", "v1")}));
    shell.must(durable(op::write("user", array_page("p", "v2"))));
    shell.kill();
  }
  auto shell = home.start_kept();
  CHECK(title_of(shell, "p") == "v2");
  CHECK(title_of(shell, "q") == "v1");
}

TEST_CASE("durable: what is on disk already is answered at once", "[shell][condition]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(durable(op::write("user", array_page("p", "v1"))));
  shell.must(op::fault("commit_fails"));
  shell.must(durable(op::write("user", array_page("p", "v1"))));
  shell.must(op::fault("none"));
}

TEST_CASE("durable: a condition that does not hold is told, and nothing is waited for",
          "[shell][condition]") {
  shell_home home;
  auto shell = home.start_kept();
  shell.must(op::fault("commit_fails"));
  const json op = durable(op::write("user", array_page("p", "v1")));
  check_conflict(shell.ask(conditional(op, "1")), nullptr);
  CHECK(shell.heard() == strings{});
  shell.must(op::fault("none"));
}

TEST_CASE("durable: a commit that fails is the answer, and the change stands",
          "[shell][condition]") {
  shell_home home;
  {
    auto shell = home.start_kept();
    shell.must(op::fault("commit_fails"));
    const json write = durable(op::write("user", array_page("p", "v1")));
    CHECK(code_of(shell.ask(write)) == "storage_failure");
    CHECK(title_of(shell, "p") == "v1");
    CHECK(stats(shell, "user", "dirty") == 1);
    shell.must(op::fault("none"));
    shell.must(write); // unmodified, but not on disk yet
    CHECK(stats(shell, "user", "dirty") == 0);
    shell.kill();
  }
  auto shell = home.start_kept();
  CHECK(title_of(shell, "p") == "v1");
}
