// The rules of write and hash, seen from outside: what is answered, printed and kept.
#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

/// An array page "p" whose entries carry these signatures, with these pointers.
json signed_page(const strings& signatures, const json& pointers = json::object()) {
  json page{{"_id", "p"}, {"_type", "array"}, {"entries", json::array()}};
  for (const std::string& signature : signatures) {
    const std::string id = "e" + std::to_string(page["entries"].size());
    page["entries"].push_back({{"_id", id}, {"_sig", signature}});
  }
  page.update(pointers);
  return page;
}

/// The signature that a lone entry of an array page gets.
std::string made_signature(shell_process& shell, const std::string& entry) {
  const json answer =
      write_text(shell, R"({"_id":"s","_type":"array","entries":[)" + entry + "]}");
  REQUIRE(code_of(answer).empty());
  return text(page_of(shell, "s").at("entries")[0].at("_sig"));
}

} // namespace

TEST_CASE("write: the answer names the page and its hash", "[shell][write]") {
  shell_home home;
  auto shell = home.start();
  json page = signed_page({"s1", "s2"}, {{"_head", "h"}, {"_next", "n"}, {"_prev", "v"}});
  const json answer = shell.must(op::write("user", page));
  CHECK(text(answer.at("reply")) == "write");
  CHECK(text(answer.at("id")) == "p");
  CHECK(text(answer.at("hash")) == expected_hash(page));
  const json hashed = shell.must({{"op", "hash"}, {"page", page}}).at("page");
  CHECK(text(hashed.at("_hash")) == expected_hash(page));
  CHECK(text(page_of(shell, "p").at("_hash")) == expected_hash(page));
}

TEST_CASE("hash: of a page with keys, the order of keys plays no part", "[shell][write]") {
  shell_home home;
  auto shell = home.start();
  const std::string before = R"({"op":"hash","tag":1,"page":{"_id":"p","_type":"hash",)";
  shell.send_line(before + R"("entries":{"a":{"_sig":"s1"},"b":{"_sig":"s2"}}}})");
  const json one = shell.reply(1).value.at("page");
  shell.send_line(before + R"("entries":{"b":{"_sig":"s2"},"a":{"_sig":"s1"}}}})");
  const json other = shell.reply(1).value.at("page");
  CHECK(text(one.at("_hash")) == expected_hash(one));
  CHECK(text(other.at("_hash")) == text(one.at("_hash")));
}

TEST_CASE("hash: it covers what strings mean, not how they are escaped", "[shell][write]") {
  shell_home home;
  auto shell = home.start();
  const json answer = write_text(
      shell,
      R"({"_id":"caf\u00e9","_type":"array","entries":[{"_id":"e","_sig":"\u0073"}]})");
  const json plain{{"_id", "caf\u00e9"},
                   {"_type", "array"},
                   {"entries", json::array({{{"_id", "e"}, {"_sig", "s"}}})}};
  CHECK(text(answer.at("id")) == "caf\u00e9");
  CHECK(text(answer.at("hash")) == expected_hash(plain));
  CHECK(text(page_of(shell, "caf\u00e9").at("_id")) == "caf\u00e9");
}

TEST_CASE("hash: it writes nothing", "[shell][write]") {
  watched_shell w;
  w.shell.must({{"op", "hash"}, {"page", array_page("p", "v1")}});
  CHECK(w.shell.heard() == strings{});
  CHECK(stats(w.shell, "user", "pages") == 0);
}

TEST_CASE("write: a hash that comes with the page is ignored", "[shell][write]") {
  shell_home home;
  auto shell = home.start();
  json page = array_page("p", "v1");
  for (const json& wrong : {json("12"), json(12), json(nullptr), json::array({"x"})}) {
    page["_hash"] = wrong;
    CHECK(text(shell.must(op::write("user", page)).at("hash")) == expected_hash(page));
  }
}

TEST_CASE("write: a printed page has all of its fields", "[shell][write]") {
  watched_shell w;
  w.shell.must(op::watch("ann", "user", "h"));
  w.shell.must(op::write("user", array_page("p", "v1")));
  w.shell.must(op::write("user", hash_page("h", "v1")));
  const auto events = w.shell.drain();
  REQUIRE(events.size() == 2);
  for (const output_line& event : events) {
    const json& page = event.value.at("page");
    strings fields;
    for (const auto& [name, value] : page.items()) { // sorted
      fields.push_back(name);
    }
    CHECK(fields == strings{"_hash", "_head", "_id", "_next", "_prev", "_type", "entries"});
    CHECK(page.at("_head").is_null());
    CHECK(text(page.at("_hash")) == expected_hash(page));
    CHECK(event.value.at("pending").is_boolean());
  }
}

