// `flok import`: what it refuses, how it says so, and that nothing changes then.
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tests/tools/import_home.hpp"

using namespace flok::testing;

namespace {

/// Expects a refusal: a message that holds all of these, nothing printed, no success.
void check_refusal(const tool_result& result, const strings& parts) {
  INFO("stderr: " << result.errors);
  CHECK(result.status != 0);
  CHECK(result.status < 128); // an exit, not a signal
  CHECK(result.output.empty());
  for (const std::string& part : parts) {
    INFO("lacks: " << part);
    CHECK(result.errors.find(part) != std::string::npos);
  }
}

/// A list that is there, and that no refused import may change.
class unharmed_list {
public:
  unharmed_list() {
    if (w.import(R"([{"k":"a"},{"k":"b"}])", {"--id-field", "k"}).status != 0)
      throw std::runtime_error("the first import failed");
    before_ = w.database();
  }

  /// Imports a text, and expects it to be refused with a message that holds these.
  void refuses(const std::string& text, const strings& parts,
               const strings& options = {"--id-field", "k"}) const {
    INFO(text.substr(0, 300));
    const auto result = w.import(text, options);
    check_refusal(result, parts);
    CHECK(result.errors.find("input.json") != std::string::npos);
    CHECK((w.database() == before_)); // bytes nobody wants to see printed
  }

  /// Runs the tool with these arguments, and expects it to refuse them.
  void refuses_call(const strings& arguments, const strings& parts) const {
    check_refusal(run_tool(arguments), parts);
    CHECK(w.database() == before_);
  }

  import_home w;

private:
  std::string before_;
};

} // namespace

TEST_CASE("import error: a text that is no JSON", "[import][errors]") {
  const unharmed_list u;
  for (const char* text : {"[", "[{\"k\":\"a\"}", "[{\"k\":\"a\"},]", "[{\"k\":\"a\"}] x",
                           "[{\"k\":01}]", "[{\"k\":\"\\q\"}]", "[{k:\"a\"}]"})
    u.refuses(text, {"flok import: "});
  u.refuses("[{\"k\":\"\xFF\"}]", {"UTF-8"});
  u.refuses("{\"a\":[{\"k\":\"a\"}]", {"JSON"}, {"--pointer", "/a"});
  u.refuses("{\"a\":[{\"k\":\"a\"}],\"b\":tru}", {"JSON"}, {"--pointer", "/a"});
  u.refuses(std::string(2000, '[') + std::string(2000, ']'), {"deep"});
}

TEST_CASE("import error: a text that is no array", "[import][errors]") {
  const unharmed_list u;
  for (const char* text : {"", " ", "{}", "7", "null", "\"[]\"", "{\"a\":[]}", "x"})
    u.refuses(text, {"not a JSON array", "--pointer"});
}

TEST_CASE("import error: a pointer to nothing, or to no array", "[import][errors]") {
  const unharmed_list u;
  const std::string text = R"({"a":{"b":[[],7]},"c":"x"})";
  const auto refuses = [&](const std::string& pointer, const strings& parts) {
    u.refuses(text, parts, {"--pointer", pointer});
  };
  refuses("/x", {"nothing", "x"});
  refuses("/a/x", {"nothing", "x"});
  refuses("/a/b/2", {"nothing", "2"});
  refuses("/a/b/-", {"nothing", "-"});
  refuses("/a/b/00", {"nothing", "00"});
  refuses("/a/b/99999999999999999999", {"nothing"});
  refuses("/c/0", {"nothing", "0"});
  refuses("/", {"nothing"});
  refuses("/a", {"/a", "not a JSON array"});
  refuses("/a/b/1", {"/a/b/1", "not a JSON array"});
  refuses("a", {"pointer", "/"});
}

