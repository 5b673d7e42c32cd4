#include "tools/shell_lines.hpp"

#include <utility>

#include "runtime/json_text.hpp"

namespace flok::tools {

std::string field(std::string_view key, std::string_view json) {
  std::string text = ",\"";
  text += key;
  text += "\":";
  text += json;
  return text;
}

std::string event_lines(const std::string& controller, std::span<const update> updates) {
  std::string lines;
  for (const auto& u : updates) {
    lines += R"({"event":"read_res","controller":)";
    json::append_string(lines, controller);
    lines += R"(,"ns":)";
    json::append_string(lines, u.ns);
    lines += R"(,"id":)";
    json::append_string(lines, u.page->id());
    lines += R"(,"page":)";
    u.page->append_json(lines);
    lines += R"(,"origin":")";
    lines += to_string(u.why);
    lines += u.pending ? R"(","pending":true)" : R"(","pending":false)";
    if (u.changes)
      lines += R"(,"changes":)" + to_json(*u.changes);
    lines += "}\n";
  }
  return lines;
}

std::string removed_line(const std::string& controller, const removed_page& r) {
  std::string line = R"({"event":")";
  line += to_string(r.how);
  line += R"(","controller":)";
  json::append_string(line, controller);
  line += R"(,"ns":)";
  json::append_string(line, r.ns);
  line += R"(,"id":)";
  json::append_string(line, r.id);
  return line + "}\n";
}

std::string stats_text(const namespace_stats& s) {
  const std::pair<std::string_view, std::uint64_t> counts[] = {
      {"pages", s.pages},       {"dirty", s.dirty},  {"watched", s.watched},
      {"watchers", s.watchers}, {"loads", s.loads},  {"bytes", s.bytes},
      {"evicted", s.evicted},   {"merged", s.merged}};
  std::string text;
  for (const auto& [name, count] : counts) {
    text += text.empty() ? '{' : ',';
    text += json::quoted(name) + ':' + std::to_string(count);
  }
  return text + '}';
}

} // namespace flok::tools
