// Delete, invalidate and list: what is gone, who is told, and what is there.
#include <memory>
#include <random>
#include <set>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

/// A shell over a data folder that may be ended and begun again.
struct kept_shell {
  /// A clean end, and a new process.
  void restart() {
    CHECK(shell->finish().status == 0);
    begin();
  }
  /// A sudden end, and a new process.
  void crash() {
    shell->kill();
    begin();
  }

  void watch(const char* ns, const char* id) {
    shell->must(op::controller("ann"));
    shell->must(op::watch("ann", ns, id));
  }

  shell_process& operator*() { return *shell; }
  shell_process* operator->() { return shell.get(); }

  shell_home home;
  std::unique_ptr<shell_process> shell =
      std::make_unique<shell_process>(home.config, home.data);

private:
  void begin() { shell = std::make_unique<shell_process>(home.config, home.data); }
};

std::string refusal(shell_process& shell, const json& op) { return code_of(shell.ask(op)); }

} // namespace

TEST_CASE("delete: the page is gone, and its watchers are told", "[shell][remove]") {
  watched_shell w;
  w.shell.must(op::controller("bob"));
  w.shell.must(op::write("user", array_page("p", "v1")));
  w.shell.must(op::watch("bob", "user", "other"));
  w.shell.drain();
  const json answer = w.shell.must(op::erase("user", "p"));
  CHECK(text(answer.at("reply")) == "delete");
  CHECK(w.shell.heard() == strings{"ann: user/p deleted"});
  CHECK(refusal(w.shell, op::read("user", "p")) == "no_such_page");
  CHECK(refusal(w.shell, op::read_sync("user", "p")) == "no_such_page");
  CHECK(stats(w.shell, "user", "pages") == 0);
  CHECK(stats(w.shell, "user", "watchers") == 2);
}

TEST_CASE("delete: its event says who, where and what, and no more", "[shell][remove]") {
  watched_shell w;
  w.shell.must(op::write("user", array_page("p", "v1")));
  w.shell.drain();
  w.shell.must(op::erase("user", "p"));
  const auto events = w.shell.drain();
  REQUIRE(events.size() == 1);
  CHECK(events[0].value ==
        json({{"event", "deleted"}, {"controller", "ann"}, {"ns", "user"}, {"id", "p"}}));
}

TEST_CASE("delete: of a page that is not there is no error, and tells nobody",
          "[shell][remove]") {
  kept_shell k;
  k.watch("user", "p");
  CHECK(refusal(*k, op::sync_watch("ann", "user", "p")) == "no_such_page"); // now known
  k->must(op::erase("user", "p"));
  k->must(op::erase("user", "nobody"));
  CHECK(k->heard() == strings{});
  k->must(op::write("user", array_page("p", "v1")));
  k->must(op::erase("user", "p"));
  k->must(op::erase("user", "p"));
  CHECK(k->heard() == strings{"ann: user/p v1 (pager)", "ann: user/p deleted"});
}

TEST_CASE("delete: where the disk could not tell whether there is one, it is told",
          "[shell][remove]") {
  kept_shell k;
  k->must(op::fault("read_fails"));
  k.watch("user", "p");
  k->drain();
  k->must(op::fault("none"));
  k->must(op::erase("user", "p"));
  CHECK(k->heard() == strings{"ann: user/p deleted"});
}

TEST_CASE("delete: a later write makes the page anew", "[shell][remove]") {
  watched_shell w;
  const json first = w.shell.must(op::write("user", array_page("p", "v1")));
  w.shell.must(op::erase("user", "p"));
  const json second = w.shell.must(op::write("user", array_page("p", "v1")));
  CHECK(text(first.at("hash")) == text(second.at("hash")));
  CHECK(w.shell.heard() ==
        strings{"ann: user/p v1 (pager)", "ann: user/p deleted", "ann: user/p v1 (pager)"});
  w.shell.must(op::erase("user", "p"));
  CHECK(refusal(w.shell, op::edit("user", "p", json::array())) == "no_such_page");
}

TEST_CASE("delete: it takes its turn among the writes", "[shell][remove]") {
  watched_shell w;
  strings expected;
  for (int round = 0; round < 200; ++round) {
    const std::string version = "v" + std::to_string(round);
    w.shell.send(op::write("user", array_page("p", version)));
    w.shell.send(op::erase("user", "p"));
    expected.push_back("ann: user/p " + version + " (pager)");
    expected.emplace_back("ann: user/p deleted");
  }
  CHECK(w.shell.heard() == expected);
}

