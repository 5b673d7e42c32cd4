// Lines in and lines out: line_reader and output.
#include <array>
#include <cerrno>
#include <csignal>
#include <future>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/catch.hpp"
#include "tools/line_reader.hpp"
#include "tools/output.hpp"

using flok::tools::line_reader;
using flok::tools::output;

namespace {

/// Two connected descriptors: what is written to `in` is read from `out`.
struct channel {
  channel() {
    if (::pipe2(fds.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("pipe2");
  }
  ~channel() {
    close_out();
    close_in();
  }
  channel(const channel&) = delete;
  channel& operator=(const channel&) = delete;

  [[nodiscard]] int out() const { return fds[0]; }
  [[nodiscard]] int in() const { return fds[1]; }
  void close_out() { close(fds[0]); }
  void close_in() { close(fds[1]); }

  void write(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto put = ::write(in(), bytes.data(), bytes.size());
      if (put <= 0)
        throw std::runtime_error("write");
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
  }

  /// All that comes until the other end is closed.
  [[nodiscard]] std::string read_all() const {
    std::string all;
    std::array<char, 4096> chunk{};
    for (;;) {
      const auto got = ::read(out(), chunk.data(), chunk.size());
      if (got <= 0)
        return all;
      all.append(chunk.data(), static_cast<std::size_t>(got));
    }
  }

  std::array<int, 2> fds{-1, -1};

private:
  static void close(int& fd) {
    if (fd >= 0)
      ::close(fd);
    fd = -1;
  }
};

/// A channel in which each write is read by itself, so that a test decides where the
/// chunks end.
struct packets : channel {
  packets() {
    close_out();
    close_in();
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) != 0)
      throw std::runtime_error("socketpair");
  }
};

/// A line as the tests write it: its text, or "too long".
std::string shown(const line_reader::line& line) {
  return line.too_long ? "too long" + line.text : "[" + line.text + "]";
}

/// All lines until the end.
std::vector<std::string> all_lines(line_reader& reader) {
  std::vector<std::string> all;
  for (auto lines = reader.next(); !lines.empty(); lines = reader.next())
    for (const auto& line : lines)
      all.push_back(shown(line));
  return all;
}

/// The lines of an input that comes in these chunks.
std::vector<std::string> lines_of(const std::vector<std::string>& chunks,
                                  std::size_t longest = 8) {
  packets p;
  for (const auto& chunk : chunks)
    p.write(chunk);
  p.close_in();
  line_reader reader{p.out(), longest};
  return all_lines(reader);
}

using texts = std::vector<std::string>;

} // namespace

TEST_CASE("line_reader: lines are what stands between line ends", "[lines]") {
  CHECK(lines_of({"ab\ncd\n"}) == texts{"[ab]", "[cd]"});
  CHECK(lines_of({"\n\nab\n\n"}) == texts{"[]", "[]", "[ab]", "[]"});
  CHECK(lines_of({std::string("a\0b\n", 4)}) == texts{std::string("[a\0b]", 5)});
  CHECK(lines_of({}).empty());
}

TEST_CASE("line_reader: a CR before the line end stays", "[lines]") {
  CHECK(lines_of({"ab\r\ncd\r\n"}) == texts{"[ab\r]", "[cd\r]"});
  CHECK(lines_of({"a\rb\n\r"}) == texts{"[a\rb]", "[\r]"});
}

TEST_CASE("line_reader: a last line needs no end", "[lines]") {
  CHECK(lines_of({"ab\ncd"}) == texts{"[ab]", "[cd]"});
  CHECK(lines_of({"c", "d"}) == texts{"[cd]"});
}

TEST_CASE("line_reader: lines may come in any pieces", "[lines]") {
  CHECK(lines_of({"a", "b", "\n", "c", "d\ne", "f\n"}) == texts{"[ab]", "[cd]", "[ef]"});
  CHECK(lines_of({"ab", "\ncd", "\n"}) == texts{"[ab]", "[cd]"});
  CHECK(lines_of({"ab\n", "\n", "cd\n"}) == texts{"[ab]", "[]", "[cd]"});
}

