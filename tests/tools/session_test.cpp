// shell_session, with a printer that the test holds up.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flok.hpp"
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
#include "tools/shell_room.hpp"
#include "tools/shell_session.hpp"

using namespace flok;
using namespace flok::tools;

namespace {

std::unique_ptr<flok::system> start_system() {
  system_options options;
  options.config.pagers.push_back({"mem0", "user", "{}"});
  auto sys = flok::system::start(std::move(options), *builtin_pagers());
  REQUIRE(sys);
  return std::move(*sys);
}

/// Counts what is added and printed, and holds up the first print until the session has
/// taken as much as it will.
class slow_reader {
public:
  void added() {
    const std::lock_guard lock{mutex_};
    ++added_;
    changed_.notify_all();
  }

  void print() {
    std::unique_lock lock{mutex_};
    filled_ = changed_.wait_for(lock, std::chrono::minutes{1}, [&] {
      return added_ >= limits::unanswered_ops;
    }) && filled_;
    // The one that is printed is not answered yet.
    most_unanswered_ = std::max(most_unanswered_, added_ - printed_);
    ++printed_;
  }

  bool filled_ = true;
  std::size_t added_ = 0;
  std::size_t printed_ = 0;
  std::size_t most_unanswered_ = 0;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

} // namespace

TEST_CASE("session: so many operations may be unanswered, and no more", "[session]") {
  constexpr std::size_t count = 5 * limits::unanswered_ops;
  const auto sys = start_system();
  slow_reader reader;
  shell_session session{
      *sys, sys->configuration(), {[&](const std::string&) { reader.print(); }}};
  for (std::size_t i = 0; i < count; ++i) {
    session.add(
        parse_op(R"({"op":"hash","page":{"_id":"p","_type":"array","entries":[]}})"));
    reader.added();
  }
  session.finish();
  CHECK(reader.filled_);
  CHECK(reader.most_unanswered_ == limits::unanswered_ops);
  CHECK(reader.printed_ == count); // and nothing of what `finish` asks for
}

TEST_CASE("session: it finishes once the events are printed", "[session]") {
  const auto sys = start_system();
  std::mutex mutex;
  std::string printed;
  shell_session session{*sys, sys->configuration(), {[&](const std::string& text) {
                          const std::lock_guard lock{mutex};
                          printed += text;
                        }}};
  for (const char* line :
       {R"({"op":"controller","controller":"ann"})",
        R"({"op":"watch","controller":"ann","ns":"user","id":"p"})",
        R"({"op":"write","ns":"user","page":{"_id":"p","_type":"array","entries":[]}})"})
    session.add(parse_op(line));
  session.finish();
  const std::lock_guard lock{mutex};
  CHECK(printed.find(R"("event":"read_res","controller":"ann")") != std::string::npos);
  CHECK(printed.find(R"({"reply":"write","id":"p")") != std::string::npos);
}

namespace {

/// Takes nothing of what is printed until there is no room for more, and then all.
class late_reader {
public:
  [[nodiscard]] session_sink sink() {
    return {[this](const std::string& text) {
              const std::lock_guard lock{mutex_};
              unread_ += text.size();
              most_unread_ = std::max(most_unread_, unread_);
              printed_ +=
                  static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
              changed_.notify_all();
            },
            [this](bool) {
              const std::lock_guard lock{mutex_};
              awaited_ = !gone_ && unread_ > limits::unread_output_bytes;
              changed_.notify_all();
              return !awaited_;
            },
            [this] {
              const std::lock_guard lock{mutex_};
              return !gone_;
            }};
  }

  /// Reads until so many lines are printed; false where that takes a minute.
  bool read(std::size_t lines, const std::function<void()>& waker) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes{1};
    std::unique_lock lock{mutex_};
    while (printed_ < lines) {
      if (!changed_.wait_until(lock, until, [&] { return awaited_ || printed_ == lines; }))
        return false;
      if (!std::exchange(awaited_, false))
        continue;
      unread_ = 0;
      lock.unlock();
      waker();
      lock.lock();
    }
    return true;
  }

