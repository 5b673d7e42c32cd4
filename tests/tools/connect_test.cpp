// The subcommands for those who look after a store, on a running system.
#include <algorithm>
#include <csignal>

#include "tests/catch.hpp"
#include "tests/tools/serve_home.hpp"
#include "tests/tools/store_home.hpp"

using namespace flok::testing;

namespace {

/// A running system with two pages on disk, "a" and "b", and one in memory alone, "c".
struct served_pages : serve_home {
  served_pages() {
    store_home::fill(data, "user", {page_saying("a", "one"), page_saying("b", "two")});
    server = serve();
    shell = connect();
    shell->must(op::write("user", json::parse(page_saying("c", "three"))));
  }

  std::unique_ptr<tool_process> server;
  std::unique_ptr<shell_process> shell;
};

} // namespace

TEST_CASE("connect: ls and get see what is in memory and on disk", "[connect]") {
  const served_pages home;
  CHECK(output_of(home.run({"ls", "user"})) == "a\nb\nc\n");
  CHECK(output_of(home.run({"ls", "user", "--after", "a", "--limit", "1", "--json"})) ==
        "{\"id\":\"b\"}\n");
  CHECK(
      lines_of(output_of(home.run({"ls"}))).at(1).starts_with("user  1 page in memory, "));
  for (const auto& [id, says] : {std::pair{"a", "one"}, std::pair{"c", "three"}}) {
    const auto got = json::parse(output_of(home.run({"get", "user", id, "--json"})));
    CHECK(got.at("page").at("entries").at(0).at("says") == says);
    CHECK(got.at("pending") == false);
  }
  CHECK(failed_with(home.run({"get", "user", "x"}), 1, "flok get: user/x: no such page"));
  CHECK(
      failed_with(home.run({"get", "usr", "x"}), 2, "no namespace usr; it has feed, user"));
}

TEST_CASE("connect: what is looked at stays where it was", "[connect]") {
  const served_pages home;
  output_of(home.run({"get", "user", "a"}));
  output_of(home.run({"dump"}));
  CHECK(stats(*home.shell, "user", "pages") == 1); // "c", which was written
}

TEST_CASE("connect: pages that are not confirmed are told as such", "[connect]") {
  const served_pages home;
  home.shell->must(op::cache_write("user", {json::parse(page_saying("d", "x"))}, true));
  CHECK(json::parse(output_of(home.run({"get", "user", "d", "--json"}))).at("pending") ==
        true);
  CHECK(output_of(home.run({"dump", "user"})).find("\"pending\":true") !=
        std::string::npos);
}

TEST_CASE("connect: put and rm go through the pager, and watchers hear of them",
          "[connect]") {
  const served_pages home;
  home.shell->must(op::controller("ann"));
  home.shell->must(op::sync_watch("ann", "user", "a"));
  home.shell->drain();
  const auto put =
      json::parse(output_of(home.run({"put", "user", "--json"}, page_saying("a", "new"))));
  CHECK(home.shell->next().value.at("page").at("_hash") == put.at("hash"));

  CHECK(failed_with(home.run({"put", "user", "--if-hash", "1"}, page_saying("a", "x")), 1,
                    "flok put: user/a: its _hash is " + text(put.at("hash"))));
  CHECK(failed_with(home.run({"put", "user", "--if-hash", "1"}, page_saying("z", "x")), 1,
                    "flok put: user/z: there is no such page"));
  CHECK(home.run({"put", "user", "--if-hash", text(put.at("hash"))}, page_saying("a", "y"))
            .status == 0);
  CHECK(home.run({"put", "user", "--if-hash", "null"}, page_saying("e", "y")).status == 0);
  CHECK(failed_with(home.run({"put", "usr", "--create"}, page_saying("a", "x")), 2,
                    "the running system has no namespace usr; it has user, feed, by its"));

  CHECK(failed_with(home.run({"rm", "user", "a", "x"}), 1,
                    "user/x: no such page; nothing was removed"));
  CHECK(output_of(home.run({"rm", "user", "a", "b", "a"})) == "2 pages removed\n");
  CHECK(output_of(home.run({"ls", "user"})) == "c\ne\n");
}

