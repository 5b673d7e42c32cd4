#include "tools/shell_client.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <iterator>
#include <utility>

#include <sys/socket.h>

#include "runtime/limits.hpp"
#include "tools/unix_socket.hpp"

namespace flok::tools {

namespace {

/// Longest answer: of `list`, with the longest ids and every byte escaped; an event has a
/// page and its changes, which are less.
constexpr std::size_t answer_bytes = std::size_t{128} << 20U;

/// Before the first answer there are only events that tell of problems, and not for long.
constexpr std::size_t greeting_bytes = std::size_t{64} << 10U;
constexpr std::chrono::seconds longest_greeting{5};

/// Lines are sent together until they are so many bytes: each time wakes the other side.
constexpr std::size_t sent_at_once = std::size_t{64} << 10U;

/// Events that may come before an answer: a controller has so many that it has not dealt
/// with.
constexpr std::size_t most_events = limits::undelivered;

tl::unexpected<error> lost() {
  return failure(errc::shutting_down, "the system has ended the connection");
}

errc code_called(std::string_view name) {
  for (std::uint8_t i = 0; i < errc_count; ++i)
    if (to_string(static_cast<errc>(i)) == name)
      return static_cast<errc>(i);
  return errc::bad_request; // of a newer system
}

} // namespace

expected<shell_message> shell_message::parse(std::string line) {
  shell_message m;
  m.text_ = std::make_unique<std::string>(std::move(line));
  auto members = json::members(*m.text_);
  if (!members)
    return failure(errc::bad_request,
                   "no line of the shell protocol: " + members.error().message);
  m.members_ = std::move(*members);
  return m;
}

std::string_view shell_message::operator[](std::string_view key) const {
  const auto found = std::find_if(members_.begin(), members_.end(),
                                  [&](const auto& m) { return m.key == key; });
  return found == members_.end() ? std::string_view{} : found->value;
}

std::string shell_message::string(std::string_view key) const {
  return json::string_value((*this)[key]).value_or(std::string{});
}

std::uint64_t shell_message::tag() const {
  const auto text = (*this)["tag"];
  std::uint64_t tag = 0;
  std::from_chars(text.data(), text.data() + text.size(), tag);
  return tag;
}

expected<void> shell_message::outcome() const {
  const auto text = (*this)["error"];
  if (text.empty())
    return {};
  const auto why = parse(std::string{text});
  if (!why)
    return failure(why.error());
  return failure(
      {code_called(why->string("code")), why->string("message"), why->string("hash")});
}

expected<std::unique_ptr<shell_client>> shell_client::connect(const std::string& path,
                                                              int stop) {
  auto fd = connect_to(path, stop);
  if (!fd)
    return failure(fd.error());
  auto client = std::make_unique<shell_client>(std::move(*fd), path, stop);
  if (auto ok = client->greet(); !ok)
    return failure(ok.error());
  return client;
}

shell_client::shell_client(unique_fd fd, std::string path, int stop)
    : fd_{std::move(fd)}, path_{std::move(path)}, in_{fd_.get(), answer_bytes, stop} {}

/// Asks what any flok answers at once, whatever it holds and whoever else asks.
expected<void> shell_client::greet() {
  in_.expect(greeting_bytes, std::chrono::steady_clock::now() + longest_greeting);
  (void)send("hash", R"(,"page":{"_id":"flok","_type":"array","entries":[]})");
  (void)flush();    // one that has closed already has said why
  std::string told; // where there is no room, an event says so, and nothing follows
  for (;;) {
    const auto message = receive();
    if (!message && message.error().code == errc::shutting_down && !told.empty())
      return failure(errc::shutting_down, told);
    if (!message)
      return failure(message.error());
    if (!message->is_event())
      break;
    told = message->string("message");
  }
  in_.expect(answer_bytes, {});
  return {};
}

tl::unexpected<error> shell_client::no_flok(const std::string& why) const {
  return failure(errc::bad_request,
                 path_ + ": what answers there is no flok: " + why +
                     "; give the socket of a running system as --connect");
}

expected<std::uint64_t> shell_client::send(std::string_view op, std::string_view fields) {
  unsent_ += R"({"op":")";
  unsent_ += op;
  unsent_ += R"(","tag":)" + std::to_string(++last_tag_);
  unsent_ += fields;
  unsent_ += "}\n";
  asked_.emplace(last_tag_, op);
  if (unsent_.size() > sent_at_once)
    if (auto ok = flush(); !ok)
      return failure(ok.error());
  return last_tag_;
}

expected<void> shell_client::flush() {
  const auto lines = std::exchange(unsent_, {});
  for (std::string_view rest = lines; !rest.empty();) {
    const auto put = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (put >= 0)
      rest.remove_prefix(static_cast<std::size_t>(put));
    else if (errno != EINTR)
      return lost();
  }
  return {};
}

expected<line_reader::line> shell_client::next_line() {
  if (lines_.empty()) {
    auto more = in_.next();
    lines_.assign(std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  }
  if (lines_.empty() && in_.error() == ETIMEDOUT)
    return no_flok("it has said nothing for " + std::to_string(longest_greeting.count()) +
                   " seconds");
  if (lines_.empty())
    return lost();
  auto line = std::move(lines_.front());
  lines_.pop_front();
  if (!line.ended) // the system died while it wrote
    return lost();
  return line;
}

expected<shell_message> shell_client::receive() {
  if (auto ok = flush(); !ok)
    return failure(ok.error());
  auto line = next_line();
  if (!line)
    return failure(line.error());
  if (line->too_long)
    return no_flok("a line of more than " + std::to_string(in_.longest()) + " bytes");
  auto message = shell_message::parse(std::move(line->text));
  if (!message)
    return no_flok(message.error().message);
  if (!message->is_event())
    if (auto ok = check_answer(*message); !ok)
      return failure(ok.error());
  return message;
}

/// It must answer something that was asked, and say so.
expected<void> shell_client::check_answer(const shell_message& m) {
  const auto asked = asked_.find(m.tag());
  if (asked == asked_.end())
    return no_flok("an answer that nothing was asked for");
  const bool fails = !m["error"].empty();
  if (m.string(fails ? "op" : "reply") != asked->second)
    return no_flok("it does not answer " + asked->second);
  if (fails) {
    const auto why = shell_message::parse(std::string{m["error"]});
    if (!why || why->string("code").empty())
      return no_flok("an error without a code");
  }
  asked_.erase(asked);
  return {};
}

expected<shell_message> shell_client::answer() {
  for (;;) {
    auto message = receive();
    if (!message || !message->is_event())
      return message;
    if (!hears_events_)
      continue;
    if (events_.size() == most_events)
      return no_flok("more than " + std::to_string(most_events) + " events unasked");
    events_.push_back(std::move(*message));
  }
}

expected<shell_message> shell_client::next() {
  if (events_.empty())
    return receive();
  auto message = std::move(events_.front());
  events_.pop_front();
  return message;
}

expected<shell_message> shell_client::ask(std::string_view op, std::string_view fields) {
  const auto tag = send(op, fields);
  if (!tag)
    return failure(tag.error());
  auto reply = answer();
  if (!reply)
    return reply;
  if (reply->tag() != *tag)
    return no_flok("an answer out of turn");
  if (auto ok = reply->outcome(); !ok)
    return failure(ok.error());
  return reply;
}

} // namespace flok::tools
