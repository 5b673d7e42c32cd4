// A child `flok shell`, driven line by line, and what the tests of the shell share.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include <nlohmann/json.hpp>

namespace flok::testing {

using nlohmann::json;
using strings = std::vector<std::string>;

/// A new folder below the system's temporary one; it is removed with all that is in it.
class temp_dir {
public:
  temp_dir();
  ~temp_dir();
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Writes a file and returns where it is.
  std::filesystem::path write(std::string_view name, std::string_view text) const;

private:
  std::filesystem::path path_;
};

/// One line that the shell printed: as bytes, and as JSON. A number that no double can
/// hold (1E400) is legal JSON, but reads as 0 in `value`.
struct output_line {
  std::string raw;
  json value;

  [[nodiscard]] bool is_event() const { return value.contains("event"); }
};

/// How a child ended, and all that it left unread.
struct ending {
  int status = 0; ///< the exit status, or 128 and the signal's number
  std::vector<std::string> output;
  std::string errors; ///< what it wrote to stderr
};

/// `flok shell` as a child process. Its output is read whenever a line waits to be
/// written, so no amount of either can block the two on each other. Every wait has a
/// deadline of a minute; passing it, like an output that ends too early or is no JSON,
/// throws `std::runtime_error` with what the child wrote to stderr. One thread only.
class shell_process {
public:
  /// Starts the tool. An empty `data` leaves `--data` out.
  explicit shell_process(const std::filesystem::path& config,
                         const std::filesystem::path& data = {});
  /// Starts the tool with these arguments, whatever they are.
  explicit shell_process(const strings& arguments);
  /// A child that still runs is killed.
  ~shell_process();
  shell_process(const shell_process&) = delete;
  shell_process& operator=(const shell_process&) = delete;

  /// Sends a line without waiting for its answer.
  void send(const json& op) { send_line(op.dump()); }
  void send_line(std::string_view line);
  /// Sends bytes as they are, without a line end.
  void send_bytes(std::string_view bytes);

  /// The next line of output, of whatever kind, that nobody took.
  output_line next();
  /// The answer that carries this tag; events on the way are kept for `take_events`.
  output_line reply(const json& tag) { return answer(tag.dump()); }
  /// The next answer without a tag.
  output_line untagged_reply() { return answer(""); }

  /// Sends an op under a new tag and waits for its answer.
  output_line ask_line(json op);
  json ask(json op) { return ask_line(std::move(op)).value; }
  /// The same for an op that has to succeed: throws where it does not.
  json must(json op);

  /// The events so far that nobody took, in their order.
  std::vector<output_line> take_events() { return std::exchange(events_, {}); }
  /// All events that the ops so far cause, in their order.
  std::vector<output_line> drain();
  /// The same, each as `describe` has it.
  strings heard();

  /// Answers that arrived and that nobody asked for.
  [[nodiscard]] std::size_t spare_answers() const;
  /// Lines of output that arrived, whoever took them.
  [[nodiscard]] std::size_t lines_seen() const { return seen_; }

  /// Closes the child's input and waits for its end.
  ending finish();
  /// SIGKILL, then as `finish`. A half line of output is dropped.
  ending kill();
  /// What the child wrote to stderr so far.
  [[nodiscard]] std::string errors() const;

private:
  using deadline = std::chrono::steady_clock::time_point;

  void start(const strings& arguments);
  void pump(deadline until);
  void write_some();
  void read_some();
  void stash(output_line line);
  output_line answer(const std::string& key);
  ending wait_for_end();
  [[noreturn]] void give_up(const std::string& why) const;
  static deadline in_a_minute();

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string unsent_;
  std::size_t sent_ = 0; // of unsent_
  std::string partial_;
  std::size_t seen_ = 0;
  std::uint64_t last_tag_ = 0;
  std::deque<std::string> lines_;
  std::vector<output_line> events_;
  std::map<std::string, std::deque<output_line>> answers_; // by the tag's text
};

/// A folder with a services.json, over which shells are started one after the other. The
/// namespaces: "user" and "feed" (memory), "spec" (the recording pager). No page-out but
/// those that are asked for.
struct shell_home {
  temp_dir dir;
  std::filesystem::path config = dir.write("services.json", R"({
      "pagers": [{"name": "mem0", "namespace": "user"},
                 {"name": "mem1", "namespace": "feed"},
                 {"name": "spec", "namespace": "spec", "options": {"depth": 3}}],
      "pageout": {"interval_ms": 86400000, "max_dirty": 4294967295},
      "debug": true})");
  std::filesystem::path data = dir.path() / "kept";

  /// A shell that keeps nothing.
  [[nodiscard]] shell_process start() const { return shell_process{config}; }
  /// A shell over the data folder.
  [[nodiscard]] shell_process start_kept() const { return shell_process{config, data}; }
};

