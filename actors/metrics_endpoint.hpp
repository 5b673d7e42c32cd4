// Where others read a system's metrics, for those who bring such a place.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "../runtime/errors.hpp"
#include "../runtime/metrics.hpp"

namespace flok {

/// Answers who asks for metrics, for as long as it lives.
class metrics_endpoint {
public:
  metrics_endpoint() = default;
  metrics_endpoint(const metrics_endpoint&) = delete;
  metrics_endpoint& operator=(const metrics_endpoint&) = delete;
  virtual ~metrics_endpoint() = default;

  /// Where it listens, with the port that a configured 0 became: "127.0.0.1:9464".
  [[nodiscard]] virtual std::string address() const = 0;
};

/// Opens an endpoint at an address as the configuration has it, `HOST:PORT`. `read` may be
/// called from any thread, for as long as the endpoint lives. Fails with `bad_config`, the
/// message saying what is wrong with the address: it is in use, or not of this machine.
/// Those who embed flok without one pay nothing for it: actors/prometheus.hpp has one, in a
/// library of its own.
using metrics_exporter = std::function<expected<std::unique_ptr<metrics_endpoint>>(
    const std::string& listen, std::function<metrics()> read)>;

} // namespace flok