TEST_CASE("import error: an element that is no object", "[import][errors]") {
  const unharmed_list u;
  for (const char* element : {"7", "null", "\"x\"", "[]", "true"}) {
    u.refuses(R"([{"k":"a"},)" + std::string{element} + "]", {"entry 1", "object"});
    u.refuses("[" + std::string{element} + "]", {"entry 0", "object"}, {});
  }
}

TEST_CASE("import error: an id that is missing, or no text", "[import][errors]") {
  const unharmed_list u;
  u.refuses(R"([{"k":"a"},{"n":1}])", {"entry 1", "\"k\"", "missing"});
  u.refuses(R"([{"k":""}])", {"entry 0", "\"k\"", "empty"});
  for (const char* value : {"null", "true", "[]", "{}"})
    u.refuses(R"([{"k":"a"},{"k":)" + std::string{value} + "}]", {"entry 1", "k"});
  for (const char* value : {"null", "true", "[]", "{}"})
    u.refuses(R"([{"_id":)" + std::string{value} + "}]", {"entry 0", "_id"}, {});
}

TEST_CASE("import error: an id given twice", "[import][errors]") {
  const unharmed_list u;
  u.refuses(R"([{"k":"a"},{"k":"b"},{"k":"\u0061"}])", {"entry 2", "\"a\"", "entry 0"});
  u.refuses(R"([{"k":1},{"k":"1"}])", {"entry 1", "\"1\"", "entry 0"});
  // Also where they are pages apart.
  u.refuses(R"([{"k":"a"},{"k":"b"},{"k":"a"}])", {"entry 2", "entry 0"},
            {"--id-field", "k", "--per-page", "1"});
  u.refuses(R"([{"_id":"a"},{},{"_id":"a"}])", {"entry 2", "entry 0"}, {});
}

TEST_CASE("import error: a naming member that stands twice", "[import][errors]") {
  const unharmed_list u;
  u.refuses(R"([{"k":"a","k":"b"}])", {"entry 0", "\"k\"", "twice"});
  u.refuses(R"([{"_id":"a","_id":"b"}])", {"entry 0", "\"_id\"", "twice"}, {});
  u.refuses(R"([{"_id":"a","\u005fid":"b","k":"c"}])", {"entry 0", "\"_id\"", "twice"});
  u.refuses(R"([{"k":"a","_sig":"b","_sig":"c"}])", {"list-1", "_sig", "twice"});
}

TEST_CASE("import error: a _sig that is no string", "[import][errors]") {
  const unharmed_list u;
  for (const char* value : {"7", "null", "{}"})
    u.refuses(R"([{"k":"a","_sig":)" + std::string{value} + "}]", {"list-1", "_sig"});
}

TEST_CASE("import error: an entry nested too deep, a page too large", "[import][errors]") {
  const unharmed_list u;
  const auto nested = [](std::size_t depth) {
    return R"([{"k":"a","n":)" + std::string(depth, '[') + std::string(depth, ']') + "}]";
  };
  u.refuses(nested(255), {"deep"});
  u.refuses(R"([{"k":"a","n":")" + std::string(flok::limits::page_bytes, 'x') + "\"}]",
            {"list-1", "larger"});
  CHECK(u.w.import(nested(200), {"--id-field", "k"}).status == 0);
}

TEST_CASE("import error: a list's name that cannot be a page's", "[import][errors]") {
  const unharmed_list u;
  const auto refuses = [&](const std::string& list, const strings& parts) {
    const auto before = u.w.database();
    check_refusal(u.w.import("[{}]", {}, list), parts);
    CHECK(u.w.database() == before);
  };
  refuses("", {"_id", "empty"});
  refuses("\xFF", {"UTF-8"});
  refuses(std::string(512, 'x'), {"512 bytes"});
  refuses(std::string(511, 'x'), {"513 bytes"}); // of its first page
}

