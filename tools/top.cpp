// `flok top`: what a running system does, as a table that is drawn again and again.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>

#include <poll.h>
#include <unistd.h>

#include "runtime/codec_json.hpp"
#include "runtime/json_text.hpp"
#include "tools/commands.hpp"
#include "tools/open_store.hpp"
#include "tools/shell_client.hpp"
#include "tools/stop_signal.hpp"
#include "tools/store_commands.hpp"

namespace flok::tools {

namespace {

using std::chrono::steady_clock;

using figures = std::map<std::string, double, std::less<>>;

/// Stands in the names of times: "read_us_p99".
constexpr const char* times_mark = "_us_";

/// What `stats` said at a moment.
struct sample {
  steady_clock::time_point when;
  std::vector<std::pair<std::string, figures>> namespaces;
  figures page_out; ///< how long commits took, of all namespaces

  [[nodiscard]] const figures* of(const std::string& ns) const {
    for (const auto& each : namespaces)
      if (each.first == ns)
        return &each.second;
    return nullptr;
  }
};

/// Adds the members of an object that are numbers, and those of its objects, under names
/// that begin so.
expected<void> add_numbers(std::string_view object, const std::string& prefix,
                           figures& all) {
  const auto members = json::members(object);
  if (!members)
    return failure(members.error());
  for (const auto& m : *members) {
    double n = 0;
    const auto end = m.value.data() + m.value.size();
    if (json::kind_of(m.value) == json::kind::object) {
      if (auto ok = add_numbers(m.value, prefix + m.key + times_mark, all); !ok)
        return ok;
    } else if (std::from_chars(m.value.data(), end, n).ptr == end) {
      all.emplace(prefix + m.key, n);
    }
  }
  return {};
}

/// What an answer says of each namespace; of an older system that does not say it, nothing.
expected<void> add_of_each(std::string_view namespaces, sample& s) {
  if (namespaces.empty())
    return {};
  const auto all = json::members(namespaces);
  if (!all)
    return failure(all.error());
  for (const auto& each : *all) {
    auto known = std::find_if(s.namespaces.begin(), s.namespaces.end(),
                              [&](const auto& n) { return n.first == each.key; });
    if (known == s.namespaces.end())
      known = s.namespaces.emplace(known, each.key, figures{});
    if (auto ok = add_numbers(each.value, {}, known->second); !ok)
      return ok;
  }
  return {};
}

expected<sample> take_sample(shell_client& client) {
  const auto reply = client.ask("stats");
  if (!reply)
    return failure(reply.error());
  if ((*reply)["namespaces"].empty())
    return client.no_flok("it says nothing of namespaces");
  sample s{steady_clock::now(), {}, {}};
  for (const auto* part : {"namespaces", "totals", "latency_us"})
    if (auto ok = add_of_each((*reply)[part], s); !ok)
      return failure(ok.error());
  if (const auto times = (*reply)["page_out_us"]; !times.empty())
    if (auto ok = add_numbers(times, {}, s.page_out); !ok)
      return failure(ok.error());
  return s;
}

/// A column of the table: a figure as it is, how fast it grows, or a time that 99 of 100
/// did not take.
struct column {
  std::string_view title;
  std::string_view figure;
  enum class kind : std::uint8_t { count, bytes, rate, time } how;
};

constexpr std::array columns{column{"PAGES", "pages", column::kind::count},
                             column{"MEMORY", "bytes", column::kind::bytes},
                             column{"DIRTY", "dirty", column::kind::count},
                             column{"WATCHERS", "watchers", column::kind::count},
                             column{"LOADS", "loads", column::kind::count},
                             column{"READS/s", "reads", column::kind::rate},
                             column{"WRITES/s", "writes", column::kind::rate},
                             column{"TOLD/s", "notifications", column::kind::rate},
                             column{"KEPT/s", "committed", column::kind::rate},
                             column{"EVICTED/s", "evicted", column::kind::rate},
                             column{"MERGED/s", "merged", column::kind::rate},
                             column{"READ", "read_us_p99", column::kind::time},
                             column{"WRITE", "write_us_p99", column::kind::time},
                             column{"TELL", "notify_us_p99", column::kind::time}};

/// The growth of a figure in a second, or none, where there is nothing to compare with.
std::optional<double> rate_of(const sample* before, const sample& now,
                              const std::string& ns, std::string_view figure) {
  const auto* old = before != nullptr ? before->of(ns) : nullptr;
  const auto* present = now.of(ns);
  if (old == nullptr || present == nullptr)
    return std::nullopt;
  const auto from = old->find(figure);
  const auto to = present->find(figure);
  const std::chrono::duration<double> time = now.when - before->when;
  if (from == old->end() || to == present->end() || time.count() <= 0)
    return std::nullopt;
  return (to->second - from->second) / time.count();
}

std::string text_of(double n, const char* format) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, n);
  return text.data();
}