  /// Nobody reads from now on.
  void leave() {
    const std::lock_guard lock{mutex_};
    gone_ = true;
  }

  [[nodiscard]] bool is_awaited() {
    const std::lock_guard lock{mutex_};
    return awaited_;
  }

  [[nodiscard]] std::size_t most_unread() {
    const std::lock_guard lock{mutex_};
    return most_unread_;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t unread_ = 0;
  std::size_t most_unread_ = 0;
  std::size_t printed_ = 0; ///< lines
  bool awaited_ = false;    ///< there was no room
  bool gone_ = false;
};

std::string page_text(std::size_t bytes) {
  return R"({"_id":"p","_type":"array","entries":[{"_id":"a","filler":")" +
         std::string(bytes, '.') + R"("}]})";
}

} // namespace

TEST_CASE("session: answers that nobody reads are few, however many are asked for",
          "[session]") {
  constexpr std::size_t page_bytes = 200'000;
  constexpr std::size_t count = limits::unanswered_ops - 1;
  const auto sys = start_system();
  late_reader reader;
  shell_session session{*sys, sys->configuration(), reader.sink()};
  session.add(
      parse_op(R"({"op":"write","ns":"user","page":)" + page_text(page_bytes) + "}"));
  for (std::size_t i = 0; i < count; ++i)
    session.add(parse_op(R"({"op":"read","ns":"user","id":"p"})"));
  REQUIRE(reader.read(count + 1, session.waker()));
  CHECK(reader.most_unread() < 2 * (limits::unread_output_bytes + page_bytes));
  session.finish();
}

