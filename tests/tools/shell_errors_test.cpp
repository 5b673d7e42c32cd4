// Bad input: one clear error each, nothing changed, and the session goes on.
#include <set>

#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

/// A shell with a watched page. Whatever bad input came, `harm` at the end finds the page
/// and the figures as before, and no event and no answer too many.
class unharmed_shell {
public:
  unharmed_shell() {
    shell.must(op::controller("ann"));
    shell.must(op::watch("ann", "user", "kept"));
    shell.must(op::write("user", array_page("kept", "v1")));
    REQUIRE(shell.heard().size() == 1);
    before_ = state();
  }
  /// Ends the shell; returns what is not as it was, "" where nothing is.
  std::string harm() {
    std::string found = state() == before_ ? "" : "the state changed; ";
    found += shell.heard().empty() ? "" : "an event came; ";
    found += shell.spare_answers() == 0 ? "" : "an answer too many came; ";
    const ending end = shell.finish();
    found += end.output.empty() ? "" : "a line too many came; ";
    return end.status == 0 ? found : found + "it ended with an error";
  }

  /// Sends a line and expects an error with one of these codes.
  void refuses(const std::string& line, const std::set<std::string>& codes) {
    INFO(line.substr(0, 300));
    shell.send_line(line);
    const json answer = shell.untagged_reply().value;
    CHECK(codes.count(code_of(answer)) == 1);
    CHECK_FALSE(text(answer.at("error").at("message")).empty());
  }

  /// Writes a page given as text and expects it to be refused as one.
  void refuses_page(const std::string& page) {
    refuses(R"({"op":"write","ns":"user","page":)" + page + "}", {"invalid_page"});
    refuses(R"({"op":"hash","page":)" + page + "}", {"invalid_page"});
  }

  shell_home home;
  shell_process shell{home.config};

private:
  std::string state() {
    const std::string page =
        raw_member(shell.ask_line(op::read("user", "kept")).raw, "page");
    return page + shell.must(op::simple("stats")).at("namespaces").dump();
  }

  std::string before_;
};

std::string array_with(const std::string& entries) {
  return R"({"_id":"kept","_type":"array","entries":)" + entries + "}";
}

std::string hash_with(const std::string& entries) {
  return R"({"_id":"kept","_type":"hash","entries":)" + entries + "}";
}

std::string write_of(const std::string& page) {
  return R"({"op":"write","ns":"user","page":)" + page + "}";
}

/// An array page whose one entry holds arrays nested this deep.
std::string nested_page(std::size_t depth) {
  return array_with(R"([{"_id":"e","n":)" + std::string(depth, '[') +
                    std::string(depth, ']') + "}]");
}

} // namespace

TEST_CASE("line: what is no JSON object is a bad request", "[shell][errors]") {
  unharmed_shell w;
  for (const char* line :
       {"", " ", "x", "{", "}", "[1]", "7", "null", "\"stats\"", "{\"op\":\"stats\"",
        "{\"op\" \"stats\"}", "{\"op\":\"stats\",}", "{op:\"stats\"}", "{'op':'stats'}",
        "{\"op\":\"stats\"}}", "{\"op\":\"stats\"}x", "// {\"op\":\"stats\"}"}) {
    w.refuses(line, {"bad_request"});
  }
  CHECK(w.harm() == "");
}

TEST_CASE("line: two ops in one are a bad request, once", "[shell][errors]") {
  unharmed_shell w;
  w.refuses(R"({"op":"stats"} {"op":"stats"})", {"bad_request"});
  w.refuses(R"({"op":"stats"}{"op":"stats"})", {"bad_request"});
  w.refuses(R"([{"op":"stats"},{"op":"stats"}])", {"bad_request"});
  CHECK(w.harm() == "");
}

