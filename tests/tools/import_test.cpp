// `flok import`: the list of pages that it makes of an array.
#include "tests/catch.hpp"
#include "tests/tools/import_home.hpp"

using namespace flok::testing;

namespace {

/// An array of that many entries, each `{"n":…}`.
std::string numbered(std::size_t count) {
  std::string text = "[";
  for (std::size_t i = 0; i < count; ++i)
    text += (i == 0 ? "{\"n\":" : ",{\"n\":") + std::to_string(i) + "}";
  return text + "]";
}

/// The numbers of `numbered` entries on a page.
std::vector<int> numbers(const json& page) {
  std::vector<int> all;
  for (const json& entry : page.at("entries"))
    all.push_back(entry.at("n").get<int>());
  return all;
}

/// Expects a page with these pointers, null ones as "".
void check_links(const json& page, const std::string& id, const std::string& head,
                 const std::string& next, const std::string& prev) {
  const auto link = [](const std::string& to) { return to.empty() ? json{} : json(to); };
  INFO(page.dump());
  CHECK(page.at("_id") == id);
  CHECK(page.at("_type") == "array");
  CHECK(page.at("_head") == link(head));
  CHECK(page.at("_next") == link(next));
  CHECK(page.at("_prev") == link(prev));
  CHECK(page.at("_hash") == expected_hash(page));
}

/// Imports one entry, named by its member "k", and returns its text without its `_sig`.
std::string imported(const std::string& entry) {
  const import_home w;
  const auto result = w.import("[" + entry + "]", {"--id-field", "k"});
  REQUIRE(went_well(result, 1, 2, 2));
  return unsigned_text(w.entries().at(0));
}

} // namespace

TEST_CASE("import: a head page, and a chain behind it", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(numbered(5), {"--per-page", "2"}), 5, 4, 4));
  const strings pages = w.pages();
  REQUIRE(pages.size() == 4);
  std::vector<json> read;
  for (const auto& page : pages)
    read.push_back(json::parse(page));
  check_links(read[0], "list", "", "list-1", "");
  check_links(read[1], "list-1", "list", "list-2", "");
  check_links(read[2], "list-2", "list", "list-3", "list-1");
  check_links(read[3], "list-3", "list", "", "list-2");
  CHECK(numbers(read[0]).empty());
  CHECK(numbers(read[1]) == std::vector{0, 1});
  CHECK(numbers(read[2]) == std::vector{2, 3});
  CHECK(numbers(read[3]) == std::vector{4});
}

TEST_CASE("import: as many entries a page as were asked for", "[import]") {
  const auto pages = [](std::size_t entries, const strings& options) {
    const import_home w;
    const auto result = w.import(numbered(entries), options);
    CHECK(result.status == 0);
    return w.pages().size();
  };
  CHECK(pages(3, {"--per-page", "1"}) == 4);
  CHECK(pages(4, {"--per-page", "2"}) == 3);
  CHECK(pages(4, {"--per-page", "4"}) == 2);
  CHECK(pages(4, {"--per-page", "5"}) == 2);
  CHECK(pages(4, {"--per-page", "100000"}) == 2);
  CHECK(pages(64, {}) == 2);
  CHECK(pages(65, {}) == 3);
}

TEST_CASE("import: an empty array is a head page alone", "[import]") {
  for (const char* text : {"[]", " [ \n ] "}) {
    const import_home w;
    CHECK(went_well(w.import(text), 0, 1, 1));
    const strings pages = w.pages();
    REQUIRE(pages.size() == 1);
    check_links(json::parse(pages[0]), "list", "", "", "");
    CHECK(w.page("list-1").empty());
  }
}

