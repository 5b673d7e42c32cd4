// A connection to a running system, in the shell protocol (docs/protocol.md).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/codec_json.hpp"
#include "runtime/errors.hpp"
#include "tools/line_reader.hpp"
#include "tools/unique_fd.hpp"

namespace flok::tools {

/// One line that the system has printed.
class shell_message {
public:
  /// Fails with `bad_request` where it is no line of the protocol.
  [[nodiscard]] static expected<shell_message> parse(std::string line);

  /// The JSON text of a member; empty where there is none.
  [[nodiscard]] std::string_view operator[](std::string_view key) const;
  /// A member that is a string; empty where there is none.
  [[nodiscard]] std::string string(std::string_view key) const;

  [[nodiscard]] const std::string& text() const { return *text_; }
  [[nodiscard]] bool is_event() const { return !(*this)["event"].empty(); }
  /// Which operation of its client it answers; 0: none.
  [[nodiscard]] std::uint64_t tag() const;
  /// What an answer says went wrong, or nothing.
  [[nodiscard]] expected<void> outcome() const;

private:
  std::unique_ptr<std::string> text_; ///< stays where it is: `members_` look into it
  std::vector<json::member> members_;
};

/// Asks and hears answers. One thread. Whatever it does fails with `shutting_down` once the
/// connection is lost, and with `bad_request` where the other side does not say what flok
/// would: what it says is bounded, and belongs to what was asked.
class shell_client {
public:
  /// Connects, and has one answer, by which flok is known. Fails as `connect_to` does, and
  /// as above, telling why where there is no room for one more connection. When `stop`, a
  /// descriptor, if there is one, becomes readable, the connection counts as lost.
  [[nodiscard]] static expected<std::unique_ptr<shell_client>>
  connect(const std::string& path, int stop = -1);

  shell_client(unique_fd fd, std::string path, int stop);

  /// Sends an operation, at the latest when an answer is waited for; `fields` is empty or
  /// begins with a comma. Gives its tag. Answers must be received before many are asked
  /// for: nothing is read meanwhile.
  expected<std::uint64_t> send(std::string_view op, std::string_view fields = {});

  /// The next answer; events are let be, or, after `hear_events`, put aside for `next`.
  expected<shell_message> answer();

  void hear_events() { hears_events_ = true; }

  /// The next line of any kind.
  expected<shell_message> next();

  /// The failure of an answer that flok would not give.
  [[nodiscard]] tl::unexpected<error> no_flok(const std::string& why) const;

  /// Sends an operation and waits for its answer, which is the only one under way.
  expected<shell_message> ask(std::string_view op, std::string_view fields = {});

private:
  expected<void> greet();
  expected<void> flush();
  expected<shell_message> receive();
  expected<line_reader::line> next_line();
  expected<void> check_answer(const shell_message& m);

  unique_fd fd_;
  std::string path_;
  line_reader in_;
  std::deque<line_reader::line> lines_;
  std::map<std::uint64_t, std::string> asked_; ///< operations to be answered, by tag
  std::deque<shell_message> events_;
  bool hears_events_ = false;
  std::uint64_t last_tag_ = 0;
  std::string unsent_; ///< lines
};

} // namespace flok::tools