TEST_CASE("line: bad JSON where no field is looked for is found", "[shell][errors]") {
  unharmed_shell w;
  for (const char* value :
       {"01",          "[1 2 tru]", R"("\q")",  "-",           "1.",       ".5",
        "+1",          "1e",        "0x1",      "NaN",         "Infinity", "nul",
        "True",        "[1,]",      "[,1]",     R"({"a":1,})", R"({"a"})", R"({1:2})",
        R"("\u12g4")", R"("\u12)",  "\"a\tb\"", "\"a\x01\"",   "[1}",      "undefined"}) {
    w.refuses(R"({"op":"stats","more":)" + std::string{value} + "}", {"bad_request"});
    w.refuses(write_of(array_with(R"([{"_id":"e","n":)" + std::string{value} + "}]")),
              {"bad_request"});
  }
  CHECK(w.harm() == "");
}

TEST_CASE("line: what is no UTF-8 is a bad request", "[shell][errors]") {
  unharmed_shell w;
  for (const char* bytes : {"\x80", "\xC3", "\xC3(", "\xC0\xAF", "\xE2\x82", "\xED\xA0\x80",
                            "\xF4\x90\x80\x80", "\xF0\x9F\x98", "\xFF", "\xFE"}) {
    const std::string quoted = "\"a" + std::string{bytes} + "b\"";
    w.refuses(R"({"op":"stats","more":)" + quoted + "}", {"bad_request"});
    w.refuses(R"({"op":"stats",)" + quoted + ":1}", {"bad_request"});
    w.refuses(write_of(array_with(R"([{"_id":"e","n":)" + quoted + "}]")), {"bad_request"});
  }
  CHECK(w.harm() == "");
}

TEST_CASE("line: a byte zero is a bad request", "[shell][errors]") {
  unharmed_shell w;
  const std::string zero(1, '\0');
  w.refuses(zero, {"bad_request"});
  w.refuses(R"({"op":"stats","more":"a)" + zero + R"("})", {"bad_request"});
  w.refuses(R"({"op":"stats"})" + zero, {"bad_request"});
  CHECK(w.harm() == "");
}

TEST_CASE("line: it may end in CR LF, and hold fields that nobody knows",
          "[shell][errors]") {
  unharmed_shell w;
  w.shell.send_line("{\"op\":\"stats\",\"more\":[1,{\"a\":2}]}\r");
  CHECK(text(w.shell.untagged_reply().value.at("reply")) == "stats");
  CHECK(w.harm() == "");
}

TEST_CASE("line: the last one needs no line end", "[shell][errors]") {
  shell_home home;
  auto shell = home.start();
  shell.send_bytes(R"({"op":"stats","tag":7})");
  const ending end = shell.finish();
  CHECK(end.status == 0);
  REQUIRE(end.output.size() == 1);
  CHECK(text(json::parse(end.output[0]).at("tag")) == "7");
}

TEST_CASE("line: 100 MB are refused, and the session goes on", "[shell][errors]") {
  unharmed_shell w;
  const std::string filler(std::size_t{100} << 20U, 'x');
  w.refuses(write_of(array_with(R"([{"_id":"e","n":")" + filler + "\"}]")),
            {"bad_request"});
  w.refuses(filler, {"bad_request"});
  CHECK(w.harm() == "");
}

TEST_CASE("line: nesting 2,000 deep is refused", "[shell][errors]") {
  unharmed_shell w;
  const std::string deep = std::string(2000, '[') + std::string(2000, ']');
  w.refuses(write_of(nested_page(2000)), {"bad_request", "invalid_page"});
  w.refuses(R"({"op":"stats","more":)" + deep + "}", {"bad_request"});
  w.refuses(deep, {"bad_request"});
  w.refuses(std::string(1000000, '['), {"bad_request"});
  CHECK(w.harm() == "");
}

TEST_CASE("page: nesting of 200 works", "[shell][errors]") {
  shell_home home;
  auto shell = home.start();
  shell.send_line(write_of(nested_page(200)));
  CHECK(code_of(shell.untagged_reply().value).empty());
}

TEST_CASE("op: a missing or unknown one is told apart", "[shell][errors]") {
  unharmed_shell w;
  w.refuses("{}", {"bad_request"});
  w.refuses(R"({"ns":"user","id":"kept"})", {"bad_request"});
  w.refuses(R"({"op":7})", {"bad_request"});
  w.refuses(R"({"op":null})", {"bad_request"});
  w.refuses(R"({"op":"frobnicate"})", {"unknown_op"});
  w.refuses(R"({"op":""})", {"unknown_op", "bad_request"});
  w.refuses(R"({"op":"STATS"})", {"unknown_op"});
  CHECK(w.harm() == "");
}

