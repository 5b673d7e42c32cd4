// `flok dump` and `flok load`: a backup there and back, and backups that are not whole.
#include "runtime/codec.hpp"
#include "tests/catch.hpp"
#include "tests/disk/disk_home.hpp"
#include "tests/tools/store_home.hpp"
#include "tools/dump_format.hpp"

using namespace flok::testing;

namespace {

struct dumped_home : store_home {
  dumped_home() {
    fill("user", list_of("l", 3));
    fill("user", {page_saying("pending", "\u00e9 1.50E+3")}, true);
    fill("feed", {R"({"_id":"h","_type":"hash","entries":{"k":{"n": 1.50E+3}}})"});
    fill("empty", {});
    dump = output_of(run({"dump"}));
  }
  std::string dump;
};

} // namespace

TEST_CASE("dump: a line a page between a first and a last one", "[store]") {
  const dumped_home home;
  const auto lines = lines_of(home.dump);
  REQUIRE(lines.size() == 8);
  CHECK(lines[0] == R"({"flok_dump":1,"namespaces":["empty","feed","user"]})");
  CHECK(lines[1].starts_with(R"({"ns":"feed","page":{"_id":"h")"));
  CHECK(lines[6].starts_with(R"({"ns":"user","pending":true,"page":{"_id":"pending")"));
  CHECK(lines[7].starts_with(R"({"pages":6,"crc32":")"));
  CHECK(lines_of(output_of(home.run({"dump", "feed"}))).size() == 3);
  CHECK(failed_with(home.run({"dump", "nope"}), 2, "no namespace nope"));
}

TEST_CASE("load: a new store has the same pages, byte for byte", "[store]") {
  const dumped_home home;
  const auto file = home.dir.write("dump", home.dump);
  CHECK(output_of(home.run_on("copy", {"load", file})) ==
        "6 pages in 3 namespaces loaded\n");
  CHECK(output_of(home.run_on("copy", {"dump"})) == home.dump);
  CHECK(output_of(home.run_on("again", {"load", "--json"}, home.dump)) ==
        "{\"pages\":6,\"namespaces\":3,\"kept\":true}\n");
  CHECK(output_of(home.run_on("again", {"dump"})) == home.dump);
}

TEST_CASE("load: what is there stays, but for pages of the same id", "[store]") {
  const dumped_home home;
  store_home::fill(home.dir.path() / "copy", "user",
                   {page_saying("l", "other"), page_saying("own", "x")});
  output_of(home.run_on("copy", {"load"}, home.dump));
  CHECK(output_of(home.run_on("copy", {"get", "user", "own"})) != "");
  CHECK(output_of(home.run_on("copy", {"get", "user", "l"})) ==
        output_of(home.run({"get", "user", "l"})));
}

TEST_CASE("load: of a page that is there twice the later one counts", "[store]") {
  flok::tools::dump_writer writer;
  auto dump = writer.first({"user"});
  for (const auto* says : {"first", "second", "third"})
    for (const auto* id : {"a", "b"})
      dump +=
          writer.page("user", {flok::decode_page(page_saying(id, says)).value(), false});
  dump += writer.last();
  const store_home home;
  CHECK(output_of(home.run({"load"}, dump)) == "6 pages in 1 namespace loaded\n");
  CHECK(output_of(home.run({"ls", "user"})) == "a\nb\n");
  for (const auto* id : {"a", "b"})
    CHECK(output_of(home.run({"get", "user", id})).find("third") != std::string::npos);
}

TEST_CASE("load: more pages than a batch has", "[store]") {
  const store_home home;
  home.fill("user", list_of("l", 9000));
  const auto dump = output_of(home.run({"dump"}));
  CHECK(output_of(home.run_on("copy", {"load"}, dump)) ==
        "9001 pages in 1 namespace loaded\n");
  CHECK(output_of(home.run_on("copy", {"check"})).find("no fault") != std::string::npos);

  const auto torn = dump.substr(0, dump.rfind("{\"pages\"")); // a pipe shows it late
  const auto piped = home.run_on("piped", {"load"}, torn);
  CHECK(failed_with(piped, 1, "torn"));
  CHECK(failed_with(piped, 1, "8192 pages before that were loaded"));
}

TEST_CASE("load: a torn or damaged dump in a file changes nothing", "[store]") {
  const dumped_home home;
  const auto refused = [&](const std::string& text, const std::string& why) {
    const auto result = home.run_on("copy", {"load", home.dir.write("dump", text)});
    CHECK(failed_with(result, 1, why));
    CHECK(failed_with(result, 1, "nothing was loaded"));
    CHECK_FALSE(std::filesystem::exists(home.dir.path() / "copy"));
  };
  const auto lines = lines_of(home.dump);
  refused("", "nothing is in it");
  std::string torn;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    torn += lines[i] + "\n";
    refused(torn, "torn: it ends after line " + std::to_string(i + 1));
  }
  refused(home.dump.substr(0, home.dump.size() / 2), "line ");
  auto changed = home.dump;
  replace_all(changed, "pending\":true", "pending\":null");
  refused(changed, "line 8: the dump is damaged");
  std::string shorter; // a line less
  for (std::size_t i = 0; i < lines.size(); ++i)
    shorter += i == 3 ? "" : lines[i] + "\n";
  refused(shorter, "line 7: the dump is damaged");
  refused(home.dump + home.dump, "line 9: it goes on after its last line");
  refused("{}\n" + home.dump, "line 1: this is no dump of flok's");
  refused("hi\n", "line 1: this is no dump of flok's");
  refused("nonsense", "line 1: ");
  replace_all(changed, "flok_dump\":1", "flok_dump\":2");
  refused(changed, "the dump's format is 2; this flok knows 1");
}