/// The ops of the protocol, as JSON.
namespace op {

using text = std::string_view;

/// An op without fields: drain, pageout, stats.
inline json simple(text name) { return {{"op", name}}; }
inline json controller(text name) { return {{"op", "controller"}, {"controller", name}}; }
inline json disconnect(text name) { return {{"op", "disconnect"}, {"controller", name}}; }
inline json watch(text who, text ns, text id) {
  return {{"op", "watch"}, {"controller", who}, {"ns", ns}, {"id", id}};
}
inline json sync_watch(text who, text ns, text id) {
  return {{"op", "watch"}, {"controller", who}, {"ns", ns}, {"id", id}, {"sync", true}};
}
inline json unwatch(text who, text ns, text id) {
  return {{"op", "unwatch"}, {"controller", who}, {"ns", ns}, {"id", id}};
}
inline json write(text ns, const json& page) {
  return {{"op", "write"}, {"ns", ns}, {"page", page}};
}
inline json read(text ns, text id) { return {{"op", "read"}, {"ns", ns}, {"id", id}}; }
inline json read_sync(text ns, text id) {
  return {{"op", "read_sync"}, {"ns", ns}, {"id", id}};
}
inline json edit(text ns, text id, const json& edits) {
  return {{"op", "edit"}, {"ns", ns}, {"id", id}, {"edits", edits}};
}
inline json log(text ns) { return {{"op", "log"}, {"ns", ns}}; }
inline json erase(text ns, text id) { return {{"op", "delete"}, {"ns", ns}, {"id", id}}; }
inline json invalidate(text ns, text id) {
  return {{"op", "invalidate"}, {"ns", ns}, {"id", id}};
}
inline json list(text ns) { return {{"op", "list"}, {"ns", ns}}; }
inline json diff(const json& from, const json& to) {
  return {{"op", "diff"}, {"from", from}, {"to", to}};
}
inline json replay(const json& page, const json& diff) {
  return {{"op", "replay"}, {"page", page}, {"diff", diff}};
}
inline json stall(text who, std::uint64_t ms) {
  return {{"op", "stall"}, {"controller", who}, {"ms", ms}};
}
inline json crash(text ns) { return {{"op", "crash"}, {"ns", ns}}; }
inline json fault(text kind) { return {{"op", "fault"}, {"kind", kind}}; }
inline json cache_write(text ns, const std::vector<json>& pages, bool pending = false) {
  return {{"op", "cache_write"}, {"ns", ns}, {"pages", pages}, {"pending", pending}};
}

/// An op with one more field: with(write("user", page), "durable", true).
inline json with(json op, const char* field, const json& value) {
  op[field] = value;
  return op;
}

} // namespace op

/// A page whose one entry says which version it is, as signature and as "title".
inline json array_page(std::string_view id, std::string_view version) {
  const json entry{{"_id", "e"}, {"_sig", version}, {"title", version}};
  return {{"_id", id}, {"_type", "array"}, {"entries", json::array({entry})}};
}
inline json hash_page(std::string_view id, std::string_view version) {
  const json entries{{"key", {{"_sig", version}, {"title", version}}}};
  return {{"_id", id}, {"_type", "hash"}, {"entries", entries}};
}

/// The code of an error, "" for any other answer.
std::string code_of(const json& answer);

/// A string's text, or any other value as JSON.
inline std::string text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// A page's event in short: "ann: user/news v1 (cache)", "ann: user/news deleted".
std::string describe(const json& event);

/// One figure of a namespace: stats(shell, "user", "watchers").
std::int64_t stats(shell_process& shell, const char* ns, const char* figure);

/// A page's `_hash` by definition: slowly, and with nothing of flok's.
std::string expected_hash(const json& page);

/// An object's members as (unescaped name, text of the value), byte for byte, in order.
std::vector<std::pair<std::string, std::string>> raw_members(std::string_view object);
/// One member's text; "" where there is none.
std::string raw_member(std::string_view object, std::string_view name);
/// An array's elements, byte for byte.
strings raw_elements(std::string_view array);

/// Whether a text looks like a signature that flok made: 16 lower-case hex digits.
inline bool looks_generated(std::string_view signature) {
  return signature.size() == 16 &&
         signature.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A shell with one controller that watches the page "p" of "user".
struct watched_shell {
  watched_shell() {
    shell.must(op::controller("ann"));
    shell.must(op::watch("ann", "user", "p"));
  }

  shell_home home;
  shell_process shell{home.config};
};

/// Writes a page given as text, so that its spelling is the test's.
inline json write_text(shell_process& shell, const std::string& page) {
  shell.send_line(R"({"op":"write","ns":"user","tag":"text","page":)" + page + "}");
  return shell.reply("text").value;
}

inline std::string raw_page(shell_process& shell, const char* id) {
  return raw_member(shell.ask_line(op::read("user", id)).raw, "page");
}

inline json page_of(shell_process& shell, const char* id) {
  return shell.must(op::read("user", id)).at("page");
}

/// The ids that a `list` is answered with.
inline strings ids_of(shell_process& shell, const json& list) {
  return shell.must(list).at("ids").get<strings>();
}

/// Asks for a page-out; tells how many pages were committed.
inline std::int64_t paged_out(shell_process& shell) {
  return shell.must(op::simple("pageout")).at("written").get<std::int64_t>();
}

/// Asks again and again until something holds; false after a minute.
template <class Condition>
bool comes_true(Condition holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!holds())
    if (std::chrono::steady_clock::now() >= until)
      return false;
  return true;
}

} // namespace flok::testing