TEST_CASE("delete: who watches afterwards gets nothing", "[shell][remove]") {
  kept_shell k;
  k->must(op::write("user", array_page("p", "v1")));
  CHECK(paged_out(*k) == 1);
  k->must(op::erase("user", "p"));
  k.watch("user", "p");
  CHECK(refusal(*k, op::sync_watch("ann", "user", "p")) == "no_such_page");
  CHECK(k->heard() == strings{});
}

TEST_CASE("delete: what is on disk is gone before the tombstone is committed, and after",
          "[shell][remove]") {
  kept_shell k;
  k->must(op::write("user", array_page("p", "v1")));
  k.restart();
  k->must(op::erase("user", "p")); // not resident
  CHECK(stats(*k, "user", "dirty") == 1);
  CHECK(refusal(*k, op::read("user", "p")) == "no_such_page");
  CHECK(ids_of(*k, op::list("user")) == strings{});
  CHECK(paged_out(*k) == 1);
  CHECK(stats(*k, "user", "dirty") == 0);
  CHECK(refusal(*k, op::read("user", "p")) == "no_such_page");
  k.restart();
  CHECK(refusal(*k, op::read("user", "p")) == "no_such_page");
  CHECK(ids_of(*k, op::list("user")) == strings{});
}

TEST_CASE("delete: it is kept by a page-out, and by a clean end", "[shell][remove]") {
  kept_shell k;
  for (const char* id : {"a", "b", "c"}) {
    k->must(op::write("user", array_page(id, "v1")));
  }
  CHECK(paged_out(*k) == 3);
  k->must(op::erase("user", "a"));
  CHECK(paged_out(*k) == 1);
  k.crash();
  CHECK(ids_of(*k, op::list("user")) == strings{"b", "c"});
  k->must(op::erase("user", "b"));
  k.restart();
  CHECK(ids_of(*k, op::list("user")) == strings{"c"});
}

TEST_CASE("delete: a page that was never committed leaves nothing", "[shell][remove]") {
  kept_shell k;
  k->must(op::write("user", array_page("p", "v1")));
  k->must(op::erase("user", "p"));
  paged_out(*k);
  CHECK(stats(*k, "user", "dirty") == 0);
  k.restart();
  CHECK(refusal(*k, op::read("user", "p")) == "no_such_page");
}

TEST_CASE("delete: written again before the commit, the page stays", "[shell][remove]") {
  kept_shell k;
  k->must(op::write("user", array_page("p", "v1")));
  CHECK(paged_out(*k) == 1);
  k->must(op::erase("user", "p"));
  k->must(op::write("user", array_page("p", "v2")));
  CHECK(stats(*k, "user", "dirty") == 1);
  CHECK(paged_out(*k) == 1);
  k.restart();
  CHECK(text(page_of(*k, "p").at("entries")[0].at("title")) == "v2");
}

TEST_CASE("invalidate: memory is its own authority", "[shell][remove]") {
  watched_shell w;
  w.shell.must(op::write("user", array_page("p", "v1")));
  w.shell.drain();
  CHECK(refusal(w.shell, op::invalidate("user", "p")) == "unsupported");
  CHECK(refusal(w.shell, op::invalidate("user", "nobody")) == "unsupported");
  CHECK(w.shell.heard() == strings{});
  CHECK(text(page_of(w.shell, "p").at("entries")[0].at("title")) == "v1");
}

TEST_CASE("invalidate: the copy is gone from memory and disk, watchers are told",
          "[shell][remove]") {
  kept_shell k;
  k.watch("spec", "p");
  k->must(op::write("spec", array_page("p", "v1")));
  CHECK(paged_out(*k) == 1);
  k->must(op::invalidate("spec", "p"));
  CHECK(k->heard() == strings{"ann: spec/p v1 (pager)", "ann: spec/p invalidated"});
  CHECK(refusal(*k, op::read("spec", "p")) == "no_such_page");
  CHECK(ids_of(*k, op::list("spec")) == strings{});
  CHECK(paged_out(*k) == 1);
  k.restart();
  CHECK(refusal(*k, op::read("spec", "p")) == "no_such_page");
}