TEST_CASE("session: what waits for a reader is done once there is none any more",
          "[session]") {
  const auto sys = start_system();
  late_reader reader;
  shell_session session{*sys, sys->configuration(), reader.sink()};
  for (const std::size_t bytes : {5'000'000U, 1'000U}) {
    session.add(parse_op(R"({"op":"write","ns":"user","page":)" + page_text(bytes) + "}"));
    for (int i = 0; i < 3; ++i)
      session.add(parse_op(R"({"op":"read","ns":"user","id":"p"})"));
  }
  CHECK_FALSE(session.finish([&] { return reader.is_awaited(); }));
  CHECK(sys->read("user", "p").value()->json_bytes_bound() > 1'000'000);
  reader.leave();
  const auto unread = reader.most_unread();
  session.waker()();
  CHECK(session.finish());
  CHECK(reader.most_unread() < unread + 10'000); // nothing is made for nobody
  CHECK(sys->read("user", "p").value()->json_bytes_bound() < 10'000);
}

TEST_CASE("session: who asks for every version does not wait behind what is held",
          "[session]") {
  std::mutex mutex;
  std::condition_variable changed;
  std::string printed;
  bool refused = false;
  const auto sys = start_system();
  shell_session session{*sys,
                        sys->configuration(),
                        {[&](const std::string& text) {
                           const std::lock_guard lock{mutex};
                           printed += text;
                           changed.notify_all();
                         },
                         [&](bool must) { // nobody reads
                           const std::lock_guard lock{mutex};
                           refused = refused || !must;
                           changed.notify_all();
                           return must;
                         }}};
  const auto add = [&](const char* line) { session.add(parse_op(line)); };
  const auto comes = [&](const auto& what) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, std::chrono::minutes{1}, what);
  };
  add(R"({"op":"controller","controller":"ann"})");
  add(R"({"op":"watch","controller":"ann","ns":"user","id":"a"})");
  add(R"({"op":"write","ns":"user","page":{"_id":"a","_type":"array","entries":[]}})");
  REQUIRE(comes([&] { return refused; }));
  add(R"({"op":"watch","controller":"ann","ns":"user","id":"b","every":true})");
  add(R"({"op":"write","ns":"user","page":{"_id":"b","_type":"array","entries":[]}})");
  CHECK(comes(
      [&] { return printed.find(R"("ns":"user","id":"b","page")") < printed.size(); }));
  const auto first = printed.find(R"("ns":"user","id":"a","page")");
  CHECK(first < printed.find(R"("ns":"user","id":"b","page")"));
  session.finish();
}

TEST_CASE("session: operations that wait for room take little memory either", "[session]") {
  const auto sys = start_system();
  late_reader reader;
  shell_session session{*sys, sys->configuration(), reader.sink()};
  session.add(
      parse_op(R"({"op":"write","ns":"user","page":)" + page_text(5'000'000) + "}"));
  for (int i = 0; i < 2; ++i)
    session.add(parse_op(R"({"op":"read","ns":"user","id":"p"})"));
  CHECK_FALSE(session.finish([&] { return reader.is_awaited(); }));
  auto line = parse_op(R"({"op":"hash","page":)" + page_text(1000) + "}");
  line.bytes = limits::unanswered_bytes / 4; // as if it were so long
  std::size_t added = 0;
  while (added < 100 && session.add(line, [] { return true; }))
    ++added;
  CHECK(added == 5);
  reader.leave();
  session.waker()();
  session.finish();
}

TEST_CASE("room: large answers are met one by one, small ones soon many at a time",
          "[session]") {
  std::vector<int> begun;
  bool ready = true;
  shell_room room{[&] { return ready; }};
  std::vector<int> ops(1000);
  const auto unknown = [] { return std::optional<std::size_t>{}; };
  for (auto& op : ops)
    room.begin(&op, unknown, [&begun] { begun.push_back(0); });
  CHECK(begun.size() == 1);
  std::size_t ended = 0;
  for (; ended < 10; ++ended)
    room.ended(&ops[ended], 2 * limits::unread_output_bytes);
  CHECK(begun.size() == ended + 1);
  for (; ended < 200; ++ended)
    room.ended(&ops[ended], 100);
  CHECK(begun.size() == ended + limits::loads_at_once);
  room.ended(&ops[ended++], limits::unread_output_bytes);
  CHECK(begun.size() == ended + limits::loads_at_once - 1);
  ready = false;
  while (ended < begun.size())
    room.ended(&ops[ended++], 100);
  const auto before = begun.size();
  CHECK(before < ops.size());
  ready = true;
  room.advance();
  CHECK(begun.size() > before);
}

TEST_CASE("room: what is known to be large waits for the others, and is not refused",
          "[session]") {
  std::vector<std::size_t> begun;
  shell_room room{[] { return true; }};
  const std::vector<std::size_t> sizes{limits::unread_output_bytes / 2,
                                       limits::unread_output_bytes / 2,
                                       3 * limits::unread_output_bytes, 1};
  for (const auto& bytes : sizes)
    room.begin(
        &bytes, [&] { return std::optional{bytes}; }, [&] { begun.push_back(bytes); });
  CHECK(begun.size() == 2);
  room.ended(&sizes[0], sizes[0]);
  CHECK(begun.size() == 2);
  room.ended(&sizes[1], sizes[1]);
  CHECK(begun.size() == 3);
  room.ended(&sizes[2], sizes[2]);
  CHECK(begun == sizes);
}

TEST_CASE("room: a thousand that are answered at once do not nest", "[session]") {
  std::vector<int> ops(1000);
  int depth = 0;
  int deepest = 0;
  bool open = false;
  std::size_t answered = 0;
  shell_room room{[&] { return open; }};
  for (auto& op : ops)
    room.begin(
        &op, [] { return std::optional<std::size_t>{1}; },
        [&] {
          deepest = std::max(deepest, ++depth);
          room.ended(&op, 1);
          ++answered;
          --depth;
        });
  CHECK(answered == 0);
  open = true;
  room.advance();
  CHECK(answered == ops.size());
  CHECK(deepest == 1);
}
