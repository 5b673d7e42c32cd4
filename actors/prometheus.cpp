#include "actors/prometheus.hpp"

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include "actors/why_not_listening.hpp"

namespace flok {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Buckets as Prometheus has them end at powers of two: from a microsecond to 17 seconds.
constexpr unsigned first_bound_bits = 10;
constexpr unsigned last_bound_bits = 34;
constexpr double nanosecond = 1e-9;

using labels = std::vector<ClientMetric::Label>;

ClientMetric labelled(labels of) {
  ClientMetric m;
  m.label = std::move(of);
  return m;
}

ClientMetric counter_of(labels of, std::uint64_t value) {
  auto m = labelled(std::move(of));
  m.counter.value = static_cast<double>(value);
  return m;
}

ClientMetric gauge_of(labels of, std::uint64_t value) {
  auto m = labelled(std::move(of));
  m.gauge.value = static_cast<double>(value);
  return m;
}

ClientMetric histogram_of(labels of, const latencies& l) {
  auto m = labelled(std::move(of));
  m.histogram.sample_count = l.count();
  m.histogram.sample_sum = static_cast<double>(l.sum_ns) * nanosecond;
  for (unsigned bits = first_bound_bits; bits <= last_bound_bits; ++bits) {
    const auto bound = std::uint64_t{1} << bits;
    m.histogram.bucket.push_back(
        {l.shorter_than(bound), static_cast<double>(bound) * nanosecond});
  }
  return m;
}

struct number {
  const char* name;
  const char* help;
  std::uint64_t (*of)(const namespace_metrics&);
};

constexpr number gauges[] = {
    {"flok_pages", "Pages in memory.", [](const auto& n) { return n.stats.pages; }},
    {"flok_cached_bytes", "Memory that pages take.",
     [](const auto& n) { return n.stats.bytes; }},
    {"flok_dirty_pages", "Pages, and deletions, that are not known to be on disk.",
     [](const auto& n) { return n.stats.dirty; }},
    {"flok_watched_pages", "Pages that somebody watches.",
     [](const auto& n) { return n.stats.watched; }},
    {"flok_watchers", "Pairs of page and watcher.",
     [](const auto& n) { return n.stats.watchers; }},
    {"flok_loads_in_progress", "Pages that are being loaded.",
     [](const auto& n) { return n.stats.loads; }},
};

constexpr number counters[] = {
    {"flok_evictions_total", "Pages given up for want of room.",
     [](const auto& n) { return n.stats.evicted; }},
    {"flok_merged_notifications_total",
     "Notifications that a newer one made needless, for watchers that do not keep up.",
     [](const auto& n) { return n.stats.merged; }},
    {"flok_reads_total", "Requests to read.", [](const auto& n) { return n.totals.reads; }},
    {"flok_writes_total", "Requests to write or to edit.",
     [](const auto& n) { return n.totals.writes; }},
    {"flok_removals_total", "Requests to delete or to invalidate.",
     [](const auto& n) { return n.totals.removals; }},
    {"flok_watches_total", "Requests to watch.",
     [](const auto& n) { return n.totals.watches; }},
    {"flok_hits_total", "Reads and watches that found the page in memory.",
     [](const auto& n) { return n.totals.hits; }},
    {"flok_notifications_total", "Messages to watchers.",
     [](const auto& n) { return n.totals.notifications; }},
    {"flok_loads_total", "Pages that were looked for on disk, found or not.",
     [](const auto& n) { return n.totals.loaded; }},
    {"flok_committed_pages_total", "Pages, and deletions, that a commit put on disk.",
     [](const auto& n) { return n.totals.committed; }},
};

constexpr number failures[] = {
    {"load", "", [](const auto& n) { return n.totals.load_failures; }},
    {"commit", "", [](const auto& n) { return n.totals.commit_failures; }},
    {"damaged", "", [](const auto& n) { return n.totals.damaged; }},
    {"pager", "", [](const auto& n) { return n.totals.pager_failures; }},
};

struct duration {
  const char* name;
  const char* help;
  latencies namespace_metrics::*of;
};

constexpr duration durations[] = {
    {"flok_read_duration_seconds", "From when a read is taken up until it is answered.",
     &namespace_metrics::read},
    {"flok_write_duration_seconds",
     "From when a write or an edit is taken up until it is answered.",
     &namespace_metrics::write},
    {"flok_notify_duration_seconds",
     "From when a change is sent until the last watcher takes it up.",
     &namespace_metrics::notify},
    {"flok_load_duration_seconds",
     "From when storage is asked for a page until it has answered.",
     &namespace_metrics::load},
};

/// Of all namespaces, what `make` makes of one.
template <class Make>
MetricFamily family(const metrics& m, const char* name, const char* help, MetricType type,
                    Make make) {
  MetricFamily f{name, help, type, {}};
  for (const auto& n : m.namespaces)
    f.metric.push_back(make(labels{{"namespace", n.ns}}, n));
  return f;
}

MetricFamily failures_of(const metrics& m) {
  MetricFamily f{
      "flok_failures_total", "What went wrong, by kind.", MetricType::Counter, {}};
  for (const auto& n : m.namespaces)
    for (const auto& kind : failures)
      f.metric.push_back(
          counter_of({{"kind", kind.name}, {"namespace", n.ns}}, kind.of(n)));
  return f;
}

MetricFamily problems_of(const metrics& m) {
  MetricFamily f{"flok_problems_total",
                 "Failures that nobody waited for, by error code; controller_down: a "
                 "handler threw, or was too slow for the end.",
                 MetricType::Counter,
                 {}};
  for (std::size_t i = 0; i < m.problems.size(); ++i)
    f.metric.push_back(counter_of({{"code", std::string{to_string(static_cast<errc>(i))}}},
                                  m.problems[i]));
  return f;
}

/// Makes families of what there is when it is asked.
class collector final : public prometheus::Collectable {
public:
  explicit collector(std::function<metrics()> read) : read_{std::move(read)} {}