TEST_CASE("op: each of its fields must be there", "[shell][errors]") {
  unharmed_shell w;
  json page = array_page("p", "v1");
  for (const json& whole :
       {op::controller("bob"), op::disconnect("ann"), op::watch("ann", "user", "p"),
        op::unwatch("ann", "user", "kept"), op::write("user", page),
        op::edit("user", "kept", json::array()), op::read("user", "kept"),
        op::read_sync("user", "kept"), json{{"op", "hash"}, {"page", page}},
        op::log("spec")}) {
    for (const auto& [name, value] : whole.items()) {
      json part = whole;
      part.erase(name);
      w.refuses(part.dump(), {"bad_request"});
    }
  }
  CHECK(w.harm() == "");
}

TEST_CASE("op: a field of the wrong type is a bad request", "[shell][errors]") {
  unharmed_shell w;
  for (const json& whole :
       {op::controller("bob"), op::disconnect("ann"), op::watch("ann", "user", "p"),
        op::unwatch("ann", "user", "kept"), op::read("user", "kept"),
        op::read_sync("user", "kept"), op::log("spec"),
        op::edit("user", "kept", json::array())}) {
    for (const auto& [name, value] : whole.items()) {
      for (const json& wrong : {json(7), json(true), json(nullptr), json::object()}) {
        json op = whole;
        op[name] = wrong;
        w.refuses(op.dump(), {"bad_request"});
      }
    }
  }
  json op = op::watch("ann", "user", "p");
  op["sync"] = "yes";
  w.refuses(op.dump(), {"bad_request"});
  CHECK(w.harm() == "");
}

TEST_CASE("op: an edit of no known form is a bad request", "[shell][errors]") {
  unharmed_shell w;
  for (const char* edit :
       {"7", "[]", "{}", R"({"frob":{"at":0}})", R"({"del":0})", R"({"del":{}})",
        R"({"insert":{"at":0}})", R"({"insert":{"entry":{}}})", R"({"set":{"at":0}})",
        R"({"set":{"at":0,"fields":7}})", R"({"head":7})", R"({"next":["a"]})",
        R"({"prev":false})"}) {
    w.refuses(R"({"op":"edit","ns":"user","id":"kept","edits":[)" + std::string{edit} +
                  "]}",
              {"bad_request"});
  }
  const std::string before = R"({"op":"edit","ns":"user","id":"kept","edits":[)";
  w.refuses(before + R"({"next":""}]})", {"bad_request", "invalid_page"});
  w.refuses(before + R"({"insert":{"at":0,"entry":[]}}]})",
            {"bad_request", "invalid_page"});
  w.refuses(before + R"({"insert":{"at":0,"entry":{"_id":7}}}]})",
            {"bad_request", "invalid_page"});
  CHECK(w.harm() == "");
}

TEST_CASE("op: an unknown namespace or controller is named as such", "[shell][errors]") {
  unharmed_shell w;
  for (const json& op :
       {op::watch("ann", "nowhere", "p"), op::unwatch("ann", "nowhere", "p"),
        op::write("nowhere", array_page("p", "v1")), op::read("nowhere", "p"),
        op::read_sync("nowhere", "p"), op::log("nowhere"),
        op::edit("nowhere", "p", json::array())}) {
    w.refuses(op.dump(), {"unknown_namespace"});
  }
  for (const json& op : {op::watch("bob", "user", "p"), op::unwatch("bob", "user", "p"),
                         op::disconnect("bob")}) {
    w.refuses(op.dump(), {"unknown_controller"});
  }
  CHECK(w.harm() == "");
}

TEST_CASE("op: only a recording pager has a log", "[shell][errors]") {
  unharmed_shell w;
  w.refuses(op::log("user").dump(), {"unsupported"});
  CHECK(w.harm() == "");
}

