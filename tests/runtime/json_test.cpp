#include "runtime/codec_json.hpp"

#include <nlohmann/json.hpp>

#include "runtime/json_text.hpp"
#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

/// "key=value key=value" of an object, "!" and the reason where it is none.
std::string taken_apart(std::string_view text, std::size_t depth = limits::line_depth) {
  const auto parts = json::members(text, depth);
  if (!parts)
    return '!' + parts.error().message;
  std::string out;
  for (const auto& m : *parts)
    out += (out.empty() ? "" : " ") + m.key + '=' + std::string{m.value};
  return out;
}

bool within(std::string_view piece, std::string_view whole) {
  return piece.data() >= whole.data() &&
         piece.data() + piece.size() <= whole.data() + whole.size();
}

} // namespace

// -- taking apart -------------------------------------------------------------

TEST_CASE("an object is taken apart into its members, in their order") {
  CHECK(taken_apart("{}").empty());
  CHECK(taken_apart(" { } ").empty());
  CHECK(taken_apart(R"({"b":1,"a":[2, 3],"c":{"d" : "e"},"":null})") ==
        R"(b=1 a=[2, 3] c={"d" : "e"} =null)");
  CHECK(taken_apart("\r\n{\t\"a\" :\n \"x\" \r, \"b\"\t:true\n}\n") == R"(a="x" b=true)");
  CHECK(taken_apart(R"({"a":1,"a":2})") == "a=1 a=2");
  CHECK(taken_apart(R"({"a":-1.5E+300,"b":1E400,"c":0})") == "a=-1.5E+300 b=1E400 c=0");
}

TEST_CASE("members are slices of the text, keys both as written and unescaped") {
  const std::string text = R"({ "\u0061\n" : [1] , "b":"\u0062" })";
  const auto parts = json::members(text).value();
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].key == "a\n");
  CHECK(parts[0].key_text == R"("\u0061\n")");
  CHECK(parts[0].value == "[1]");
  CHECK(parts[1].value == R"("\u0062")");
  for (const auto& m : parts)
    CHECK((within(m.key_text, text) && within(m.value, text)));
}

TEST_CASE("what is no object has no members") {
  for (const char* text : {"[]", "1", "\"{}\"", "true", "null"})
    CHECK(taken_apart(text) == "!a value of the wrong type");
  CHECK(taken_apart("") == "!empty where a JSON value was expected");
  CHECK(json::members("{").error().code == errc::bad_request);
}

TEST_CASE("an array is taken apart into its elements") {
  const auto parts = json::elements(R"( [1 , "a,]" ,[[]],{"k":[]} , null ] )").value();
  CHECK(strings{parts.begin(), parts.end()} ==
        strings{"1", R"("a,]")", "[[]]", R"({"k":[]})", "null"});
  CHECK(json::elements("[]").value().empty());
  for (const char* text : {"{}", "1", "[1,]", "[,1]", "[1 2]", "[1]]", "[1", "[tru]", ""})
    CHECK_FALSE(json::elements(text).has_value());
}

TEST_CASE("a text may nest as deep as it is allowed, itself included") {
  const auto nested = [](std::size_t levels) {
    return R"({"a":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  for (const std::size_t depth : {2U, 3U, 100U, 260U}) {
    CHECK(json::members(nested(depth), depth).has_value());
    CHECK(taken_apart(nested(depth + 1), depth) == "!nested too deep");
    CHECK_FALSE(json::deeper_than(nested(depth), depth));
    CHECK(json::deeper_than(nested(depth + 1), depth));
  }
  std::string objects = "1";
  for (int level = 0; level < 100; ++level)
    objects = "{\"a\":" + objects + '}';
  CHECK(json::members(objects, 100).has_value());
  CHECK(taken_apart(objects, 99) == "!nested too deep");
  CHECK(json::deeper_than(objects, 99));
  CHECK(json::members("{\"a\":1}", 1).has_value());
  CHECK(taken_apart("{\"a\":[]}", 1) == "!nested too deep");
}

