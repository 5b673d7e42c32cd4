// `flok ls`, `flok get`, `flok stat`: what a store holds, also beside a process that
// writes.
#include "tests/catch.hpp"
#include "tests/disk/disk_home.hpp"
#include "tests/tools/store_home.hpp"

using namespace flok::testing;

namespace {

/// Three pages in "user", none in "feed".
struct looked_at : store_home {
  looked_at() {
    fill("user", {page_saying("a", "1"), page_saying("b-1", "2"), page_saying("b-2", "3")});
    fill("feed", {});
  }
};

} // namespace

TEST_CASE("ls: namespaces with their pages and bytes", "[store]") {
  const looked_at home;
  const auto lines = lines_of(output_of(home.run({"ls"})));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "feed  0 pages, 0 bytes");
  CHECK(lines[1] == "user  3 pages, 4.0 KiB");
  const json all = json::parse(output_of(home.run({"ls", "--json"}))).at("namespaces");
  CHECK(all.size() == 2);
  CHECK(all[1] == json{{"ns", "user"}, {"pages", 3}, {"bytes", 4096}});
}

TEST_CASE("ls: ids in the order of their bytes, by prefix, behind one, so many",
          "[store]") {
  const looked_at home;
  CHECK(output_of(home.run({"ls", "user"})) == "a\nb-1\nb-2\n");
  CHECK(output_of(home.run({"ls", "user", "--prefix", "b"})) == "b-1\nb-2\n");
  CHECK(output_of(home.run({"ls", "user", "--after", "a", "--limit", "1"})) == "b-1\n");
  CHECK(output_of(home.run({"ls", "user", "--prefix", "x"})).empty());
  CHECK(output_of(home.run({"ls", "user", "--prefix", "a", "--json"})) ==
        "{\"id\":\"a\"}\n");
  CHECK(output_of(home.run({"ls", "feed"})).empty());
}

TEST_CASE("ls: names that would break a line are shown as JSON", "[store]") {
  const store_home home;
  home.fill("a\nb", {page_saying("x\ty", "1"), page_saying("\"q\"", "1")});
  CHECK(output_of(home.run({"ls"})).starts_with("\"a\\nb\"  2 pages"));
  CHECK(output_of(home.run({"ls", "a\nb"})) == "\"\\\"q\\\"\"\n\"x\\ty\"\n");
}

TEST_CASE("ls: what is not there is told, and nothing is made", "[store]") {
  const looked_at home;
  CHECK(failed_with(home.run({"ls", "nope"}), 2, "no namespace nope; it has feed, user"));
  CHECK(failed_with(home.run_on("other", {"ls"}), 2, "no store is there"));
  CHECK_FALSE(std::filesystem::exists(home.dir.path() / "other"));
  CHECK(failed_with(run_tool({"ls"}), 2, "flok ls: which pages? Give --data"));
  const auto config =
      home.dir.write("c.json", R"({"pagers": [{"name": "mem", "namespace": "user"}]})");
  CHECK(failed_with(run_tool({"ls", "--config", config}), 2, "storage.path"));
}

TEST_CASE("ls: a configuration stands for its data directory", "[store]") {
  const looked_at home;
  const auto config =
      home.dir.write("c.json", R"({"pagers": [{"name": "mem", "namespace": "user"}],
                                   "storage": {"path": "data"}})");
  CHECK(output_of(run_tool({"ls", "feed", "--config", config})).empty());
  CHECK(failed_with(run_tool({"ls", "--config", config, "--data", "/nowhere"}), 2,
                    "/nowhere"));
}

TEST_CASE("ls: a configuration with pagers of a program's own is refused, with a way out",
          "[store]") {
  const looked_at home;
  const auto config =
      home.dir.write("own.json", R"({"pagers": [{"name": "ledger", "namespace": "user"}],
                                     "storage": {"path": "data"}})");
  const auto refused = run_tool({"ls", "--config", config});
  CHECK(failed_with(refused, 2, R"(no pager is called "ledger")"));
  CHECK(failed_with(refused, 2, "; --data alone works on a directory"));
}

