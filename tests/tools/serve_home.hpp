// A served system, and peers that connect to it, for the tests of both.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tests/tools/tool_process.hpp"
#include "tools/unique_fd.hpp"

namespace flok::testing {

/// A folder with a services.json that listens at "flok.sock"; namespaces "user" and "feed"
/// (memory), kept in "data". No page-out but those that are asked for.
struct serve_home {
  temp_dir dir;
  std::filesystem::path config = dir.write("services.json", R"({
      "pagers": [{"name": "mem", "namespace": "user"}, {"name": "mem", "namespace": "feed"}],
      "storage": {"path": "data"}, "listen": {"unix": "flok.sock"}, "debug": true,
      "pageout": {"interval_ms": 86400000, "max_dirty": 4294967295}})");
  std::filesystem::path data = dir.path() / "data";
  std::filesystem::path socket = dir.path() / "flok.sock";

  /// `flok serve`, once it listens.
  [[nodiscard]] std::unique_ptr<tool_process> serve() const;

  /// `flok shell --connect`.
  [[nodiscard]] std::unique_ptr<shell_process> connect() const;

  /// Runs `flok WORDS… --connect flok.sock`.
  [[nodiscard]] tool_result run(strings words, std::string_view input = {}) const;
};

/// A connection in the test's own hands, which moves no byte unless it is told to. Waits
/// have a deadline of a minute; passing it throws.
class raw_peer {
public:
  explicit raw_peer(const std::filesystem::path& socket);

  void send_bytes(std::string_view bytes) const;
  void send(const json& op) const { send_bytes(op.dump() + "\n"); }

  /// The next line, without its end; throws where the connection ends first.
  std::string read_line();
  json read() { return json::parse(read_line()); }

  /// Reads until the connection ends.
  std::string read_rest();

  void end_input() const; ///< no byte follows
  void leave() { fd_ = {}; }

private:
  bool read_some();

  tools::unique_fd fd_;
  std::string unread_;
};

} // namespace flok::testing