TEST_CASE("import: an entry stays as it was, byte for byte", "[import]") {
  for (const std::string rest :
       {R"("k":"x"})", R"("k" : "x" , "z":1,"a":2 })",
        R"("n":[1.0,1.00,-0,0.10,1E400,1e-400,123456789012345678901234567890],"k":"x"})",
        R"("k":"x","s":"\u00e9\/é\u0041\n\"\\ \ud83d\ude00"})",
        R"("deep":{"b":[ {} ,[ ] , null,true , false],"a":{"b":{}}},"k":"x"})",
        R"("k":"x","":"","_idx":1,"_signature":"s","\u0061":"é","a":"twice"})"}) {
    CHECK(imported("{" + rest) == R"({"_id":"x",)" + rest);
    CHECK(imported("{  " + rest) == R"({"_id":"x",  )" + rest);
  }
}

TEST_CASE("import: input over many lines is kept on one", "[import]") {
  CHECK(imported("{\n  \"k\": \"x\",\r\n\t\"a\": [\n    1,\n    2\n  ]\n}\n") ==
        "{\"_id\":\"x\",   \"k\": \"x\",  \t\"a\": [     1,     2   ] }");
}

TEST_CASE("import: an entry's own _id is replaced where it stands", "[import]") {
  CHECK(imported(R"({"a":1, "_id" : "old" ,"k":"new"})") ==
        R"({"a":1, "_id" : "new" ,"k":"new"})");
  CHECK(imported(R"({"_id":7,"k":"new"})") == R"({"_id":"new","k":"new"})");
}

TEST_CASE("import: ids come from strings and numbers", "[import]") {
  const import_home w;
  const auto result =
      w.import(R"([{"k":"plain"},{"k":"\u00e9\"\\"},{"k":17},{"k":-1.50e3},{"k":" "}])",
               {"--id-field", "k"});
  CHECK(went_well(result, 5, 2, 2));
  CHECK(w.ids() == strings{"plain", "é\"\\", "17", "-1.50e3", " "});
}

TEST_CASE("import: the field of the ids may be _id itself, or an odd name", "[import]") {
  const import_home w;
  CHECK(w.import(R"([{"_id":"a"},{"_id":2}])", {"--id-field", "_id"}).status == 0);
  CHECK(w.ids() == strings{"a", "2"});
  CHECK(w.import(R"([{"x\"/~é":"b"}])", {"--id-field", "x\"/~é"}).status == 0);
  CHECK(w.ids() == strings{"b"});
}

TEST_CASE("import: without an id field, ids are made where there are none", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(R"([{"n":1},{"_id":"own"},{"_id":7},{"n":1},{"_id":""},{}])"), 6,
                  2, 2));
  const strings ids = w.ids();
  REQUIRE(ids.size() == 6);
  for (const std::size_t made : {0U, 3U, 4U, 5U})
    CHECK(looks_like_uuid(ids[made]));
  CHECK(ids[0] != ids[3]);
  CHECK(ids[1] == "own");
  CHECK(ids[2] == "7");
}

TEST_CASE("import: a made _sig is that of the content, a given one stays", "[import]") {
  const import_home here;
  const import_home there;
  const strings named{"--id-field", "k"};
  CHECK(here.import(R"([{"k":"x","a":[1,2]},{"k":"y","_sig":"mine"}])", named).status == 0);
  CHECK(there.import(R"([{"a" : [1, 2], "k" : "x"},{"k":"y","_sig":"mine"}])", named)
            .status == 0);
  const strings entries = here.entries();
  REQUIRE(entries.size() == 2);
  CHECK(looks_generated(json::parse(raw_member(entries[0], "_sig")).get<std::string>()));
  CHECK(raw_member(entries[0], "_sig") == raw_member(there.entries().at(0), "_sig"));
  CHECK(raw_member(entries[1], "_sig") == "\"mine\"");
  CHECK(raw_member(here.page("list-1"), "_hash") ==
        raw_member(there.page("list-1"), "_hash"));
}

