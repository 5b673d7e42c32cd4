#include "tools/page_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "actors/read_file.hpp"
#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/diff.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"

namespace flok::tools {

namespace {

expected<std::string> read_input() {
  std::string text;
  std::array<char, 65536> chunk; // NOLINT: filled by read
  while (text.size() <= limits::line_bytes) {
    const auto got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
    if (got == 0)
      return text;
    if (got > 0)
      text.append(chunk.data(), static_cast<std::size_t>(got));
    else if (errno != EINTR)
      return failure(errc::bad_request, std::strerror(errno));
  }
  return failure(errc::bad_request, "longer than a page can be");
}

bool looks_made(std::string_view signature) {
  return signature.size() == 16 &&
         signature.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

expected<page_ptr> with_right_signatures(const page_ptr& p) {
  std::vector<change> changes;
  for (std::size_t i = 0; i < p->size(); ++i) {
    const auto e = p->entry(i);
    if (!looks_made(e.signature))
      continue;
    const auto made = json::signature(e.text);
    if (!made || *made == e.signature)
      continue;
    auto text = json::without_member(e.text, "_sig");
    if (!text)
      return failure(text.error());
    position at = i;
    if (p->kind() == page_kind::hash)
      at = std::string{e.name};
    changes.emplace_back(entry_modify{std::move(at), std::move(*text)});
  }
  return changes.empty() ? p : replay(p, changes);
}

} // namespace

expected<page_ptr> read_page(const std::string& file) {
  const bool from_input = file == "-";
  const auto named = [&](const error& why) {
    return failure(why.code, (from_input ? "standard input" : file) + ": " + why.message);
  };
  const auto text =
      from_input ? read_input() : read_file(file, limits::line_bytes, errc::bad_request);
  if (!text)
    return from_input ? named(text.error()) : failure(text.error());
  auto page = decode_page(*text);
  if (page)
    page = with_right_signatures(*page);
  return page ? page : named(page.error());
}

} // namespace flok::tools
