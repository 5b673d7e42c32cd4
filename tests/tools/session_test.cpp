// shell_session, with a printer that the test holds up.
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "flok.hpp"
#include "runtime/limits.hpp"
#include "tests/catch.hpp"
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