TEST_CASE("line_reader: lines that came together are given together", "[lines]") {
  packets p;
  p.write("a\nb\nc");
  p.write("\nd\n");
  line_reader reader{p.out(), 8};
  CHECK(reader.next().size() == 2);
  CHECK(reader.next().size() == 2);
  p.close_in();
  CHECK(reader.next().empty());
  CHECK(reader.next().empty()); // it stays ended
}

TEST_CASE("line_reader: the longest line is one, a longer one is skipped", "[lines]") {
  CHECK(lines_of({"12345678\nab\n"}) == texts{"[12345678]", "[ab]"});
  CHECK(lines_of({"123456789\nab\n"}) == texts{"too long", "[ab]"});
  CHECK(lines_of({"ab\n123456789\n12345678\n"}) == texts{"[ab]", "too long", "[12345678]"});
  CHECK(lines_of({"12345678\r\n"}) == texts{"too long"}); // the CR is one of its bytes
}

TEST_CASE("line_reader: a line may be too long in any pieces", "[lines]") {
  CHECK(lines_of({"1234", "5678", "\nab\n"}) == texts{"[12345678]", "[ab]"});
  CHECK(lines_of({"1234", "5678", "9", "\nab\n"}) == texts{"too long", "[ab]"});
  CHECK(lines_of({"123456789", "123456789", "1", "2\n", "ab\n"}) ==
        texts{"too long", "[ab]"});
  CHECK(lines_of({"123456789\n", "12345678", "9\nab"}) ==
        texts{"too long", "too long", "[ab]"});
}

TEST_CASE("line_reader: a last line may be too long as well", "[lines]") {
  CHECK(lines_of({"ab\n123456789"}) == texts{"[ab]", "too long"});
  CHECK(lines_of({"12345678", "9"}) == texts{"too long"});
}

TEST_CASE("line_reader: that a line is too long is told before its end", "[lines]") {
  channel input;
  line_reader reader{input.out(), 8};
  input.write("123456789");
  const auto lines = reader.next();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].too_long);
  input.write("more\nab\n");
  CHECK(shown(reader.next().at(0)) == "[ab]");
}

TEST_CASE("line_reader: a line may be waited for until a moment", "[lines]") {
  channel input;
  line_reader reader{input.out(), 8};
  reader.expect(4, std::chrono::steady_clock::now());
  CHECK(reader.next().empty());
  CHECK(reader.error() == ETIMEDOUT);
}

TEST_CASE("line_reader: who says something all the time has no more time for it",
          "[lines]") {
  channel input;
  line_reader reader{input.out(), 8};
  reader.expect(8, std::chrono::steady_clock::now() - std::chrono::seconds{1});
  input.write("a\n");
  CHECK(reader.next().empty());
  CHECK(reader.error() == ETIMEDOUT);
}

