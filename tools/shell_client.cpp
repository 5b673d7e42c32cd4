#include "tools/shell_client.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <iterator>

#include <sys/socket.h>

#include "runtime/limits.hpp"
#include "tools/unix_socket.hpp"

namespace flok::tools {

namespace {

/// Longest answer: of `list`, with the longest ids and every byte escaped.
constexpr std::size_t answer_bytes = std::size_t{256} << 20U;

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
  auto fd = connect_to(path);
  if (!fd)
    return failure(fd.error());
  return std::make_unique<shell_client>(std::move(*fd), stop);
}

shell_client::shell_client(unique_fd fd, int stop)
    : fd_{std::move(fd)}, in_{fd_.get(), answer_bytes, stop} {}

expected<std::uint64_t> shell_client::send(std::string_view op, std::string_view fields) {
  std::string line = R"({"op":")";
  line += op;
  line += R"(","tag":)" + std::to_string(++last_tag_);
  line += fields;
  line += "}\n";
  for (std::string_view rest = line; !rest.empty();) {
    const auto put = ::send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (put >= 0)
      rest.remove_prefix(static_cast<std::size_t>(put));
    else if (errno != EINTR)
      return lost();
  }
  return last_tag_;
}

expected<shell_message> shell_client::receive() {
  if (lines_.empty()) {
    auto more = in_.next();
    lines_.assign(std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  }
  if (lines_.empty())
    return lost();
  const auto line = std::move(lines_.front());
  lines_.pop_front();
  return line.too_long ? failure(errc::bad_request, "the system's answer is too long")
                       : shell_message::parse(line.text);
}

expected<shell_message> shell_client::answer() {
  for (;;) {
    auto message = receive();
    if (!message || !message->is_event())
      return message;
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
  if (auto sent = send(op, fields); !sent)
    return failure(sent.error());
  auto reply = answer();
  if (!reply)
    return reply;
  if (auto ok = reply->outcome(); !ok)
    return failure(ok.error());
  return reply;
}

} // namespace flok::tools
