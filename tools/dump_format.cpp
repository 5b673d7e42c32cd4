#include "tools/dump_format.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "runtime/codec.hpp"
#include "runtime/codec_json.hpp"
#include "runtime/hash.hpp"
#include "runtime/json_text.hpp"
#include "runtime/limits.hpp"
#include "tools/line_reader.hpp"

namespace flok::tools {

namespace {

constexpr std::string_view last_line_begins = R"({"pages":)";

std::string last_line(std::uint64_t pages, std::uint32_t sum) {
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%08x", sum);
  return std::string{last_line_begins} + std::to_string(pages) + R"(,"crc32":")" +
         digits.data() + "\"}\n";
}

tl::unexpected<error> wrong(const std::string& why) {
  return failure(errc::bad_request, why);
}

using members = std::vector<json::member>;

/// The state of one reading.
class reading {
public:
  explicit reading(const dump_reader& to) : to_{to} {}

  expected<void> line(const std::string& text);

  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::uint64_t pages() const { return pages_; }

private:
  expected<void> first(const members& parts);
  expected<void> page(const std::string& text);
  expected<void> last(const std::string& text);

  const dump_reader& to_;
  std::vector<std::string> namespaces_;
  std::uint64_t lines_ = 0;
  std::uint64_t pages_ = 0;
  std::uint32_t sum_ = 0;
  bool ended_ = false;
};

expected<void> reading::line(const std::string& text) {
  if (ended_)
    return wrong("it goes on after its last line");
  if (lines_ != 0 && text.starts_with(last_line_begins))
    return last(text);
  auto ok = lines_ != 0 ? page(text) : first(json::members(text).value_or(members{}));
  sum_ = crc32(crc32(sum_, text), "\n");
  ++lines_;
  return ok;
}

expected<void> reading::first(const members& parts) {
  if (parts.size() != 2 || parts[0].key != "flok_dump" || parts[1].key != "namespaces")
    return wrong("this is no dump of flok's");
  if (parts[0].value != std::to_string(dump_format))
    return wrong("the dump's format is " + std::string{parts[0].value} +
                 "; this flok knows " + std::to_string(dump_format));
  const auto names = json::elements(parts[1].value);
  if (!names)
    return failure(names.error());
  for (const auto& each : *names) {
    auto name = json::string_value(each);
    if (!name || name->empty() || name->size() > limits::namespace_bytes)
      return wrong("a namespace's name has 1 to " +
                   std::to_string(limits::namespace_bytes) + " bytes");
    namespaces_.push_back(std::move(*name));
  }
  return to_.first(namespaces_);
}

expected<void> reading::page(const std::string& text) {
  ++pages_;
  if (!to_.page)
    return {};
  const auto parts = json::members(text);
  if (!parts)
    return failure(parts.error());
  commit_page out;
  for (const auto& m : *parts) {
    if (m.key == "ns") {
      auto ns = json::string_value(m.value);
      if (!ns)
        return failure(ns.error());
      out.ns = std::move(*ns);
    } else if (m.key == "pending") {
      out.pending = m.value == "true";
    } else if (m.key == "page") {
      auto page = decode_page(m.value, checked::grammar);
      if (!page)
        return failure(page.error());
      out.page = std::move(*page);
    } else {
      return wrong("unknown member " + json::quoted(m.key));
    }
  }
  if (!out.page)
    return wrong("a line without a page");
  if (std::find(namespaces_.begin(), namespaces_.end(), out.ns) == namespaces_.end())
    return wrong("the first line does not name the namespace " + json::quoted(out.ns));
  out.id = out.page->id();
  return to_.page(std::move(out));
}

expected<void> reading::last(const std::string& text) {
  if (text + "\n" != last_line(pages_, sum_))
    return wrong("the dump is damaged: its pages and its checksum are not those that its "
                 "last line tells");
  ended_ = true;
  return {};
}

} // namespace

std::string dump_writer::first(const std::vector<std::string>& namespaces) {
  std::string line =
      R"({"flok_dump":)" + std::to_string(dump_format) + R"(,"namespaces":[)";
  for (const auto& ns : namespaces)
    line += (line.back() == '[' ? "" : ",") + json::quoted(ns);
  line += "]}\n";
  sum_ = crc32(0, line);
  return line;
}

std::string dump_writer::page(std::string_view ns, const stored_page& p) {
  std::string line = R"({"ns":)" + json::quoted(ns) +
                     (p.pending ? R"(,"pending":true,"page":)" : R"(,"page":)");
  p.page->append_json(line);
  line += "}\n";
  sum_ = crc32(sum_, line);
  ++pages_;
  return line;
}

std::string dump_writer::last() const { return last_line(pages_, sum_); }

expected<std::uint64_t> read_dump(int fd, const dump_reader& reader) {
  reading state{reader};
  std::uint64_t number = 0;
  line_reader in{fd, limits::line_bytes};
  for (auto lines = in.next(); !lines.empty(); lines = in.next())
    for (const auto& each : lines) {
      ++number;
      auto ok = each.too_long
                    ? wrong("longer than " + std::to_string(limits::line_bytes) + " bytes")
                    : state.line(each.text);
      if (!ok)
        return failure(ok.error().code,
                       "line " + std::to_string(number) + ": " + ok.error().message);
    }
  if (in.error() != 0)
    return wrong(std::string{"it cannot be read: "} + std::strerror(in.error()));
  if (number == 0)
    return wrong("nothing is in it; flok dump makes what can be loaded");
  if (!state.ended())
    return wrong("the dump is torn: it ends after line " + std::to_string(number) +
                 ", without its last line");
  return state.pages();
}

} // namespace flok::tools
