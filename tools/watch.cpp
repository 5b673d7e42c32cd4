// `flok watch`: what changes in a page of a running system, as it happens.
#include <variant>

#include <unistd.h>

#include "runtime/codec.hpp"
#include "runtime/diff.hpp"
#include "runtime/json_text.hpp"
#include "tools/commands.hpp"
#include "tools/open_store.hpp"
#include "tools/shell_client.hpp"
#include "tools/shell_lines.hpp"
#include "tools/stop_signal.hpp"
#include "tools/store_commands.hpp"

namespace flok::tools {

namespace {

constexpr std::string_view controller = R"(,"controller":"flok watch")";

std::string text_of(const position& at) {
  return at.key() != nullptr ? readable(*at.key()) : std::to_string(*at.index());
}

/// The changes of a page as lines for people.
class change_lines {
public:
  explicit change_lines(bool colored) : colored_{colored} {}

  /// What makes `now` of `before`, which may be null.
  [[nodiscard]] std::string of(const page* before, const page& now) {
    lines_.clear();
    const auto changes = before != nullptr ? diff(*before, now)
                                           : failure(errc::no_such_page, "nothing before");
    if (!changes) { // all of it is new
      for (std::size_t i = 0; i < now.size(); ++i)
        inserted(now.kind() == page_kind::array ? std::to_string(i)
                                                : readable(now.entry(i).name),
                 now.entry(i).text);
      return lines_;
    }
    for (const auto& change : *changes)
      std::visit([&](const auto& c) { add(before, c); }, change);
    return lines_;
  }

  [[nodiscard]] std::string line(std::string_view color, std::string_view text) const {
    std::string out;
    if (colored_)
      out = "\x1b[" + std::string{color} + "m";
    out += text;
    return out + (colored_ ? "\x1b[0m\n" : "\n");
  }

private:
  void inserted(const std::string& at, std::string_view entry) {
    lines_ += line("32", "+ " + at + " " + std::string{entry});
  }

  void add(const page* /*before*/, const entry_insert& c) {
    inserted(text_of(c.at), c.entry);
  }

  /// Deletions come from the last to the first: an index is the one that it was before.
  void add(const page* before, const entry_del& c) {
    std::string_view gone;
    for (std::size_t i = 0; i < before->size(); ++i)
      if (c.at.key() != nullptr ? before->entry(i).name == *c.at.key() : i == *c.at.index())
        gone = before->entry(i).text;
    lines_ += line("31", "- " + text_of(c.at) + " " + std::string{gone});
  }

  void add(const page* /*before*/, const entry_modify& c) {
    lines_ += line("33", "~ " + text_of(c.at) + " " + c.entry);
  }

  void add(const page* /*before*/, const entry_move& c) {
    lines_ += line("36", "> " + std::to_string(c.from) + " to " + std::to_string(c.to));
  }

  void add(const page* /*before*/, const pointer_change& c) {
    const std::string_view name = c.which == page_pointer::head   ? "_head"
                                  : c.which == page_pointer::next ? "_next"
                                                                  : "_prev";
    lines_ +=
        line("35", "* " + std::string{name} + " " + (c.id ? readable(*c.id) : "null"));
  }

  bool colored_;
  std::string lines_;
};

class page_watch {
public:
  page_watch(const watch_arguments& a, shell_client& client, int stop)
      : a_{a}, client_{client}, lines_{a.color || ::isatty(STDOUT_FILENO) == 1},
        out_{"watch", stop} {}

  /// Asks for the page's events.
  expected<void> begin() {
    const auto fields = std::string{controller} + field("ns", json::quoted(a_.ns)) +
                        field("id", json::quoted(a_.id)) + R"(,"changes":)" +
                        (a_.json ? "true" : "false");
    client_.hear_events();
    if (auto ok = client_.ask("controller", controller); !ok)
      return failure(ok.error());
    return client_.ask("watch", fields).map([](const auto&) {});
  }

  /// Prints until the connection is lost: why; or until nothing can be printed any more.
  expected<void> run() {
    for (;;) {
      const auto message = client_.next();
      if (!message)
        return failure(message.error());
      const auto text = a_.json ? message->text() + "\n" : told(*message);
      if (!text)
        return failure(text.error());
      if (!out_.print(*text) || !out_.flush())
        return {};
    }
  }

  [[nodiscard]] int finish(stop_signal& stop, const expected<void>& ended) {
    return out_.finish(stop, ended);
  }

private:
  expected<std::string> told(const shell_message& m) {
    const auto name = readable(a_.ns) + "/" + readable(a_.id);
    const auto event = m.string("event");
    if (event == "error")
      return lines_.line("31", "! " + m.string("code") + ": " + m.string("message"));
    if (event != "read_res") {
      last_ = nullptr;
      return lines_.line("1", name + ": " + event);
    }
    auto now = decode_page(m["page"], checked::grammar);
    if (!now)
      return failure(now.error());
    std::string text = lines_.line(
        "1", name + ": " + (*now)->hash_text() + ", " + std::to_string((*now)->size()) +
                 ((*now)->size() == 1 ? " entry" : " entries") + ", from the " +
                 m.string("origin") + (m["pending"] == "true" ? ", pending" : ""));
    text += lines_.of(last_.get(), **now);
    last_ = std::move(*now);
    return text;
  }

  const watch_arguments& a_;
  shell_client& client_;
  change_lines lines_;
  printer out_;
  page_ptr last_;
};

} // namespace

int run_watch(const watch_arguments& a) {
  stop_signal stop{STDOUT_FILENO};
  const auto client = shell_client::connect(*a.connect, stop.fd());
  if (!client)
    return complain_unless_stopped(stop, "watch", client.error());
  page_watch watch{a, **client, stop.fd()};
  if (auto begun = watch.begin(); !begun)
    return complain_unless_stopped(stop, "watch", begun.error());
  return watch.finish(stop, watch.run());
}

} // namespace flok::tools