TEST_CASE("load: a store in use, a file that is not there", "[store]") {
  const dumped_home home;
  const shell_home other;
  auto shell = other.start_kept();
  shell.must(op::simple("drain"));
  const auto file = home.dir.write("dump", home.dump);
  const auto result = run_tool({"load", file, "--data", other.data});
  CHECK(failed_with(result, 2, "another process writes here already (process "));
  CHECK(failed_with(home.run_on("copy", {"load", "/nowhere"}), 2, "/nowhere"));
  CHECK(shell.finish().status == 0);
}

TEST_CASE("dump: a damaged page is left out and told, the others are saved", "[store]") {
  const dumped_home home;
  auto bytes = read_all(home.file);
  REQUIRE(replace_all(bytes, "1.50E+3", "1.50E+4") > 0);
  write_all(home.file, bytes);
  const auto result = home.run({"dump"});
  CHECK(failed_with(result, 1, "feed/h: a record whose checksum does not hold; left out"));
  CHECK(output_of(home.run_on("copy", {"load"}, result.output)) ==
        "4 pages in 3 namespaces loaded\n");
}

TEST_CASE("dump: progress on a terminal", "[store]") {
  const dumped_home home;
  const auto result =
      run_tool({"dump", "--data", home.data}, {}, stream_setup{{}, false, true});
  CHECK(result.output == home.dump);
  CHECK(result.errors.find("dump [") != std::string::npos);
}

TEST_CASE("dump: one state of the store, whatever is written meanwhile", "[store]") {
  const shell_home home;
  auto shell = home.start_kept();
  const auto write_all_pages = [&](const std::string& version) {
    for (int i = 0; i < 200; ++i)
      shell.send(op::write("user", filled_page("p" + std::to_string(i), version, 2000)));
    shell.must(op::simple("pageout"));
  };
  write_all_pages("v1");
  tool_process dump{{"dump", "--data", home.data}};
  (void)dump.read_line(); // it goes on once somebody reads more than a pipe holds
  write_all_pages("v2");
  const auto rest = dump.read_rest();
  CHECK(dump.wait() == 0);
  CHECK(lines_of(rest).size() == 201);
  CHECK(rest.find("\"v1\"") != std::string::npos);
  CHECK(rest.find("\"v2\"") == std::string::npos);
  CHECK(shell.finish().status == 0);
}
