#include "runtime/config.hpp"

#include "tests/catch.hpp"
#include "tests/runtime/pages.hpp"

namespace flok::testing {

namespace {

const std::vector<pager_kind> known = {{"mem0", false}, {"spec", true}};

const std::string pagers = R"("pagers":[{"name":"mem0","namespace":"user"}])";

config read(const std::string& text) {
  auto c = parse_config(text, "services.json", known);
  INFO((c ? std::string{} : c.error().message));
  REQUIRE(c.has_value());
  return *c;
}

std::string why_not(const std::string& text) {
  const auto c = parse_config(text, "services.json", known);
  INFO(text);
  REQUIRE_FALSE(c.has_value());
  CHECK(c.error().code == errc::bad_config);
  return c.error().message;
}

/// A configuration with one good pager and those further fields.
std::string with(const std::string& fields) { return "{" + pagers + "," + fields + "}"; }

std::string with_pagers(const std::string& list) { return R"({"pagers":[)" + list + "]}"; }

} // namespace

TEST_CASE("only a pager's name and namespace are required, all else has defaults") {
  const auto c = read("{" + pagers + "}");
  REQUIRE(c.pagers.size() == 1);
  CHECK(c.pagers[0].name == "mem0");
  CHECK(c.pagers[0].ns == "user");
  CHECK(c.pagers[0].options == "{}");
  CHECK_FALSE(c.storage_path.has_value());
  CHECK(c.pageout.interval_ms == 60'000);
  CHECK(c.pageout.max_dirty == 4096);
  CHECK_FALSE(c.debug);
}

TEST_CASE("all of a configuration is read") {
  const auto c =
      read("{\"debug\":true,\"pagers\":[{\"namespace\":\"\\u0061/b\",\"options\":"
           "{ \"n\" :\r\n 1E400},\"name\":\"spec\"},{\"name\":\"mem0\","
           "\"namespace\":\"c\"}],\"storage\":{\"path\":\"../data\"},"
           "\"pageout\":{\"max_dirty\":1,\"interval_ms\":86400000}}\n");
  REQUIRE(c.pagers.size() == 2);
  CHECK(c.pagers[0].name == "spec");
  CHECK(c.pagers[0].ns == "a/b");
  CHECK(c.pagers[0].options == R"({ "n" :   1E400})");
  CHECK(c.pagers[1].ns == "c");
  CHECK(c.storage_path == "../data");
  CHECK(c.pageout.max_dirty == 1);
  CHECK(c.pageout.interval_ms == 86'400'000);
  CHECK(c.debug);
  CHECK(read(with(R"("pageout":{"max_dirty":4294967295,"interval_ms":1})"))
            .pageout.max_dirty == 4'294'967'295);
  CHECK_FALSE(read(with(R"("storage":{},"pageout":{})")).storage_path.has_value());
}

TEST_CASE("what is no configuration at all is refused") {
  CHECK(why_not("").starts_with("services.json: "));
  CHECK(why_not("[]").starts_with("services.json: "));
  CHECK(why_not("{" + pagers + ",}").starts_with("services.json: not valid JSON: "));
  CHECK(why_not("{" + pagers + "} x").starts_with("services.json: not valid JSON: "));
  CHECK(why_not("{\"debug\":\"\xff\"}") == "services.json: not valid UTF-8");
}

TEST_CASE("at least one pager is needed") {
  CHECK(why_not("{}") == "services.json: /pagers: at least one pager is needed");
  CHECK(why_not(R"({"pagers":[]})") ==
        "services.json: /pagers: at least one pager is needed");
  CHECK(why_not(R"({"pagers":{}})") == "services.json: /pagers: an array was expected");
  CHECK(why_not(R"({"pagers":null})") == "services.json: /pagers: an array was expected");
}

TEST_CASE("unknown fields are refused, with those that are known") {
  CHECK(why_not(with(R"("pager":1)")) ==
        "services.json: /pager: unknown field; known are "
        "pagers, storage, pageout, cache, listen, metrics, debug");
  CHECK(why_not(with_pagers(R"({"name":"mem0","namespace":"u","ns":"u"})")) ==
        "services.json: /pagers/0/ns: unknown field; known are name, namespace, options");
  CHECK(why_not(with(R"("storage":{"dir":"x"})")) ==
        "services.json: /storage/dir: unknown field; known are path");
  CHECK(
      why_not(with(R"("pageout":{"interval":1})")) ==
      "services.json: /pageout/interval: unknown field; known are interval_ms, max_dirty");
}

TEST_CASE("a socket to listen at has a path, and is for the tool alone") {
  CHECK_FALSE(read("{" + pagers + "}").listen.has_value());
  CHECK(read(with(R"("listen":{"unix":"../flok.sock"})")).listen->unix_path ==
        "../flok.sock");
  CHECK(why_not(with(R"("listen":{})")) == "services.json: /listen/unix: missing");
  CHECK(why_not(with(R"("listen":{"unix":""})")) ==
        "services.json: /listen/unix: must not be empty");
  CHECK(why_not(with(R"("listen":{"unix":7})")) ==
        "services.json: /listen/unix: a string was expected");
  CHECK(why_not(with(R"("listen":{"tcp":"x"})")) ==
        "services.json: /listen/tcp: unknown field; known are unix");
  CHECK(why_not(with(R"("listen":{"unix":"a\u0000b"})")) ==
        "services.json: /listen/unix: no path holds a zero byte");
  const auto of_size = [](std::size_t size) {
    return with(R"("listen":{"unix":")" + std::string(size, 's') + "\"}");
  };
  CHECK(read(of_size(107)).listen->unix_path.size() == 107);
  CHECK(why_not(of_size(108)) == "services.json: /listen/unix: a socket's path has at "
                                 "most 107 bytes; this one has 108");
}

TEST_CASE("a field that is given twice is refused, in whatever spelling") {
  CHECK(why_not(with(R"("debug":true,"d\u0065bug":true)")) ==
        "services.json: /debug: given twice");
  CHECK(why_not(with(R"("pagers":[])")) == "services.json: /pagers: given twice");
  CHECK(why_not(with_pagers(R"({"name":"mem0","namespace":"u","name":"mem0"})")) ==
        "services.json: /pagers/0/name: given twice");
  CHECK(why_not(with(R"("storage":{"path":"a","path":"a"})")) ==
        "services.json: /storage/path: given twice");
  CHECK(why_not(with(R"("pageout":{"max_dirty":1,"max_dirty":1})")) ==
        "services.json: /pageout/max_dirty: given twice");
}

TEST_CASE("a pager has a name and a namespace, and both are strings") {
  CHECK(why_not(with_pagers("1")) == "services.json: /pagers/0: an object was expected");
  CHECK(why_not(with_pagers(R"({"namespace":"u"})")) ==
        "services.json: /pagers/0/name: missing");
  CHECK(why_not(with_pagers(R"({"name":"mem0"})")) ==
        "services.json: /pagers/0/namespace: missing");
  CHECK(why_not(with_pagers(R"({"name":1,"namespace":"u"})")) ==
        "services.json: /pagers/0/name: a string was expected");
  CHECK(why_not(with_pagers(R"({"name":"","namespace":"u"})")) ==
        "services.json: /pagers/0/name: must not be empty");
  CHECK(why_not(with_pagers(R"({"name":"mem0","namespace":""})")) ==
        "services.json: /pagers/0/namespace: must not be empty");
  CHECK(why_not(with_pagers(R"({"name":"mem0","namespace":null})")) ==
        "services.json: /pagers/0/namespace: a string was expected");
  CHECK(why_not(with_pagers(R"({"name":"mem0","namespace":"u","options":[]})")) ==
        "services.json: /pagers/0/options: an object was expected");
}

TEST_CASE("a pager is one that is known, and spec only where debug is on") {
  CHECK(why_not(with_pagers(R"({"name":"mem9","namespace":"u"})")) ==
        R"(services.json: /pagers/0/name: no pager is called "mem9"; there are mem0)");
  CHECK(why_not(with_pagers(R"({"name":"spec","namespace":"u"})")) ==
        R"(services.json: /pagers/0/name: "spec" is there only where debug is true)");
  CHECK(read(R"({"debug":true,"pagers":[{"name":"spec","namespace":"u"}]})").debug);
}

TEST_CASE("no two pagers have one namespace") {
  CHECK(why_not(with_pagers(R"({"name":"mem0","namespace":"user"},)"
                            R"({"name":"mem0","namespace":"\u0075ser"})")) ==
        R"(services.json: /pagers/1/namespace: "user" is already taken)");
}

TEST_CASE("a namespace is as long as a database's name may be, and no longer") {
  const auto of_size = [](std::size_t size) {
    return with_pagers(R"({"name":"mem0","namespace":")" + std::string(size, 'n') + "\"}");
  };
  CHECK(read(of_size(limits::namespace_bytes)).pagers[0].ns.size() ==
        limits::namespace_bytes);
  CHECK(why_not(of_size(limits::namespace_bytes + 1)) ==
        "services.json: /pagers/0/namespace: 1 to 255 bytes were expected");
}

TEST_CASE("numbers are whole and in range") {
  for (const char* n : {"0", "86400001", "-1", "1.0", "1e3", "\"1\"", "null", "true",
                        "18446744073709551617"})
    CHECK(why_not(with(R"("pageout":{"interval_ms":)" + std::string{n} + "}")) ==
          "services.json: /pageout/interval_ms: a whole number from 1 to 86400000 was "
          "expected");
  CHECK(why_not(with(R"("pageout":{"max_dirty":4294967296})")) ==
        "services.json: /pageout/max_dirty: a whole number from 1 to 4294967295 was "
        "expected");
  CHECK(why_not(with(R"("pageout":[])")) ==
        "services.json: /pageout: an object was expected");
}

TEST_CASE("other values have their types") {
  CHECK(why_not(with(R"("debug":1)")) ==
        "services.json: /debug: true or false was expected");
  CHECK(why_not(with(R"("debug":null)")) ==
        "services.json: /debug: true or false was expected");
  CHECK(why_not(with(R"("storage":"data")")) ==
        "services.json: /storage: an object was expected");
  CHECK(why_not(with(R"("storage":{"path":1})")) ==
        "services.json: /storage/path: a string was expected");
  CHECK(why_not(with(R"("storage":{"path":""})")) ==
        "services.json: /storage/path: must not be empty");
  CHECK(why_not(with(R"("storage":{"path":"a\u0000b"})")) ==
        "services.json: /storage/path: no path holds a zero byte");
}

TEST_CASE("a configuration that was made in a program is checked alike") {
  config c = read("{" + pagers + "}");
  CHECK(check_config(c, "a program", known).has_value());
  const auto why = [&](auto change) {
    config bad = c;
    change(bad);
    const auto ok = check_config(bad, "a program", known);
    REQUIRE_FALSE(ok.has_value());
    CHECK(ok.error().code == errc::bad_config);
    return ok.error().message;
  };
  CHECK(why([](config& bad) { bad.pagers.clear(); }) ==
        "a program: /pagers: at least one pager is needed");
  CHECK(why([](config& bad) { bad.pagers.push_back(bad.pagers[0]); }) ==
        R"(a program: /pagers/1/namespace: "user" is already taken)");
  CHECK(why([](config& bad) { bad.pagers[0].ns = ""; }) ==
        "a program: /pagers/0/namespace: 1 to 255 bytes were expected");
  CHECK(why([](config& bad) { bad.pagers[0].name = "x"; }) ==
        R"(a program: /pagers/0/name: no pager is called "x"; there are mem0)");
  CHECK(why([](config& bad) { bad.pagers[0].ns = "\xff"; }) ==
        "a program: /pagers/0/namespace: not valid UTF-8");
  CHECK(why([](config& bad) { bad.pagers[0].options = "{"; }) ==
        "a program: /pagers/0/options: an object was expected");
  CHECK(why([](config& bad) { bad.pageout.interval_ms = 0; }) ==
        "a program: /pageout/interval_ms: a whole number from 1 to 86400000 was expected");
  CHECK(why([](config& bad) { bad.pageout.max_dirty = limits::max_dirty_max + 1; }) ==
        "a program: /pageout/max_dirty: a whole number from 1 to 4294967295 was expected");
}

TEST_CASE("metrics are served at an address and a port, or nowhere") {
  CHECK(read("{" + pagers + "}").metrics.listen.empty());
  for (const std::string listen : {"127.0.0.1:9464", "0.0.0.0:0", "[::1]:65535"}) {
    CHECK(read(with(R"("metrics":{"listen":")" + listen + "\"}")).metrics.listen == listen);
  }
  for (const std::string listen :
       {"9464", "localhost:9464", "127.0.0.1", "127.0.0.1:", ":9464", "127.0.0.1:65536",
        "127.0.0.1:-1", "127.0.0.1:9464,8080", "127.0.0.1:9464s", "[]:1", "[::1:1",
        "127.0.0.1:9464 "})
    CHECK(why_not(with(R"("metrics":{"listen":")" + listen + "\"}")) ==
          "services.json: /metrics/listen: an address and a port, such as "
          "\"127.0.0.1:9464\", were expected");
  CHECK(why_not(with(R"("metrics":{})")) == "services.json: /metrics/listen: missing");
  CHECK(why_not(with(R"("metrics":{"listen":9464})")) ==
        "services.json: /metrics/listen: a string was expected");
  CHECK(why_not(with(R"("metrics":{"port":1})")).find("unknown field") !=
        std::string::npos);
}

} // namespace flok::testing