TEST_CASE("connect: a dump of a running system can be loaded into another", "[connect]") {
  const served_pages home;
  const auto dump = output_of(home.run({"dump", "user"}));
  const auto other = home.dir.path() / "other";
  CHECK(output_of(run_tool({"load", "--data", other}, dump)) ==
        "3 pages in 1 namespace loaded\n");
  CHECK(output_of(run_tool({"ls", "user", "--data", other})) == "a\nb\nc\n");
  output_of(home.run({"rm", "user", "a", "b", "c"}));
  CHECK(output_of(home.run({"load"}, dump)) == "3 pages in 1 namespace loaded\n");
  CHECK(home.run({"diff", "user", "--with", other}).status == 0);
  const auto bad = home.run({"load"}, output_of(run_tool({"dump", "--data", other})) + "x");
  CHECK(failed_with(bad, 1, "it goes on after its last line; nothing was loaded"));
}

TEST_CASE("connect: load says loaded once all of it is on disk", "[connect]") {
  const served_pages home;
  const auto dump = output_of(home.run({"dump", "user"}));
  home.shell->must(op::write("feed", json::parse(page_saying("x", "not loaded"))));
  CHECK(json::parse(output_of(home.run({"load", "--json"}, dump))).at("kept") == true);
  CHECK(stats(*home.shell, "user", "dirty") == 0);
  home.server->signal(SIGKILL);
  home.server->wait();
  CHECK(output_of(run_tool({"ls", "user", "--data", home.data})) == "a\nb\nc\n");
}

TEST_CASE("connect: load says what cannot be put on disk, and what is not kept at all",
          "[connect]") {
  const served_pages home;
  const auto dump = output_of(home.run({"dump", "user"}));
  home.shell->must(op::fault("commit_fails"));
  CHECK(failed_with(home.run({"load"}, dump), 1,
                    "flok load: 3 pages are in memory, and not on disk: "));
  home.shell->must(op::fault("none"));
  CHECK(home.run({"load"}, dump).status == 0);

  const serve_home other;
  other.dir.write("services.json", R"({"listen": {"unix": "flok.sock"},
      "pagers": [{"name": "mem", "namespace": "user"}]})");
  const auto server = other.serve();
  CHECK(output_of(other.run({"load"}, dump)) ==
        "3 pages in 1 namespace loaded, into memory alone: the system keeps nothing on "
        "disk\n");
  CHECK(json::parse(output_of(other.run({"load", "--json"}, dump))).at("kept") == false);
}

