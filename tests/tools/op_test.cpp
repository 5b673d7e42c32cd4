// Operations read from their lines, and the lines that answer them.
#include "runtime/json_text.hpp"
#include "tests/catch.hpp"
#include "tools/shell_op.hpp"

using namespace flok;
using namespace flok::tools;

namespace {

/// The code with which a line is refused, or "" where it is not.
std::string refusal(const std::string& line) {
  const auto op = parse_op(line);
  return op.wrong ? std::string{to_string(op.wrong->code)} : "";
}

/// The message with which a line is refused, or "".
std::string message(const std::string& line) {
  const auto op = parse_op(line);
  return op.wrong ? op.wrong->message : "";
}

/// Reads a line that has to be right.
shell_op parsed(const std::string& line) {
  INFO(line);
  auto op = parse_op(line);
  INFO((op.wrong ? op.wrong->message : ""));
  REQUIRE_FALSE(op.wrong);
  return op;
}

const std::string some_page = R"({"_id":"p","_type":"array","entries":[]})";

} // namespace

TEST_CASE("op: each has its kind and fields", "[op]") {
  auto op = parsed(R"({"op":"controller","controller":"ann"})");
  CHECK(op.kind == op_kind::controller);
  CHECK(op.name == "controller");
  CHECK(op.controller == "ann");
  CHECK(parsed(R"({"op":"disconnect","controller":"ann"})").kind == op_kind::disconnect);

  op = parsed(R"({"op":"watch","controller":"ann","ns":"user","id":"p"})");
  CHECK(op.kind == op_kind::watch);
  CHECK(op.controller == "ann");
  CHECK(op.ns == "user");
  CHECK(op.id == "p");
  CHECK_FALSE(op.sync);
  op = parsed(R"({"op":"unwatch","controller":"ann","ns":"user","id":"p"})");
  CHECK(op.kind == op_kind::unwatch);

  op = parsed(R"({"op":"write","ns":"user","page":)" + some_page + "}");
  CHECK(op.kind == op_kind::write);
  CHECK(op.id == "p");
  CHECK(op.page->id() == "p");
  CHECK(parsed(R"({"op":"hash","page":)" + some_page + "}").kind == op_kind::hash);
  CHECK(parsed(R"({"op":"read","ns":"user","id":"p"})").kind == op_kind::read);
  CHECK(parsed(R"({"op":"read_sync","ns":"user","id":"p"})").kind == op_kind::read_sync);
  CHECK(parsed(R"({"op":"read","ns":"user","id":"p"})").keep);
  CHECK_FALSE(parsed(R"({"op":"read","ns":"user","id":"p","keep":false})").keep);
  CHECK(parsed(R"({"op":"pageout"})").kind == op_kind::pageout);
  CHECK(parsed(R"({"op":"drain"})").kind == op_kind::drain);
  CHECK(parsed(R"({"op":"stats"})").kind == op_kind::stats);
  op = parsed(R"({"op":"log","ns":"user"})");
  CHECK(op.kind == op_kind::log);
  CHECK(op.ns == "user");
}

TEST_CASE("op: an edit has its edits, and perhaps what to create", "[op]") {
  auto op = parsed(R"({"op":"edit","ns":"user","id":"p","edits":[]})");
  CHECK(op.kind == op_kind::edit);
  CHECK(op.edits.empty());
  CHECK_FALSE(op.create);
  op = parsed(R"({"op":"edit","ns":"user","id":"p","create":"hash",
                  "edits":[{"del":{"at":"k"}},{"next":"q"}]})");
  CHECK(op.edits.size() == 2);
  CHECK(op.create == page_kind::hash);
  op = parsed(R"({"op":"edit","ns":"user","id":"p","create":"array","edits":[]})");
  CHECK(op.create == page_kind::array);
}