TEST_CASE("write: a page without entries is a page", "[shell][write]") {
  watched_shell w;
  w.shell.must(op::write("user", signed_page({}, {{"_next", "p-1"}})));
  CHECK(w.shell.heard() == strings{"ann: user/p empty (pager)"});
  CHECK(text(page_of(w.shell, "p").at("_next")) == "p-1");
}

TEST_CASE("write: an unmodified page brings no event", "[shell][write]") {
  watched_shell w;
  const std::string hash =
      text(w.shell.must(op::write("user", array_page("p", "v1"))).at("hash"));
  CHECK(w.shell.heard().size() == 1);
  CHECK(text(w.shell.must(op::write("user", array_page("p", "v1"))).at("hash")) == hash);
  CHECK(w.shell.heard() == strings{});
}

TEST_CASE("write: keys in another order do not modify a page", "[shell][write]") {
  watched_shell w;
  const std::string start = R"({"_id":"p","_type":"hash","entries":)";
  write_text(w.shell, start + R"({"a":{"_sig":"s1"},"b":{"_sig":"s2"}}})");
  CHECK(w.shell.heard().size() == 1);
  write_text(w.shell, start + R"({"b":{"_sig":"s2"},"a":{"_sig":"s1"}}})");
  CHECK(w.shell.heard() == strings{});
}

TEST_CASE("write: entries in another order modify a page", "[shell][write]") {
  watched_shell w;
  w.shell.must(op::write("user", signed_page({"s1", "s2"})));
  json other = signed_page({"s1", "s2"});
  std::swap(other["entries"][0], other["entries"][1]);
  w.shell.must(op::write("user", other));
  CHECK(w.shell.heard().size() == 2);
}

TEST_CASE("write: changes that one hash cannot tell apart are heard", "[shell][write]") {
  const std::vector<std::pair<json, json>> twins{
      {signed_page({"ab", "c"}), signed_page({"a", "bc"})},
      {signed_page({"s"}, {{"_next", "x"}}), signed_page({"s"}, {{"_prev", "x"}})},
      {signed_page({"s"}, {{"_head", "x"}, {"_next", "y"}}),
       signed_page({"s"}, {{"_head", "xy"}})},
  };
  for (const auto& [before, after] : twins) {
    watched_shell w;
    REQUIRE(expected_hash(before) == expected_hash(after));
    w.shell.must(op::write("user", before));
    w.shell.must(op::write("user", after));
    CHECK(w.shell.heard().size() == 2);
    CHECK(page_of(w.shell, "p").at("entries").dump() == after.at("entries").dump());
  }
}

TEST_CASE("write: a change of the kind alone is heard", "[shell][write]") {
  watched_shell w;
  w.shell.must(op::write("user", signed_page({})));
  w.shell.must(
      op::write("user", {{"_id", "p"}, {"_type", "hash"}, {"entries", json::object()}}));
  CHECK(w.shell.heard().size() == 2);
  CHECK(text(page_of(w.shell, "p").at("_type")) == "hash");
}

TEST_CASE("fidelity: entries leave byte for byte as they came in", "[shell][write]") {
  watched_shell w;
  const std::string first =
      "{ \"z\":123456789012345678901234567890,\t\"_id\" : \"e1\" , \"x\":1.0e5,"
      "\"huge\":1E400, \"neg\":-0.0,\"text\":\"\\u00e9\\/\\ud83d\\ude00\\n\","
      "\"_sig\":\"s1\",\"a\":{ \"b\":[ 1 ,2,\ttrue],\"a\":null } }";
  const std::string second =
      "{\"_sig\":\"s2\",\"_id\":\"e2\",\"\xC3\xA9\":\"\xF0\x9F\x98\x80\"}";
  const std::string page = "{ \"entries\" : [ " + first + " , " + second +
                           "] ,\"_id\":\"p\",\"_type\":\"array\"}";
  REQUIRE(code_of(write_text(w.shell, page)).empty());
  const auto events = w.shell.drain();
  REQUIRE(events.size() == 1);
  const std::string heard = raw_member(events[0].raw, "page");
  CHECK(raw_elements(raw_member(heard, "entries")) == strings{first, second});
  CHECK(raw_elements(raw_member(raw_page(w.shell, "p"), "entries")) ==
        strings{first, second});
  w.shell.send_line(R"({"op":"hash","tag":1,"page":)" + page + "}");
  const std::string hashed = raw_member(w.shell.reply(1).raw, "page");
  CHECK(raw_elements(raw_member(hashed, "entries")) == strings{first, second});
}