TEST_CASE("invalidate: the watch stays, and the pager is not told of it again",
          "[shell][remove]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "spec", "p"));
  shell.must(op::write("spec", array_page("p", "v1")));
  shell.must(op::invalidate("spec", "p"));
  shell.must(op::write("spec", array_page("p", "v2")));
  CHECK(shell.heard() == strings{"ann: spec/p v1 (pager)", "ann: spec/p invalidated",
                                 "ann: spec/p v2 (pager)"});
  const json log = shell.must(op::log("spec"));
  CHECK(log.at("watch").size() == 1);
  CHECK(log.at("unwatch").empty());
}

TEST_CASE("invalidate: of a page that is not there tells nobody", "[shell][remove]") {
  shell_home home;
  auto shell = home.start();
  shell.must(op::controller("ann"));
  shell.must(op::watch("ann", "spec", "p"));
  shell.must(op::invalidate("spec", "p"));
  shell.must(op::invalidate("spec", "nobody"));
  CHECK(shell.heard() == strings{});
}

TEST_CASE("list: sorted by bytes, of its namespace alone", "[shell][remove]") {
  shell_home home;
  auto shell = home.start();
  CHECK(ids_of(shell, op::list("user")) == strings{});
  for (const char* id : {"b", "a", "aa", "B", "\u00e9", "~", "a-1", "10", "9"}) {
    shell.send(op::write("user", array_page(id, "v1")));
  }
  shell.must(op::write("feed", array_page("elsewhere", "v1")));
  CHECK(ids_of(shell, op::list("user")) ==
        strings{"10", "9", "B", "a", "a-1", "aa", "b", "~", "\u00e9"});
  CHECK(ids_of(shell, op::list("spec")) == strings{});
}

TEST_CASE("list: prefix, after and limit", "[shell][remove]") {
  kept_shell k;
  for (const char* id : {"a", "b", "b-1", "b-2", "b-3", "c"}) {
    k->send(op::write("user", array_page(id, "v1")));
  }
  const auto list = [&](const json& range) {
    json op = op::list("user");
    op.update(range);
    return ids_of(*k, op);
  };
  for (const bool in_memory : {true, false}) {
    INFO("in memory: " << in_memory);
    CHECK(list({{"prefix", "b-"}}) == strings{"b-1", "b-2", "b-3"});
    CHECK(list({{"prefix", ""}, {"after", ""}}).size() == 6);
    CHECK(list({{"prefix", "x"}}) == strings{});
    CHECK(list({{"after", "b"}}) == strings{"b-1", "b-2", "b-3", "c"});
    CHECK(list({{"after", "b-11"}}) == strings{"b-2", "b-3", "c"});
    CHECK(list({{"after", "c"}}) == strings{});
    CHECK(list({{"prefix", "b"}, {"after", "b-1"}}) == strings{"b-2", "b-3"});
    CHECK(list({{"prefix", "b"}, {"after", "a"}, {"limit", 2}}) == strings{"b", "b-1"});
    CHECK(list({{"prefix", "b"}, {"after", "c"}}) == strings{});
    CHECK(list({{"limit", 0}}) == strings{});
    CHECK(list({{"limit", 1}}) == strings{"a"});
    CHECK(list({{"limit", 18446744073709551615U}}).size() == 6);
    CHECK(list({{"prefix", std::string(2000, 'b')}}) == strings{});
    k.restart();
  }
}

TEST_CASE("list: what is on disk and what is in memory, once", "[shell][remove]") {
  kept_shell k;
  for (const char* id : {"a", "b", "c", "d"}) {
    k->must(op::write("user", array_page(id, "v1")));
  }
  k.restart();
  k->must(op::write("user", array_page("b", "v2"))); // in both
  k->must(op::write("user", array_page("bb", "v1")));
  k->must(op::erase("user", "c")); // on disk, but not for long
  k->must(op::read("user", "d"));
  CHECK(ids_of(*k, op::list("user")) == strings{"a", "b", "bb", "d"});
  CHECK(ids_of(*k, op::with(op::list("user"), "limit", 3)) == strings{"a", "b", "bb"});
  const json behind = op::with(op::with(op::list("user"), "after", "bb"), "limit", 1);
  CHECK(ids_of(*k, behind) == strings{"d"});
  paged_out(*k);
  CHECK(ids_of(*k, op::list("user")) == strings{"a", "b", "bb", "d"});
}

TEST_CASE("list: it makes nothing resident", "[shell][remove]") {
  kept_shell k;
  for (int page = 0; page < 100; ++page) {
    k->send(op::write("user", array_page("p" + std::to_string(page), "v1")));
  }
  k.restart();
  CHECK(ids_of(*k, op::list("user")).size() == 100);
  CHECK(stats(*k, "user", "pages") == 0);
}