TEST_CASE("op: the order of fields, white space and escapes do not matter", "[op]") {
  const auto op = parsed(" {\t\"id\" : \"\\u0070\\n\",\"\\u006es\":\"us\\/er\" ,"
                         "\"\\u006fp\":\"r\\u0065ad\" } \r");
  CHECK(op.kind == op_kind::read);
  CHECK(op.name == "read");
  CHECK(op.ns == "us/er");
  CHECK(op.id == "p\n");
}

TEST_CASE("op: sync is a boolean, and false by itself", "[op]") {
  const auto watch = [](const std::string& sync) {
    return R"({"op":"watch","controller":"ann","ns":"user","id":"p","sync":)" + sync + "}";
  };
  CHECK(parsed(watch("true")).sync);
  CHECK(parsed(watch(" true ")).sync);
  CHECK_FALSE(parsed(watch("false")).sync);
  for (const char* wrong : {"null", "1", "\"true\"", "[]", "{}"})
    CHECK(refusal(watch(wrong)) == "bad_request");
}

TEST_CASE("op: a line that is no object is refused, without a name", "[op]") {
  for (const char* line : {"", " ", "[]", "7", "\"stats\"", "{", "{\"op\":\"stats\"} x"}) {
    const auto op = parse_op(line);
    INFO(line);
    REQUIRE(op.wrong);
    CHECK(op.wrong->code == errc::bad_request);
    CHECK(op.wrong->message.find("no JSON object") != std::string::npos);
    CHECK(op.name.empty());
    CHECK(op.tag.empty());
  }
}

TEST_CASE("op: a missing or unknown name is told apart", "[op]") {
  CHECK(refusal("{}") == "bad_request");
  CHECK(refusal(R"({"op":7})") == "bad_request");
  CHECK(refusal(R"({"op":null})") == "bad_request");
  CHECK(refusal(R"({"op":""})") == "bad_request");
  CHECK(refusal(R"({"op":"\ud800"})") == "bad_request");
  CHECK(refusal(R"({"op":"Stats"})") == "unknown_op");
  CHECK(message(R"({"op":"fro\"b"})").find("\"fro\\\"b\"") != std::string::npos);
  CHECK(message("{}").starts_with("op: "));
}

TEST_CASE("op: a missing field is named", "[op]") {
  CHECK(message(R"({"op":"watch","ns":"user","id":"p"})") == "controller: missing");
  CHECK(message(R"({"op":"watch","controller":"c","id":"p"})") == "ns: missing");
  CHECK(message(R"({"op":"read","ns":"user"})") == "id: missing");
  CHECK(message(R"({"op":"write","ns":"user"})") == "page: missing");
  CHECK(message(R"({"op":"edit","ns":"user","id":"p"})") == "edits: missing");
  CHECK(message(R"({"op":"log"})") == "ns: missing");
}

TEST_CASE("op: a field of the wrong type is named", "[op]") {
  for (const char* value : {"7", "null", "true", "[]", "{}", "\"\""}) {
    const std::string line = R"({"op":"read","ns":"user","id":)" + std::string{value} + "}";
    INFO(line);
    CHECK(refusal(line) == "bad_request");
    CHECK(message(line).starts_with("id: "));
  }
  CHECK(message(R"({"op":"edit","ns":"user","id":"p","edits":{}})").starts_with("edits"));
  for (const char* value : {"7", "null", "\"list\"", "\"\""}) {
    const std::string line = R"({"op":"edit","ns":"user","id":"p","edits":[],"create":)";
    CHECK(message(line + value + "}").starts_with("create: "));
  }
}

TEST_CASE("op: what is wrong with a page is said", "[op]") {
  const auto write = [](const std::string& text) {
    return R"({"op":"write","ns":"user","page":)" + text + "}";
  };
  for (const char* text : {"7", "[]", "null", "{}", R"({"_id":"p","_type":"list"})"})
    CHECK(refusal(write(text)) == "invalid_page");
  CHECK(refusal(write(R"({"_id":")" + std::string(512, 'x') +
                      R"(","_type":"array","entries":[]})")) == "id_too_long");
  CHECK(message(write(R"({"_id":"p","_type":"array","entries":[{}]})")) ==
        "page: /entries/0/_id: missing");
}

