// A directory for one test.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "failed.hpp"

namespace flok::testing {

/// A new, empty directory, which is removed with everything in it when this is destroyed.
class temp_dir {
public:
  temp_dir() {
    std::string name =
        (std::filesystem::temp_directory_path() / "flok-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw failed{"no directory can be made like " + name};
    path_ = name;
  }
  ~temp_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  temp_dir(const temp_dir&) = delete;
  temp_dir& operator=(const temp_dir&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// A path in it.
  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

private:
  std::filesystem::path path_;
};

} // namespace flok::testing