TEST_CASE("usage: options come after the subcommand", "[store]") {
  const looked_at home;
  CHECK(failed_with(run_tool({"--data", home.data, "ls"}), 2,
                    "flok: --data: options come after the subcommand\n"));
  CHECK(failed_with(home.run({"ls", "--all"}), 2, "flok ls: "));
  CHECK(failed_with(home.run({"ls", "user", "-x", "y"}), 2, "stands behind --"));
}

TEST_CASE("get: a page as it is stored", "[store]") {
  const looked_at home;
  const auto page = output_of(home.run({"get", "user", "a"}));
  CHECK(json::parse(page).at("entries")[0].at("says") == "1");
  CHECK(json::parse(page).at("_hash") == expected_hash(json::parse(page)));
  home.fill("user", {page_saying("p", "x")}, true);
  const json told = json::parse(output_of(home.run({"get", "user", "p", "--json"})));
  CHECK(told.at("ns") == "user");
  CHECK(told.at("pending") == true);
  CHECK(told.at("page").at("_id") == "p");
}

TEST_CASE("get: no such page, no such namespace", "[store]") {
  const looked_at home;
  CHECK(failed_with(home.run({"get", "user", "x"}), 1, "user/x: no such page"));
  CHECK(failed_with(home.run({"get", "user", std::string(600, 'x')}), 1, "no such page"));
  CHECK(failed_with(home.run({"get", "nope", "x"}), 2, "no namespace nope"));
  CHECK(failed_with(home.run({"get", "user"}), 2, "ID"));
}

TEST_CASE("get: a damaged record is told as such", "[store]") {
  const looked_at home;
  auto bytes = read_all(home.file);
  REQUIRE(replace_all(bytes, R"("says":"2")", R"("says":"9")") > 0);
  write_all(home.file, bytes);
  CHECK(failed_with(home.run({"get", "user", "b-1"}), 1, "checksum"));
  CHECK(output_of(home.run({"get", "user", "b-2"})).find("\"3\"") != std::string::npos);
}

TEST_CASE("stat: sizes, format, and who writes", "[store]") {
  const looked_at home;
  const json told = json::parse(output_of(home.run({"stat", "--json"})));
  CHECK(told.at("format") == 2);
  CHECK(told.at("file_bytes") == std::filesystem::file_size(home.file));
  CHECK(told.at("map_bytes") > told.at("file_bytes"));
  CHECK(told.at("free_bytes") < told.at("file_bytes"));
  CHECK(told.at("writer").is_null());
  CHECK(told.at("namespaces").size() == 2);
  const auto text = output_of(home.run({"stat"}));
  CHECK(text.find("format 2\n") != std::string::npos);
  CHECK(text.find("user  3 pages") != std::string::npos);
}

TEST_CASE("looking: beside a shell that writes, at what it has committed", "[store]") {
  const shell_home home;
  auto shell = home.start_kept();
  shell.must(op::write("user", array_page("p", "v1")));
  shell.must(op::simple("pageout"));
  shell.must(op::write("user", array_page("p", "v2")));
  const strings place{"--data", home.data};
  const auto run = [&](strings words) {
    words.insert(words.end(), place.begin(), place.end());
    return output_of(run_tool(words));
  };
  CHECK(run({"get", "user", "p"}).find("v1") != std::string::npos);
  CHECK(run({"stat"}).find("writer process ") != std::string::npos);
  shell.must(op::simple("pageout"));
  CHECK(run({"get", "user", "p"}).find("v2") != std::string::npos);
  CHECK(run({"check"}).find("no fault") != std::string::npos);
  CHECK(shell.finish().status == 0);
}

TEST_CASE("looking: an output that takes nothing is a failure", "[store]") {
  const looked_at home;
  const auto result =
      run_tool({"ls", "--data", home.data}, {}, stream_setup{{1}, false, false});
  CHECK(failed_with(result, 1, "the output cannot be written"));
}

TEST_CASE("help: every subcommand shows an example", "[store]") {
  for (const char* name : {"ls", "get", "stat", "check", "dump", "load", "put", "rm",
                           "diff", "compact", "shell", "import"}) {
    const auto help = output_of(run_tool({name, "--help"}));
    CHECK(help.find("Example:\n") != std::string::npos);
    CHECK(help.find(std::string{"flok "} + name) != std::string::npos);
  }
  const looked_at home;
  CHECK(failed_with(home.run({"ls", "--prefix", "b"}), 2, "NS"));
}