TEST_CASE("line_reader: many lines through a pipe, whatever chunks it makes", "[lines]") {
  texts expected;
  std::string input;
  for (std::size_t i = 0; i < 3000; ++i) { // up to three chunks long, and tiny ones
    const std::size_t size = i % 100 == 0 ? i * 70 : i % 50;
    const std::string line(size, static_cast<char>('a' + i % 26));
    input += line + "\n";
    expected.push_back(size > 200'000 ? "too long" : "[" + line + "]");
  }
  channel c;
  std::thread writer{[&] {
    c.write(input);
    c.close_in();
  }};
  line_reader reader{c.out(), 200'000};
  const texts found = all_lines(reader);
  writer.join();
  CHECK(found.size() == expected.size());
  CHECK((found == expected));
}

TEST_CASE("line_reader: a request to stop is the end of input", "[lines]") {
  channel input;
  channel stop;
  line_reader reader{input.out(), 8, stop.out()};
  input.write("ab\n");
  CHECK(reader.next().size() == 1);
  input.write("cd\n");
  stop.write("x");
  CHECK(reader.next().empty()); // though there is input
  CHECK(reader.next().empty());
}

TEST_CASE("line_reader: a request to stop ends the wait for input", "[lines]") {
  channel input;
  channel stop;
  line_reader reader{input.out(), 8, stop.out()};
  auto lines = std::async(std::launch::async, [&] { return reader.next().size(); });
  stop.write("x");
  CHECK(lines.get() == 0);
}

TEST_CASE("line_reader: a request to stop drops the line that it cuts off", "[lines]") {
  channel input;
  channel stop;
  line_reader reader{input.out(), 8, stop.out()};
  input.write("a\nhalf");
  CHECK(reader.next().size() == 1); // and the piece of the next one is read
  stop.write("x");
  CHECK(reader.next().empty());
  CHECK(reader.error() == 0);
}

TEST_CASE("line_reader: what cannot be read is at its end", "[lines]") {
  const int gone = ::dup(STDIN_FILENO);
  ::close(gone);
  line_reader closed{gone, 8};
  CHECK(closed.next().empty());
  CHECK(closed.error() == EBADF);
  const int folder = ::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  line_reader reader{folder, 8};
  CHECK(reader.next().empty());
  CHECK(reader.error() == EISDIR);
  ::close(folder);
}

TEST_CASE("line_reader: a non-blocking descriptor is waited for", "[lines]") {
  channel input;
  ::fcntl(input.out(), F_SETFL, O_NONBLOCK);
  line_reader reader{input.out(), 8};
  auto lines = std::async(std::launch::async, [&] { return all_lines(reader); });
  input.write("a");
  input.write("b\n");
  input.close_in();
  CHECK(lines.get() == texts{"[ab]"});
}

namespace {

/// The other end of an output; a broken pipe is an error here, as it is in the shell.
struct reader_of_output : channel {
  reader_of_output() { std::signal(SIGPIPE, SIG_IGN); }
};

constexpr std::size_t megabyte = std::size_t{1} << 20U;

} // namespace

TEST_CASE("output: texts come in their order", "[lines]") {
  reader_of_output r;
  {
    output out{r.in()};
    for (const char* text : {"one\n", "two\n", "", "three\n"})
      out.print(text);
    CHECK(out.flush());
  }
  r.close_in();
  CHECK(r.read_all() == "one\ntwo\nthree\n");
}

TEST_CASE("output: what one call prints stays together", "[lines]") {
  constexpr int threads = 4;
  constexpr int texts_each = 500;
  reader_of_output r;
  auto all = std::async(std::launch::async, [&] { return r.read_all(); });
  {
    output out{r.in()};
    std::vector<std::thread> printers;
    for (int t = 0; t < threads; ++t)
      printers.emplace_back([&out, t] {
        for (int i = 0; i < texts_each; ++i) {
          const std::string name = std::to_string(t) + " " + std::to_string(i);
          out.print(name + "\n" + std::string(300, '.') + "\n" + name + " end\n");
        }
      });
    for (auto& printer : printers)
      printer.join();
  }
  r.close_in();
  std::istringstream lines{all.get()};
  std::array<int, threads> seen{};
  int broken = 0;
  int count = 0;
  for (std::string first, dots, last; std::getline(lines, first); ++count) {
    std::getline(lines, dots);
    std::getline(lines, last);
    const auto t = static_cast<std::size_t>(std::stoi(first));
    const bool in_order = std::stoi(first.substr(2)) == seen.at(t)++;
    broken += in_order && dots == std::string(300, '.') && last == first + " end" ? 0 : 1;
  }
  CHECK(broken == 0);
  CHECK(count == threads * texts_each);
}

TEST_CASE("output: to print never waits, and the end prints all", "[lines]") {
  reader_of_output r;
  auto out = std::make_unique<output>(r.in());
  for (int i = 0; i < 10; ++i)
    out->print(std::string(megabyte, static_cast<char>('a' + i)));
  auto all = std::async(std::launch::async, [&] { return r.read_all(); });
  out.reset();
  r.close_in();
  const std::string text = all.get();
  CHECK(text.size() == 10 * megabyte);
  CHECK(text.front() == 'a');
  CHECK(text.back() == 'j');
}

TEST_CASE("output: there is room while no more than that is queued", "[lines]") {
  reader_of_output r;
  output out{r.in()};
  CHECK(out.wait_for_room(0));
  out.print(std::string(megabyte, 'x')); // more than a pipe holds
  CHECK(out.wait_for_room(megabyte));
  out.print("y");
  auto room =
      std::async(std::launch::async, [&] { return out.wait_for_room(megabyte / 2); });
  std::string read(megabyte + 1, '\0');
  for (std::size_t got = 0; got != read.size();)
    got += static_cast<std::size_t>(::read(r.out(), read.data() + got, read.size() - got));
  CHECK(room.get());
  CHECK(read.back() == 'y');
  CHECK(out.flush());
}

TEST_CASE("output: the wait for room may be given up, and nothing is lost", "[lines]") {
  reader_of_output r;
  {
    output out{r.in()};
    out.print(std::string(megabyte, 'x'));
    int asked = 0;
    CHECK_FALSE(out.wait_for_room(0, [&] { return ++asked == 2; }));
    CHECK(asked == 2);
    out.print("y");
    auto all = std::async(std::launch::async, [&] { return r.read_all(); });
    CHECK(out.wait_for_room(0, [] { return false; }));
    r.close_in();
    CHECK(all.get() == std::string(megabyte, 'x') + "y");
  }
}

TEST_CASE("output: who was told to wait is called once there is room", "[lines]") {
  reader_of_output r;
  std::promise<void> called;
  output out{r.in()};
  out.on_room([&] { called.set_value(); });
  CHECK(out.ready(0));
  out.print(std::string(megabyte, 'x')); // more than a pipe holds
  CHECK_FALSE(out.ready(megabyte / 2));
  auto room = called.get_future();
  CHECK(room.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
  auto all = std::async(std::launch::async, [&] { return r.read_all(); });
  REQUIRE(room.wait_for(std::chrono::minutes{1}) == std::future_status::ready);
  CHECK(out.ready(megabyte / 2));
  out.close();
  r.close_in();
  CHECK(all.get().size() == megabyte);
}

TEST_CASE("output: more than a bound is given up, once, and ends every wait", "[lines]") {
  reader_of_output r;
  output out{r.in()};
  out.print(std::string(megabyte, 'x'));
  CHECK_FALSE(out.break_beyond(megabyte));
  CHECK_FALSE(out.broken());
  out.print("y");
  CHECK(out.break_beyond(megabyte));
  CHECK_FALSE(out.break_beyond(megabyte));
  CHECK(out.broken());
  CHECK(out.ready(0));
  CHECK_FALSE(out.flush());
  r.close_out(); // ends the write that is under way
}

TEST_CASE("output: a reader that is gone is told of, and ends every wait", "[lines]") {
  reader_of_output r;
  output out{r.in()};
  out.print(std::string(megabyte, 'x'));
  auto room = std::async(std::launch::async, [&] { return out.wait_for_room(0); });
  r.close_out();
  CHECK_FALSE(room.get());
  out.print("more"); // is dropped
  CHECK_FALSE(out.wait_for_room(megabyte));
  CHECK_FALSE(out.flush());
}

TEST_CASE("output: a full disk is like a reader that is gone", "[lines]") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  if (full < 0) {
    WARN("not tested: there is no /dev/full");
    return;
  }
  {
    output out{full};
    out.print("x");
    CHECK_FALSE(out.flush());
  }
  ::close(full);
}

TEST_CASE("output: a non-blocking descriptor loses nothing", "[lines]") {
  reader_of_output r;
  ::fcntl(r.in(), F_SETFL, O_NONBLOCK);
  auto out = std::make_unique<output>(r.in());
  const std::string text(megabyte, 'x');
  out->print(text + "y");
  auto all = std::async(std::launch::async, [&] { return r.read_all(); });
  CHECK(out->flush());
  out.reset();
  r.close_in();
  CHECK(all.get() == text + "y");
}
