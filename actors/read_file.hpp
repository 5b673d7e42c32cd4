// A file as a text.
#pragma once

#include <string>

#include "../runtime/errors.hpp"

namespace flok {

/// Reads all of a file. Fails with `code`, naming the file and why.
[[nodiscard]] expected<std::string> read_file(const std::string& path, errc code);

} // namespace flok