TEST_CASE("import: a pointer names the array", "[import]") {
  const std::string text = R"({"a":{"b":[0,[{"n":1}]],"":[{"n":2}]},"x/y~z":[{"n":3}],
      "~1":[{"n":4}],"é\n":[{"n":5}],"list":[{"n":6},{"n":6}]})";
  const auto first = [&](const std::string& pointer) {
    const import_home w;
    INFO(pointer);
    REQUIRE(w.import(text, {"--pointer", pointer}).status == 0);
    return raw_member(w.entries().at(0), "n");
  };
  CHECK(first("/a/b/1") == "1");
  CHECK(first("/a/") == "2");
  CHECK(first("/x~1y~0z") == "3");
  CHECK(first("/~01") == "4");
  CHECK(first("/é\n") == "5");
  CHECK(first("/list") == "6");
}

TEST_CASE("import: an empty pointer names the whole file", "[import]") {
  const import_home w;
  CHECK(went_well(w.import(numbered(2), {"--pointer", ""}), 2, 2, 2));
  const auto nested = w.import("[7," + numbered(3) + "]", {"--pointer", "/1"});
  CHECK(went_well(nested, 3, 2, 1));
}

TEST_CASE("import: lists do not touch each other", "[import]") {
  const import_home w;
  CHECK(w.import(numbered(3), {}, "one").status == 0);
  const strings one = w.pages("one");
  CHECK(w.import(numbered(2), {}, "two").output == said("two", 2, 2, 2));
  CHECK(w.pages("one") == one);
  CHECK(w.entries("two").size() == 2);
}

TEST_CASE("import: an entry of a megabyte, and ids beyond ASCII", "[import]") {
  const import_home w;
  const std::string large(std::size_t{1} << 20U, 'x');
  const auto result =
      w.import(R"([{"k":"größe","s":")" + large + "\"}]", {"--id-field", "k"}, "列");
  CHECK(result.output == said("列", 1, 2, 2));
  CHECK(raw_member(w.entries("列").at(0), "s").size() == large.size() + 2);
  CHECK(w.ids("列") == strings{"größe"});
}

TEST_CASE("import: the input may be a pipe", "[import]") {
  const import_home w;
  const auto result = run_tool({"import", "--config", w.home.config, "--data", w.home.data,
                                "--ns", "user", "--list", "list", "/dev/stdin"},
                               numbered(3));
  CHECK(went_well(result, 3, 2, 2));
  CHECK(w.entries().size() == 3);
}

TEST_CASE("import: storage.path is where pages go without --data", "[import]") {
  const temp_dir dir;
  const auto config = dir.write("services.json",
                                R"({"pagers":[{"name":"mem0","namespace":"user"}],
                                    "storage":{"path":"pages"}})");
  const auto file = dir.write("input.json", numbered(3));
  const strings arguments{"import", "--config", config, "--ns",
                          "user",   "--list",   "list", file};
  CHECK(went_well(run_tool(arguments), 3, 2, 2));
  CHECK(went_well(run_tool(arguments), 3, 2, 0));
  CHECK(std::filesystem::is_directory(dir.path() / "pages"));
}

TEST_CASE("import: where nothing is kept, it says so", "[import]") {
  const shell_home home;
  const auto file = home.dir.write("input.json", numbered(3));
  const auto result =
      run_tool({"import", "--config", home.config, "--ns", "user", "--list", "list", file});
  CHECK(result.status == 0);
  CHECK(result.errors.find("--data") != std::string::npos);
  CHECK(result.errors.find("storage.path") != std::string::npos);
}

TEST_CASE("import: a bar on a terminal, and nothing elsewhere", "[import]") {
  const import_home w;
  const auto file = w.home.dir.write("input.json", numbered(300));
  stream_setup terminal;
  terminal.errors_to_terminal = true;
  const auto result = run_tool({"import", "--config", w.home.config, "--data", w.home.data,
                                "--ns", "user", "--list", "list", "--per-page", "1", file},
                               "", terminal);
  CHECK(result.output == said("list", 300, 301, 301));
  INFO(result.errors);
  CHECK(result.errors.find("\rlist [") != std::string::npos);
  CHECK(result.errors.find("/301\x1b[K") != std::string::npos);
  CHECK(result.errors.ends_with("\r\x1b[K")); // the line is clear at the end
}
