// What a disk holds after the power was cut, where SIGKILL alone would lose nothing that
// the kernel has.
#pragma once

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "tests/tools/shell_process.hpp"

namespace flok::testing {

/// Logs what a shell writes to its data.mdb.
class power_cut {
public:
  /// The log lies beside the data folder, which has its data.mdb already.
  power_cut(const std::filesystem::path& config, const std::filesystem::path& data);

  /// A shell whose writes are logged.
  [[nodiscard]] std::unique_ptr<shell_process> start() const;

  /// Makes data.mdb what it is after a cut: what was synced is there; of all that was only
  /// written, any part may be. To be called when the shell is dead.
  void strike(std::mt19937_64& rng) const;

private:
  std::filesystem::path config_;
  std::filesystem::path data_;
  std::filesystem::path log_;
  std::string before_; ///< the file's bytes when the log began
};

} // namespace flok::testing