TEST_CASE("op: an error names the op that it answers", "[shell][errors]") {
  shell_home home;
  auto shell = home.start();
  CHECK(text(shell.ask(op::read("user", "p")).at("op")) == "read");
  CHECK(text(shell.ask(op::watch("bob", "user", "p")).at("op")) == "watch");
  CHECK(text(shell.ask({{"op", "frobnicate"}}).at("op")) == "frobnicate");
  CHECK(text(shell.ask({{"op", "write"}, {"ns", "user"}}).at("op")) == "write");
}

TEST_CASE("tag: any JSON value comes back as it was sent", "[shell][errors]") {
  shell_home home;
  auto shell = home.start();
  for (const char* tag : {"1", "-0", "1.50", "1e2", "123456789012345678901234567890",
                          "true", "false", "null", R"("")", R"("a\u00e9\"\\")", "[]", "{}",
                          R"([1,{"a":[null]}])", R"({"op":"stats","tag":1})"}) {
    for (const char* op : {R"("op":"stats")", R"("op":"frobnicate")", R"("op":"read")",
                           R"("ns":"user")", R"("op":"read","ns":"user","id":"absent")",
                           R"("op":"write","ns":"user","page":{"_id":"p"})"}) {
      INFO(op << " " << tag);
      shell.send_line("{" + std::string{op} + ",\"tag\":" + tag + "}");
      CHECK(raw_member(shell.next().raw, "tag") == tag);
    }
  }
}

TEST_CASE("tag: an answer has none where the op had none", "[shell][errors]") {
  shell_home home;
  auto shell = home.start();
  shell.send(op::simple("stats"));
  CHECK_FALSE(shell.next().value.contains("tag"));
  shell.send(op::read("user", "absent"));
  CHECK_FALSE(shell.next().value.contains("tag"));
}

TEST_CASE("page: what is no object is no page", "[shell][errors]") {
  unharmed_shell w;
  for (const char* page : {"7", "\"kept\"", "null", "[]", "true", "{}"}) {
    w.refuses_page(page);
  }
  CHECK(w.harm() == "");
}

TEST_CASE("page: it needs an id, a type and entries of that type", "[shell][errors]") {
  unharmed_shell w;
  for (const char* page :
       {R"({"_type":"array","entries":[]})", R"({"_id":"kept","entries":[]})",
        R"({"_id":"kept","_type":"array"})", R"({"_id":"","_type":"array","entries":[]})",
        R"({"_id":7,"_type":"array","entries":[]})",
        R"({"_id":null,"_type":"array","entries":[]})",
        R"({"_id":"kept","_type":"list","entries":[]})",
        R"({"_id":"kept","_type":"Array","entries":[]})",
        R"({"_id":"kept","_type":null,"entries":[]})",
        R"({"_id":"kept","_type":"array","entries":{}})",
        R"({"_id":"kept","_type":"hash","entries":[]})",
        R"({"_id":"kept","_type":"array","entries":null})",
        R"({"_id":"kept","_type":"hash","entries":"x"})"}) {
    w.refuses_page(page);
  }
  CHECK(w.harm() == "");
}

TEST_CASE("page: a pointer is an id or null", "[shell][errors]") {
  unharmed_shell w;
  for (const char* name : {"_head", "_next", "_prev"}) {
    for (const char* value : {R"("")", "7", "false", "[]", "{}"}) {
      w.refuses_page(R"({"_id":"kept","_type":"array","entries":[],")" + std::string{name} +
                     "\":" + value + "}");
    }
  }
  CHECK(w.harm() == "");
}

TEST_CASE("page: an unknown field, or one given twice, is refused", "[shell][errors]") {
  unharmed_shell w;
  for (const char* more :
       {R"("title":"x")", R"("_sig":"s")", R"("Entries":[])", R"("":1)", R"("_id":"kept")",
        R"("_type":"array")", R"("entries":[])", R"("\u005fid":"kept")"}) {
    w.refuses_page(R"({"_id":"kept","_type":"array","entries":[],)" + std::string{more} +
                   "}");
  }
  for (const char* name : {"_head", "_next", "_prev", "_hash"}) {
    const std::string field = "\"" + std::string{name} + "\":null";
    w.refuses_page(R"({"_id":"kept","_type":"array","entries":[],)" + field + "," + field +
                   "}");
  }
  CHECK(w.harm() == "");
}

