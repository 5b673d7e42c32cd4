// A directory for what a workload keeps on disk.
#pragma once

#include <string>

namespace flok::bench {

/// A new, empty directory under TMPDIR or, where that is not set, in the build folder. It
/// goes with this object. What a run that was killed has left there goes as well, when the
/// next one makes its own.
class temp_directory {
public:
  temp_directory();
  ~temp_directory();
  temp_directory(const temp_directory&) = delete;
  temp_directory& operator=(const temp_directory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_;
};

} // namespace flok::bench