TEST_CASE("connect: more pages than are asked for at once", "[connect]") {
  const serve_home home;
  strings pages;
  for (int i = 0; i < 40'000; ++i)
    pages.push_back(page_saying(std::to_string(100'000 + i), "x"));
  store_home::fill(home.data, "user", pages);
  const auto server = home.serve();
  const auto ids = lines_of(output_of(home.run({"ls", "user"})));
  CHECK(ids.size() == pages.size());
  CHECK(std::is_sorted(ids.begin(), ids.end()));
  CHECK(lines_of(output_of(home.run({"ls", "user", "--limit", "35000"}))).size() == 35'000);
  CHECK(lines_of(output_of(home.run({"dump", "user"}))).size() == pages.size() + 2);
}

TEST_CASE("connect: diff compares with a file, a directory, and another system",
          "[connect]") {
  const served_pages home;
  const auto file = home.dir.write("a.json", page_saying("a", "other"));
  const auto with_file = home.run({"diff", "user", "a", file});
  CHECK(with_file.status == 1);
  CHECK(with_file.output.find("entry_modify") != std::string::npos);
  const auto other = home.dir.path() / "other";
  store_home::fill(other, "user", {page_saying("a", "one"), page_saying("x", "new")});
  const auto socket = home.socket.string();
  CHECK(home.run({"diff", "user", "--with", other}).output ==
        "user/b: only in " + socket + "\nuser/c: only in " + socket + "\nuser/x: only in " +
            other.string() + "\n");
  const auto turned = run_tool({"diff", "user", "--data", other, "--with", socket});
  CHECK(turned.status == 1);
  CHECK(turned.output.starts_with("user/x: only in "));
  CHECK(failed_with(home.run({"diff", "--with", socket}), 2, "this is the same system"));
}

TEST_CASE("connect: diff of more pages than are asked for at once", "[connect]") {
  const serve_home home;
  const auto other = home.dir.path() / "other";
  strings here;
  strings there;
  for (int i = 0; i < 300; ++i) {
    const auto id = std::to_string(1000 + i);
    if (i % 100 != 1)
      here.push_back(page_saying(id, "x"));
    if (i % 100 != 63)
      there.push_back(page_saying(id, i % 100 == 64 ? "y" : "x"));
  }
  store_home::fill(home.data, "user", here);
  store_home::fill(home.data, "feed", {page_saying("f", "x")});
  store_home::fill(other, "user", there);
  const auto server = home.serve();
  for (const bool turned : {false, true}) {
    const auto result = turned ? run_tool({"diff", "--data", other, "--with", home.socket})
                               : home.run({"diff", "--with", other});
    CHECK(result.status == 1);
    const auto count = [&](const std::string& part) {
      const auto lines = lines_of(result.output);
      return std::count_if(lines.begin(), lines.end(), [&](const std::string& line) {
        return line.find(part) != std::string::npos;
      });
    };
    CHECK(count(": only in " + home.socket.string()) == 3 + 1);
    CHECK(count(": only in " + other.string()) == 3);
    CHECK(count("entry_modify") == 3);
    CHECK(count("user/1063: only in " + home.socket.string()) == 1);
    CHECK(count("user/1201: only in " + other.string()) == 1);
    CHECK(count("feed/f: only in ") == 1);
  }
}

TEST_CASE("connect: stat tells what the running system counts", "[connect]") {
  const served_pages home;
  const auto stat = json::parse(output_of(home.run({"stat", "--json"})));
  CHECK(stat.at("namespaces").at("user").at("dirty") == 1);
  CHECK(output_of(home.run({"stat"})).find("\n  dirty     1\n") != std::string::npos);
}

TEST_CASE("connect: what needs files, and what contradicts, is refused clearly",
          "[connect]") {
  const served_pages home;
  CHECK(failed_with(home.run({"check"}), 2, "use --data"));
  CHECK(failed_with(home.run({"compact"}), 2, "no system has open"));
  CHECK(failed_with(home.run({"ls", "--data", "x"}), 2, "--connect"));
  for (const strings& words : {strings{"ls"},
                               {"get", "user", "a"},
                               {"rm", "user", "a"},
                               {"dump"},
                               {"load"},
                               {"diff", "--with", "x"}}) {
    const auto run_at = [&](const std::filesystem::path& path) {
      auto at = words;
      at.insert(at.end(), {"--connect", path});
      return run_tool(at);
    };
    CHECK(failed_with(run_at(home.dir.path() / "none"), 2,
                      "no such socket; flok serve makes it"));
    CHECK(failed_with(run_at(home.config), 2, "it is no socket; give the path that"));
    CHECK(failed_with(run_at(home.data), 2, "it is a folder; for a data directory use"));
  }
}

TEST_CASE("connect: a system that ends meanwhile is told, and torn is what it left",
          "[connect]") {
  const serve_home home;
  strings pages;
  for (int i = 0; i < 2000; ++i)
    pages.push_back(page_saying(std::to_string(i), std::string(10'000, 'x')));
  store_home::fill(home.data, "user", pages);
  const auto server = home.serve();
  tool_process dump{{"dump", "user", "--connect", home.socket}};
  dump.read_line();
  server->signal(SIGKILL);
  dump.read_rest();
  CHECK(dump.wait() == 1);
  CHECK(dump.errors().find("has ended the connection") != std::string::npos);
}