TEST_CASE("fidelity: the entries of a page with keys, too", "[shell][write]") {
  watched_shell w;
  const std::string entry = R"({ "value" : [1.50, "\u0041"],"_sig":"s1" })";
  write_text(w.shell, R"({"_id":"p","_type":"hash","entries":{"\u00e9":)" + entry + "}}");
  const auto events = w.shell.drain();
  REQUIRE(events.size() == 1);
  const auto entries =
      raw_members(raw_member(raw_member(events[0].raw, "page"), "entries"));
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].first == "\u00e9");
  CHECK(entries[0].second == entry);
}

TEST_CASE("fidelity: a key keeps its spelling", "[shell][write]") {
  watched_shell w;
  write_text(w.shell, R"({"_id":"p","_type":"hash","entries":{"\u0041\/":{"_sig":"s"}}})");
  const std::string entries = raw_member(raw_page(w.shell, "p"), "entries");
  CHECK(entries.find(R"("\u0041\/")") != std::string::npos);
}

TEST_CASE("fidelity: a carriage return between tokens becomes a space", "[shell][write]") {
  watched_shell w;
  write_text(w.shell, "{\"_id\":\"p\",\"_type\":\"array\",\"entries\":[{\"_id\":\"e\",\r"
                      "\"_sig\":\"s\",\t\"n\":\r1}]}");
  const std::string entries = raw_member(raw_page(w.shell, "p"), "entries");
  CHECK(raw_elements(entries) == strings{"{\"_id\":\"e\", \"_sig\":\"s\",\t\"n\": 1}"});
}

TEST_CASE("signature: a supplied one is kept, a missing one is made", "[shell][write]") {
  shell_home home;
  auto shell = home.start();
  write_text(shell, R"({"_id":"p","_type":"array",)"
                    R"("entries":[{"_id":"a","_sig":"mine"},{"_id":"b", "n" : 1.0}]})");
  const json entries = page_of(shell, "p").at("entries");
  CHECK(text(entries[0].at("_sig")) == "mine");
  CHECK(looks_generated(text(entries[1].at("_sig"))));
  const std::string raw = raw_elements(raw_member(raw_page(shell, "p"), "entries")).at(1);
  CHECK(raw.find(R"("_id":"b", "n" : 1.0)") != std::string::npos);
}

TEST_CASE("signature: a made one is that of the canonical form", "[shell][write]") {
  shell_home home;
  auto shell = home.start();
  CHECK(made_signature(shell, R"({"_id":"a","title":"hello"})") == "5effdad15622739e");
  CHECK(made_signature(shell, R"({ "title" : "h\u0065llo", "_id" : "a" })") ==
        "5effdad15622739e");
  CHECK(made_signature(shell,
                       R"({"z":{"b":"\u000a","a":[1, 2]},"n":1.0e5,"_id":"\u00e9"})") ==
        "4591055c3877e436");
  CHECK(made_signature(shell, R"({"_id":"a","n":1.0})") !=
        made_signature(shell, R"({"_id":"a","n":1})"));
  write_text(shell, R"({"_id":"h","_type":"hash","entries":{"lang":{"value":"en"}}})");
  CHECK(text(page_of(shell, "h").at("entries").at("lang").at("_sig")) ==
        "84de22a32f4896d4");
}

TEST_CASE("write: a watcher sees all versions in the order of input", "[shell][write]") {
  watched_shell w;
  strings expected;
  for (int version = 0; version < 2000; ++version) {
    const std::string name = "v" + std::to_string(version);
    w.shell.send(op::write("user", array_page("p", name)));
    w.shell.send(op::write("user", array_page("other", name)));
    expected.push_back("ann: user/p " + name + " (pager)");
  }
  CHECK(w.shell.heard() == expected);
}

TEST_CASE("write: the pager gets each write, in order", "[shell][write]") {
  shell_home home;
  auto shell = home.start();
  for (const char* version : {"v1", "v2", "v2", "v3"}) {
    shell.send(op::write("spec", array_page("p", version)));
  }
  const json log = shell.must(op::log("spec"));
  std::string titles;
  for (const json& page : log.at("write")) {
    titles += text(page.at("entries")[0].at("title"));
  }
  CHECK(titles == "v1v2v2v3");
}
