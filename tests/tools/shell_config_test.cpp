// What `flok shell` refuses before anything starts, and how it says so.
#include "tests/catch.hpp"
#include "tests/tools/shell_process.hpp"

using namespace flok::testing;

namespace {

constexpr const char* good_pagers = R"("pagers":[{"name":"mem0","namespace":"user"}])";

/// Runs the tool with these arguments and no input.
ending run(const strings& arguments) {
  shell_process shell{arguments};
  return shell.finish();
}

/// Expects a refusal: a message that holds all of these, nothing printed, no success.
void check_refusal(const ending& end, const strings& parts) {
  CHECK(end.status != 0);
  CHECK(end.status < 128); // an exit, not a signal
  CHECK(end.output.empty());
  for (const std::string& part : parts) {
    INFO("stderr: " << end.errors);
    INFO("lacks: " << part);
    CHECK(end.errors.find(part) != std::string::npos);
  }
}

/// Expects a configuration to be refused with a message that names the file and `path`.
void refuses(const std::string& text, const std::string& path) {
  INFO(text);
  const temp_dir dir;
  const auto config = dir.write("services.json", text);
  check_refusal(run({"shell", "--config", config.string()}), {"services.json", path});
}

/// A configuration with one pager and, beside it, this.
std::string with(const std::string& more) {
  return "{" + std::string{good_pagers} + "," + more + "}";
}

/// A configuration with these pagers.
std::string pagers(const std::string& list) { return R"({"pagers":)" + list + "}"; }

/// Expects a configuration to be accepted.
void accepts(const std::string& text) {
  INFO(text);
  const temp_dir dir;
  shell_process shell{dir.write("services.json", text)};
  shell.must(op::simple("stats"));
  CHECK(shell.finish().status == 0);
}

} // namespace

TEST_CASE("config: what is required and what may be added is accepted", "[shell][config]") {
  accepts("{" + std::string{good_pagers} + "}");
  accepts(with(R"("pageout":{},"storage":{},"debug":false)"));
  accepts(with(R"("pageout":{"interval_ms":1,"max_dirty":1})"));
  accepts(with(R"("pageout":{"interval_ms":86400000,"max_dirty":4294967295})"));
  accepts(R"({"debug":true,"pagers":[{"name":"spec0","namespace":"a","options":{"x":[]}},
              {"name":"spec","namespace":"b"},{"name":"mem","namespace":"c"},
              {"name":"mem2","namespace":"d"},{"name":"mem2","namespace":"e"}]})");
}

TEST_CASE("config: a file that is missing is named", "[shell][config]") {
  const temp_dir dir;
  const std::string absent = (dir.path() / "absent.json").string();
  check_refusal(run({"shell", "--config", absent}), {"absent.json"});
}

TEST_CASE("config: the option itself is required", "[shell][config]") {
  check_refusal(run({"shell"}), {"--config"});
}

TEST_CASE("config: a malformed file is refused", "[shell][config]") {
  for (const char* text : {"", "{", "[]", "7", "null", "{\"pagers\":[}", "pagers"}) {
    refuses(text, "services.json");
  }
  refuses("{" + std::string{good_pagers} + "} x", "services.json");
  refuses(with(R"("debug":tru)"), "services.json");
  refuses(with("\"debug\":false,\"\xFF\":1"), "services.json");
}

TEST_CASE("config: it needs a pager", "[shell][config]") {
  refuses("{}", "pagers");
  refuses(R"({"debug":true})", "pagers");
  refuses(pagers("[]"), "/pagers");
}

TEST_CASE("config: an unknown field is refused wherever it is", "[shell][config]") {
  refuses(with(R"("pager":[])"), "/pager");
  refuses(with(R"("storage":{"pth":"x"})"), "/storage/pth");
  refuses(with(R"("pageout":{"interval":5})"), "/pageout/interval");
  refuses(pagers(R"([{"name":"mem0","namespace":"user","option":{}}])"),
          "/pagers/0/option");
}

TEST_CASE("config: a pager needs a name and a namespace", "[shell][config]") {
  refuses(pagers(R"([{"namespace":"user"}])"), "/pagers/0");
  refuses(pagers(R"([{"name":"mem0"}])"), "/pagers/0");
  refuses(pagers(R"([{"name":"mem0","namespace":"a"},{}])"), "/pagers/1");
}

TEST_CASE("config: an unknown pager is refused", "[shell][config]") {
  refuses(pagers(R"([{"name":"mem0","namespace":"a"},{"name":"mem9","namespace":"b"}])"),
          "/pagers/1/name");
  refuses(pagers(R"([{"name":"","namespace":"b"}])"), "/pagers/0/name");
}

