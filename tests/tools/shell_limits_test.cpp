// What holds the shell back or ends it: a reader that does not read, signals, streams that
// are closed.
#include <algorithm>
#include <csignal>
#include <sstream>

#include "tests/catch.hpp"
#include "tests/tools/tool_process.hpp"

using namespace flok::testing;
using namespace std::chrono_literals;

namespace {

/// So long nothing is taken where the shell does not read; a slower machine only makes a
/// test see that earlier.
constexpr auto patience = 500ms;

strings shell_over(const shell_home& home) {
  return {"shell", "--config", home.config, "--data", home.data};
}

/// Lines that write the page "p", and then read it so often, the reads tagged from 0 on.
std::string reads(std::size_t count) {
  std::string text = op::write("user", array_page("p", "v1")).dump() + "\n";
  for (std::size_t i = 0; i < count; ++i)
    text += R"({"op":"read","ns":"user","id":"p","tag":)" + std::to_string(i) + "}\n";
  return text;
}

std::size_t lines_in(std::string_view text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

/// How often each of the tags 0 to `count` - 1 stands in whole lines of the output.
std::vector<int> tags_in(const std::string& output, std::size_t count) {
  std::vector<int> seen(count);
  std::istringstream lines{output};
  constexpr std::string_view mark = ",\"tag\":";
  for (std::string line; std::getline(lines, line);) {
    const auto at = line.rfind(mark);
    if (at != std::string::npos && line.ends_with("}"))
      ++seen.at(std::stoul(line.substr(at + mark.size())));
  }
  return seen;
}

/// Whether a new shell over the folder finds the page.
bool kept(const shell_home& home, const std::string& id) {
  auto shell = home.start_kept();
  const bool found = code_of(shell.ask(op::read("user", id))).empty();
  return shell.finish().status == 0 && found;
}

/// Writes the page "first" and waits for the answer.
void write_first(tool_process& tool) {
  const std::string line = op::write("user", array_page("first", "v1")).dump() + "\n";
  REQUIRE(tool.push(line, patience) == line.size());
  REQUIRE(tool.read_line().find("\"reply\"") != std::string::npos);
}

} // namespace

TEST_CASE("limits: the shell stops reading while nobody reads its answers",
          "[shell][limits]") {
  constexpr std::size_t count = 300'000;
  const shell_home home;
  tool_process tool{{"shell", "--config", home.config}};
  const std::string input = reads(count);
  const std::size_t pushed = tool.push(input, patience);
  CHECK(lines_in(std::string_view{input}.substr(0, pushed)) < 100'000);
  CHECK(tool.resident_bytes() < std::size_t{500} << 20U);

  const std::string output = tool.exchange(std::string_view{input}.substr(pushed));
  CHECK(tool.wait() == 0);
  CHECK(lines_in(output) == count + 1);
  CHECK((tags_in(output, count) == std::vector<int>(count, 1)));
}

TEST_CASE("limits: events that nobody reads hold it back as well", "[shell][limits]") {
  constexpr std::size_t controllers = 10;
  constexpr std::size_t writes = 20'000;
  const shell_home home;
  tool_process tool{{"shell", "--config", home.config}};
  std::string input;
  for (std::size_t i = 0; i < controllers; ++i) {
    const std::string name = "c" + std::to_string(i);
    input +=
        op::controller(name).dump() + "\n" + op::watch(name, "user", "p").dump() + "\n";
  }
  for (std::size_t i = 0; i < writes; ++i)
    input += op::write("user", array_page("p", std::to_string(i))).dump() + "\n";
  const std::size_t pushed = tool.push(input, patience);
  CHECK(lines_in(std::string_view{input}.substr(0, pushed)) < writes / 2);

  const std::string output = tool.exchange(std::string_view{input}.substr(pushed));
  CHECK(tool.wait() == 0);
  CHECK(lines_in(output) == 2 * controllers + writes + controllers * writes);
}

TEST_CASE("limits: a log that nobody reads holds nothing up", "[shell][limits]") {
  const shell_home home;
  stream_setup unread;
  unread.errors_unread = true;
  auto arguments = shell_over(home);
  arguments.insert(arguments.end(), {"--log-level", "info"});
  tool_process tool{arguments, unread};
  constexpr std::size_t count = 100;
  CHECK((tags_in(tool.exchange(reads(count)), count) == std::vector<int>(count, 1)));
  CHECK(tool.wait() == 0);
  CHECK(kept(home, "p"));
}

TEST_CASE("limits: an output that others made non-blocking loses nothing",
          "[shell][limits]") {
  constexpr std::size_t count = 20'000;
  const shell_home home;
  stream_setup setup;
  setup.output_nonblocking = true;
  tool_process tool{{"shell", "--config", home.config}, setup};
  const std::string input = reads(count);
  const std::size_t pushed = tool.push(input, patience);
  const std::string output = tool.exchange(std::string_view{input}.substr(pushed));
  CHECK(tool.wait() == 0);
  CHECK((tags_in(output, count) == std::vector<int>(count, 1)));
}

TEST_CASE("limits: a signal is the end of input: page-out, and exit 0", "[shell][limits]") {
  for (const int number : {SIGTERM, SIGINT}) {
    const shell_home home;
    tool_process tool{shell_over(home)};
    write_first(tool);
    tool.signal(number);
    CHECK(tool.read_rest().empty());
    CHECK(tool.wait() == 0);
    CHECK(tool.errors().empty());
    CHECK(kept(home, "first"));
  }
}

TEST_CASE("limits: what was answered before a signal's end is kept", "[shell][limits]") {
  const shell_home home;
  tool_process tool{shell_over(home)};
  std::string input;
  for (int i = 0; i < 20'000; ++i) {
    json line = op::write("user", array_page("p" + std::to_string(i), "v1"));
    input += line.dump() + "\n";
  }
  tool.push(input, 0ms);
  tool.signal(SIGTERM);
  std::istringstream answers{tool.read_rest()};
  CHECK(tool.wait() == 0);
  auto shell = home.start_kept();
  int lost = 0;
  for (std::string line; std::getline(answers, line);) {
    const json answer = json::parse(line);
    if (answer.contains("reply")) // the last line may have been cut
      lost += code_of(shell.ask(op::read("user", text(answer.at("id"))))).empty() ? 0 : 1;
  }
  CHECK(lost == 0);
}

TEST_CASE("limits: a signal pages out although nobody reads", "[shell][limits]") {
  const shell_home home;
  tool_process tool{shell_over(home)};
  write_first(tool);
  const std::string input = reads(200'000);
  REQUIRE(tool.push(input, patience) < input.size());
  tool.signal(SIGTERM); // one is enough
  CHECK(tool.wait() == 1);
  CHECK(tool.errors() == "flok shell: nobody reads the output: the rest is lost\n");
  CHECK(kept(home, "first"));
}

TEST_CASE("limits: a signal ends one that has answered all, though nobody reads it",
          "[shell][limits]") {
  const shell_home home;
  tool_process tool{shell_over(home)};
  const std::string input = reads(2000) + // more than a pipe holds, less than holds it back
                            op::write("user", array_page("last", "v1")).dump() + "\n" +
                            op::simple("pageout").dump() + "\n";
  REQUIRE(tool.push(input, patience) == input.size());
  CHECK(comes_true([&] { // then all before it is answered
    return run_tool({"get", "user", "last", "--data", home.data}).status == 0;
  }));
  tool.signal(SIGTERM);
  CHECK(tool.wait() == 1);
  CHECK(tool.errors() == "flok shell: nobody reads the output: the rest is lost\n");
}

TEST_CASE("limits: a reader that comes late still gets all answers after a signal",
          "[shell][limits]") {
  constexpr std::size_t count = 200'000;
  const shell_home home;
  tool_process tool{shell_over(home)};
  const std::string input = reads(count);
  const std::size_t pushed = tool.push(input, patience);
  REQUIRE(pushed < input.size());
  tool.signal(SIGTERM);
  const std::string output = tool.read_rest();
  CHECK(tool.wait() == 0);
  CHECK(output.ends_with("}\n"));
  const auto seen = tags_in(output, count);
  const auto answered = std::count(seen.begin(), seen.end(), 1);
  // A line that the signal cut is answered, too; which is the first without its tag.
  CHECK(std::count(seen.begin(), seen.begin() + answered, 1) == answered);
  CHECK(std::count_if(seen.begin(), seen.end(), [](int n) { return n > 1; }) == 0);
}

TEST_CASE("limits: a reader that is gone ends it with an error, its pages kept",
          "[shell][limits]") {
  const shell_home home;
  tool_process tool{shell_over(home)};
  write_first(tool);
  tool.close_output();
  bool ended = false; // though its input stays open
  for (int i = 0; i < 6000 && !ended; ++i) {
    tool.push("{\"op\":\"stats\"}\n", patience);
    ended = tool.ends_within(10ms);
  }
  REQUIRE(ended);
  CHECK(tool.wait() == 1);
  CHECK(tool.errors().find("output") != std::string::npos);
  CHECK(kept(home, "first"));
}

TEST_CASE("limits: a reader that is gone shows at the end of input at the latest",
          "[shell][limits]") {
  const shell_home home;
  tool_process tool{shell_over(home)};
  write_first(tool);
  tool.close_output();
  const std::string line = op::write("user", array_page("last", "v1")).dump() + "\n";
  tool.exchange(line);
  CHECK(tool.wait() == 1);
  CHECK(kept(home, "last"));
}

TEST_CASE("limits: a closed standard stream is no door into the data", "[shell][limits]") {
  using closed = std::vector<int>;
  for (const closed& streams : {closed{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}}) {
    const shell_home home;
    REQUIRE(
        run_tool(shell_over(home), op::write("user", array_page("p", "v1")).dump() + "\n")
            .status == 0);
    const auto gone = [&](int fd) {
      return std::find(streams.begin(), streams.end(), fd) != streams.end();
    };
    stream_setup setup;
    setup.closed = streams;
    const auto result = run_tool(shell_over(home), "nonsense\n{\"op\":\"stats\"}\n", setup);
    INFO("closed " << gone(0) << gone(1) << gone(2) << ": " << result.errors);
    CHECK(result.status == (gone(0) || gone(1) ? 1 : 0));
    CHECK(lines_in(result.output) == (gone(0) || gone(1) ? 0U : 2U));
    CHECK(std::filesystem::file_size(home.data / "flok.lock") == 0);
    CHECK(kept(home, "p"));
  }
}

TEST_CASE("usage: help shows an example, and is no error", "[usage]") {
  for (const strings& arguments : {strings{"--help"},
                                   {"shell", "--help"},
                                   {"import", "--help"},
                                   {"-h"},
                                   {"shell", "-h"}}) {
    const auto result = run_tool(arguments);
    INFO(result.output);
    CHECK(result.status == 0);
    CHECK(result.errors.empty());
    CHECK(result.output.find("Example:") != std::string::npos);
    CHECK(result.output.find("--config services.json") != std::string::npos);
  }
  CHECK(run_tool({"import", "--help"}).output.find("--pointer") != std::string::npos);
}

TEST_CASE("usage: what is missing or unknown is named, with status 2", "[usage]") {
  const std::vector<std::pair<strings, std::string>> wrong{
      {{}, "subcommand"},
      {{"shell"}, "--config"},
      {{"import"}, "--config"},
      {{"frobnicate"}, "subcommand"},
      {{"shell", "--config", "a", "--config", "b"}, "--config"},
      {{"shell", "--config"}, "--config"},
      {{"shell", "--config", "a", "--frobnicate"}, "--frobnicate"},
      {{"shell", "--config", "a", "b"}, "b"}};
  for (const auto& [arguments, part] : wrong) {
    const auto result = run_tool(arguments);
    INFO(result.errors);
    CHECK(result.status == 2);
    CHECK(result.output.empty());
    CHECK(result.errors.find(part) != std::string::npos);
  }
}
