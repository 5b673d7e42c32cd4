// A file as a text.
#pragma once

#include <cstddef>
#include <string>

#include "../runtime/errors.hpp"

namespace flok {

/// Reads all of a file, which may have `most` bytes. Fails with `code`, naming the file and
/// why.
[[nodiscard]] expected<std::string> read_file(const std::string& path, std::size_t most,
                                              errc code);

} // namespace flok
