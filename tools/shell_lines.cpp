#include "tools/shell_lines.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "runtime/json_text.hpp"

namespace flok::tools {

namespace {

using figures = std::initializer_list<std::pair<std::string_view, std::uint64_t>>;

std::string object(figures all) {
  std::string text;
  for (const auto& [name, figure] : all) {
    text += text.empty() ? '{' : ',';
    text += json::quoted(name) + ':' + std::to_string(figure);
  }
  return text + '}';
}

std::string totals_text(const namespace_totals& t) {
  return object({{"reads", t.reads},
                 {"writes", t.writes},
                 {"removals", t.removals},
                 {"watches", t.watches},
                 {"hits", t.hits},
                 {"notifications", t.notifications},
                 {"loaded", t.loaded},
                 {"committed", t.committed},
                 {"load_failures", t.load_failures},
                 {"commit_failures", t.commit_failures},
                 {"damaged", t.damaged},
                 {"pager_failures", t.pager_failures}});
}

/// In whole microseconds, at least one.
std::string times_text(const latencies& l) {
  const auto part = [&](double q) {
    const auto ns = l.quantile_ns(q);
    return ns == 0 ? 0 : std::max<std::uint64_t>(1, (ns + 500) / 1000);
  };
  return object(
      {{"count", l.count()}, {"p50", part(0.5)}, {"p99", part(0.99)}, {"max", part(1)}});
}

} // namespace

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
  return object({{"pages", s.pages},
                 {"dirty", s.dirty},
                 {"watched", s.watched},
                 {"watchers", s.watchers},
                 {"loads", s.loads},
                 {"bytes", s.bytes},
                 {"evicted", s.evicted},
                 {"merged", s.merged}});
}

std::string metrics_fields(const metrics& m) {
  std::string totals, times, problems;
  for (const auto& n : m.namespaces) {
    const std::string name = (totals.empty() ? "{" : ",") + json::quoted(n.ns) + ':';
    totals += name + totals_text(n.totals);
    times += name + R"({"read":)" + times_text(n.read) + R"(,"write":)" +
             times_text(n.write) + R"(,"notify":)" + times_text(n.notify) + R"(,"load":)" +
             times_text(n.load) + '}';
  }
  for (std::size_t code = 0; code < m.problems.size(); ++code)
    if (m.problems[code] != 0)
      problems += (problems.empty() ? "{" : ",") +
                  json::quoted(to_string(static_cast<errc>(code))) + ':' +
                  std::to_string(m.problems[code]);
  return field("totals", totals + '}') + field("latency_us", times + '}') +
         field("page_out_us", times_text(m.page_out)) +
         field("problems", problems.empty() ? "{}" : problems + '}');
}

} // namespace flok::tools
