// `flok diff`: a page and a file, a page in two stores, two stores.
#include "tests/catch.hpp"
#include "tests/disk/disk_home.hpp"
#include "tests/tools/store_home.hpp"

using namespace flok::testing;

namespace {

struct two_homes : store_home {
  two_homes() {
    fill("user", {page_saying("a", "1"), page_saying("b", "2"), page_saying("c", "3")});
    fill(other, "user",
         {page_saying("a", "1"), page_saying("b", "x"), page_saying("d", "4")});
  }
  std::filesystem::path other = dir.path() / "other";
};

} // namespace

TEST_CASE("diff: a stored page and a file", "[store]") {
  const two_homes home;
  auto page = output_of(home.run({"get", "user", "a"}));
  CHECK(output_of(home.run({"diff", "user", "a", home.dir.write("p", page)})).empty());
  CHECK(output_of(home.run({"diff", "user", "a", "-"}, page)).empty());
  replace_all(page, "\"says\":\"1\"", "\"says\":\"9\""); // its _sig is what it was
  const auto result = home.run({"diff", "user", "a", home.dir.write("p", page)});
  CHECK(result.status == 1);
  const auto lines = lines_of(result.output);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "user/a:");
  CHECK(lines[1].starts_with(R"(  ["entry_modify",0,{"_id":"e")"));
  const json told = json::parse(
      home.run({"diff", "user", "a", home.dir.write("p", page), "--json"}).output);
  CHECK(told.at("id") == "a");
  CHECK(told.at("changes")[0][2].at("says") == "9");
}

TEST_CASE("diff: a page in two stores", "[store]") {
  const two_homes home;
  CHECK(output_of(home.run({"diff", "user", "a", "--with", home.other})).empty());
  CHECK(home.run({"diff", "user", "b", "--with", home.other}).status == 1);
  const auto result = home.run({"diff", "user", "c", "--with", home.other});
  CHECK(result.status == 1);
  CHECK(result.output == "user/c: only in " + home.data.string() + "\n");
  const auto theirs = home.run({"diff", "user", "d", "--with", home.other, "--json"});
  CHECK(theirs.status == 1);
  CHECK(json::parse(theirs.output) ==
        json{{"ns", "user"}, {"id", "d"}, {"only", home.other.string()}});
  CHECK(failed_with(home.run({"diff", "user", "x", "--with", home.other}), 2,
                    "user/x: no such page in either"));
}

TEST_CASE("diff: two stores", "[store]") {
  const two_homes home;
  home.fill("feed", {page_saying("f", "x")});
  const auto result = home.run({"diff", "--with", home.other, "--json"});
  CHECK(result.status == 1);
  const auto lines = lines_of(result.output);
  REQUIRE(lines.size() == 4);
  const std::string data = home.data.string();
  CHECK(json::parse(lines[0]) == json{{"ns", "feed"}, {"id", "f"}, {"only", data}});
  CHECK(json::parse(lines[1]).at("changes").size() == 1);
  CHECK(json::parse(lines[2]) == json{{"ns", "user"}, {"id", "c"}, {"only", data}});
  CHECK(json::parse(lines[3]) ==
        json{{"ns", "user"}, {"id", "d"}, {"only", home.other.string()}});
  const auto told = lines_of(home.run({"diff", "user", "--with", home.other}).output);
  REQUIRE(told.size() == 4);
  CHECK(told[2] == "user/c: only in " + data);
}

TEST_CASE("diff: pages of another kind have no changes between them", "[store]") {
  const two_homes home;
  const std::string hash = R"({"_id":"a","_type":"hash","entries":{}})";
  const auto result = home.run({"diff", "user", "a", "-"}, hash);
  CHECK(result.status == 1);
  CHECK(result.output.starts_with("user/a: "));
}

TEST_CASE("diff: trouble is no difference", "[store]") {
  const two_homes home;
  CHECK(failed_with(home.run({"diff", "user", "a"}), 2, "FILE, or another directory"));
  CHECK(failed_with(home.run({"diff", "user", "x", "-"}, page_saying("x", "")), 2,
                    "user/x: no such page"));
  CHECK(failed_with(home.run({"diff", "user", "a", "-"}, "{}"), 2, "standard input"));
  CHECK(failed_with(home.run({"diff", "--with", home.data}), 2, "the same directory"));
  CHECK(failed_with(home.run({"diff", "nope", "--with", home.other}), 2, "no namespace"));
  auto bytes = read_all(home.file);
  REQUIRE(replace_all(bytes, R"("says":"2")", R"("says":"7")") > 0);
  write_all(home.file, bytes);
  CHECK(failed_with(home.run({"diff", "--with", home.other}), 2, "checksum"));
}