TEST_CASE("page: entries have ids or keys of their own", "[shell][errors]") {
  unharmed_shell w;
  w.refuses_page(array_with(R"([{"_id":"a"},{"_id":"b"},{"_id":"a"}])"));
  w.refuses_page(array_with(R"([{"_id":"a"},{"_id":"\u0061"}])"));
  w.refuses_page(hash_with(R"({"a":{},"b":{},"a":{}})"));
  w.refuses_page(hash_with(R"({"a":{},"\u0061":{}})"));
  for (const char* entry :
       {R"({"_sig":"s"})", "{}", R"({"_id":""})", R"({"_id":7})", R"({"_id":null})",
        R"({"_id":"a","_id":"a"})", R"({"_id":"a","_id":"b"})"}) {
    w.refuses_page(array_with("[" + std::string{entry} + "]"));
  }
  CHECK(w.harm() == "");
}

TEST_CASE("page: entries are objects with one signature at most", "[shell][errors]") {
  unharmed_shell w;
  for (const char* entry : {"7", "\"a\"", "null", "[]", "true"}) {
    w.refuses_page(array_with("[" + std::string{entry} + "]"));
    w.refuses_page(hash_with("{\"a\":" + std::string{entry} + "}"));
  }
  for (const char* sig :
       {R"("_sig":7)", R"("_sig":null)", R"("_sig":["s"])", R"("_sig":"s","_sig":"s")",
        R"("_sig":"s","_sig":"t")", R"("_sig":"s","\u005fsig":"s")"}) {
    w.refuses_page(array_with(R"([{"_id":"a",)" + std::string{sig} + "}]"));
    w.refuses_page(hash_with("{\"a\":{" + std::string{sig} + "}}"));
  }
  CHECK(w.harm() == "");
}

TEST_CASE("page: half a surrogate pair names nothing", "[shell][errors]") {
  unharmed_shell w;
  w.refuses(write_of(R"({"_id":"\ud800","_type":"array","entries":[]})"),
            {"bad_request", "invalid_page"});
  w.refuses(write_of(array_with(R"([{"_id":"\udc00"}])")), {"bad_request", "invalid_page"});
  CHECK(w.harm() == "");
}

TEST_CASE("page: an id of 511 bytes works, one of 512 is too long", "[shell][errors]") {
  unharmed_shell w;
  const std::string longest(511, 'i');
  const std::string longer(512, 'i');
  CHECK(code_of(w.shell.ask(op::read("user", longest))) == "no_such_page");
  json create = op::edit("user", longer, json::array());
  create["create"] = "array";
  for (const json& op :
       {op::write("user", array_page(longer, "v1")), op::watch("ann", "user", longer),
        op::read("user", longer), op::read_sync("user", longer), create}) {
    w.refuses(op.dump(), {"id_too_long"});
  }
  CHECK(w.harm() == "");
}

TEST_CASE("page: the longest id is kept on disk", "[shell][errors]") {
  shell_home home;
  const std::string longest(511, 'i');
  auto before = home.start_kept();
  before.must(op::write("user", array_page(longest, "v1")));
  CHECK(before.finish().status == 0);
  auto after = home.start_kept();
  CHECK(code_of(after.ask(op::read_sync("user", longest))).empty());
}

TEST_CASE("page: 10 MB work, and come back as they were", "[shell][errors]") {
  shell_home home;
  const std::string big(std::size_t{10} << 20U, 'x');
  const std::string entry = R"({"_id":"e","_sig":"s","n":")" + big + "\"}";
  {
    auto shell = home.start_kept();
    shell.must(op::controller("ann"));
    shell.must(op::watch("ann", "user", "kept"));
    shell.send_line(write_of(array_with("[" + entry + "]")));
    CHECK(code_of(shell.untagged_reply().value).empty());
    const auto events = shell.drain();
    REQUIRE(events.size() == 1);
    CHECK((raw_member(raw_member(events[0].raw, "page"), "entries") == "[" + entry + "]"));
    CHECK(shell.finish().status == 0);
  }
  auto shell = home.start_kept();
  const std::string raw = shell.ask_line(op::read("user", "kept")).raw;
  CHECK((raw_member(raw_member(raw, "page"), "entries") == "[" + entry + "]"));
}