  [[nodiscard]] std::vector<MetricFamily> Collect() const override {
    const auto m = read_();
    std::vector<MetricFamily> all;
    for (const auto& g : gauges)
      all.push_back(
          family(m, g.name, g.help, MetricType::Gauge, [&](labels of, const auto& n) {
            return gauge_of(std::move(of), g.of(n));
          }));
    for (const auto& c : counters)
      all.push_back(
          family(m, c.name, c.help, MetricType::Counter, [&](labels of, const auto& n) {
            return counter_of(std::move(of), c.of(n));
          }));
    for (const auto& d : durations)
      all.push_back(
          family(m, d.name, d.help, MetricType::Histogram, [&](labels of, const auto& n) {
            return histogram_of(std::move(of), n.*d.of);
          }));
    all.push_back({"flok_page_out_duration_seconds",
                   "From when a batch is handed to storage until it is on disk.",
                   MetricType::Histogram,
                   {histogram_of({}, m.page_out)}});
    all.push_back(failures_of(m));
    all.push_back(problems_of(m));
    return all;
  }

private:
  std::function<metrics()> read_;
};

/// So long a request may take to come, and an answer to be taken. Without it two that are
/// never finished would keep both threads busy for half a minute.
constexpr const char* longest_request_ms = "2000";

std::vector<std::string> server_options(const std::string& listen) {
  return {"listening_ports",    listen,
          "num_threads",        "2",
          "request_timeout_ms", longest_request_ms,
          "enable_keep_alive",  "no"};
}

/// Why nobody can listen there, which civetweb does not say.
std::string why_not(const std::string& listen) {
  const auto colon = listen.rfind(':');
  const bool bracketed = listen.starts_with('[');
  const auto host = bracketed ? listen.substr(1, colon - 2) : listen.substr(0, colon);
  const auto why = why_not_listening(host, listen.substr(colon + 1));
  if (!why.empty())
    return why;
  return bracketed ? "the HTTP server of this prometheus-cpp takes no IPv6 address; take "
                     "an IPv4 one"
                   : "the HTTP server does not start";
}

class endpoint final : public metrics_endpoint {
public:
  endpoint(const std::string& listen, std::function<metrics()> read)
      : host_{listen.substr(0, listen.rfind(':'))},
        collector_{std::make_shared<collector>(std::move(read))}, exposer_{server_options(
                                                                      listen)} {
    exposer_.RegisterCollectable(collector_);
  }

  [[nodiscard]] std::string address() const override {
    return host_ + ':' + std::to_string(exposer_.GetListeningPorts().at(0));
  }

private:
  std::string host_;
  std::shared_ptr<collector> collector_;
  prometheus::Exposer exposer_; ///< ends first: it asks the collector
};

} // namespace

metrics_exporter prometheus_exporter() {
  return [](const std::string& listen,
            std::function<metrics()> read) -> expected<std::unique_ptr<metrics_endpoint>> {
    try {
      return std::make_unique<endpoint>(listen, std::move(read));
    } catch (const std::exception&) {
      return failure(errc::bad_config,
                     "cannot listen on " + listen + ": " + why_not(listen));
    }
  };
}

} // namespace flok