std::string cell(const column& c, const sample* before, const sample& now,
                 const std::pair<std::string, figures>& row) {
  if (c.how == column::kind::rate) {
    const auto rate = rate_of(before, now, row.first, c.figure);
    return rate ? text_of(*rate, "%.1f") : "-";
  }
  const auto found = row.second.find(c.figure);
  if (found == row.second.end())
    return "-"; // an older system
  if (c.how == column::kind::time)
    return text_of(found->second, "%.0f us");
  return c.how == column::kind::bytes
             ? readable_bytes(static_cast<std::uint64_t>(found->second))
             : text_of(found->second, "%.0f");
}

std::string page_out_of(const sample& now) {
  std::string text;
  for (const auto& [name, n] : now.page_out)
    text += (text.empty() ? "page-out: " : ", ") + name + " " +
            text_of(n, name == "count" ? "%.0f" : "%.0f us");
  return text.empty() ? text : text + "\n";
}

std::string table_of(const sample* before, const sample& now) {
  std::vector<std::vector<std::string>> rows{{"NAMESPACE"}};
  for (const auto& c : columns)
    rows.front().emplace_back(c.title);
  for (const auto& row : now.namespaces) {
    rows.push_back({readable(row.first)});
    for (const auto& c : columns)
      rows.back().push_back(cell(c, before, now, row));
  }
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - row[i].size(), ' ');
      text += i == 0 ? row[i] + gap : "  " + gap + row[i];
      text += i + 1 == row.size() ? "\n" : "";
    }
  return text + page_out_of(now);
}

/// The figures as they are, and, where there was a sample before, how fast each grows.
std::string json_of(const sample* before, const sample& now) {
  std::string text = R"({"namespaces":{)";
  for (const auto& [ns, all] : now.namespaces) {
    text += (text.back() == '{' ? "" : ",") + json::quoted(ns) + ":{";
    for (const auto& [name, n] : all)
      text +=
          (text.back() == '{' ? "" : ",") + json::quoted(name) + ":" + text_of(n, "%.17g");
    std::string rates;
    for (const auto& each : all)
      if (const auto rate = each.first.find(times_mark) == std::string::npos
                                ? rate_of(before, now, ns, each.first)
                                : std::nullopt)
        rates += (rates.empty() ? "" : ",") + json::quoted(each.first) + ":" +
                 text_of(*rate, "%.3f");
    text += std::string{all.empty() ? "" : ","} + R"("per_second":)" +
            (rates.empty() ? "null" : "{" + rates + "}") + "}";
  }
  text += R"(},"page_out_us":{)";
  for (const auto& [name, n] : now.page_out)
    text += (text.back() == '{' ? "" : ",") + json::quoted(name) + ":" + text_of(n, "%.0f");
  return text + "}}\n";
}

/// Fails with `shutting_down` where it is told to end meanwhile.
expected<void> pause(const stop_signal& stop, double seconds) {
  pollfd p{stop.fd(), POLLIN, 0};
  if (::poll(&p, 1, static_cast<int>(seconds * 1000)) == 0)
    return {};
  return failure(errc::shutting_down, "it was told to end");
}

/// Prints once, or until it is told to end, or the connection is lost: why; or until
/// nothing can be printed any more.
expected<void> show(const top_arguments& a, const stop_signal& stop, shell_client& client,
                    printer& out) {
  const bool redraw = !a.json && !a.once && ::isatty(STDOUT_FILENO) == 1;
  std::optional<sample> before;
  for (;;) {
    auto now = take_sample(client);
    if (!now)
      return failure(now.error());
    const auto* old = before ? &*before : nullptr;
    std::string text = a.json ? json_of(old, *now) : table_of(old, *now);
    if (redraw)
      text = "\x1b[H\x1b[2J" + text; // to the upper left, and clear
    else if (!a.json && before)
      text = "\n" + text;
    if (!out.print(text) || !out.flush() || a.once)
      return {};
    before = std::move(*now);
    if (auto more = pause(stop, a.interval); !more)
      return more;
  }
}

} // namespace

int run_top(const top_arguments& a) {
  stop_signal stop{STDOUT_FILENO};
  const auto client = shell_client::connect(*a.connect, stop.fd());
  if (!client)
    return complain_unless_stopped(stop, "top", client.error());
  printer out{"top", stop.fd()};
  return out.finish(stop, show(a, stop, **client, out));
}

} // namespace flok::tools