TEST_CASE("import error: pages that are another list's, or somebody's own",
          "[import][errors]") {
  const unharmed_list u;
  const std::string one = R"([{"k":"c"}])";
  const auto check = [&](const std::string& list, const std::string& taken) {
    const auto before = u.w.database();
    check_refusal(u.w.import(one, {"--id-field", "k"}, list),
                  {"page " + taken + " is there already"});
    CHECK(u.w.database() == before);
  };
  check("list-1", "list-1"); // would be its head page
  u.w.write_page(R"({"_id":"mine-1","_type":"hash","entries":{"x":{"v":1}}})");
  check("mine", "mine-1");
  CHECK(u.w.entries().size() == 2);
}

TEST_CASE("import error: a file that cannot be read", "[import][errors]") {
  const unharmed_list u;
  const auto& dir = u.w.home.dir.path();
  check_refusal(u.w.import_file(dir / "absent.json"), {"absent.json", "No such file"});
  check_refusal(u.w.import_file(dir), {dir.string(), "directory"});
  CHECK(u.w.entries().size() == 2);
}

TEST_CASE("import error: a wrong configuration or namespace", "[import][errors]") {
  const unharmed_list u;
  const auto& home = u.w.home;
  const std::string file = home.dir.write("good.json", "[{}]");
  const std::string wrong = home.dir.write("wrong.json", R"({"pagers":[{"name":"mem0"}]})");
  const auto call = [&](const std::string& config, const std::string& ns) {
    return strings{"import", "--config", config,   "--data", home.data,
                   "--ns",   ns,         "--list", "listed", file};
  };
  u.refuses_call(call(wrong, "user"), {"wrong.json", "/pagers/0/namespace"});
  u.refuses_call(call(home.dir.path() / "absent.json", "user"), {"absent.json"});
  u.refuses_call(call(home.config, "nobody"), {"nobody", "services.json"});
  u.refuses_call(call(home.config, ""), {"namespace"});
}

TEST_CASE("import error: an option that is wrong or missing", "[import][errors]") {
  const unharmed_list u;
  const std::string file = u.w.home.dir.write("good.json", "[{}]");
  const strings whole{"import", "--config", u.w.home.config, "--data", u.w.home.data,
                      "--ns",   "user",     "--list",        "list",   file};
  for (const std::size_t left_out : {1U, 5U, 7U}) {
    strings part = whole;
    part.erase(part.begin() + static_cast<std::ptrdiff_t>(left_out),
               part.begin() + static_cast<std::ptrdiff_t>(left_out) + 2);
    u.refuses_call(part, {whole[left_out]});
  }
  u.refuses_call({whole.begin(), whole.end() - 1}, {"FILE"});
  for (const char* count : {"0", "-1", "100001", "many", "1.5", ""}) {
    strings more = whole;
    more.insert(more.end() - 1, {"--per-page", count});
    u.refuses_call(more, {"--per-page"});
  }
  strings unnamed = whole;
  unnamed[8] = "";
  u.refuses_call(unnamed, {"--list", "must not be empty"});
  strings more = whole;
  more.push_back("--frobnicate");
  u.refuses_call(more, {"--frobnicate"});
}

TEST_CASE("import error: a data folder that another process uses", "[import][errors]") {
  const unharmed_list u;
  auto shell = u.w.home.start_kept();
  shell.must(op::simple("stats"));
  check_refusal(u.w.import("[{}]"), {u.w.home.data.string()});
  CHECK(shell.finish().status == 0);
  CHECK(u.w.ids() == strings{"a", "b"});
}

TEST_CASE("import error: nothing is made for a text that is refused", "[import][errors]") {
  const import_home w;
  check_refusal(w.import("{"), {"input.json"});
  check_refusal(w.import("[]", {"--pointer", "/x"}), {"input.json"});
  const std::string file = w.home.dir.write("good.json", "[]");
  check_refusal(run_tool({"import", "--config", w.home.config, "--data", w.home.data,
                          "--ns", "nobody", "--list", "list", file}),
                {"nobody"});
  CHECK_FALSE(std::filesystem::exists(w.home.data));
}