TEST_CASE("op: what is wrong with an edit is said", "[op]") {
  const auto edit = [](const std::string& text) {
    return R"({"op":"edit","ns":"user","id":"p","edits":)" + text + "}";
  };
  CHECK(refusal(edit(R"([{"del":{"at":-1}}])")) == "bad_index");
  CHECK(refusal(edit(R"([{"del":{}}])")) == "bad_request");
  CHECK(message(edit(R"([{"next":"q"},{"move":1}])")).starts_with("edits/1: "));
}

TEST_CASE("op: a field given twice is refused, known or not", "[op]") {
  for (const char* line :
       {R"({"op":"stats","op":"stats"})", R"({"op":"stats","tag":1,"tag":1})",
        R"({"op":"stats","x":1,"x":1})", R"({"op":"read","ns":"a","ns":"a","id":"p"})",
        R"({"op":"read","ns":"a","id":"p","i\u0064":"p"})"}) {
    CHECK(refusal(line) == "bad_request");
    CHECK(message(line).find("twice") != std::string::npos);
  }
}

TEST_CASE("op: fields that it does not have are not looked at", "[op]") {
  const auto op =
      parsed(R"({"op":"stats","ns":7,"page":[],"edits":0,"create":{},"more":1})");
  CHECK(op.ns.empty());
  CHECK_FALSE(op.page);
}

TEST_CASE("op: the tag is any value, as it was written", "[op]") {
  for (const std::string tag : {"1", "1.50", "null", "false", "\"\"", R"("\u0041")", "[]",
                                R"({"b" : [1 , 2],"a":{}})"}) {
    CHECK(parsed(R"({"op":"stats","tag": )" + tag + " }").tag == tag);
    CHECK(parse_op(R"({"tag":)" + tag + R"(,"op":"nonsense"})").tag == tag);
    CHECK(parse_op(R"({"tag":)" + tag + "}").tag == tag);
  }
  CHECK(parsed("{\"op\":\"stats\",\"tag\":[1,\r\n2]}").tag == "[1,  2]");
  CHECK(parsed(R"({"op":"stats"})").tag.empty());
}

TEST_CASE("op: an answer is a line with name, fields and tag", "[op]") {
  auto op = parsed(R"({"op":"read","ns":"user","id":"p"})");
  CHECK(reply_line(op) == "{\"reply\":\"read\"}\n");
  CHECK(reply_line(op, R"(,"page":{})") == "{\"reply\":\"read\",\"page\":{}}\n");
  op = parsed(R"({"op":"stats","tag":{"a" :1}})");
  CHECK(reply_line(op) == "{\"reply\":\"stats\",\"tag\":{\"a\" :1}}\n");
}

TEST_CASE("op: an error is a line with code, message, name and tag", "[op]") {
  const error why{errc::no_such_page, "no \"p\"\n"};
  CHECK(error_line(parsed(R"({"op":"stats","tag":7})"), why) ==
        R"({"error":{"code":"no_such_page","message":"no \"p\"\n"},"op":"stats","tag":7})"
        "\n");
  CHECK(error_line(parse_op("x"), why) ==
        R"({"error":{"code":"no_such_page","message":"no \"p\"\n"},"op":null})"
        "\n");
  CHECK(error_line(parse_op(R"({"op":"a\"b"})"), why).find(R"("op":"a\"b"})") !=
        std::string::npos);
}

TEST_CASE("op: a problem is an event", "[op]") {
  CHECK(problem_line({flok::errc::storage_failure, "no \"space\""}) ==
        R"({"event":"error","code":"storage_failure","message":"no \"space\""})"
        "\n");
}