TEST_CASE("brackets in strings and side by side do not nest") {
  const std::string beside = R"({"a":")" + std::string(500, '[') + R"(\"[\\","b":[)" +
                             std::string(R"([[]],)") + R"([[]]]})";
  CHECK_FALSE(json::deeper_than(beside, 4));
  CHECK(json::deeper_than(beside, 3));
  CHECK(json::members(beside, 4).has_value());
}

TEST_CASE("a value's kind is told by its first byte") {
  using json::kind;
  CHECK(json::kind_of(" {}") == kind::object);
  CHECK(json::kind_of("\n[1]") == kind::array);
  CHECK(json::kind_of("\"1\"") == kind::string);
  CHECK(json::kind_of("true") == kind::boolean);
  CHECK(json::kind_of("false") == kind::boolean);
  CHECK(json::kind_of("null") == kind::null);
  CHECK(json::kind_of("-1") == kind::number);
}

TEST_CASE("a string's value has its escapes undone") {
  CHECK(json::string_value(R"("a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\u0000b")").value() ==
        std::string{"a\"\\/\b\f\n\r\té\xf0\x9f\x98\x80\0b", 17});
  CHECK(json::string_value(" \"\" ").value().empty());
  for (const char* text : {"1", "null", "", "\"", "\"a", "\"\\q\"", "\"\\ud800\"",
                           "\"a\" x", "\"a\"\"b\"", "[\"a\"]", "\"\n\"", "\"\xff\""}) {
    INFO(text);
    CHECK_FALSE(json::string_value(text).has_value());
  }
}

TEST_CASE("a JSON pointer names a slice") {
  const std::string text =
      R"({"a":{"b":[10,{"c":"x"}]},"":{"":1},"m/n":2,"o~p":3,"3":[[0]], "d":1,"d":2})";
  const auto at = [&](const char* pointer) {
    const auto found = json::at_pointer(text, pointer);
    return found ? std::string{*found} : std::string{"!"};
  };
  CHECK(at("") == text);
  CHECK(at("/a/b/0") == "10");
  CHECK(at("/a/b/1/c") == R"("x")");
  CHECK(at("/") == R"({"":1})");
  CHECK(at("//") == "1");
  CHECK(at("/m~1n") == "2");
  CHECK(at("/o~0p") == "3");
  CHECK(at("/3/0/0") == "0");
  for (const char* nowhere :
       {"a", "/b", "/a/b/2", "/a/b/01", "/a/b/-", "/a/b/-1", "/a/b/", "/a/b/0/0", "/m/n",
        "/o~p/x", "/A", "/a/b/99999999999999999999"})
    CHECK(at(nowhere) == "!");
}

// -- writing ------------------------------------------------------------------

TEST_CASE("strings are written with minimal escapes") {
  CHECK(json::as_utf8("a/é\"\x1f") == "a/é\"\x1f");
  CHECK(json::as_utf8("a\xff\xc3") == "a\\xff\\xc3");
  CHECK(json::quoted("a/é\x7f") == "\"a/é\x7f\"");
  CHECK(json::quoted("\"\\\b\t\n\f\r") == R"("\"\\\b\t\n\f\r")");
  CHECK(json::quoted(std::string{"\0\x01\x1f", 3}) == R"("\u0000\u0001\u001f")");
  for (int c = 0; c < 128; ++c) {
    const std::string text(1, static_cast<char>(c));
    CHECK(json::string_value(json::quoted(text)).value() == text);
    CHECK(json::quoted_size(text) == json::quoted(text).size());
  }
  std::string out = "x";
  json::append_pointer(out, std::nullopt);
  json::append_pointer(out, "p\n");
  CHECK(out == R"(xnull"p\n")");
}