TEST_CASE("list: it tells of what comes before it", "[shell][remove]") {
  kept_shell k;
  for (int round = 0; round < 50; ++round) {
    k->send(op::write("user", array_page("p", "v" + std::to_string(round))));
    k->send(op::with(op::list("user"), "tag", 2 * round));
    k->send(op::erase("user", "p"));
    k->send(op::simple("pageout"));
    k->send(op::with(op::list("user"), "tag", 2 * round + 1));
  }
  for (int round = 0; round < 50; ++round) {
    CHECK(k->reply(2 * round).value.at("ids") == json::array({"p"}));
    CHECK(k->reply(2 * round + 1).value.at("ids").empty());
  }
}

namespace {

/// Random writes, deletes, page-outs and restarts against a set of ids.
class listed_ids {
public:
  explicit listed_ids(std::uint64_t seed) : rng_(seed) {}

  void step() {
    const auto what = pick(20);
    const std::string id = name();
    if (what < 9) {
      shell_->must(op::write("user", array_page(id, "v" + std::to_string(++version_))));
      model_.insert(id);
    } else if (what < 14) {
      shell_->must(op::erase("user", id));
      model_.erase(id);
    } else if (what < 16) {
      paged_out(*shell_);
    } else if (what == 16) {
      shell_.restart();
    } else {
      check();
    }
  }

  void check() {
    const std::string prefix = pick(2) == 0 ? "" : name().substr(0, 1 + pick(2));
    const std::string after = pick(2) == 0 ? "" : name();
    const auto limit = pick(3) == 0 ? pick(5) : 1000;
    strings expected;
    for (const auto& id : model_) {
      if (id.starts_with(prefix) && (after.empty() || id > after) &&
          expected.size() < limit) {
        expected.push_back(id);
      }
    }
    json op = op::list("user");
    op.update({{"prefix", prefix}, {"after", after}, {"limit", limit}});
    INFO(op.dump());
    CHECK(ids_of(*shell_, op) == expected);
  }

private:
  std::size_t pick(std::size_t below) { return rng_() % below; }
  std::string name() {
    return std::string(1, static_cast<char>('a' + pick(4))) + std::to_string(pick(20));
  }

  kept_shell shell_;
  std::mt19937_64 rng_;
  std::set<std::string> model_;
  int version_ = 0;
};

} // namespace

TEST_CASE("list: after random writes and deletes it is what a set holds",
          "[shell][remove]") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    INFO("seed " << seed);
    listed_ids ids{seed};
    for (int step = 0; step < 400; ++step) {
      ids.step();
    }
    ids.check();
  }
}

TEST_CASE("list: a disk that does not answer is a failure", "[shell][remove]") {
  kept_shell k;
  k->must(op::fault("read_fails"));
  CHECK(refusal(*k, op::list("user")) == "storage_failure");
  k->must(op::fault("none"));
  CHECK(ids_of(*k, op::list("user")) == strings{});
}

TEST_CASE("delete, invalidate, list: bad input is refused", "[shell][remove]") {
  shell_home home;
  auto shell = home.start();
  const std::string longer(512, 'i');
  for (const json& whole :
       {op::erase("user", "p"), op::invalidate("spec", "p"), op::list("user")}) {
    INFO(whole.dump());
    CHECK(refusal(shell, op::with(whole, "ns", "nowhere")) == "unknown_namespace");
    for (const auto& [name, value] : whole.items()) {
      json part = whole;
      part.erase(name);
      CHECK(refusal(shell, part) == "bad_request");
      for (const json& wrong : {json(7), json(true), json(nullptr), json(""), json({})}) {
        CHECK(refusal(shell, op::with(whole, name.c_str(), wrong)) == "bad_request");
      }
    }
  }
  CHECK(refusal(shell, op::erase("user", longer)) == "id_too_long");
  CHECK(refusal(shell, op::invalidate("spec", longer)) == "id_too_long");
  for (const json& wrong : {json(-1), json(1.5), json("1"), json(nullptr), json(true)}) {
    CHECK(refusal(shell, op::with(op::list("user"), "limit", wrong)) == "bad_request");
  }
  for (const char* field : {"prefix", "after"}) {
    CHECK(refusal(shell, op::with(op::list("user"), field, 7)) == "bad_request");
  }
  CHECK(shell.heard() == strings{});
}