TEST_CASE("config: a namespace given twice is refused", "[shell][config]") {
  refuses(
      pagers(R"([{"name":"mem0","namespace":"user"},{"name":"mem1","namespace":"user"}])"),
      R"(/pagers/1/namespace: "user" is already taken)");
}

TEST_CASE("config: the recording pager needs debug", "[shell][config]") {
  for (const char* name : {"spec", "spec0"}) {
    const std::string list = "[{\"name\":\"" + std::string{name} + R"(","namespace":"a"}])";
    refuses(pagers(list), "/pagers/0/name");
    refuses(R"({"debug":false,"pagers":)" + list + "}", "debug");
    accepts(R"({"debug":true,"pagers":)" + list + "}");
  }
}

TEST_CASE("config: a value out of range is refused", "[shell][config]") {
  for (const char* value : {"0", "-1", "86400001", "1e99", "18446744073709551616"}) {
    refuses(with(R"("pageout":{"interval_ms":)" + std::string{value} + "}"),
            "/pageout/interval_ms");
  }
  for (const char* value : {"0", "-1", "4294967296", "18446744073709551616"}) {
    refuses(with(R"("pageout":{"max_dirty":)" + std::string{value} + "}"),
            "/pageout/max_dirty");
  }
}

TEST_CASE("config: a value of the wrong type is refused", "[shell][config]") {
  refuses(pagers("{}"), "/pagers");
  refuses(pagers("[7]"), "/pagers/0");
  refuses(pagers(R"([{"name":7,"namespace":"user"}])"), "/pagers/0/name");
  refuses(pagers(R"([{"name":"mem0","namespace":["user"]}])"), "/pagers/0/namespace");
  refuses(with(R"("storage":"data")"), "/storage");
  refuses(with(R"("storage":{"path":7})"), "/storage/path");
  refuses(with(R"("pageout":60000)"), "/pageout");
  refuses(with(R"("pageout":{"interval_ms":"60000"})"), "/pageout/interval_ms");
  refuses(with(R"("pageout":{"interval_ms":1.5})"), "/pageout/interval_ms");
  refuses(with(R"("pageout":{"max_dirty":true})"), "/pageout/max_dirty");
  refuses(with(R"("debug":"yes")"), "/debug");
}

TEST_CASE("config: a field given twice is refused", "[shell][config]") {
  refuses(with(R"("debug":false,"debug":false)"), "/debug");
}

TEST_CASE("data: a folder that cannot be made is refused", "[shell][config]") {
  const shell_home home;
  const auto file = home.dir.write("file", "no folder");
  check_refusal(
      run({"shell", "--config", home.config.string(), "--data", (file / "below").string()}),
      {(file / "below").string()});
  check_refusal(run({"shell", "--config", home.config.string(), "--data", file.string()}),
                {file.string()});
}

TEST_CASE("data: a second process on the same folder is refused", "[shell][config]") {
  const shell_home home;
  auto first = home.start_kept();
  first.must(op::simple("stats"));
  const strings arguments{"shell", "--config", home.config.string(), "--data",
                          home.data.string()};
  check_refusal(run(arguments), {home.data.string()});
  first.must(op::write("user", array_page("p", "v1")));
  CHECK(first.finish().status == 0);
  auto second = home.start_kept();
  second.must(op::read("user", "p"));
}

TEST_CASE("data: a process that was killed leaves its folder free", "[shell][config]") {
  const shell_home home;
  auto first = home.start_kept();
  first.must(op::simple("stats"));
  CHECK(first.kill().status == 128 + 9);
  auto second = home.start_kept();
  second.must(op::simple("stats"));
  CHECK(second.finish().status == 0);
}

TEST_CASE("data: storage.path starts at the configuration's folder", "[shell][config]") {
  const temp_dir dir;
  const auto config = dir.write("services.json", with(R"("storage":{"path":"pages"})"));
  {
    shell_process shell{config};
    shell.must(op::write("user", array_page("p", "v1")));
    CHECK(shell.finish().status == 0);
  }
  CHECK(std::filesystem::is_directory(dir.path() / "pages"));
  shell_process shell{config, dir.path() / "pages"};
  shell.must(op::read("user", "p"));
}

TEST_CASE("data: --data stands over storage.path", "[shell][config]") {
  const temp_dir dir;
  const auto config = dir.write("services.json", with(R"("storage":{"path":"pages"})"));
  shell_process shell{config, dir.path() / "other"};
  shell.must(op::write("user", array_page("p", "v1")));
  CHECK(shell.finish().status == 0);
  CHECK(std::filesystem::is_directory(dir.path() / "other"));
  CHECK_FALSE(std::filesystem::exists(dir.path() / "pages"));
}
