// Metrics in Prometheus' text form, over HTTP (docs/metrics.md). In a library of its own,
// flok::prometheus, which is built where prometheus-cpp is found.
#pragma once

#include "metrics_endpoint.hpp"

namespace flok {

/// Serves `/metrics` with prometheus-cpp, on two threads of its own, each of which waits
/// two seconds for a request at most.
[[nodiscard]] metrics_exporter prometheus_exporter();

} // namespace flok