TEST_CASE("a member is set in its place, or behind the last") {
  const auto set = [](const char* object, const char* key, const char* value) {
    const auto text = json::with_member(object, key, value);
    return text ? *text : '!' + text.error().message;
  };
  CHECK(set(R"({ "a" : 1 , "b":2 })", "a", "[3]") == R"({ "a" : [3] , "b":2 })");
  CHECK(set(R"({ "\u0061" : 1 })", "a", "2") == R"({ "\u0061" : 2 })");
  CHECK(set(R"({ "a" : 1 })", "b", "2") == R"({ "a" : 1,"b":2 })");
  CHECK(set("{}", "\"", "2") == R"({"\"":2})");
  CHECK(set("{ }", "a", "2") == R"({"a":2 })");
  CHECK(set(" {\"a\":1} ", "b", "2") == " {\"a\":1,\"b\":2} ");
  CHECK(set("[]", "a", "1") == "!a value of the wrong type");
}

TEST_CASE("a member that stands twice stands once when it is set") {
  const auto set = [](const char* object) {
    return json::with_member(object, "a", "9").value();
  };
  CHECK(set(R"({"a":1,"b":2,"a":3})") == R"({"a":9,"b":2})");
  CHECK(set(R"({ "a":1 , "a":2 , "a":3 })") == R"({ "a":9 })");
  CHECK(set(R"({"a":1,"a":2,"b":3,"\u0061":4,"c":5})") == R"({"a":9,"b":3,"c":5})");
}

TEST_CASE("a member is removed with one comma, and nothing else changes") {
  const auto cut = [](const char* object) {
    const auto text = json::without_member(object, "a");
    return text ? *text : '!' + text.error().message;
  };
  CHECK(cut(R"({"a":1})") == "{}");
  CHECK(cut(R"({ "a" : 1 })") == "{ }");
  CHECK(cut(R"({"a":1,"b":2,"c":3})") == R"({"b":2,"c":3})");
  CHECK(cut(R"({"b":2,"a":1,"c":3})") == R"({"b":2,"c":3})");
  CHECK(cut(R"({"b":2,"c":3 , "a":1 })") == R"({"b":2,"c":3 })");
  CHECK(cut(R"({"a":",","b":2})") == R"({"b":2})");
  CHECK(cut(R"({"a":1,"a":2, "b":3,"a":4, "a":5 , "c":6,"a":7})") == R"({ "b":3 , "c":6})");
  CHECK(cut(R"({"b":1})") == R"({"b":1})");
  CHECK(cut(R"( {"a":1,"b":2} )") == R"( {"b":2} )");
  CHECK(cut("{") != "{");
  CHECK(cut("{")[0] == '!');
}

TEST_CASE("a signature takes its old place, or stands last") {
  const auto sign = [](const char* entry) {
    const auto text = json::with_signature(entry, "S");
    return text ? *text : '!' + text.error().message;
  };
  CHECK(sign(R"({"a":1,"_sig":"old","_id":"x"})") == R"({"a":1,"_sig":"S","_id":"x"})");
  CHECK(sign(R"({"a":1, "_id" : "x" , "b":2})") ==
        R"({"a":1, "_id" : "x" , "b":2,"_sig":"S"})");
  CHECK(sign(R"({ "a":1})") == R"({ "a":1,"_sig":"S"})");
  CHECK(sign("{}") == R"({"_sig":"S"})");
  CHECK(sign("1") == "!a value of the wrong type");
}

TEST_CASE("setting and removing members of random objects agrees with a plain model") {
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    INFO("seed " << seed);
    dice roll{seed};
    const strings spaces = {"", "", " ", "\t ", "  "};
    const strings values = {"1", "\"a,}\"", "[1, 2]", R"({"a":{"b":","}})", "null"};
    nlohmann::ordered_json model = nlohmann::ordered_json::object();
    std::string text = "{" + roll.pick(spaces) + "}";
    for (int step = 0; step < 20; ++step) {
      const std::string key(1, static_cast<char>('a' + roll.below(6)));
      const auto value = roll.pick(values);
      if (roll.chance(60)) {
        model[key] = nlohmann::ordered_json::parse(value);
        text = json::with_member(text, key, value).value();
      } else {
        model.erase(key);
        text = json::without_member(text, key).value();
      }
      INFO(text);
      REQUIRE(nlohmann::ordered_json::parse(text).dump() == model.dump());
    }
  }
}

} // namespace flok::testing
