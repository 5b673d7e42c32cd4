#include "tools/conversation.hpp"

#include <poll.h>

#include "runtime/limits.hpp"
#include "tools/line_reader.hpp"
#include "tools/shell_session.hpp"

namespace flok::tools {

void audience::add(std::shared_ptr<output> who) {
  const std::lock_guard lock{mutex_};
  all_.push_back(std::move(who));
}

void audience::remove(const std::shared_ptr<output>& who) {
  const std::lock_guard lock{mutex_};
  all_.remove(who);
}

void audience::tell(const std::string& line) {
  const std::lock_guard lock{mutex_};
  for (const auto& out : all_)
    if (out->ready(limits::unread_output_bytes))
      out->print(line);
}

namespace {

session_sink sink_of(const conversation_ends& ends) {
  return {[out = ends.out](const std::string& text) { out->print(text); },
          [out = ends.out, cut = ends.cut](bool must) {
            if (!must)
              return out->ready(limits::unread_output_bytes);
            if (out->break_beyond(limits::unread_every_bytes) && cut)
              cut();
            return true;
          },
          [out = ends.out] { return !out->broken(); }};
}

shell_op op_of(const line_reader::line& line) {
  shell_op op;
  if (!line.too_long) {
    op = parse_op(line.text);
    op.bytes = line.text.size();
    return op;
  }
  op.wrong = error{errc::bad_request, "the line is longer than " +
                                          std::to_string(limits::line_bytes) + " bytes"};
  return op;
}

bool readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return ::poll(&p, 1, 0) == 1;
}

/// Feeds lines to the session until they end, or nobody reads the answers.
int feed(shell_session& session, const conversation_ends& ends) {
  line_reader in{ends.in, limits::line_bytes, ends.stop};
  const auto stopped = [&] { return readable(ends.stop) || ends.out->broken(); };
  for (auto lines = in.next(); !lines.empty(); lines = in.next())
    for (const auto& line : lines)
      if (!ends.out->wait_for_room(limits::unread_output_bytes, stopped) ||
          !session.add(op_of(line), stopped))
        return 0;
  return in.error();
}

} // namespace

int converse(system& sys, const conversation_ends& ends) {
  shell_session session{sys, sys.configuration(), sink_of(ends)};
  ends.out->on_room(session.waker());
  const int failed = feed(session, ends);
  const auto waker = session.waker();
  session.finish([&] {
    if (ends.unread && ends.unread())
      (void)ends.out->break_beyond(0);
    if (ends.out->broken())
      waker(); // what waits for its reader is done all the same
    return ends.give_up && ends.give_up();
  });
  ends.out->on_room({});
  return failed;
}

} // namespace flok::tools
